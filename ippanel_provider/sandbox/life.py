"""What becomes of a bulk and of its recipients, as a pure function of time.

Nothing here runs: a bulk keeps when it was accepted, when it is due and its :class:`Script`; its state at any moment is
computed from these. So a hundred thousand bulks cost nothing while they wait, and a moved clock moves all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

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

# Where on the way from 0 to 6 each bad end happens.
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
        return Timing(
            *(factor * part for part in (self.creating, self.monitoring, self.queued, self.sending, self.at_operator, self.received))
        )

    @property
    def total(self) -> float:
        """Seconds from acceptance until every ordinary text is final."""
        return self.creating + self.monitoring + self.queued + self.sending + self.at_operator + self.received


@dataclass(frozen=True, slots=True)
class Script:
    """The fate of a bulk: its timing, the state it ends in, and one delivery status for all its texts if that is forced."""

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


def state_at(now: float, accepted: float, due: float, script: Script) -> BulkState:
    """The ``state_id`` of a bulk at ``now``. ``due`` is its ``send_time``, or ``accepted`` when it goes out at once."""
    if script.end is BulkState.CANCELLED:
        return BulkState.CANCELLED
    timing = script.timing
    created = accepted + timing.creating
    reviewed = created + timing.monitoring
    queued_until = max(reviewed, due) + timing.queued
    for until, state in (
        (created, BulkState.CREATING),
        (reviewed, BulkState.MONITORING),
        (queued_until, BulkState.QUEUED),
        (queued_until + timing.sending, BulkState.SENDING),
    ):
        if now < until:
            return state
        if _ENDS_WHILE.get(script.end) is state:
            return script.end
    return script.end


def status_at(now: float, accepted: float, due: float, script: Script, recipient: str) -> DeliveryStatus:
    """The ``message_status`` of one recipient at ``now``; a text that never went out stays at 0."""
    timing = script.timing
    at_operator = max(accepted + timing.creating + timing.monitoring, due) + timing.queued + timing.sending
    if not script.end.is_good or now < at_operator + timing.at_operator:
        return DeliveryStatus.SENT_TO_OPERATOR
    end = final_status(recipient, script)
    if now < at_operator + timing.at_operator + timing.received:
        return min(end, DeliveryStatus.OPERATOR_RECEIVED)
    return end


def final_status(recipient: str, script: Script) -> DeliveryStatus:
    """Where this recipient's status stops: delivered, but for the special numbers and a forced outcome."""
    if script.delivery is not None:
        return script.delivery
    if recipient.endswith(NOT_DELIVERED_ENDING):
        return DeliveryStatus.NOT_DELIVERED
    if recipient.endswith(BLACKLISTED_ENDING):
        return DeliveryStatus.BLACKLISTED
    return ENDLESS.get(recipient, DeliveryStatus.DELIVERED)


def milestones(accepted: float, due: float, script: Script) -> tuple[float, ...]:
    """The moments at which a bulk, or an ordinary text of it, moves on by itself; at the last one the text is with its person."""
    timing = script.timing
    created = accepted + timing.creating
    reviewed = created + timing.monitoring
    queued_until = max(reviewed, due) + timing.queued
    sent = queued_until + timing.sending
    received = sent + timing.at_operator
    return created, reviewed, queued_until, sent, received, received + timing.received


def meets_special_fate(recipient: str) -> bool:
    """Whether this recipient's text ends otherwise than delivered, by its number."""
    return recipient.endswith((NOT_DELIVERED_ENDING, BLACKLISTED_ENDING)) or recipient in ENDLESS
