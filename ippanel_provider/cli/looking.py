"""``ippanel credit``, ``status``, ``inbox`` and ``price``: what is asked of the service, and how the answer is told."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from itertools import islice
from typing import Any

from ippanel_provider.cli.addressing import sender
from ippanel_provider.cli.asking import span, text_of
from ippanel_provider.cli.result import REFUSED, UNCONFIRMED, Result
from ippanel_provider.cli.terminal import beside, plain
from ippanel_provider.client import Client, Flow, InvalidInput, NotFound, NotSent, Sleep, Unconfirmed
from ippanel_provider.client.gateway import Gateway
from ippanel_provider.client.models import Bulk, IncomingText
from ippanel_provider.service import MAX_PAGE_SIZE
from ippanel_provider.text import numbers


def credit(client: Client, api: Gateway, options: argparse.Namespace) -> Result:
    """The credit in rial."""
    rial = client.run(api.credit()).credit
    return Result({"credit": rial}, [f"{rial:,.0f} rial"])


def status(client: Client, api: Gateway, options: argparse.Namespace) -> Result:
    """The state of each bulk; with ``--wait`` once each is final, and the exit code says whether all were sent."""
    ids = [str(outbox_id) for outbox_id in options.outbox_ids]
    if options.wait is None:
        bulks = {outbox_id: client.run(api.bulk(outbox_id)) for outbox_id in ids}
    else:
        bulks = client.run(_final(api, ids, wait=span(options.wait, "wait")))
    told = [_told(client, api, bulk, options.deliveries) for bulk in bulks.values()]
    states = [bulk.state for bulk in bulks.values()]
    code = 0
    if options.wait is not None and not all(state.is_good for state in states):
        code = REFUSED if any(state.is_final and not state.is_good for state in states) else UNCONFIRMED
    return Result({"bulks": [data for data, _ in told]}, [line for _, lines in told for line in lines], code)


def _final(api: Gateway, ids: list[str], *, wait: float) -> Flow[dict[str, Bulk]]:
    """Ask until all are final or the time is up. Until then nobody who cannot be asked is given up."""
    until = time.monotonic() + wait
    bulks: dict[str, Bulk] = {}
    while True:
        left = until - time.monotonic()
        for outbox_id in ids:
            if outbox_id not in bulks or not bulks[outbox_id].state.is_final:
                try:
                    bulks[outbox_id] = yield from api.bulk(outbox_id)
                # What was just sent may not be known to the reports yet.
                except (NotFound, NotSent, Unconfirmed):
                    if left <= 0 and outbox_id not in bulks:
                        raise
        if left <= 0 or (len(bulks) == len(set(ids)) and all(bulk.state.is_final for bulk in bulks.values())):
            return {outbox_id: bulks[outbox_id] for outbox_id in ids}
        yield Sleep(min(left, max(1.0, min(60.0, wait / 20))))


def inbox(client: Client, api: Gateway, options: argparse.Namespace) -> Result:
    """The texts that came in."""
    if options.limit < 1:
        raise InvalidInput("limit: give a number from 1")
    page = api.inbox(after_id=options.after, per_page=min(options.limit, MAX_PAGE_SIZE))
    texts = list(islice(client.walk(page), options.limit))
    shown = [_shown(text, whole=options.show_numbers) for text in texts]
    lines = [
        line
        for row in shown
        for line in beside(
            f"{row['received_at'] or '':<25}  {plain(row['sender'])}  {plain(row['line'])}", row["message"]
        )
    ]
    return Result({"messages": shown}, lines or ["No texts."])


def price(client: Client, api: Gateway, options: argparse.Namespace) -> Result:
    """What a text costs."""
    cost = client.run(api.price(text_of(options.text), sender=sender(options)))
    data = {"mci_price": cost.mci_price, "other_price": cost.other_price, "parts": cost.parts}
    return Result(
        data, [f"parts  {cost.parts}", f"MCI    {cost.mci_price:,.0f} rial", f"other  {cost.other_price:,.0f} rial"]
    )


def _told(client: Client, api: Gateway, bulk: Bulk, deliveries: bool) -> tuple[dict[str, Any], list[str]]:
    data: dict[str, Any] = {
        "outbox_id": bulk.outbox_id,
        "state_id": int(bulk.state),
        "state": bulk.state.meaning,
        "final": bulk.state.is_final,
        "good": bulk.state.is_good,
        "recipients": bulk.recipients_count,
    }
    more = plain(bulk.reject_comment or "") or ("" if bulk.state.is_final else "not final yet: ask again")
    lines = [f"{bulk.outbox_id}  {bulk.state.meaning}" + (f"  ({more})" if more else "")]
    if deliveries:
        walked = client.walk(api.recipients(bulk.outbox_id, per_page=MAX_PAGE_SIZE))
        counts = Counter(
            "not known yet" if one.status is None else one.status.name.replace("_", " ").lower() for one in walked
        )
        data["deliveries"] = dict(counts)
        lines += [f"  {count} {word}" for word, count in counts.most_common()]
    return data, lines


def _shown(text: IncomingText, *, whole: bool) -> dict[str, Any]:
    return {
        "inbox_id": getattr(text, "inbox_id", None),
        "received_at": text.received_at.isoformat() if text.received_at else None,
        "sender": text.sender if whole else numbers.mask(text.sender),
        "line": text.line,
        "message": text.message,
    }
