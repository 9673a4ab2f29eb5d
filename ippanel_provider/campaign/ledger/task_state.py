"""The ledger in Airflow's task state store (3.3): it survives retries, crashes and a user's clear."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from secrets import token_bytes
from typing import Any, Protocol

from ippanel_provider.campaign.ledger.base import Forgotten, KeyChanged, OlderRecords, Task
from ippanel_provider.campaign.ledger.hashes import MemberKey
from ippanel_provider.campaign.ledger.memory import Facts, KeptLedger

HOME = "Airflow's task state store"
NEVER = timedelta.max
"""What Airflow takes for "keep it for ever": a run may live for longer than the store keeps records by default."""
VERSION = 2
_OLDER = ("once.{generation}",)
"""Where the first version kept single requests; its campaigns have the head of today, without a version."""


class StateStore(Protocol):
    """What ``context["task_state_store"]`` offers."""

    def get(self, key: str, default: Any = None) -> Any:
        """Return the stored JSON."""
        ...

    def set(self, key: str, value: Any, *, retention: timedelta | None = None) -> None:
        """Store JSON, for so long."""
        ...


def begin(store: StateStore, try_number: int, home: str = HOME) -> str | None:
    """Write down that a try begins, and where its records are; return where those of earlier tries are, None if none
    has got so far.

    It comes before anything that may fail: of a task that was cleared and never began, nothing can have been lost.
    """
    first = store.get("ippanel.began")
    if first is None:
        store.set("ippanel.began", {"try": try_number, "home": home}, retention=NEVER)
        return None
    return str(first["home"]) if first["try"] < try_number else None


class TaskLedger(KeptLedger):
    """Keeps its records within the store's 64 KB a value, and from expiring.

    :param is_to_remember: whether an earlier try must have written something, because the task has been cleared
    :param task: who sends, to the others of the account
    """

    def __init__(
        self,
        store: StateStore,
        key: MemberKey,
        generation: str = "0",
        *,
        try_number: int = 1,
        is_to_remember: bool = False,
        facts: Facts | None = None,
        task: Task | None = None,
    ) -> None:
        super().__init__(key, generation, facts, task)
        self._store = store
        self._try = try_number
        self._is_to_remember = is_to_remember

    def _open(self) -> None:
        head = self._get(self._generation)
        older = (self._get(name.format(generation=self._generation)) for name in _OLDER)
        if any(older) or (head is not None and head.get("version") != VERSION):
            raise OlderRecords("what the task state store holds of this task", "Let the run end with that version.")
        if head is None:
            began = self._get("began")
            if self._is_to_remember and not (began and began["try"] < self._try):
                raise Forgotten(
                    "the task was cleared, and the task state store holds nothing of it any more ([state_store] "
                    "clear_on_success or default_retention_days)"
                )
            secret = token_bytes(32)
            self.key = self.key.mixed(secret)
            self._put(self._generation, {"version": VERSION, "key": self.key.fingerprint, "secret": secret.hex()})
            return
        self.key = self.key.mixed(bytes.fromhex(head["secret"]))
        if head["key"] != self.key.fingerprint:
            raise KeyChanged

    def _get(self, name: str) -> Any:
        return self._store.get(f"ippanel.{name}")

    def _put(self, name: str, value: Any) -> None:
        self._store.set(f"ippanel.{name}", value, retention=NEVER)

    def _name(self, number: int) -> str:
        return f"{self._generation}.{number}"

    def _stored(self) -> Iterator[tuple[int, dict[str, Any]]]:
        number = 1
        while (stored := self._get(self._name(number))) is not None:
            yield number, stored
            number += 1
