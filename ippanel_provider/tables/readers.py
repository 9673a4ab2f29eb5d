"""Records from files, a few at a time: CSV, JSON lines, Parquet, Excel.

Every reader takes a file opened for bytes and yields each record with the line it has in an editor (CSV, JSON lines) or
the row it has in a spreadsheet (Excel); in Parquet, which has neither, with its place counted from 1.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

from ippanel_provider.client import InvalidInput
from ippanel_provider.tables.cells import unescaped, unguarded
from ippanel_provider.tables.formats import missing_extra
from ippanel_provider.tables.records import Record

PARQUET_ROWS = 1000
_MAX_LINE = 1 << 20


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read a file where it does not say itself.

    :param encoding: of CSV and JSON lines; ``utf-8-sig`` is UTF-8 with or without a byte order mark. Excel of a Persian
        Windows saves ``cp1256``.
    :param delimiter: what stands between the values of a CSV line
    :param columns: the names of the columns, if a CSV or Excel file has no header
    :param sheet: the sheet of an Excel file; default is the first
    """

    encoding: str = "utf-8-sig"
    delimiter: str = ","
    columns: Sequence[str] | None = None
    sheet: str | None = None


def read(file: IO[bytes], kind: str, layout: Layout | None = None) -> Iterator[Record]:
    """Yield the records of a file.

    :param kind: what :func:`ippanel_provider.tables.formats.to_read` returns
    :raises InvalidInput: if the file cannot be read, naming the line where there is one; never what stands in it.
    """
    return _READERS[kind](file, layout or Layout())


def _csv(file: IO[bytes], layout: Layout) -> Iterator[Record]:
    if len(layout.delimiter) != 1:
        raise InvalidInput("delimiter: give one character")
    # Not strict, a quote that is never closed would swallow the rest of the file without a word.
    reader = csv.reader(_decoded(file, layout.encoding), delimiter=layout.delimiter, strict=True)
    names = _names(layout.columns) if layout.columns else None
    while True:
        line = reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "unexpected end" in str(error) or "field limit" in str(error):
                raise InvalidInput(f"line {line}: a quoted value begins here and does not end") from None
            yield Record(line, {}, "its quotes are not in order")
            continue
        if not values:
            continue
        if names is None:
            names = _names(values)
        elif len(values) > len(names):
            yield Record(line, {}, f"it has {len(values)} values for {len(names)} columns")
        else:
            # CSV has no NULL, so what is empty is missing.
            yield Record(
                line,
                {name: unguarded(value) or None for name, value in zip(names, _filled(values, names), strict=True)},
            )


def _jsonl(file: IO[bytes], layout: Layout) -> Iterator[Record]:
    for line, text in enumerate(_decoded(file, layout.encoding), start=1):
        if text.isspace():
            continue
        try:
            values = json.loads(text)
        except ValueError:
            values = None
        yield Record(line, values) if isinstance(values, dict) else Record(line, {}, "it is no JSON object")


def _parquet(file: IO[bytes], layout: Layout) -> Iterator[Record]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise missing_extra("parquet") from None
    try:
        # Reading ahead would hold whole row groups.
        opened = parquet.ParquetFile(file, pre_buffer=False, buffer_size=1 << 20)
    except pyarrow.ArrowInvalid:
        raise InvalidInput("format: the file is no Parquet file") from None
    line = 0
    for batch in opened.iter_batches(batch_size=PARQUET_ROWS, use_threads=False):
        for values in batch.to_pylist():
            line += 1
            yield Record(line, values)


def _xlsx(file: IO[bytes], layout: Layout) -> Iterator[Record]:
    try:
        import openpyxl
    except ImportError:
        raise missing_extra("xlsx") from None
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except Exception as error:  # noqa: BLE001 - openpyxl raises what its parsers do
        raise InvalidInput(f"format: the file cannot be read as an Excel file ({type(error).__name__})") from None
    try:
        if layout.sheet is not None and layout.sheet not in book.sheetnames:
            raise InvalidInput(
                f"sheet: there is no sheet {layout.sheet!r}, only {', '.join(map(repr, book.sheetnames))}"
            )
        sheet = book[layout.sheet] if layout.sheet is not None else book.worksheets[0]
        # What wrote the file may have left a wrong size in it.
        sheet.reset_dimensions()
        names = _names(layout.columns) if layout.columns else None
        for line, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
            if all(cell is None for cell in cells):
                continue
            if names is None:
                names = _names(cells)
            elif any(cell is not None for cell in cells[len(names) :]):
                yield Record(line, {}, f"it has values outside the {len(names)} columns")
            else:
                yield Record(
                    line,
                    {name: _cell(cell) for name, cell in zip(names, _filled(cells, names), strict=True) if name},
                )
    finally:
        book.close()


_READERS: dict[str, Callable[[IO[bytes], Layout], Iterator[Record]]] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "parquet": _parquet,
    "xlsx": _xlsx,
}


def _decoded(file: IO[bytes], encoding: str) -> Iterator[str]:
    """Yield the lines as text, with their ends."""
    try:
        text = io.TextIOWrapper(file, encoding=encoding, newline="")
    except LookupError:
        raise InvalidInput(f"encoding: there is no encoding {encoding!r}; utf-8-sig and cp1256 are usual") from None
    line = 0
    try:
        while piece := text.readline(_MAX_LINE):
            line += 1
            if len(piece) == _MAX_LINE and not piece.endswith(("\n", "\r")):
                raise InvalidInput(
                    f"line {line}: it is longer than {_MAX_LINE} characters; is this a text file with a record a line?"
                )
            yield piece
    except UnicodeError:
        raise InvalidInput(
            f"encoding: the file is not {encoding} (after line {line}); Excel of a Persian Windows saves "
            f"cp1256, or utf-16 as Unicode text"
        ) from None
    finally:
        # Whoever opened the file closes it.
        text.detach()


def _cell(value: Any) -> Any:
    return unguarded(unescaped(value)) if isinstance(value, str) else value


def _names(header: Sequence[Any]) -> list[str]:
    names = ["" if cell is None else str(cell).strip() for cell in header]
    while names and not names[-1]:
        names.pop()
    if doubled := {name for name in names if name and names.count(name) > 1}:
        raise InvalidInput(
            f"header: {len(doubled)} of the columns' names stand there twice; give columns=[…] if there is no header"
        )
    return names


def _filled(values: Sequence[Any], names: Sequence[str]) -> list[Any]:
    """As many values as there are names: writers leave out empty values at the end of a row."""
    kept = list(values[: len(names)])
    return kept + [None] * (len(names) - len(kept))
