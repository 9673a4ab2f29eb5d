"""What every reader yields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple


class Record(NamedTuple):
    """What a source says of one recipient. ``line`` is where it stands there, as the tool it is looked at with
    counts."""

    line: int
    values: Mapping[str, Any]
    problem: str = ""
    """Why the source cannot be read there; empty if it can."""


def numbered(records: Iterable[Mapping[str, Any]]) -> Iterator[Record]:
    """Yield records with their place, counted from 1."""
    for line, values in enumerate(records, start=1):
        yield Record(line, values)
