"""The outbox report: which bulks it shows, and the index in which a page is found without looking through all."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from .acceptance import Block
from .batch import Batch
from .records import Bulk


@dataclass(frozen=True, slots=True)
class OutboxFilter:
    """The filters of the outbox report, read; None means any. Times are whole epoch seconds, ends included."""

    number: str | None = None
    bulk_id: int | None = None
    created_from: int | None = None
    created_to: int | None = None
    due_from: int | None = None
    due_to: int | None = None
    recipients_from: int | None = None
    recipients_to: int | None = None
    finds: Callable[[str], bool] | None = None
    """Which texts."""
    state: int | None = None
    younger_hidden: float = 0.0
    """Bulks younger than this many seconds are not shown yet: the list lags behind."""
    scheduled_hidden: bool = False
    """Bulks are not shown before they are due."""
    newest_only: int = 0
    """How many of the newest bulks the list holds before it is filtered; 0 is all."""
    oldest_first: bool = False

    def admits(self, bulk: Bulk, now: float) -> bool:
        """Whether one bulk of a block that :meth:`admits_some_of` is in the report, its text apart."""
        return (
            (self.recipients_from is None or len(bulk.recipients) >= self.recipients_from)
            and (self.recipients_to is None or len(bulk.recipients) <= self.recipients_to)
            and (self.state is None or bulk.state_at(now) == self.state)
        )

    def admits_some_of(self, block: Block, now: float) -> bool:
        """Whether bulks of ``block`` may be in the report, by what all of them share."""
        return (
            (self.number is None or block.line == self.number)
            and (self.due_from is None or int(block.due) >= self.due_from)
            and (self.due_to is None or int(block.due) <= self.due_to)
            and (self.bulk_id is None or block.place_of(self.bulk_id) is not None)
            and not (self.scheduled_hidden and now < block.due)
        )

    def matching(self, block: Block, now: float) -> Sequence[int]:
        """The places of the bulks of ``block`` that are in the report."""
        if not self.admits_some_of(block, now):
            return ()
        places: Sequence[int] = range(len(block))
        if self.bulk_id is not None:
            places = (block.place_of(self.bulk_id) or 0,)
        if self.finds is not None:
            places = [place for place in places if self.finds(block.text_at(place))]
        if isinstance(block, Batch) and not block.changed:
            # All of a batch have one recipient and one state.
            return places if places and self.admits(block[places[0]], now) else ()
        return [place for place in places if self.admits(block[place], now)]

    @property
    def needs_no_look(self) -> bool:
        """Whether the index alone tells what is in the report."""
        looked_at = (
            self.bulk_id,
            self.due_from,
            self.due_to,
            self.recipients_from,
            self.recipients_to,
            self.finds,
            self.state,
        )
        return looked_at == (None,) * len(looked_at) and not self.scheduled_hidden and not self.newest_only


class Index:
    """Blocks in the order of their acceptance, of one line or of all, with how many bulks come before each."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.bulks = 0
        self._starts = array("q")
        self._created = array("d")

    def add(self, block: Block) -> None:
        """Append a block accepted just now."""
        self.blocks.append(block)
        self._starts.append(self.bulks)
        # A clock that was turned back must not put the order out.
        self._created.append(max(block.accepted, self._created[-1]) if self._created else block.accepted)
        self.bulks += len(block)

    def start(self, number: int) -> int:
        """The place of the first bulk of a block, which may be the one to come."""
        return self._starts[number] if number < len(self._starts) else self.bulks

    def at_place(self, place: int) -> int:
        """The number of the block that holds the bulk at ``place``."""
        return bisect_right(self._starts, place) - 1

    def page(
        self, wanted: OutboxFilter, now: float, hidden: Callable[[int], bool] | None, *, offset: int, limit: int
    ) -> tuple[list[Bulk], int]:
        """One page of the report, and how many bulks match in all.

        :param hidden: whether the bulk with an id is not shown; None when all are.
        """
        low, high = self._window(wanted, now)
        if wanted.needs_no_look and hidden is None:
            first, end = self.start(low), self.start(high)
            places = range(first, end) if wanted.oldest_first else range(end - 1, first - 1, -1)
            return [self._bulk(place) for place in places[offset : offset + limit]], end - first
        edge, kept_from = self._newest(wanted, now, hidden) if wanted.newest_only else (-1, 0)
        low = max(low, edge)
        numbers = range(low, high) if wanted.oldest_first else range(high - 1, low - 1, -1)
        page: list[Bulk] = []
        total = 0
        for number in numbers:
            block = self.blocks[number]
            found = wanted.matching(block, now)
            if hidden is not None:
                found = [place for place in found if not hidden(block.id_at(place))]
            if number == edge:
                found = [place for place in found if place >= kept_from]
            if total + len(found) > offset and len(page) < limit:
                ordered = found if wanted.oldest_first else found[::-1]
                start = max(0, offset - total)
                page += [block[place] for place in ordered[start : start + limit - len(page)]]
            total += len(found)
        return page, total

    def _window(self, wanted: OutboxFilter, now: float) -> tuple[int, int]:
        """The blocks between two times of creation."""
        low, high = 0, len(self.blocks)
        if wanted.created_from is not None:
            low = bisect_left(self._created, wanted.created_from)
        if wanted.created_to is not None:
            high = bisect_left(self._created, wanted.created_to + 1)
        if wanted.younger_hidden:
            high = min(high, bisect_right(self._created, now - wanted.younger_hidden))
        return low, max(low, high)

    def _newest(self, wanted: OutboxFilter, now: float, hidden: Callable[[int], bool] | None) -> tuple[int, int]:
        """The block, and the place in it, from which on the newest bulks are that are listed at all."""
        listed = OutboxFilter(younger_hidden=wanted.younger_hidden, scheduled_hidden=wanted.scheduled_hidden)
        left = wanted.newest_only
        for number in range(self._window(listed, now)[1] - 1, -1, -1):
            block = self.blocks[number]
            shown = listed.matching(block, now)
            if hidden is not None:
                shown = [place for place in shown if not hidden(block.id_at(place))]
            if len(shown) >= left:
                return number, shown[-left]
            left -= len(shown)
        return 0, 0

    def _bulk(self, place: int) -> Bulk:
        number = self.at_place(place)
        return self.blocks[number][place - self._starts[number]]

    def since(self, place: int) -> Iterator[tuple[int, Block]]:
        """The place and the block of everything from the bulk at ``place`` on, oldest first."""
        first = self.at_place(place) if place else 0
        return zip(islice(self._starts, first, None), islice(self.blocks, first, None), strict=True)
