"""Reading csv and xlsx files into rows, and writing xlsx."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice

Row = Sequence[str]
"""The cells of a row as texts; an empty cell is an empty text."""

_MOST_UNPACKED = 200 << 20
"""Bytes that an xlsx file may hold once it is unpacked: a million rows, and room to spare."""
_MOST_ROWS = 1 << 20
"""As many as a sheet of Excel has."""


class UnreadableSheet(Exception):
    """The file is not what its name says."""


def read_rows(name: str, content: bytes, kinds: Sequence[str], most: int) -> list[Row]:
    """The rows of a file that are not empty, at most one more than ``most`` of them.

    :raises UnreadableSheet: when the name does not end in one of ``kinds``, or the content cannot be read.
    """
    kind = name.rpartition(".")[2].lower()
    if kind not in kinds:
        raise UnreadableSheet
    rows = _csv(content) if kind == "csv" else _xlsx(content)
    return list(islice((row for row in rows if any(row)), most + 1))


def _csv(content: bytes) -> Iterator[Row]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableSheet from error
    try:
        for row in csv.reader(io.StringIO(text, newline="")):
            yield [cell.strip() for cell in row]
    except csv.Error as error:
        raise UnreadableSheet from error


def _xlsx(content: bytes) -> Iterator[Row]:
    # Imported here: only files need it, and it takes a while.
    import openpyxl

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > _MOST_UNPACKED:
                raise UnreadableSheet
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        # Files made by other programs often announce dimensions they do not have.
        sheet.reset_dimensions()
        for number, row in enumerate(sheet.iter_rows(values_only=True)):
            # Gaps between rows are filled with empty ones, however far away the next one says that it is.
            if number >= _MOST_ROWS:
                raise UnreadableSheet
            yield [_cell(value) for value in row]
        book.close()
    except Exception as error:
        # openpyxl raises what its parsers do.
        raise UnreadableSheet from error


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | date):
        return value.strftime("%Y-%m-%d")
    return str(value).strip()


def write_xlsx(rows: Iterable[Sequence[object]]) -> bytes:
    """An xlsx file with these rows."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        sheet.append(list(row))
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()
