"""Every bulk the service has accepted, and the ways reports look at them."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from .acceptance import Block
from .lifecycle import Script, state_at, statuses_at
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
    message: str | None = None
    state: int | None = None
    younger_hidden: float = 0.0
    """Bulks younger than this many seconds are not shown yet: the list lags behind."""

    def admits(self, bulk: Bulk, now: float) -> bool:
        """Whether ``bulk``, of a block that :meth:`admits_some_of`, is in the report; its time of creation is looked
        after elsewhere.
        """
        return (
            (self.message is None or self.message in bulk.text)
            and (self.bulk_id is None or bulk.id == self.bulk_id)
            and (self.recipients_from is None or len(bulk.recipients) >= self.recipients_from)
            and (self.recipients_to is None or len(bulk.recipients) <= self.recipients_to)
            and (self.state is None or bulk.state_at(now) == self.state)
        )

    def admits_some_of(self, block: Block) -> bool:
        """Whether bulks of ``block`` may be in the report, by what all of them share."""
        return (
            (self.number is None or block.line == self.number)
            and (self.due_from is None or int(block.due) >= self.due_from)
            and (self.due_to is None or int(block.due) <= self.due_to)
            and (self.bulk_id is None or block.id <= self.bulk_id < block.id + len(block))
        )

    @property
    def admits_all(self) -> bool:
        """Whether only times of creation are asked for, so nothing needs looking through."""
        rest = (
            self.number,
            self.message,
            self.bulk_id,
            self.due_from,
            self.due_to,
            self.recipients_from,
            self.recipients_to,
            self.state,
        )
        return rest == (None,) * len(rest)


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
        self._blocks: list[Block] = []
        # The place of each block's first bulk, and its id.
        self._starts = array("q")
        self._ids = array("q")
        self._examples: dict[int, Bulk] = {}
        self._bulks = 0
        self._texts = 0
        self._pairs: Counter[tuple[str, str]] = Counter()
        self._duplicates = 0
        self._counted = 0
        """How many blocks the two before have taken in."""

    def __len__(self) -> int:
        return self._bulks

    @property
    def text_count(self) -> int:
        """How many texts were handed over (recipients, over all bulks), examples apart."""
        return self._texts

    @property
    def example_count(self) -> int:
        """How many bulks are examples."""
        return len(self._examples)

    def add(self, blocks: Sequence[Block]) -> None:
        """Append blocks accepted just now; their ids are higher than all before, but for those of examples."""
        for block in blocks:
            self._blocks.append(block)
            self._starts.append(self._bulks)
            self._bulks += len(block)
            if isinstance(block, Bulk) and block.is_example:
                self._examples[block.id] = block
                # Examples come before everything else and are found by their own table.
                self._ids.append(0)
            else:
                self._ids.append(block.id)
                self._texts += block.text_count

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
        if bulk_id < 1 or not self._ids or bulk_id > self._ids[-1] + len(self._blocks[-1]):
            return None
        number = bisect_right(self._ids, bulk_id) - 1
        if number < 0 or self._ids[number] == 0:
            return None
        place = bulk_id - self._ids[number]
        return (self._blocks[number], place) if place < len(self._blocks[number]) else None

    def report(self, wanted: OutboxFilter, now: float, *, offset: int, limit: int) -> tuple[list[Bulk], int]:
        """One page of the outbox report, newest first, and how many bulks match in all."""
        low = 0 if wanted.created_from is None else bisect_left(self._blocks, wanted.created_from, key=_created)
        high = len(self._blocks)
        if wanted.created_to is not None:
            high = bisect_right(self._blocks, wanted.created_to, key=_created)
        if wanted.younger_hidden:
            high = min(high, bisect_right(self._blocks, now - wanted.younger_hidden, key=lambda block: block.accepted))
        high = max(low, high)
        if wanted.admits_all:
            total = self._start(high) - self._start(low)
            return self._newest(high, offset, min(limit, max(0, total - offset))), total
        blocks = (block for block in reversed(self._blocks[low:high]) if wanted.admits_some_of(block))
        matching = [bulk for block in blocks for bulk in _backwards(block) if wanted.admits(bulk, now)]
        return matching[offset : offset + limit], len(matching)

    def _start(self, number: int) -> int:
        """The place of the first bulk of a block, which may be the one to come."""
        return self._starts[number] if number < len(self._starts) else self._bulks

    def _newest(self, high: int, offset: int, count: int) -> list[Bulk]:
        """``count`` bulks before block ``high``, newest first, ``offset`` of them left out."""
        end = self._start(high) - offset
        return [self._at(place) for place in range(end - 1, end - 1 - count, -1)]

    def _at(self, place: int) -> Bulk:
        number = bisect_right(self._starts, place) - 1
        return self._blocks[number][place - self._starts[number]]

    def newest(self) -> Iterator[Bulk]:
        """Every bulk but the examples, newest first."""
        return (bulk for block in reversed(self._blocks) if not block.is_example for bulk in _backwards(block))

    def texts(self, wanted: MessageFilter, *, start: int = 0) -> Iterator[tuple[Bulk, int]]:
        """Every text handed over that matches, as (bulk, index of the recipient), oldest first, from the bulk at
        ``start``.
        """
        first = bisect_right(self._starts, start) - 1 if start else 0
        for number in range(first, len(self._blocks)):
            block = self._blocks[number]
            if self._starts[number] + len(block) <= start or not _block_matches(block, wanted):
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
        for block in self._blocks:
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
        for block in islice(self._blocks, self._counted, None):
            for pair in () if block.is_example else block.handed_over():
                pairs[pair] += 1
                self._duplicates += pairs[pair] == 2
        self._counted = len(self._blocks)


def _created(block: Block) -> int:
    return int(block.accepted)


def _backwards(block: Block) -> Iterator[Bulk]:
    return map(block.__getitem__, range(len(block) - 1, -1, -1))


def _block_matches(block: Block, wanted: MessageFilter) -> bool:
    return (
        not block.is_example
        and (wanted.sender is None or block.line == wanted.sender)
        and (wanted.since is None or block.accepted >= wanted.since)
        and (wanted.outbox_id is None or block.id <= wanted.outbox_id < block.id + len(block))
    )
