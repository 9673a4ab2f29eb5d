"""What a sending came to, for its caller: what an operator returns, and what it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ippanel_provider.campaign.audience import Audience, Rejected
from ippanel_provider.campaign.cost import Estimate
from ippanel_provider.campaign.progress import Progress
from ippanel_provider.outbox_ids import written


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """How far a sending came. Counts are of recipients except where they say otherwise; money is rial."""

    outbox_ids: list[int]
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
    latencies: Sequence[float] = field(default=(), repr=False)
    """Seconds from each send's leaving to its answer."""

    @classmethod
    def of(cls, progress: Progress, audience: Audience, estimate: Estimate) -> Summary:
        """Gather what was counted."""
        # Known messages are estimated too; what was accepted now has its share of the parts.
        share = progress.accepted / estimate.messages if estimate.messages else 0
        return cls(
            outbox_ids=sorted(progress.outbox_ids),
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
