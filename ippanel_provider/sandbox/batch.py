"""Many bulks accepted at once, each a text of its own to one recipient, kept in columns.

A peer_to_peer request makes a thousand bulks, of which most are never looked at one by one: a :class:`.records.Bulk` is
made of a column's row when somebody asks.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .lifecycle import Script
from .records import Bulk, Singles


@dataclass(slots=True)
class Batch:
    """Bulks with the ids of ``ids``, in order. Everything but texts, recipients and prices is common to them."""

    ids: range
    kind: str
    line: str
    singles: Singles
    parts: array[int]
    costs: array[float]
    accepted: float
    due: float
    script: Script
    origin: str = ""
    changed: dict[int, Script] = field(default_factory=dict)
    """The scripts of bulks that somebody gave another fate, by their place."""

    is_example = False

    def __len__(self) -> int:
        return len(self.costs)

    @property
    def id(self) -> int:
        """The id of the first."""
        return self.ids.start

    def id_at(self, place: int) -> int:
        """The id of the bulk at ``place``."""
        return self.ids[place]

    def text_at(self, place: int) -> str:
        """The text of the bulk at ``place``."""
        return self.singles.texts[place]

    def place_of(self, bulk_id: int) -> int | None:
        """The place of the bulk with this id; None when it is none of these."""
        return self.ids.index(bulk_id) if bulk_id in self.ids else None

    @property
    def text_count(self) -> int:
        """How many texts were handed over."""
        return len(self.costs)

    @property
    def cost(self) -> float:
        """Rial for all of them."""
        return sum(self.costs)

    def fates(self) -> Iterator[tuple[Script, Sequence[str]]]:
        """Each fate there is, and whom it meets."""
        recipients = self.singles.recipients
        if self.changed:
            for place, script in self.changed.items():
                yield script, (recipients[place],)
            recipients = [recipient for place, recipient in enumerate(recipients) if place not in self.changed]
        yield self.script, recipients

    def handed_over(self) -> Iterator[tuple[str, str]]:
        """Every recipient with the text for them."""
        return zip(self.singles.recipients, self.singles.texts, strict=True)

    def __getitem__(self, place: int) -> Bulk:
        singles = self.singles
        return Bulk(
            self.ids[place],
            self.kind,
            self.line,
            singles.texts[place],
            (singles.recipients[place],),
            self.parts[place],
            self.costs[place],
            self.accepted,
            self.due,
            self.changed.get(place, self.script),
            origin=self.origin,
        )

    def __iter__(self) -> Iterator[Bulk]:
        return map(self.__getitem__, range(len(self)))

    def change(self, place: int, script: Script, cost: float) -> None:
        """Give one bulk another fate and price."""
        self.changed[place] = script
        self.costs[place] = cost
