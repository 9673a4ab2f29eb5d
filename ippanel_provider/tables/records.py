"""What every reader yields."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ippanel_provider.text._digits import Float32

# As "float", "dictionary<values=float, …>", "float[pyarrow]", "Sparse[float32, nan]"; a list of them is no number. Then
# as PostgreSQL and Trino, ClickHouse, Hive and Oracle call it.
_SMALL = re.compile(
    r"(?:dictionary<values=|sparse\[|nullable\()?"
    r"(?:halffloat|real|float(?:4|16|32|_type)?|(?:db_type_)?binary_float|[<>=]?f[24])(?![a-z0-9_])"
)


class Record(NamedTuple):
    """What a source says of one recipient. ``line`` is where it stands there, as the tool it is looked at with
    counts."""

    line: int
    values: Mapping[str, Any]
    problem: str = ""
    """Why the source cannot be read there; empty if it can."""


def certain(names: Sequence[str], values: Sequence[Any], small: Collection[str] = ()) -> dict[str, Any]:
    """Return a row as a mapping, without the columns whose name stands twice and whose values differ, as in a join:
    nobody knows which is meant.

    :param small: the columns of floats of 32 bits or less; their values say so, for they hold no phone number
    """
    if small:
        values = [
            Float32(value) if name in small and isinstance(value, float) else value
            for name, value in zip(names, values, strict=True)
        ]
    row = dict(zip(names, values, strict=True))
    if len(row) < len(names):
        doubtful = {name for name, value in zip(names, values, strict=True) if _differ(value, row[name])}
        return {name: value for name, value in row.items() if name not in doubtful}
    return row


def is_small_float(kind: Any) -> bool:
    """Whether a column of Arrow, NumPy, pandas, polars or a database holds floats of 32 bits or less, as such or as
    categories.
    """
    kind = getattr(getattr(kind, "categories", None), "dtype", kind)
    return bool(_SMALL.match(str(kind).lower()))


def _differ(one: Any, other: Any) -> bool:
    try:
        return one is not other and bool(one != other)
    except (TypeError, ValueError):  # the nothing of pandas, arrays of NumPy
        return True


def numbered(records: Iterable[Mapping[str, Any]]) -> Iterator[Record]:
    """Yield records with their place, counted from 1."""
    for line, values in enumerate(records, start=1):
        yield Record(line, values)
