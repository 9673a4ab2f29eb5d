"""Every bulk the service has accepted, and the ways reports look at them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .life import state_at, status_at
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
        """Whether ``bulk`` is in the report; the time of creation is looked after by :meth:`Outbox.report`."""
        return (
            (self.number is None or bulk.line == self.number)
            and (self.message is None or self.message in bulk.text)
            and (self.bulk_id is None or bulk.id == self.bulk_id)
            and (self.due_from is None or int(bulk.due) >= self.due_from)
            and (self.due_to is None or int(bulk.due) <= self.due_to)
            and (self.recipients_from is None or len(bulk.recipients) >= self.recipients_from)
            and (self.recipients_to is None or len(bulk.recipients) <= self.recipients_to)
            and (self.state is None or state_at(now, bulk.accepted, bulk.due, bulk.script) == self.state)
        )

    @property
    def admits_all(self) -> bool:
        """Whether only times of creation are asked for, so nothing needs looking through."""
        rest = (self.number, self.message, self.bulk_id, self.due_from, self.due_to, self.recipients_from, self.recipients_to, self.state)
        return rest == (None,) * len(rest)


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which texts the controls ask for; None means any. ``text`` matches a part of the text, ``since`` is epoch seconds."""

    recipient: str | None = None
    text: str | None = None
    sender: str | None = None
    since: float | None = None
    outbox_id: int | None = None


class Outbox:
    """Bulks in the order of their acceptance."""

    def __init__(self) -> None:
        self.bulks: list[Bulk] = []
        self._by_id: dict[int, Bulk] = {}
        self._texts = 0

    @property
    def text_count(self) -> int:
        """How many texts were handed over (recipients, over all bulks), examples apart."""
        return self._texts

    def add(self, bulks: Sequence[Bulk]) -> None:
        """Append bulks accepted just now."""
        self.bulks.extend(bulks)
        for bulk in bulks:
            self._by_id[bulk.id] = bulk
            if not bulk.is_example:
                self._texts += len(bulk.recipients)

    def get(self, bulk_id: int) -> Bulk | None:
        """The bulk with this id."""
        return self._by_id.get(bulk_id)

    def report(self, wanted: OutboxFilter, now: float, *, offset: int, limit: int) -> tuple[list[Bulk], int]:
        """One page of the outbox report, newest first, and how many bulks match in all."""
        low = 0 if wanted.created_from is None else bisect_left(self.bulks, wanted.created_from, key=_created)
        high = len(self.bulks)
        if wanted.created_to is not None:
            high = bisect_right(self.bulks, wanted.created_to, key=_created)
        if wanted.younger_hidden:
            high = min(high, bisect_right(self.bulks, now - wanted.younger_hidden, key=lambda bulk: bulk.accepted))
        high = max(low, high)
        if wanted.admits_all:
            newest = high - offset
            return self.bulks[max(low, newest - limit) : max(low, newest)][::-1], high - low
        matching = [bulk for bulk in self.bulks[low:high] if wanted.admits(bulk, now)]
        matching.reverse()
        return matching[offset : offset + limit], len(matching)

    def texts(self, wanted: MessageFilter, *, start: int = 0) -> Iterator[tuple[Bulk, int]]:
        """Every text handed over that matches, as (bulk, index of the recipient), oldest first, from the bulk at ``start``."""
        for bulk in self.bulks[start:]:
            if bulk.is_example or not _bulk_matches(bulk, wanted):
                continue
            for index, recipient in enumerate(bulk.recipients):
                if wanted.recipient is not None and recipient != wanted.recipient:
                    continue
                if wanted.text is not None and wanted.text not in bulk.text_for(index):
                    continue
                yield bulk, index

    def counts(self, now: float) -> dict[str, object]:
        """The judge of "nothing twice, nothing lost": texts, distinct (recipient, text) pairs, repeats, and texts by state and status."""
        pairs: Counter[tuple[str, str]] = Counter()
        states: Counter[int] = Counter()
        statuses: Counter[int] = Counter()
        for bulk in self.bulks:
            if bulk.is_example:
                continue
            states[state_at(now, bulk.accepted, bulk.due, bulk.script)] += len(bulk.recipients)
            for index, recipient in enumerate(bulk.recipients):
                pairs[recipient, bulk.text_for(index)] += 1
                statuses[status_at(now, bulk.accepted, bulk.due, bulk.script, recipient)] += 1
        return {
            "texts": self._texts,
            "distinct": len(pairs),
            "duplicates": sum(1 for times in pairs.values() if times > 1),
            "repeats": self._texts - len(pairs),
            "by_state": {str(int(state)): count for state, count in sorted(states.items())},
            "by_message_status": {str(int(status)): count for status, count in sorted(statuses.items())},
        }


def _created(bulk: Bulk) -> int:
    return int(bulk.accepted)


def _bulk_matches(bulk: Bulk, wanted: MessageFilter) -> bool:
    return (
        (wanted.sender is None or bulk.line == wanted.sender)
        and (wanted.since is None or bulk.accepted >= wanted.since)
        and (wanted.outbox_id is None or bulk.id == wanted.outbox_id)
        and (wanted.text is None or bulk.texts is not None or wanted.text in bulk.text)
    )
