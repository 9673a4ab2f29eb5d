"""What a proof came to, and how its table looks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass
class Tally:
    """Counts of one row. A round is a campaign or a generation; things are recipients, patterns or contacts, counted
    once a round.
    """

    kills: int = 0
    rounds: int = 0
    things: int = 0
    doubled: int = 0
    lost: int = 0
    wrong: int = 0
    """Things that nobody asked for, or that are not as they should be."""
    seconds: float = 0.0

    @property
    def bad(self) -> int:
        """How much went wrong."""
        return self.doubled + self.lost + self.wrong

    @classmethod
    def of(cls, parts: Iterable[Tally], seconds: float) -> Tally:
        """Return the sum of what ran side by side for so many seconds."""
        whole = cls(seconds=seconds)
        for part in parts:
            for count in ("kills", "rounds", "things", "doubled", "lost", "wrong"):
                setattr(whole, count, getattr(whole, count) + getattr(part, count))
        return whole


def heading(what: str, rounds: str, things: str) -> str:
    """Return the heading of a table; the names are of what stands in its first, third and fourth column."""
    return f"{what:<30} {'kills':>6} {rounds:>11} {things:>10} {'doubled':>8} {'lost':>6} {'wrong':>6} {'seconds':>8}"


def row(name: str, tally: Tally) -> str:
    """Return a row of a table."""
    counts = (
        f"{tally.kills:>6} {tally.rounds:>11} {tally.things:>10} {tally.doubled:>8} {tally.lost:>6} {tally.wrong:>6}"
    )
    return f"{name:<30} {counts} {tally.seconds:>8.0f}"
