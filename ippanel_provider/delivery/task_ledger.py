"""The ledger in Airflow's task state store (3.3): it survives retries, crashes and a user's clear."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any, Protocol

from ippanel_provider.delivery.audience import Message
from ippanel_provider.delivery.chunks import Chunk
from ippanel_provider.delivery.ledger import Intent, KeyChanged, MemoryLedger, Outcome
from ippanel_provider.delivery.members import MEMBER_BYTES, TEXT_BYTES, MemberKey, pieces


class StateStore(Protocol):
    """What ``context["task_state_store"]`` offers."""

    def get(self, key: str, default: Any = None) -> Any:
        """Return the stored JSON."""
        ...

    def set(self, key: str, value: Any) -> None:
        """Store JSON."""
        ...


class TaskLedger:
    """Keeps each intent and each outcome as one value, both written once.

    A thousand members take some 16 KB and their outbox ids some 12 KB, within the store's 64 KB a value.

    :param generation: distinguishes what a user's clear is to start anew.
    """

    def __init__(self, store: StateStore, key: MemberKey, generation: str = "0") -> None:
        self.key = key
        self._store = store
        self._prefix = f"ippanel.{generation}"
        self._memory = MemoryLedger(key)

    def history(self) -> list[tuple[Intent, Outcome | None]]:
        """Read all records of earlier tries."""
        head = self._store.get(self._prefix)
        if head is None:
            self._store.set(self._prefix, {"key": self.key.fingerprint})
        elif head["key"] != self.key.fingerprint:
            raise KeyChanged
        number = 1
        while (stored := self._store.get(f"{self._prefix}.{number}")) is not None:
            intent = _intent(number, stored)
            self._memory.remember(intent, self.outcome_of(intent))
            number += 1
        return self._memory.history()

    def unknown(self, messages: Sequence[Message]) -> list[Message]:
        """Return the messages that no record knows."""
        return self._memory.unknown(messages)

    def intend(self, chunk: Chunk) -> tuple[Intent, Chunk]:
        """Store the intent."""
        intent, chunk = self._memory.intend(chunk)
        value = {
            "at": intent.at,
            "lines": list(intent.lines),
            "members": b64encode(b"".join(intent.members)).decode(),
            "texts": b64encode(b"".join(intent.texts)).decode(),
            "send_at": intent.send_at,
        }
        self._store.set(f"{self._prefix}.{intent.number}", value)
        return intent, chunk

    def outcome_of(self, intent: Intent) -> Outcome | None:
        """Read the outcome."""
        stored = self._store.get(f"{self._prefix}.{intent.number}.end")
        return None if stored is None else Outcome(tuple(stored["ids"]), frozenset(stored["void"]))

    def settle(self, intent: Intent, outcome: Outcome) -> None:
        """Store the outcome."""
        self._store.set(f"{self._prefix}.{intent.number}.end", {"ids": list(outcome.outbox_ids), "void": sorted(outcome.void)})
        self._memory.settle(intent, outcome)

    def flush(self) -> None:
        """Nothing is held back."""

    def claimed(self, since: float) -> set[int]:
        """Return all outbox ids of this task."""
        return self._memory.claimed(since)


def _intent(number: int, stored: dict[str, Any]) -> Intent:
    first, last = stored["lines"]
    members, texts = pieces(b64decode(stored["members"]), MEMBER_BYTES), pieces(b64decode(stored["texts"]), TEXT_BYTES)
    return Intent(number, stored["at"], (first, last), members, texts, stored["send_at"])
