"""Tables that are kept by column, as rows: Parquet files, pandas, polars, Arrow, and whatever else gives its columns as
Arrow. Frames are known by what they can do, and none of their packages is imported. A thousand rows are read at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import IO, Any, NoReturn

from ippanel_provider.client import InvalidInput
from ippanel_provider.tables.formats import missing_extra
from ippanel_provider.tables.layout import Layout
from ippanel_provider.tables.records import Record, certain, is_small_float

_ROWS = 1000
_TO_LIST = ("to_pylist", "to_list", "tolist")


def read_parquet(file: IO[bytes], layout: Layout) -> Iterator[Record]:
    """Yield the rows of a Parquet file; the line is their place, counted from 1."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise missing_extra("parquet") from None
    try:
        # Reading ahead would hold whole row groups.
        opened = parquet.ParquetFile(file, pre_buffer=False, buffer_size=1 << 20)
        small = _small_of(opened.schema_arrow, layout.number_column)
        batches = opened.iter_batches(batch_size=_ROWS, use_threads=False)
    except (pyarrow.ArrowException, OSError, UnicodeError) as error:
        _refuse_unless_of_the_disk(error, "the file is no Parquet file")
    line = 0
    while True:
        try:
            batch = next(batches, None)
            rows = None if batch is None else list(_mappings(batch, small))
        except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
            _refuse_unless_of_the_disk(error, f"row {line + 1} and on cannot be read ({type(error).__name__})")
        if rows is None:
            return
        for values in rows:
            line += 1
            yield Record(line, values)


def _refuse_unless_of_the_disk(error: Exception, problem: str) -> NoReturn:
    # What cannot be understood is an OSError to Arrow too; one of the system has a number.
    if isinstance(error, OSError) and error.errno is not None:
        raise error
    raise InvalidInput(f"format: {problem}") from None


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
    small = _small_of(frame.schema, number_column)
    for batch in frame.to_batches(max_chunksize=_ROWS) if _can(frame, "to_batches") else [frame]:
        yield from _mappings(batch, small)


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
        raise _inexact(str(getattr(series, "name", None) or "the column"))
    read = next(getattr(series, name) for name in _TO_LIST if _can(series, name))
    return list(read())


def _of_pandas(frame: Any, number_column: str | None) -> Iterator[dict[str, Any]]:
    names = [str(name) for name in frame.columns]
    small = _small(names, frame.dtypes, number_column)
    for start in range(0, len(frame), _ROWS):
        part = frame.iloc[start : start + _ROWS]
        for values in zip(*(part.iloc[:, place].tolist() for place in range(len(names))), strict=True):
            yield certain(names, values, small)


def _of_polars(frame: Any, number_column: str | None) -> Iterator[dict[str, Any]]:
    names = list(frame.columns)
    small = _small(names, frame.dtypes, number_column)
    for part in frame.iter_slices(_ROWS):
        for values in zip(*(part.get_column(name).to_list() for name in names), strict=True):
            yield certain(names, values, small)


def _mappings(batch: Any, small: Collection[str]) -> Iterator[dict[str, Any]]:
    """The rows of an Arrow table or a batch of it."""
    names = batch.schema.names
    for values in zip(*map(_values, batch.columns), strict=True):
        yield certain(names, values, small)


def _values(column: Any) -> list[Any]:
    kind = column.type
    if str(kind).startswith("timestamp[ns"):
        # Python has no nanoseconds; Arrow would rather raise than leave them out.
        import pyarrow

        column = column.cast(pyarrow.timestamp("us", tz=kind.tz), safe=False)
    values: list[Any] = column.to_pylist()
    return values


def _small_of(schema: Any, number_column: str | None) -> Collection[str]:
    return _small(schema.names, schema.types, number_column)


def _small(names: Collection[str], kinds: Any, number_column: str | None) -> Collection[str]:
    """The columns of floats of 32 bits or less.

    :raises InvalidInput: the phone numbers are among them: they are somebody else's.
    """
    small = {name for name, kind in zip(names, kinds, strict=True) if is_small_float(kind)}
    if number_column in small:
        raise _inexact(number_column)
    return small


def _inexact(column: str | None) -> InvalidInput:
    return InvalidInput(
        f"recipient_column: {column!r} is kept as a float of 32 bits or less, which turns one phone number into "
        f"another; keep it as text or as a whole number of 64 bits"
    )


def _can(given: Any, name: str) -> bool:
    # Asked of the type: a lazy frame works out its columns when it is asked for them.
    return not isinstance(given, type) and hasattr(type(given), name)
