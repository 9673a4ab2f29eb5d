"""Rows of Parquet files, a few at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any, NoReturn

from ippanel_provider.client import InvalidInput
from ippanel_provider.tables.formats import missing_extra
from ippanel_provider.tables.layout import Layout
from ippanel_provider.tables.records import Record, certain
from ippanel_provider.text._digits import Float32

PARQUET_ROWS = 1000
# As "float", "dictionary<values=float, …>", "float[pyarrow]", "Sparse[float32, nan]"; a list of them is no number.
_SMALL = re.compile(r"(?:dictionary<values=|sparse\[)?(?:halffloat|float(?:16|32)?|[<>=]?f[24])(?![a-z0-9])")


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
        refuse_floats(opened.schema_arrow, layout.number_column)
        batches = opened.iter_batches(batch_size=PARQUET_ROWS, use_threads=False)
    except (pyarrow.ArrowException, OSError, UnicodeError) as error:
        _refuse_unless_of_the_disk(error, "the file is no Parquet file")
    line = 0
    while True:
        try:
            batch = next(batches, None)
            rows = None if batch is None else list(mappings(batch))
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


def mappings(batch: Any) -> Iterator[dict[str, Any]]:
    """Yield the rows of an Arrow table or a batch of it as mappings of column to value."""
    columns = [_values(column) for column in batch.columns]
    names = batch.schema.names
    for values in zip(*columns, strict=True):
        yield certain(names, values)


def refuse_floats(schema: Any, number_column: str | None) -> None:
    """Refuse phone numbers that are kept as floats of 32 bits or less: they are somebody else's.

    :raises InvalidInput: naming the column.
    """
    if any(field.name == number_column and is_small_float(field.type) for field in schema):
        raise InvalidInput(inexact(number_column))


def inexact(column: str | None) -> str:
    """Say that a column of phone numbers does not hold them exactly."""
    return (
        f"recipient_column: {column!r} is kept as a float of 32 bits or less, which turns one phone number into "
        f"another; keep it as text or as a whole number of 64 bits"
    )


def _values(column: Any) -> list[Any]:
    kind = column.type
    if str(kind).startswith("timestamp[ns"):
        # Python has no nanoseconds; Arrow would rather raise than leave them out.
        import pyarrow

        column = column.cast(pyarrow.timestamp("us", tz=kind.tz), safe=False)
    values: list[Any] = column.to_pylist()
    return [None if value is None else Float32(value) for value in values] if is_small_float(kind) else values


def is_small_float(kind: Any) -> bool:
    """Whether a column of Arrow, NumPy, pandas or polars holds floats of 32 bits or less, as such or as categories."""
    kind = getattr(getattr(kind, "categories", None), "dtype", kind)
    return bool(_SMALL.match(str(kind).lower()))
