"""How far a sending has come, and what it came to: for the log, and for what an operator returns and counts."""

from __future__ import annotations

import logging
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ippanel_provider.campaign.audience import Audience, Rejected
from ippanel_provider.campaign.cost import Estimate
from ippanel_provider.campaign.ledger.base import Intent, Outcome
from ippanel_provider.outbox_ids import OutboxIds, written

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
    doubled: int = 0
    """Bulks that the service made besides another one of the same request."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """How far a sending came. Counts are of recipients except where they say otherwise; money is rial."""

    outbox_ids: Sequence[int]
    """Of all bulks of the campaign, those of earlier tries too, in ascending order."""
    rows: int = 0
    accepted: int = 0
    """In this try and earlier ones."""
    merged: int = 0
    skipped: int = 0
    """Given up: in doubt, and ``skip`` or a person decided to go on without them."""
    suppressed: int = 0
    rejected: int = 0
    """Rows that get no text, suppressed ones apart."""
    rejects: Sequence[Rejected] = ()
    """The first hundred of them."""
    parts: int = 0
    cost: float | None = None
    accepted_now: int = 0
    """In this try."""
    parts_now: int = 0
    unconfirmed: int = 0
    """In doubt at the end of this try."""
    doubled: int = 0
    """Bulks that the service made besides another one of the same request; each is a second text to its people."""
    planned: int | None = None
    """Recipients that a first pass over the source has counted."""
    latencies: Sequence[float] = field(default=(), repr=False)
    """Seconds from each send's leaving to its answer."""

    @classmethod
    def of(cls, progress: Progress, audience: Audience, estimate: Estimate) -> Summary:
        """Gather what was counted."""
        # Known messages are estimated too; what was accepted now has its share of the parts.
        share = progress.accepted / estimate.messages if estimate.messages else 0
        return cls(
            outbox_ids=OutboxIds(progress.outbox_ids),
            rows=audience.rows,
            accepted=progress.accepted + progress.before,
            merged=audience.merged,
            skipped=progress.skipped,
            suppressed=audience.suppressed,
            rejected=audience.rejected,
            rejects=audience.rejects,
            parts=estimate.parts,
            cost=estimate.cost,
            accepted_now=progress.accepted,
            parts_now=round(estimate.parts * share),
            unconfirmed=progress.unconfirmed,
            doubled=progress.doubled,
            planned=progress.total,
            latencies=progress.latencies,
        )

    def as_result(self) -> dict[str, Any]:
        """Return what a sending task returns; more than a thousand outbox ids are packed."""
        names = ("rows", "accepted", "merged", "skipped", "suppressed", "rejected")
        return {
            "outbox_ids": written(self.outbox_ids),
            **{name: getattr(self, name) for name in names},
            "rejects": [rejected._asdict() for rejected in self.rejects],
            "parts": self.parts,
            "cost": self.cost,
        }

    @property
    def how_far(self) -> str:
        """What had been accepted before an error, in words; empty if nothing was."""
        if not self.accepted or not self.outbox_ids:
            return ""
        return (
            f"{self.accepted} recipients had been accepted (outbox ids {self.outbox_ids[0]} to "
            f"{self.outbox_ids[-1]}); a retry goes on after them."
        )
