"""The ledger in Airflow's task state store (3.3): it survives retries, crashes and a user's clear."""

from __future__ import annotations

from array import array
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.ledger.base import Claim, Intent, KeyChanged, Outcome, Standing
from ippanel_provider.campaign.ledger.hashes import MemberKey
from ippanel_provider.campaign.ledger.memory import Jotter
from ippanel_provider.campaign.ledger.reached import Known


class StateStore(Protocol):
    """What ``context["task_state_store"]`` offers."""

    def get(self, key: str, default: Any = None) -> Any:
        """Return the stored JSON."""
        ...

    def set(self, key: str, value: Any) -> None:
        """Store JSON."""
        ...


class TaskLedger(Jotter):
    """Keeps each intent and each outcome as one value, both written once.

    A thousand members take some 16 KB and their outbox ids some 12 KB, within the store's 64 KB a value.

    :param generation: distinguishes what a user's clear is to start anew.
    """

    def __init__(self, store: StateStore, key: MemberKey, generation: str = "0") -> None:
        super().__init__()
        self.key = key
        self._store = store
        self._prefix = f"ippanel.{generation}"
        self._known = Known(key)
        self._last = 0
        # When each intent with an outcome was made, and its outbox ids.
        self._ids: list[tuple[float, array[int]]] = []

    def history(self) -> Iterator[tuple[Intent, Outcome | None]]:
        """Read all records of this task; they are kept only in the store."""
        head = self._store.get(self._prefix)
        if head is None:
            self._store.set(self._prefix, {"key": self.key.fingerprint})
        elif head["key"] != self.key.fingerprint:
            raise KeyChanged
        return self._records()

    def _records(self) -> Iterator[tuple[Intent, Outcome | None]]:
        number = 1
        while (stored := self._store.get(f"{self._prefix}.{number}")) is not None:
            intent = _intent(number, stored)
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
                self._store.set(f"{self._prefix}.{self._last}", _stored(claim.intent))
                yield claim

    def outcome_of(self, intent: Intent) -> Outcome | None:
        """Read the outcome."""
        stored = self._store.get(f"{self._prefix}.{intent.number}.end")
        return None if stored is None else Outcome(tuple(stored["ids"]), frozenset(stored["void"]), stored["given_up"])

    def settle(self, intent: Intent, outcome: Outcome) -> None:
        """Store the outcome."""
        self._store.set(
            f"{self._prefix}.{intent.number}.end",
            {"ids": list(outcome.outbox_ids), "void": sorted(outcome.void), "given_up": outcome.is_given_up},
        )
        self._known.release(intent.members, outcome.void)
        self._ids.append((intent.at, array("q", outcome.outbox_ids)))

    def standing_of(self, intent: Intent) -> Standing:
        """Read how far it has come."""
        stored = self._store.get(f"{self._prefix}.{intent.number}.standing")
        return Standing() if stored is None else Standing(stored["left"], stored["is_broken"])

    def stand(self, intent: Intent, standing: Standing) -> None:
        """Store how far it has come."""
        self._store.set(
            f"{self._prefix}.{intent.number}.standing",
            {"left": standing.left, "is_broken": standing.is_broken},
        )

    def note(self, name: str, value: Any) -> None:
        """Store the value."""
        self._store.set(f"{self._prefix}.note.{name}", value)

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


def _stored(intent: Intent) -> dict[str, Any]:
    return {
        "at": intent.at,
        "lines": list(intent.lines),
        "members": b64encode(intent.members).decode(),
        "texts": b64encode(intent.texts).decode(),
        "send_at": intent.send_at,
        "mark": intent.mark,
        "again": intent.again,
        "people": intent.people,
        "is_single": intent.is_single,
        "recipients": b64encode(intent.recipients).decode(),
        "sizes": list(intent.sizes),
    }


def _intent(number: int, stored: dict[str, Any]) -> Intent:
    first, last = stored["lines"]
    return Intent(
        number,
        stored["at"],
        (first, last),
        b64decode(stored["members"]),
        b64decode(stored["texts"]),
        stored["send_at"],
        stored["mark"],
        stored["again"],
        stored["people"],
        stored["is_single"],
        b64decode(stored["recipients"]),
        tuple(stored["sizes"]),
    )
