"""What every reader yields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple


class Record(NamedTuple):
    """What a source says of one recipient. ``line`` is where it stands there, as the tool it is looked at with
    counts."""

    line: int
    values: Mapping[str, Any]
    problem: str = ""
    """Why the source cannot be read there; empty if it can."""


def certain(names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    """Return a row as a mapping, without the columns whose name stands twice and whose values differ, as in a join:
    nobody knows which is meant.
    """
    row = dict(zip(names, values, strict=True))
    if len(row) < len(names):
        doubtful = {name for name, value in zip(names, values, strict=True) if _differ(value, row[name])}
        return {name: value for name, value in row.items() if name not in doubtful}
    return row


def _differ(one: Any, other: Any) -> bool:
    try:
        return one is not other and bool(one != other)
    except (TypeError, ValueError):  # the nothing of pandas, arrays of NumPy
        return True


def numbered(records: Iterable[Mapping[str, Any]]) -> Iterator[Record]:
    """Yield records with their place, counted from 1."""
    for line, values in enumerate(records, start=1):
        yield Record(line, values)
