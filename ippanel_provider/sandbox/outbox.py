"""Every bulk the service has accepted, and the ways reports look at them."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import inf

from .acceptance import Block
from .lifecycle import Script, state_at, statuses_at
from .outbox_report import Index, OutboxFilter
from .records import Bulk

_NO_ID = 2**63
"""From here on numbers are no ids."""


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which texts the controls ask for; None means any. ``text`` matches a part of the text, ``since`` is epoch
    seconds.
    """

    recipient: str | None = None
    text: str | None = None
    sender: str | None = None
    since: float | None = None
    outbox_id: int | None = None


class Outbox:
    """Bulks in the order of their acceptance, kept in blocks of those accepted at once. ``len`` counts bulks."""

    def __init__(self) -> None:
        self._all = Index()
        self._of_line: defaultdict[str, Index] = defaultdict(Index)
        # The first id of each block that is no example, in order, and the number of the block.
        self._ids = array("q")
        self._numbers = array("q")
        self._examples: dict[int, Bulk] = {}
        self._shown: dict[int, tuple[float, float]] = {}
        """Bulks that the report lists only between two moments."""
        self._texts = 0
        self._pairs: Counter[tuple[str, str]] = Counter()
        self._duplicates = 0
        self._counted = 0
        """How many blocks the two before have taken in."""

    def __len__(self) -> int:
        return self._all.bulks

    @property
    def text_count(self) -> int:
        """How many texts were handed over (recipients, over all bulks), examples apart."""
        return self._texts

    @property
    def example_count(self) -> int:
        """How many bulks are examples."""
        return len(self._examples)

    def add(self, blocks: Sequence[Block]) -> None:
        """Append blocks accepted just now."""
        for block in blocks:
            if isinstance(block, Bulk) and block.is_example:
                self._examples[block.id] = block
            else:
                place = bisect_right(self._ids, block.id)
                self._ids.insert(place, block.id)
                self._numbers.insert(place, len(self._all.blocks))
                self._texts += block.text_count
            self._all.add(block)
            self._of_line[block.line].add(block)

    def show(self, bulk_id: int, start: float = -inf, end: float = inf) -> None:
        """Let the report list a bulk only from ``start`` until ``end``, epoch seconds."""
        earlier_start, earlier_end = self._shown.get(bulk_id, (-inf, inf))
        self._shown[bulk_id] = (max(start, earlier_start), min(end, earlier_end))

    def is_deleted(self, bulk_id: int, now: float) -> bool:
        """Whether somebody took this bulk out of the outbox."""
        return bulk_id in self._shown and now >= self._shown[bulk_id][1]

    def get(self, bulk_id: int) -> Bulk | None:
        """The bulk with this id."""
        found = self._find(bulk_id)
        return None if found is None else found[0][found[1]]

    def change(self, bulk_id: int, script: Script, cost: float) -> None:
        """Give a bulk another fate and price.

        :raises KeyError: when there is no such bulk.
        """
        found = self._find(bulk_id)
        if found is None:
            raise KeyError(bulk_id)
        found[0].change(found[1], script, cost)

    def _find(self, bulk_id: int) -> tuple[Block, int] | None:
        """The block of a bulk, and its place there."""
        if bulk_id in self._examples:
            return self._examples[bulk_id], 0
        nearest = bisect_right(self._ids, bulk_id) - 1 if bulk_id < _NO_ID else -1
        if nearest < 0:
            return None
        block = self._all.blocks[self._numbers[nearest]]
        place = block.place_of(bulk_id)
        return None if place is None else (block, place)

    def report(self, wanted: OutboxFilter, now: float, *, offset: int, limit: int) -> tuple[list[Bulk], int]:
        """One page of the outbox report, newest first unless wanted otherwise, and how many bulks match in all."""
        by_line = wanted.number is not None and not wanted.newest_only
        index = self._of_line.get(wanted.number or "") if by_line else self._all
        if index is None:
            return [], 0

        def hidden(bulk_id: int) -> bool:
            start, end = self._shown.get(bulk_id, (now, inf))
            return not start <= now < end

        return index.page(wanted, now, hidden if self._shown else None, offset=offset, limit=limit)

    def newest(self) -> Iterator[Bulk]:
        """Every bulk but the examples, newest first."""
        return (bulk for block in reversed(self._all.blocks) if not block.is_example for bulk in _backwards(block))

    def texts(self, wanted: MessageFilter, *, start: int = 0) -> Iterator[tuple[Bulk, int]]:
        """Every text handed over that matches, as (bulk, index of the recipient), oldest first, from the bulk at
        ``start``.
        """
        for place, block in self._all.since(start):
            if place + len(block) <= start or not _block_matches(block, wanted):
                continue
            for bulk in block:
                if wanted.outbox_id is not None and bulk.id != wanted.outbox_id:
                    continue
                for index, recipient in enumerate(bulk.recipients):
                    if wanted.recipient is not None and recipient != wanted.recipient:
                        continue
                    if wanted.text is None or wanted.text in bulk.text_for(index):
                        yield bulk, index

    def counts(self, now: float) -> dict[str, object]:
        """The judge of "nothing twice, nothing lost": texts, distinct (recipient, text) pairs, repeats, and texts by
        state and status.
        """
        self._count_pairs()
        states: Counter[int] = Counter()
        statuses: Counter[int] = Counter()
        for block in self._all.blocks:
            for script, recipients in () if block.is_example else block.fates():
                states[state_at(now, block.accepted, block.due, script)] += len(recipients)
                statuses.update(statuses_at(now, block.accepted, block.due, script, recipients))
        return {
            "texts": self._texts,
            "distinct": len(self._pairs),
            "duplicates": self._duplicates,
            "repeats": self._texts - len(self._pairs),
            "by_state": {str(int(state)): count for state, count in sorted(states.items()) if count},
            "by_message_status": {str(int(status)): count for status, count in sorted(statuses.items())},
        }

    def _count_pairs(self) -> None:
        """Count what was handed over since the last time: what a text says and to whom never changes."""
        pairs = self._pairs
        for block in islice(self._all.blocks, self._counted, None):
            for pair in () if block.is_example else block.handed_over():
                pairs[pair] += 1
                self._duplicates += pairs[pair] == 2
        self._counted = len(self._all.blocks)


def _backwards(block: Block) -> Iterator[Bulk]:
    return map(block.__getitem__, range(len(block) - 1, -1, -1))


def _block_matches(block: Block, wanted: MessageFilter) -> bool:
    return (
        not block.is_example
        and (wanted.sender is None or block.line == wanted.sender)
        and (wanted.since is None or block.accepted >= wanted.since)
        and (wanted.outbox_id is None or block.place_of(wanted.outbox_id) is not None)
    )
