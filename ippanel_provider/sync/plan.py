"""What patterns and phonebooks have in common: the words for what becomes of each, and the count of them."""

from __future__ import annotations

import enum
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any


class Action(enum.StrEnum):
    """What a plan does with one thing."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    UNCHANGED = "unchanged"
    UNMANAGED = "unmanaged"
    """In the panel and not in the source; stays as it is."""
    REJECT = "reject"
    """Cannot be done, for a reason that is told."""

    @property
    def done(self) -> str:
        """How it is called once it has happened."""
        return _DONE.get(self, self.value)


_DONE = {Action.CREATE: "created", Action.UPDATE: "updated", Action.DELETE: "deleted", Action.REJECT: "rejected"}
CHANGES = frozenset({Action.CREATE, Action.UPDATE, Action.DELETE})
"""The actions that write to the panel."""


def counted(actions: Iterable[Action]) -> dict[str, int]:
    """How many of each action; every action is named, so that a sum never misses a key."""
    counts = Counter(actions)
    return {action.value: counts[action] for action in Action}


def changes_of(counts: Mapping[str, int]) -> int:
    """How many writes a plan stands for."""
    return sum(counts[action.value] for action in CHANGES)


def digest(content: Any) -> str:
    """Return a short text that is the same for the same JSON."""
    written = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()[:16]
