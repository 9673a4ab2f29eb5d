"""What can become of a row, in which order, and how a row of the table says it."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from ippanel_provider.campaign.ledger.base import Intent, Outcome
from ippanel_provider.service import BulkState, DeliveryStatus


class Status(enum.StrEnum):
    """The fate of a row."""

    ACCEPTED = "accepted"
    """The service has taken the text; nothing final is known."""
    SCHEDULED = "scheduled"
    """The same, for a time to come."""
    DELIVERED = "delivered"
    NOT_DELIVERED = "not_delivered"
    BLACKLISTED = "blacklisted"
    NO_REPORT = "no_report"
    """It went out, and no operator said what became of it while it was followed."""
    REJECTED = "rejected"
    """It got no text, or its text was refused; the reason says by whom."""
    SUPPRESSED = "suppressed"
    MERGED = "merged"
    """Another row of the campaign got the text that this one asks for."""
    IN_DOUBT = "in_doubt"
    """It left, and nothing tells whether it was accepted."""
    CANCELLED = "cancelled"


OPEN = (Status.ACCEPTED, Status.SCHEDULED, Status.NO_REPORT)
"""What a delivery report may still change."""
FOLLOWED = (Status.ACCEPTED, Status.SCHEDULED)
"""What is followed."""


class Stage(enum.IntEnum):
    """How far a row has come; what is written of it later counts only if it is no step back."""

    LEFT_OUT = 1
    MERGED = 2
    # From here on a text was about to be sent.
    IN_DOUBT = 3
    NOT_TAKEN = 4
    TAKEN = 5
    UNREPORTED = 6
    FINAL = 7


STAGES = 10


def revision(stage: Stage, at: float = 0.0) -> int:
    """Return the number by which what is written of a row is ordered: a later send over an earlier one, and of one send
    a later stage over an earlier one.

    :param at: when the text was about to be sent, as epoch seconds
    """
    return round(at * 1000) * STAGES + stage


GONE = {
    BulkState.REJECTED: (Status.REJECTED, "the service's monitoring rejected the text"),
    BulkState.INVALID_RECIPIENTS: (Status.REJECTED, "the service found the recipients invalid"),
    BulkState.NO_CREDIT: (Status.REJECTED, "the credit did not cover it when it was to go out"),
    BulkState.SYSTEM_ERROR: (Status.REJECTED, "a system error of the service"),
    BulkState.CANCELLED: (Status.CANCELLED, None),
}
"""What the final states of a bulk in which no text went out make of its rows."""
REPORTED = {
    DeliveryStatus.DELIVERED: Status.DELIVERED,
    DeliveryStatus.NOT_DELIVERED: Status.NOT_DELIVERED,
    DeliveryStatus.BLACKLISTED: Status.BLACKLISTED,
}
"""What an operator reports that is final."""


class Fate(NamedTuple):
    """What became of one place of a chunk."""

    status: Status
    reason: str | None
    outbox_id: int | None
    stage: Stage


_TAKEN_NOT = "the service did not take it; a retry of the task sends it"
_UNANSWERED = "it left unanswered; the next try of the task looks for it"
_GIVEN_UP = "it left unanswered, and was given up"


def fates(intent: Intent, outcome: Outcome | None) -> Iterator[Fate | None]:
    """Yield what became of each place of a chunk; None where another chunk says it."""
    repeats = bool(intent.again) and not (outcome and outcome.outbox_ids)
    if outcome is None or repeats:
        # A repetition that was taken back, or is watched still, is not what its members are known by.
        fate = None if repeats else Fate(Status.IN_DOUBT, _UNANSWERED, None, Stage.IN_DOUBT)
        yield from (fate for _ in range(intent.size))
        return
    taken = Status.ACCEPTED if intent.send_at is None else Status.SCHEDULED
    unknown = Fate(Status.IN_DOUBT, _GIVEN_UP if outcome.is_given_up else _UNANSWERED, None, Stage.IN_DOUBT)
    void = Fate(Status.REJECTED, _TAKEN_NOT, None, Stage.NOT_TAKEN)
    ids = _ids(intent, outcome)
    if not outcome.void and len(ids) == intent.size:
        # A text each, all of them taken, as nearly always.
        yield from (Fate(taken, None, outbox_id, Stage.TAKEN) for outbox_id in outcome.outbox_ids)
        return
    place = 0
    for bulk, size in enumerate(_sizes(intent)):
        outbox_id = ids.get(bulk)
        fate = unknown if outbox_id is None else Fate(taken, None, outbox_id, Stage.TAKEN)
        for _ in range(size):
            yield void if place in outcome.void else fate
            place += 1


def _sizes(intent: Intent) -> Sequence[int]:
    """Return how many members each bulk of a chunk has."""
    return intent.sizes or ((intent.size,) if intent.is_shared else (1,) * intent.size)


def _ids(intent: Intent, outcome: Outcome) -> dict[int, int]:
    """Return the outbox id of each bulk that is known to be its."""
    if len(outcome.outbox_ids) == intent.bulks:
        return dict(enumerate(outcome.outbox_ids))
    starts = [0, *accumulate(_sizes(intent))]
    spans = enumerate(pairwise(starts))
    standing = [bulk for bulk, span in spans if not outcome.void.issuperset(range(*span))]
    if len(standing) == len(outcome.outbox_ids):
        return dict(zip(standing, outcome.outbox_ids, strict=True))
    return {}
