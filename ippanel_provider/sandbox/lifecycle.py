"""What becomes of a bulk and of its recipients, as a pure function of time.

Nothing here runs: a bulk keeps when it was accepted, when it is due and its :class:`Script`; its state at any moment is
computed from these. So a hundred thousand bulks cost nothing while they wait, and a moved clock moves all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace

from ippanel_provider.service import BulkState, DeliveryStatus

# Recipients whose text meets a fixed fate, whatever else is set.
NOT_DELIVERED_ENDING = "993"
BLACKLISTED_ENDING = "994"
ENDLESS = {
    "+989000000100": DeliveryStatus.SENT_TO_OPERATOR,
    "+989000000101": DeliveryStatus.OPERATOR_RECEIVED,
}
"""Recipients whose status never gets beyond the one named."""
FATEFUL = {
    "+989000000003": BulkState.REJECTED,
    "+989000000004": BulkState.INVALID_RECIPIENTS,
    "+989000000008": BulkState.NO_CREDIT,
    "+989000000009": BulkState.SYSTEM_ERROR,
}
"""Recipients that decide how their whole bulk ends."""

ORDINARY = ""
"""Stands for every recipient whose number means nothing."""
_WAY = (BulkState.CREATING, BulkState.MONITORING, BulkState.QUEUED, BulkState.SENDING)
# Where on this way each bad end happens.
_ENDS_WHILE = {
    BulkState.REJECTED: BulkState.MONITORING,
    BulkState.INVALID_RECIPIENTS: BulkState.CREATING,
    BulkState.NO_CREDIT: BulkState.QUEUED,
    BulkState.SYSTEM_ERROR: BulkState.SENDING,
}


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a bulk stays in each state, and a text at the operator, in seconds of service time."""

    creating: float = 0.3
    monitoring: float = 0.7
    queued: float = 0.5
    sending: float = 0.5
    at_operator: float = 0.5
    received: float = 1.0

    def scaled(self, factor: float) -> Timing:
        """The same life, ``factor`` times as long; 0 makes a bulk final at once."""
        return Timing(*(factor * part for part in astuple(self)))

    @property
    def total(self) -> float:
        """Seconds from acceptance until every ordinary text is final."""
        return float(sum(astuple(self)))


@dataclass(frozen=True, slots=True)
class Script:
    """The fate of a bulk: its timing, the state it ends in, and one delivery status for all its texts if that is
    forced.
    """

    timing: Timing = Timing()
    end: BulkState = BulkState.SENT
    delivery: DeliveryStatus | None = None

    def ending(self, end: BulkState) -> Script:
        """The same script with another end."""
        return replace(self, end=end)

    def forced(self, state_id: int | None, message_status: int | None) -> Script:
        """The same script with the end somebody asks for, by the numbers of the wire.

        :raises ValueError: for a state that is not final, or a number that is none.
        """
        if not isinstance(state_id, int | None) or not isinstance(message_status, int | None):
            raise ValueError("state_id and message_status are numbers")
        if state_id is not None and not (state_id in set(BulkState) and BulkState(state_id).is_final):
            raise ValueError("state_id must be a final state: 3, 4, 6, 7, 8 or 9")
        if message_status is not None and message_status not in set(DeliveryStatus):
            raise ValueError("message_status must be 0 to 4")
        return replace(
            self,
            end=self.end if state_id is None else BulkState(state_id),
            delivery=self.delivery if message_status is None else DeliveryStatus(message_status),
        )


def milestones(accepted: float, due: float, script: Script) -> tuple[float, float, float, float, float, float]:
    """The moments at which a bulk, or an ordinary text of it, moves on by itself; at the last one the text is with its
    person.

    ``due`` is its ``send_time``, or ``accepted`` when it goes out at once.
    """
    timing = script.timing
    created = accepted + timing.creating
    reviewed = created + timing.monitoring
    queued_until = max(reviewed, due) + timing.queued
    sent = queued_until + timing.sending
    received = sent + timing.at_operator
    return created, reviewed, queued_until, sent, received, received + timing.received


def state_at(now: float, accepted: float, due: float, script: Script) -> BulkState:
    """The ``state_id`` of a bulk at ``now``."""
    if script.end is BulkState.CANCELLED:
        return BulkState.CANCELLED
    for until, state in zip(milestones(accepted, due, script), _WAY, strict=False):
        if now < until:
            return state
        if _ENDS_WHILE.get(script.end) is state:
            return script.end
    return script.end


def status_at(now: float, accepted: float, due: float, script: Script, recipient: str) -> DeliveryStatus:
    """The ``message_status`` of one recipient at ``now``; a text that never went out stays at 0."""
    *_, received, delivered = milestones(accepted, due, script)
    if not script.end.is_good or now < received:
        return DeliveryStatus.SENT_TO_OPERATOR
    end = final_status(recipient, script)
    return end if now >= delivered else min(end, DeliveryStatus.OPERATOR_RECEIVED)


def statuses_at(
    now: float, accepted: float, due: float, script: Script, recipients: Sequence[str]
) -> Counter[DeliveryStatus]:
    """How many of ``recipients`` have each status at ``now``."""
    counts = Counter(status_at(now, accepted, due, script, recipient) for recipient in filter(_is_special, recipients))
    if ordinary := len(recipients) - counts.total():
        counts[status_at(now, accepted, due, script, ORDINARY)] += ordinary
    return counts


def final_status(recipient: str, script: Script) -> DeliveryStatus:
    """Where this recipient's status stops: delivered, but for the special numbers and a forced outcome."""
    if script.delivery is not None:
        return script.delivery
    if recipient.endswith(NOT_DELIVERED_ENDING):
        return DeliveryStatus.NOT_DELIVERED
    if recipient.endswith(BLACKLISTED_ENDING):
        return DeliveryStatus.BLACKLISTED
    return ENDLESS.get(recipient, DeliveryStatus.DELIVERED)


def _is_special(recipient: str) -> bool:
    """Whether this recipient's text ends otherwise than delivered, by its number."""
    return recipient.endswith((NOT_DELIVERED_ENDING, BLACKLISTED_ENDING)) or recipient in ENDLESS
