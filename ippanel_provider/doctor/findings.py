"""What the doctor says: one line a question, in one of five words."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any


class Verdict(enum.StrEnum):
    """How a question came out."""

    OK = "ok"
    """As the documents say."""
    QUIRK = "quirk"
    """Otherwise; what it changes is said."""
    NO = "no"
    """It does not work."""
    FRAGILE = "fragile"
    """Sometimes."""
    UNKNOWN = "unknown"
    """It could not be settled."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what ``name`` of ``group`` is like, in a sentence, and what it ``changes`` for whoever sends."""

    group: str
    name: str
    verdict: Verdict
    sentence: str
    changes: str = ""

    def __str__(self) -> str:
        return f"{self.verdict:8}{self.name}: {self.sentence}" + (f" → {self.changes}" if self.changes else "")

    def as_data(self) -> dict[str, Any]:
        """The same for a program."""
        return {name: getattr(self, name) for name in ("group", "name", "verdict", "sentence", "changes")}
