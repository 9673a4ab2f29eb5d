"""What each command asks of the service, and how it tells the answer."""

from __future__ import annotations

import argparse
from collections import Counter
from itertools import islice
from typing import Any

from ippanel_provider.cli.asking import text_of
from ippanel_provider.cli.result import Result
from ippanel_provider.cli.terminal import plain, quoted
from ippanel_provider.client import Client, InvalidInput
from ippanel_provider.client.gateway import Gateway
from ippanel_provider.client.models import Bulk, IncomingText
from ippanel_provider.service import MAX_PAGE_SIZE
from ippanel_provider.text import numbers, parts

_BAD_SHOWN = 5


def credit(client: Client, api: Gateway, options: argparse.Namespace) -> Result:
    """The credit in rial."""
    rial = client.run(api.credit()).credit
    return Result({"credit": rial}, [f"{rial:,.0f} rial"])


def send(client: Client, api: Gateway, options: argparse.Namespace) -> Result:
    """Send one text; refuse all of it if one number is wrong."""
    text = text_of(options.text)
    recipients = _recipients(options.recipients)
    receipt = client.run(api.send(text, recipients, sender=_sender(options)))
    size = parts.measure(text)
    people = "1 recipient" if len(recipients) == 1 else f"{len(recipients)} recipients"
    length = "1 part" if size.parts == 1 else f"{size.parts} parts"
    repeats = len(options.recipients) - len(recipients)
    lines = [f"Accepted for {people}, {length} each."] + [f"outbox id {outbox_id}" for outbox_id in receipt.outbox_ids]
    if repeats:
        lines.insert(1, f"{repeats} given more than once are sent to once.")
    return Result({"outbox_ids": list(receipt.outbox_ids), "recipients": len(recipients), "parts": size.parts}, lines)


def status(client: Client, api: Gateway, options: argparse.Namespace) -> Result:
    """The state of each bulk."""
    told = [_told(client, api, client.run(api.bulk(outbox_id)), options.deliveries) for outbox_id in options.outbox_ids]
    return Result({"bulks": [data for data, _ in told]}, [line for _, lines in told for line in lines])


def inbox(client: Client, api: Gateway, options: argparse.Namespace) -> Result:
    """The texts that came in."""
    if options.limit < 1:
        raise InvalidInput("limit: give a number from 1")
    page = api.inbox(after_id=options.after, per_page=min(options.limit, MAX_PAGE_SIZE))
    texts = list(islice(client.walk(page), options.limit))
    shown = [_shown(text, whole=options.show_numbers) for text in texts]
    lines = [
        f"{row['received_at'] or '':<25}  {plain(row['sender'])}  {plain(row['line'])}  {quoted(row['message'])}"
        for row in shown
    ]
    return Result({"messages": shown}, lines or ["No texts."])


def price(client: Client, api: Gateway, options: argparse.Namespace) -> Result:
    """What a text costs."""
    cost = client.run(api.price(text_of(options.text), sender=_sender(options)))
    data = {"mci_price": cost.mci_price, "other_price": cost.other_price, "parts": cost.parts}
    return Result(
        data, [f"parts  {cost.parts}", f"MCI    {cost.mci_price:,.0f} rial", f"other  {cost.other_price:,.0f} rial"]
    )


def _recipients(given: list[str]) -> list[str]:
    """All as the wire has them, each once.

    :raises InvalidInput: naming every number that is none, masked.
    """
    recipients: dict[str, None] = {}
    bad = []
    for place, number in enumerate(given, 1):
        try:
            recipients[numbers.normalize(number)] = None
        except numbers.InvalidNumber as error:
            bad.append(f"no. {place} ({plain(numbers.mask(number))}): {error}")
    if bad:
        more = f"; and {len(bad) - _BAD_SHOWN} more" if len(bad) > _BAD_SHOWN else ""
        raise InvalidInput(f"recipients: nothing was sent. {'; '.join(bad[:_BAD_SHOWN])}{more}")
    return list(recipients)


def _sender(options: argparse.Namespace) -> str:
    if not options.sender:
        raise InvalidInput("sender: give the line to send from with --sender, or set IPPANEL_SENDER")
    return str(options.sender)


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
