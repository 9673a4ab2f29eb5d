"""Asking the service's outbox what became of intents without an outcome.

An intent is recognised by line, time window and text, and then by its exact recipients: identical texts of other tasks,
and ids that are known to belong elsewhere, are not taken for it. The outbox list may lag, so an intent is looked for
until it has settled.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.ledger.base import Intent, Ledger, Outcome
from ippanel_provider.campaign.ledger.hashes import MEMBER_BYTES, TEXT_BYTES, MemberKey, pieces
from ippanel_provider.client import Bulk, Flow, NotFound, PageRequest, Sleep, edge
from ippanel_provider.client.pages import everything, pages
from ippanel_provider.service import MAX_PAGE_SIZE

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an intent is looked for. Times in seconds.

    ``settle`` counts from the intent and has to cover the read timeout and the lag of the outbox list, which only the
    live service can tell; ``skew`` is how far the service's clock may be from ours; ``echo`` is how far a reported send
    time may be from the one asked for.
    """

    settle: float = 120.0
    skew: float = 300.0
    poll: float = 5.0
    echo: float = 1.0


@dataclass(slots=True)
class Finding:
    """What the outbox shows of one intent: outbox ids by place (one place where the text is shared).

    ``unsent`` are places that certainly have not left.
    """

    intent: Intent
    ids: dict[int, int] = field(default_factory=dict)
    unsent: frozenset[int] = frozenset()
    places: dict[tuple[bytes, bytes], int] = field(init=False, repr=False)
    texts: frozenset[bytes] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        members, texts = pieces(self.intent.members, MEMBER_BYTES), pieces(self.intent.texts, TEXT_BYTES)
        self.texts = frozenset(texts)
        self.places = {pair: place for place, pair in enumerate(zip(members, texts, strict=False))}

    @property
    def missing(self) -> int:
        """How many members are in doubt."""
        return len(self.outcome.void - self.unsent)

    @property
    def is_whole(self) -> bool:
        """Whether every member that may have left is found."""
        return len(self.ids) + len(self.unsent - self.ids.keys()) == self.intent.bulks

    @property
    def outcome(self) -> Outcome:
        """The found places confirmed, the others void."""
        if self.intent.is_shared:
            return Outcome(tuple(self.ids.values())) if self.ids else Outcome.nothing(self.intent)
        void = frozenset(range(self.intent.size)) - self.ids.keys()
        return Outcome(tuple(self.ids[place] for place in sorted(self.ids)), void)


def reconcile(findings: Iterable[Finding], ledger: Ledger, sender: str, patience: Patience) -> Flow[list[Finding]]:
    """Look intents up and settle those found whole; return the findings of the others once they had time to settle."""
    open_findings = {finding.intent.number: finding for finding in findings}
    while open_findings:
        for number, finding in list(open_findings.items()):
            # Whoever made the intent may still be at work and have settled it meanwhile.
            if ledger.outcome_of(finding.intent) is not None:
                del open_findings[number]
        yield from _look(list(open_findings.values()), ledger, sender, patience)
        for number, finding in list(open_findings.items()):
            if finding.is_whole:
                ledger.settle(finding.intent, finding.outcome)
                log.info("Chunk %d had been accepted; its %d outbox ids are found.", number, len(finding.ids))
                del open_findings[number]
        waiting = [finding.intent.at + patience.settle - time.time() for finding in open_findings.values()]
        if not waiting or max(waiting) <= 0:
            break
        log.info(
            "%d chunks are not in the outbox yet; looking again for up to %.0f seconds.", len(waiting), max(waiting)
        )
        yield from Sleep(min(patience.poll, max(waiting)))
    return list(open_findings.values())


def _look(findings: Sequence[Finding], ledger: Ledger, sender: str, patience: Patience) -> Flow[None]:
    if not findings:
        return
    since = min(finding.intent.at for finding in findings) - patience.skew
    taken = ledger.claimed(since) | {outbox_id for finding in findings for outbox_id in finding.ids.values()}
    walk = pages(window(findings, sender, patience), whole=True)
    while page := (yield from walk.turn()):
        for bulk in page.items:
            if bulk.outbox_id not in taken:
                yield from match(bulk, findings, ledger.key, patience)
            if all(finding.is_whole for finding in findings):
                return


def window(findings: Sequence[Finding], sender: str, patience: Patience) -> PageRequest[Bulk]:
    """Return the request for the part of the outbox in which these intents can be."""
    moments = [finding.intent.send_at for finding in findings]
    if None not in moments:
        times = sorted(moment for moment in moments if moment is not None)
        first, last = times[0] - patience.echo, times[-1] + patience.echo
        return edge.report.outbox(per_page=MAX_PAGE_SIZE, sender=sender, send_from=_utc(first), send_to=_utc(last))
    since = min(finding.intent.at for finding in findings) - patience.skew
    return edge.report.outbox(per_page=MAX_PAGE_SIZE, sender=sender, created_from=_utc(since))


def match(bulk: Bulk, findings: Sequence[Finding], key: MemberKey, patience: Patience) -> Flow[bool]:
    """Give the bulk to the intent that has exactly its text and recipients; say whether there is one."""
    message = bulk.message
    if message is None:
        return False
    text = key.text(message)
    possible = [finding for finding in findings if text in finding.texts and _fits(bulk, finding.intent, patience)]
    if not possible:
        return False
    for finding in possible:
        if finding.intent.is_single:
            # Only the service knows its people; their number has to do.
            finding.ids.setdefault(0, bulk.outbox_id)
            return True
    recipients = yield from _recipients(bulk.outbox_id)
    members = {key.member(Message(recipient, message)) for recipient in recipients}
    for finding in possible:
        intent = finding.intent
        if intent.is_shared:
            if members == set(pieces(intent.members, MEMBER_BYTES)) and not finding.ids:
                finding.ids[0] = bulk.outbox_id
                return True
        elif len(members) == 1:
            place = finding.places.get((next(iter(members)), text))
            if place is not None and place not in finding.ids:
                finding.ids[place] = bulk.outbox_id
                return True
    return False


def _fits(bulk: Bulk, intent: Intent, patience: Patience) -> bool:
    """Whether size and time allow it; what the service leaves out excludes nothing."""
    size = intent.people if intent.is_single else intent.size if intent.is_shared else 1
    if size is not None and bulk.recipients_count not in {None, size}:
        return False
    if intent.is_single and bulk.created_at and bulk.created_at.timestamp() < intent.at - patience.echo:
        return False
    if intent.send_at is None or bulk.send_at is None:
        return True
    return abs(bulk.send_at.timestamp() - intent.send_at) <= patience.echo


def _utc(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)


def accepted_places(intent: Intent, outbox_ids: Iterable[int], key: MemberKey) -> Flow[Finding]:
    """Say which members of a partly accepted chunk the ids belong to."""
    finding = Finding(intent)
    for outbox_id in outbox_ids:
        bulk = yield from edge.report.bulk(outbox_id)
        for recipient in (yield from _recipients(outbox_id)):
            place = finding.places.get(
                (key.member(Message(recipient, bulk.message or "")), key.text(bulk.message or ""))
            )
            if place is not None:
                finding.ids[place] = outbox_id
    return finding


def _recipients(outbox_id: int) -> Flow[list[str]]:
    try:
        return [str(delivery.recipient) for delivery in (yield from everything(edge.report.recipients(outbox_id)))]
    except NotFound:
        return []
