"""What a command has to say: once for programs, once for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Result:
    """``data`` is printed under ``--json``, ``lines`` otherwise; ``code`` is the exit code."""

    data: Mapping[str, Any]
    lines: Iterable[str]
    code: int = 0
