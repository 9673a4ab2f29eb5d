"""Rows into files of each format: all of them or none; or, for a report of what was done, as many as there were."""

from __future__ import annotations

import csv
import io
import json
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import IO, Any, Literal, NamedTuple, Protocol

from ippanel_provider.client import InvalidInput
from ippanel_provider.tables.cells import escaped, guarded
from ippanel_provider.tables.formats import REPORTS, missing_extra, to_write
from ippanel_provider.tables.storage import Location, writing

log = logging.getLogger(__name__)

_BATCH = 10_000
SHEET_ROWS = 1_048_576
"""Rows of an Excel sheet, its header included."""

Row = Sequence[Any]


class Column(NamedTuple):
    """A column of a file. ``type`` is what Parquet keeps it as; ``key`` marks what others look rows up by, which is
    written as it is."""

    name: str
    type: Literal["string", "int64", "float64", "timestamp"] = "string"
    key: bool = False


class _Writer(Protocol):
    def add(self, row: Row) -> None:
        """Take a row."""

    def end(self) -> None:
        """Write out all of it; the file stays open."""

    def drop(self) -> None:
        """Nothing of it is wanted."""


@contextmanager
def table(
    path: Location, columns: Sequence[Column], kind: str, *, partial: bool = False, formulas: bool = False
) -> Iterator[Callable[[Row], None]]:
    """Give what takes the rows of a file; the file is there when the block has ended. Only its owner may read it.

    :param kind: what :func:`ippanel_provider.tables.formats.to_write` returns
    :param partial: write what there was also where the block ends in an error, unless there was nothing; otherwise an
        error leaves what was there before
    :param formulas: leave texts as they are that a spreadsheet would take for formulas
    :raises InvalidInput: at once, if what the format needs is not installed.
    """
    # Spooled, because object storage takes no appending, and shows what is closed, half written or not.
    with tempfile.TemporaryFile("w+b") as spool:
        writer = _WRITERS[kind](spool, columns)
        guards = kind in ("csv", "xlsx") and not formulas
        guarding = [guards and column.type == "string" and not column.key for column in columns]
        count = 0

        def add(row: Row) -> None:
            nonlocal count
            count += 1
            writer.add([guarded(value) if guard else value for value, guard in zip(row, guarding, strict=True)])

        try:
            yield add
        except BaseException:
            if partial and count:
                try:
                    _publish(writer, spool, path)
                except Exception:
                    # It must not hide why the work failed.
                    log.exception("The file cannot be written.")
            else:
                writer.drop()
            raise
        _publish(writer, spool, path)


@contextmanager
def report(path: Location | None, names: Sequence[str], field: str = "report") -> Iterator[Callable[[Row], None]]:
    """Give what takes the rows of a report of what was done, as :func:`table` does; without a path, what forgets them.

    :raises InvalidInput: at once, if the path is no report's.
    """
    if path is None:
        yield lambda row: None
        return
    try:
        kind = to_write(path.name, kinds=REPORTS)
    except InvalidInput:
        raise InvalidInput(f"{field}: a report ends in .csv or .jsonl") from None
    with table(path, [Column(name) for name in names], kind, partial=True) as add:
        yield add


def _publish(writer: _Writer, spool: IO[bytes], path: Location) -> None:
    writer.end()
    spool.seek(0)
    with writing(path) as file:
        shutil.copyfileobj(spool, file)


class _Csv(_Writer):
    def __init__(self, file: IO[bytes], columns: Sequence[Column]) -> None:
        self._text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        self._rows = csv.writer(self._text)
        self._rows.writerow([column.name for column in columns])

    def add(self, row: Row) -> None:
        self._rows.writerow(_plain(row))

    def end(self) -> None:
        self._text.detach()


class _JsonLines(_Writer):
    def __init__(self, file: IO[bytes], columns: Sequence[Column]) -> None:
        self._file = file
        self._names = [column.name for column in columns]

    def add(self, row: Row) -> None:
        values = dict(zip(self._names, _plain(row), strict=True))
        self._file.write(json.dumps(values, ensure_ascii=False).encode() + b"\n")

    def end(self) -> None:
        self._file.flush()


class _Parquet(_Writer):
    def __init__(self, file: IO[bytes], columns: Sequence[Column]) -> None:
        try:
            import pyarrow
            from pyarrow import parquet
        except ImportError:
            raise missing_extra("parquet") from None
        self._arrow: Any = pyarrow
        types = {
            "string": pyarrow.string(),
            "int64": pyarrow.int64(),
            "float64": pyarrow.float64(),
            "timestamp": pyarrow.timestamp("us", tz="UTC"),
        }
        self._schema = pyarrow.schema([(column.name, types[column.type]) for column in columns])
        self._writer = parquet.ParquetWriter(file, self._schema)
        self._batch: list[Row] = []

    def add(self, row: Row) -> None:
        self._batch.append(row)
        if len(self._batch) == _BATCH:
            self._flush()

    def end(self) -> None:
        self._flush()
        self.drop()

    def drop(self) -> None:
        # Left open, it would want to write a footer to a file that is gone.
        self._writer.close()

    def _flush(self) -> None:
        if not self._batch:
            return
        arrays = [
            # An enum is a text to us and an object to Arrow.
            self._arrow.array([str(value) if isinstance(value, str) else value for value in values], type=field.type)
            for values, field in zip(zip(*self._batch, strict=True), self._schema, strict=True)
        ]
        self._writer.write_batch(self._arrow.record_batch(arrays, schema=self._schema))
        self._batch = []


class _Excel(_Writer):
    def __init__(self, file: IO[bytes], columns: Sequence[Column]) -> None:
        try:
            import openpyxl
        except ImportError:
            raise missing_extra("xlsx") from None
        self._file, self._count = file, 0
        self._book = openpyxl.Workbook(write_only=True)
        self._sheet: Any = self._book.create_sheet()
        self.add([column.name for column in columns])

    def add(self, row: Row) -> None:
        self._count += 1
        if self._count > SHEET_ROWS:
            raise InvalidInput(f"format: an Excel sheet takes {SHEET_ROWS:,} rows; write .csv or .parquet")
        self._sheet.append([escaped(value) if isinstance(value, str) else value for value in _plain(row)])

    def end(self) -> None:
        self._book.save(self._file)

    def drop(self) -> None:
        # Saving takes away what openpyxl has put aside.
        with tempfile.TemporaryFile() as nowhere:
            self._book.save(nowhere)


def _plain(row: Row) -> list[Any]:
    return [value.isoformat() if isinstance(value, datetime) else value for value in row]


_WRITERS: dict[str, Callable[[IO[bytes], Sequence[Column]], _Writer]] = {
    "csv": _Csv,
    "jsonl": _JsonLines,
    "parquet": _Parquet,
    "xlsx": _Excel,
}
