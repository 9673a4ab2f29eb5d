"""How far a sending has come, for the log while it runs and for the summary at its end."""

from __future__ import annotations

import logging
import time
from array import array
from dataclasses import dataclass, field

from ippanel_provider.campaign.ledger.base import Intent, Outcome

log = logging.getLogger(__name__)

SAY_EVERY = 10.0


@dataclass(slots=True)
class Progress:
    """Counts of recipients, except where the name says otherwise; stays readable when the sending ends in an error."""

    total: int | None = None
    """How many there will be, where that is known beforehand; see :meth:`expect`."""
    refused: int = 0
    """Rows of the source that get no text: rejected, or suppressed."""
    requests: int = 0
    accepted: int = 0
    """Accepted in this try."""
    before: int = 0
    """Accepted in an earlier try."""
    known: int = 0
    """Not sent, because the ledger knows them."""
    void: int = 0
    """Places of chunks that were not accepted, in this try or an earlier one."""
    skipped: int = 0
    """In doubt and given up under ``on_unconfirmed=skip``."""
    unconfirmed: int = 0
    """In doubt at the end of this try."""
    outbox_ids: array[int] = field(default_factory=lambda: array("q"))
    latencies: array[float] = field(default_factory=lambda: array("d"), repr=False)
    """Seconds from each send's leaving to its answer."""
    _began: float = field(default_factory=time.monotonic)
    _said: float = field(default_factory=time.monotonic)

    def expect(self, total: int) -> None:
        """Take note of how many there will be, known to the ledger or not, and begin to measure the time."""
        self.total = total
        self._began = self._said = time.monotonic()

    def earlier(self, intent: Intent, outcome: Outcome) -> None:
        """Count a chunk of an earlier try."""
        self.void += len(outcome.void)
        if ids := outcome.standing_ids(intent):
            self.before += _accepted(intent, outcome)
            self.outbox_ids.extend(ids)

    def accepted_now(self, intent: Intent, outcome: Outcome) -> None:
        """Count a chunk that was accepted, and say so now and then."""
        self.void += len(outcome.void)
        if not outcome.outbox_ids:
            return
        self.requests += 1
        self.accepted += _accepted(intent, outcome)
        self.outbox_ids.extend(outcome.outbox_ids)
        now = time.monotonic()
        if now - self._said >= SAY_EVERY:
            self._said = now
            log.info("%s", self.sentence())

    def sentence(self) -> str:
        """Return one line for people: how many, how fast, how many not, how long still."""
        rate = self.accepted / max(1e-6, time.monotonic() - self._began)
        words = (
            f"{_counted(self.accepted, 'recipient')} accepted in {_counted(self.requests, 'request')}, "
            f"{rate:.0f} a second"
        )
        if self.refused:
            words += f", {_counted(self.refused, 'row')} rejected or suppressed"
        if self.total and rate:
            left = max(0, self.total - self.accepted - self.known - self.skipped)
            words += f", about {_span(left / rate)} left" if left else ""
        if self.before:
            words += f"; {self.before} had been accepted by an earlier try"
        return words + "."


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _span(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def _accepted(intent: Intent, outcome: Outcome) -> int:
    if intent.is_single:
        return intent.people or 1
    if intent.is_shared:
        return intent.size
    if outcome.is_given_up or (len(outcome.outbox_ids) < intent.bulks and not outcome.void):
        # Some of its bulks were confirmed, and the others are in other hands.
        return len(outcome.outbox_ids)
    return intent.size - len(outcome.void)
