"""Data frames as rows: pandas, polars, Arrow, and whatever else gives its columns as Arrow. None of them is imported.

They are known by what they can do, and read a thousand rows at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ippanel_provider.client import InvalidInput
from ippanel_provider.tables.arrow import inexact, is_small_float, mappings, refuse_floats
from ippanel_provider.tables.records import certain
from ippanel_provider.text._digits import Float32

_ROWS = 1000
_TO_LIST = ("to_pylist", "to_list", "tolist")


def is_frame(given: Any) -> bool:
    """Whether something is a table with columns, rather than rows."""
    return (
        (_can(given, "columns") and any(_can(given, name) for name in ("iloc", "iter_slices", "collect")))
        or (_can(given, "schema") and (_can(given, "to_pylist") or _can(given, "read_all")))
        or (_can(given, "columns") and _can(given, "__arrow_c_stream__"))
    )


def is_series(given: Any) -> bool:
    """Whether something is one column of a table, or an array."""
    return (
        _can(given, "__len__")
        and not is_frame(given)
        and (_can(given, "dtype") or _can(given, "type"))
        and any(_can(given, name) for name in _TO_LIST)
    )


def rows_of(frame: Any, number_column: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield the rows of a frame as mappings of column to value.

    :param number_column: the column of the phone numbers, which has to hold them exactly
    :raises InvalidInput: it does not.
    """
    if _can(frame, "iloc"):
        yield from _of_pandas(frame, number_column)
        return
    if _can(frame, "collect") and not _can(frame, "iter_slices"):
        frame = frame.collect()
    if _can(frame, "iter_slices"):
        yield from _of_polars(frame, number_column)
        return
    if _can(frame, "read_all"):
        frame = frame.read_all()
    elif not _can(frame, "to_pylist"):
        import pyarrow

        frame = pyarrow.table(frame)
    refuse_floats(frame.schema, number_column)
    for batch in frame.to_batches(max_chunksize=_ROWS) if _can(frame, "to_batches") else [frame]:
        yield from mappings(batch)


def numbers_of(frame: Any, column: str = "recipient") -> list[Any]:
    """Return the phone numbers of a frame: those of its column ``recipient``, or of its only one.

    :raises InvalidInput: it has neither, or does not hold them exactly.
    """
    of_arrow = _can(frame, "schema") and not _can(frame, "iter_slices") and not _can(frame, "collect")
    names = [str(name) for name in (frame.schema.names if of_arrow else frame.columns)]
    if column not in names and len(names) != 1:
        raise InvalidInput(f"recipients: it has no column {column!r}, only {', '.join(map(repr, names))}")
    chosen = column if column in names else names[0]
    return [row[chosen] for row in rows_of(frame, chosen)]


def values_of(series: Any) -> list[Any]:
    """Return the phone numbers of a column.

    :raises InvalidInput: it does not hold them exactly.
    """
    kind = getattr(series, "dtype", None) if _can(series, "dtype") else getattr(series, "type", None)
    if is_small_float(kind):
        raise InvalidInput(inexact(str(getattr(series, "name", None) or "the column")))
    read = next(getattr(series, name) for name in _TO_LIST if _can(series, name))
    return list(read())


def _of_pandas(frame: Any, number_column: str | None) -> Iterator[dict[str, Any]]:
    names = [str(name) for name in frame.columns]
    small = [is_small_float(kind) for kind in frame.dtypes]
    _check(names, small, number_column)
    for start in range(0, len(frame), _ROWS):
        part = frame.iloc[start : start + _ROWS]
        columns = [part.iloc[:, place].tolist() for place in range(len(names))]
        yield from _zipped(names, columns, small)


def _of_polars(frame: Any, number_column: str | None) -> Iterator[dict[str, Any]]:
    names = list(frame.columns)
    small = [is_small_float(kind) for kind in frame.dtypes]
    _check(names, small, number_column)
    for part in frame.iter_slices(_ROWS):
        yield from _zipped(names, [part.get_column(name).to_list() for name in names], small)


def _zipped(names: list[str], columns: list[list[Any]], small: list[bool]) -> Iterator[dict[str, Any]]:
    for values in zip(*columns, strict=True):
        exact = [
            Float32(value) if is_small and isinstance(value, float) else value
            for value, is_small in zip(values, small, strict=True)
        ]
        yield certain(names, exact)


def _check(names: list[str], small: list[bool], number_column: str | None) -> None:
    if any(name == number_column and is_small for name, is_small in zip(names, small, strict=True)):
        raise InvalidInput(inexact(number_column))


def _can(given: Any, name: str) -> bool:
    # Asked of the type: a lazy frame works out its columns when it is asked for them.
    return not isinstance(given, type) and hasattr(type(given), name)
