"""Intents that left unanswered, and what is found of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.ledger.base import Decision, Intent, Outcome, Standing
from ippanel_provider.campaign.ledger.hashes import TEXT_BYTES, pieces
from ippanel_provider.campaign.panel import Panel, members_of
from ippanel_provider.client import Bulk, Unconfirmed


class InDoubt(Unconfirmed):
    """Texts left unanswered and nothing tells whether they were accepted; the message names their chunks and source
    lines.
    """


@dataclass(slots=True)
class Doubt:
    """An intent without an outcome, and what is found of it: outbox ids by the place of the bulk."""

    intent: Intent
    standing: Standing = field(default_factory=Standing)
    messages: dict[int, Message] = field(default_factory=dict, repr=False)
    """Its messages by the place of the member, as far as they are at hand to be sent again."""
    found: dict[int, int] = field(default_factory=dict)
    has_words: bool = True
    """Whether its bulk has one text to be found by."""
    is_earlier: bool = False
    """Whether an earlier try sent it."""
    is_settled: bool = False
    """Whether its outcome is written down."""
    decision: Decision = Decision.LOOK
    """What a person has decided to do, should no look show it."""
    texts: tuple[bytes, ...] = field(init=False, repr=False)
    by_text: dict[bytes, list[int]] = field(init=False, repr=False)
    by_person: dict[bytes, list[int]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.texts = pieces(self.intent.texts, TEXT_BYTES)
        self.by_text, self.by_person = {}, {}
        for place, text in enumerate(self.texts):
            self.by_text.setdefault(text, []).append(place)
            for person in () if self.intent.is_single else members_of(self.intent, place):
                self.by_person.setdefault(person, []).append(place)

    def take_answer(self) -> None:
        """Take the ids that answered for those of its bulks, if there are as many."""
        if len(self.standing.ids) == self.intent.bulks or (self.intent.is_single and self.standing.ids):
            self.found = dict(enumerate(self.standing.ids))

    @property
    def open(self) -> list[int]:
        """The places of bulks that are not found."""
        return [place for place in range(self.intent.bulks) if place not in self.found]

    @property
    def is_open(self) -> bool:
        """Whether any is missing."""
        return len(self.found) < self.intent.bulks

    @property
    def missing(self) -> frozenset[int]:
        """The places of members whose bulk is not found."""
        return frozenset(
            start + n for place in self.open for start, size in [self.intent.span(place)] for n in range(size)
        )

    @property
    def ids(self) -> tuple[int, ...]:
        """The ids that were found, in the order of the bulks."""
        return tuple(self.found[place] for place in sorted(self.found))

    @property
    def outcome(self) -> Outcome:
        """What was found is confirmed, and all else certainly got nothing."""
        return Outcome(self.ids, self.missing)

    def places(self, bulk: Bulk, text: bytes | None, people: Sequence[bytes], panel: Panel) -> Iterable[int]:
        """Return the open places the bulk can be judged for."""
        if self.intent.is_single or self.intent.bulks == 1:
            return self.open
        near: Iterable[int] = self.open
        if panel.explained == "yes" and text:
            near = self.by_text.get(text, ())
        elif people:
            near = {place for person in people for place in self.by_person.get(person, ())}
        return [place for place in near if place not in self.found]


def named(doubts: Iterable[Doubt]) -> str:
    """Name what is missing of chunks for people: how many, where in the source they stand, and when they left."""
    return "; ".join(
        f"{len(doubt.missing)} of {doubt.intent.size} recipients of chunk {doubt.intent.number} "
        f"(source rows {doubt.intent.lines[0]} to {doubt.intent.lines[1]}, "
        f"sent {datetime.fromtimestamp(doubt.intent.at, UTC):%Y-%m-%d %H:%M:%S} UTC)"
        for doubt in doubts
    )
