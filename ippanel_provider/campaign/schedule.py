"""Two-phase delivery: every chunk gets a send time of its own, still far enough off to look twice and to take back.

The send time makes a chunk recognisable in the outbox. What is missing can therefore be sent again without asking
anyone: should the first one turn up after all, there are two, and one is cancelled while that is still possible.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ippanel_provider.campaign.ledger.base import Intent, Ledger, Outcome
from ippanel_provider.campaign.recognition import Finding, Patience, match, window
from ippanel_provider.client import Flow, InvalidInput, NotFound, Sleep, Unconfirmed, edge
from ippanel_provider.client.pages import pages
from ippanel_provider.service import CANCEL_WINDOW

log = logging.getLogger(__name__)

LEAD = timedelta(minutes=15)
"""How far ahead the first chunk has to be, to leave time for a second look before the cancel window closes."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When each chunk goes out: the first at ``start``, each further one a second later."""

    start: datetime

    @classmethod
    def beginning(cls, start: datetime | None) -> Schedule:
        """Return a schedule from ``start``, or from as soon as it can be.

        :raises InvalidInput: if that is less than 15 minutes ahead.
        """
        soonest = datetime.now(UTC) + LEAD
        if start is None:
            return cls(soonest + timedelta(minutes=1))
        if start.tzinfo is None:
            raise InvalidInput("send_time: give it with a time zone, the service works in UTC")
        if start < soonest:
            raise InvalidInput(f"send_time: scheduled delivery needs it at least {LEAD.seconds // 60} minutes ahead")
        return cls(start.astimezone(UTC))

    def moment(self, number: int) -> datetime:
        """Return when the chunk of this number goes out; never less than the lead ahead, so a late retry moves on."""
        return (max(self.start, datetime.now(UTC) + LEAD) + timedelta(seconds=number)).replace(microsecond=0)


def cancel_doubles(
    records: Iterable[tuple[Intent, Outcome | None]], ledger: Ledger, sender: str, patience: Patience
) -> Flow[list[int]]:
    """Cancel every bulk in the campaign's window that is one of its chunks again; return their outbox ids.

    :raises Unconfirmed: if one could not be cancelled any more.
    """
    findings = [Finding(intent) for intent, _ in records if intent.send_at is not None]
    if not findings:
        return []
    yield from Sleep(patience.settle)
    ours = ledger.claimed(min(finding.intent.at for finding in findings) - patience.skew)
    doubles: list[int] = []
    walk = pages(window(findings, sender, patience), whole=True)
    while page := (yield from walk.turn()):
        for bulk in page.items:
            if bulk.outbox_id in ours:
                continue
            is_double = yield from match(bulk, findings, ledger.key, patience)
            doubles += [bulk.outbox_id] if is_double else []
    for outbox_id in doubles:
        try:
            yield from edge.send.cancel(outbox_id)
        except NotFound:
            raise Unconfirmed(
                f"outbox id {outbox_id} is a second copy of a chunk and cannot be cancelled any more "
                f"(that ends {CANCEL_WINDOW // 60} minutes before its time). Cancel it in the panel."
            ) from None
    if doubles:
        log.warning("%d bulks had come twice; the second ones are cancelled.", len(doubles))
    return doubles
