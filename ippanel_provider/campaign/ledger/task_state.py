"""The ledger in Airflow's task state store (3.3): it survives retries, crashes and a user's clear."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from secrets import token_bytes
from typing import Any, Protocol

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.ledger.base import Claim, Forgotten, Intent, KeyChanged, OlderRecords, Outcome, Standing
from ippanel_provider.campaign.ledger.hashes import MemberKey
from ippanel_provider.campaign.ledger.memory import Jotter
from ippanel_provider.campaign.ledger.reached import Known
from ippanel_provider.campaign.ledger.records import (
    intent_from,
    intent_to,
    outcome_from,
    outcome_to,
)

NEVER = timedelta.max
"""What Airflow takes for "keep it for ever": a run may live for longer than the store keeps records by default."""
VERSION = 2
_OLDER = ("ippanel.once.{generation}",)
"""Where the first version kept single requests; its campaigns have the head of today, without a version."""


class StateStore(Protocol):
    """What ``context["task_state_store"]`` offers."""

    def get(self, key: str, default: Any = None) -> Any:
        """Return the stored JSON."""
        ...

    def set(self, key: str, value: Any, *, retention: timedelta | None = None) -> None:
        """Store JSON, for so long."""
        ...


class TaskLedger(Jotter):
    """Keeps each intent and each outcome as one value, both written once.

    A thousand members take some 16 KB and their outbox ids some 12 KB, within the store's 64 KB a value.

    :param generation: distinguishes what a user's clear is to start anew, unless a decision was made to be taken up
    :param is_to_remember: whether an earlier try must have written something, because the task has been cleared
    """

    def __init__(
        self, store: StateStore, key: MemberKey, generation: str = "0", *, is_to_remember: bool = False
    ) -> None:
        super().__init__()
        self.key = key
        self._store = store
        self._prefix = f"ippanel.{generation}"
        self._generation = generation
        self._is_to_remember = is_to_remember
        self._is_open = False
        self._known = Known(key)
        self._last = 0
        # When each intent with an outcome was made, and its outbox ids.
        self._ids: list[tuple[float, array[int]]] = []

    def history(self) -> Iterator[tuple[Intent, Outcome | None]]:
        """Read all records of this task; they are kept only in the store.

        :raises LedgerUnusable: if they cannot tell who was reached.
        """
        if not self._is_open:
            self._open()
        return self._records()

    def _open(self) -> None:
        head = self._store.get(self._prefix)
        older = (self._store.get(key.format(generation=self._generation)) for key in _OLDER)
        if any(older) or (head is not None and head.get("version") != VERSION):
            raise OlderRecords("what the task state store holds of this task", "Let the run end with that version.")
        if head is None:
            if self._is_to_remember:
                raise Forgotten(
                    "the task was cleared, and the task state store holds nothing of it any more ([state_store] "
                    "clear_on_success or default_retention_days)"
                )
            secret = token_bytes(32)
            self.key = self.key.mixed(secret)
            head = {"version": VERSION, "key": self.key.fingerprint, "secret": secret.hex()}
            self._put("", head)
        else:
            self.key = self.key.mixed(bytes.fromhex(head["secret"]))
        if head["key"] != self.key.fingerprint:
            raise KeyChanged
        self._known = Known(self.key)
        self._is_open = True

    def _put(self, name: str, value: Any) -> None:
        self._store.set(self._prefix + name, value, retention=NEVER)

    def _records(self) -> Iterator[tuple[Intent, Outcome | None]]:
        number = 1
        while (stored := self._store.get(f"{self._prefix}.{number}")) is not None:
            intent = intent_from(stored, number=number)
            outcome = self.outcome_of(intent)
            if number > self._last:
                self._last = number
                self._known.remember(intent.members, outcome.void if outcome else frozenset())
                if outcome:
                    self._ids.append((intent.at, array("q", outcome.outbox_ids)))
            yield intent, outcome
            number += 1

    def unknown(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Return the messages that no earlier try knows."""
        return self._known.unknown(messages)

    def intend(self, drafts: Iterable[Claim]) -> Iterator[Claim]:
        """Store each as it is asked for, so that none waits for another's to be stored."""
        for draft in drafts:
            if claim := draft.among(self._known, self.key):
                self._last += 1
                claim = claim.numbered(self._last)
                self._put(f".{self._last}", intent_to(claim.intent, {"number"}))
                yield claim

    def outcome_of(self, intent: Intent) -> Outcome | None:
        """Read the outcome."""
        stored = self._store.get(f"{self._prefix}.{intent.number}.end")
        return outcome_from(stored)

    def settle(self, intent: Intent, outcome: Outcome) -> None:
        """Store the outcome."""
        self._put(
            f".{intent.number}.end",
            outcome_to(outcome),
        )
        self._known.release(intent.members, outcome.void)
        self._ids.append((intent.at, array("q", outcome.outbox_ids)))

    def standing_of(self, intent: Intent) -> Standing:
        """Read how far it has come."""
        stored = self._store.get(f"{self._prefix}.{intent.number}.standing")
        return Standing() if stored is None else Standing(stored["left"], stored["is_broken"])

    def stand(self, intent: Intent, standing: Standing) -> None:
        """Store how far it has come."""
        self._put(
            f".{intent.number}.standing",
            {"left": standing.left, "is_broken": standing.is_broken},
        )

    def note(self, name: str, value: Any) -> None:
        """Store the value."""
        self._put(f".note.{name}", value)

    def noted(self, name: str) -> Any:
        """Read the value."""
        return self._store.get(f"{self._prefix}.note.{name}")

    def flush(self) -> None:
        """Nothing is held back."""

    def beside(self) -> tuple[()]:
        """A try that is no longer the current one cannot reach the store."""
        return ()

    def claimed(self, since: float) -> set[int]:
        """Return the outbox ids of this task since then."""
        return {outbox_id for at, ids in self._ids if at >= since for outbox_id in ids}
