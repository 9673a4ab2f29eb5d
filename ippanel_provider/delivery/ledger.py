"""What has to be remembered so that nobody is texted twice: intents before a send, outcomes after it.

A chunk whose intent has an outcome is settled. An intent without one means that a try ended between the two: the texts
may have gone out, and only the service's outbox can tell (:mod:`ippanel_provider.delivery.reconcile`).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from ippanel_provider.delivery.audience import Message
from ippanel_provider.delivery.chunks import Chunk
from ippanel_provider.delivery.members import MemberKey


@dataclass(frozen=True, slots=True)
class Intent:
    """A chunk that is about to be sent. ``members`` and ``texts`` are hashes; ``at`` is epoch seconds."""

    number: int
    at: float
    lines: tuple[int, int]
    members: tuple[bytes, ...] = field(repr=False)
    texts: tuple[bytes, ...] = field(repr=False)
    send_at: float | None = None
    """When it is to go out, where it has a time of its own."""

    @classmethod
    def of(cls, chunk: Chunk, key: MemberKey, number: int) -> Intent:
        """Return the intent to send ``chunk`` now, or at the time its schedule gives the number."""
        lines = (chunk.messages[0].line, chunk.messages[-1].line)
        members, texts = tuple(map(key.member, chunk.messages)), tuple(map(key.text, chunk.texts))
        return cls(number, time.time(), lines, members, texts).numbered(number, chunk)

    def numbered(self, number: int, chunk: Chunk) -> Intent:
        """Return the intent under a number, with the time that goes with it."""
        send_at = chunk.moment(number).timestamp() if chunk.moment else None
        return replace(self, number=number, send_at=send_at)

    @property
    def is_shared(self) -> bool:
        """Whether all members get one text, in one bulk."""
        return len(self.texts) == 1 and len(self.members) > 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an intent: the outbox ids, and the positions of members that certainly got nothing."""

    outbox_ids: tuple[int, ...] = ()
    void: frozenset[int] = frozenset()

    @classmethod
    def nothing(cls, intent: Intent) -> Outcome:
        """The outcome of a chunk that was refused or never left."""
        return cls(void=frozenset(range(len(intent.members))))


class KeyChanged(Exception):
    """The records were made with another key, so they cannot tell who was reached."""

    def __init__(self) -> None:
        super().__init__(
            "ledger: this campaign was begun with another secret (the API key changed?), so nobody can tell who was reached. "
            "Set the connection's field 'ledger_secret' to the old key, or give a new campaign_id if nothing went out."
        )


class Ledger(Protocol):
    """A home of intents and outcomes. Called from one thread. An intent is durable when :meth:`intend` returns."""

    key: MemberKey

    def history(self) -> Iterable[tuple[Intent, Outcome | None]]:
        """Yield what earlier tries left, oldest first.

        :raises KeyChanged: if it was written with another key.
        """
        ...

    def unknown(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Return the messages whose member is in no intent, or only in void places."""
        ...

    def intend(self, chunk: Chunk) -> tuple[Intent, Chunk] | None:
        """Write down that the chunk is about to be sent; None, or a smaller chunk, if others were faster."""
        ...

    def outcome_of(self, intent: Intent) -> Outcome | None:
        """Return the outcome as it is now, perhaps written by another worker."""
        ...

    def settle(self, intent: Intent, outcome: Outcome) -> None:
        """Write down what became of an intent."""
        ...

    def flush(self) -> None:
        """Make durable what is still held back; called when a run ends, however it ends."""
        ...

    def claimed(self, since: float) -> set[int]:
        """Return outbox ids that are known to belong to intents made after ``since``, in this campaign or any other."""
        ...


class MemoryLedger:
    """A ledger that lasts as long as the object; the other homes keep their working set in one."""

    def __init__(self, key: MemberKey) -> None:
        self.key = key
        self._records: dict[int, tuple[Intent, Outcome | None]] = {}
        self._known: set[bytes] = set()

    def history(self) -> list[tuple[Intent, Outcome | None]]:
        """Return all records."""
        return list(self._records.values())

    def unknown(self, messages: Sequence[Message]) -> list[Message]:
        """Return the messages that no record knows."""
        return [message for message in messages if self.key.member(message) not in self._known]

    def intend(self, chunk: Chunk) -> tuple[Intent, Chunk]:
        """Write down the intent under the next number."""
        intent = Intent.of(chunk, self.key, max(self._records, default=0) + 1)
        self.remember(intent, None)
        return intent, chunk

    def outcome_of(self, intent: Intent) -> Outcome | None:
        """Return the outcome."""
        return self._records[intent.number][1]

    def settle(self, intent: Intent, outcome: Outcome) -> None:
        """Write down the outcome."""
        self.remember(intent, outcome)

    def flush(self) -> None:
        """Nothing is held back."""

    def claimed(self, since: float) -> set[int]:
        """Return all outbox ids of this campaign."""
        return {outbox_id for _, outcome in self._records.values() if outcome for outbox_id in outcome.outbox_ids}

    def remember(self, intent: Intent, outcome: Outcome | None) -> None:
        """Take up a record."""
        self._records[intent.number] = (intent, outcome)
        void = outcome.void if outcome else frozenset()
        self._known.update(intent.members)
        self._known.difference_update(intent.members[place] for place in void)
