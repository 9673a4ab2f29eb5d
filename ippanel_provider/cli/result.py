"""What a command has to say: once for programs, once for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

REFUSED, WRONG_INPUT, NOT_SENT, UNCONFIRMED = 1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class Result:
    """``data`` is printed under ``--json``, ``lines`` otherwise; ``code`` is the exit code.

    Where the service ``acted``, the exit code says what it did, whether this can be printed or not.
    """

    data: Mapping[str, Any]
    lines: Iterable[str]
    code: int = 0
    acted: bool = False
