"""Texts of a campaign to look at before it is sent: not only the first ones, which are seldom those that go wrong."""

from __future__ import annotations

import random
from typing import NamedTuple

from ippanel_provider.campaign.audience import Message
from ippanel_provider.text.numbers import mask


class Sample(NamedTuple):
    """A text to look at, and why this one. It holds a text, so it goes only where that may lie."""

    kind: str
    line: int
    recipient: str
    """Masked."""
    characters: int
    parts: int
    cost: float
    text: str


class Samples:
    """The first text, the longest, the dearest, one in which the most fallbacks stand in for empty cells, and others
    drawn at random, the same ones for the same rows.

    :param count: how many are wanted
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._best: dict[str, tuple[float, Sample]] = {}
        self._drawn: list[Sample] = []
        self._seen = 0
        # Not a secret: what is shown shall be the same when it is looked at again.
        self._random = random.Random(1405)  # noqa: S311

    def add(self, message: Message, parts: int, cost: float) -> None:
        """Look at a message; cost is rial, 0 where nobody knows."""
        if not self._count:
            return
        self._seen += 1
        weights = {
            "first": 1.0 if self._seen == 1 else 0.0,
            "longest": float(len(message.text)),
            "dearest": cost or float(parts),
            "with fallbacks": float(message.fallbacks),
        }
        for kind, weight in weights.items():
            best, sample = self._best.get(kind, (0.0, None))
            # The first text is shown anyway, so that of another row says more of the fallbacks.
            is_first = kind == "with fallbacks" and sample is not None and sample.line == self._best["first"][1].line
            if weight > best or (weight == best and is_first):
                self._best[kind] = (weight, _sample(kind, message, parts, cost))
        place = self._random.randrange(self._seen)
        if len(self._drawn) < self._count:
            self._drawn.append(_sample("at random", message, parts, cost))
        elif place < self._count:
            self._drawn[place] = _sample("at random", message, parts, cost)

    def chosen(self) -> list[Sample]:
        """Return them, none twice: those that were looked for first."""
        looked_for = [
            self._best[kind][1] for kind in ("first", "longest", "dearest", "with fallbacks") if kind in self._best
        ]
        chosen: dict[int, Sample] = {}
        for sample in [*looked_for, *self._drawn]:
            chosen.setdefault(sample.line, sample)
        return list(chosen.values())[: self._count]


def _sample(kind: str, message: Message, parts: int, cost: float) -> Sample:
    return Sample(kind, message.line, mask(message.recipient), len(message.text), parts, cost, message.text)
