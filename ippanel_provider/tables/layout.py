"""How a file is laid out: where its header stands, and what its columns are called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, NamedTuple

from ippanel_provider.client import InvalidInput
from ippanel_provider.tables.cells import unguarded
from ippanel_provider.tables.records import Record
from ippanel_provider.text.numbers import InvalidNumber, normalize

MOST_COLUMNS = 16_384
"""As many as a sheet of Excel has."""
_TITLE_LINES = 20


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read a file where it does not say itself.

    :param encoding: of CSV and JSON lines; ``utf-8-sig`` is UTF-8 with or without a byte order mark. Excel of a Persian
        Windows saves ``cp1256``.
    :param delimiter: what stands between the values of a CSV line
    :param columns: the names of the columns, if a CSV or Excel file has no header
    :param sheet: the sheet of an Excel file; default is the first
    :param number_column: the column of the phone numbers, by which a title above the header, or a sheet that is only a
        cover, is told from the rows; it has to hold whole numbers exactly
    """

    encoding: str = "utf-8-sig"
    delimiter: str = ","
    columns: Sequence[str] | None = None
    sheet: str | None = None
    number_column: str | None = None


class Line(NamedTuple):
    """What stands in a line of CSV, or a row of a sheet; nothing at all is no line."""

    number: int
    cells: Sequence[Any]
    problem: str = ""


def named(lines: Iterator[Line], layout: Layout, unit: str = "line", elsewhere: str = "") -> Iterator[Record]:
    """Yield records of the lines below the header.

    :param unit: what a line is called
    :param elsewhere: where the columns might be instead
    :raises InvalidInput: the header is not the first line, or names a column twice.
    """
    if layout.columns:
        names = _names(layout.columns)
    else:
        header = next(lines, None)
        if header is None:
            return
        if header.problem:
            raise InvalidInput(f"header: {unit} {header.number}: {header.problem}")
        names = _names(header.cells)
        if layout.number_column not in names and any(map(_is_number, names)):
            raise InvalidInput(
                f"header: {unit} {header.number} holds a phone number, so the header seems to be missing; add one, or "
                f"give columns=[…] where they are taken"
            )
        if layout.number_column is not None and layout.number_column not in names:
            ahead = list(islice(lines, _TITLE_LINES))
            _look_for_header(header, ahead, layout.number_column, unit, elsewhere)
            lines = chain(ahead, lines)
    width = len(names)
    for number, cells, problem in lines:
        if problem:
            yield Record(number, {}, problem)
        # What ends its lines with a delimiter has an empty value more.
        elif len(cells) > width and any(cell is not None and str(cell).strip() for cell in cells[width:]):
            yield Record(number, {}, f"it has {len(cells)} values for {width} columns")
        else:
            # CSV has no NULL, so what is empty is missing.
            values = [None if cell == "" else unguarded(cell) for cell in cells[:width]]
            values += [None] * (width - len(values))
            yield Record(number, {name: value for name, value in zip(names, values, strict=True) if name})


def _look_for_header(header: Line, ahead: Sequence[Line], column: str, unit: str, elsewhere: str) -> None:
    """Refuse to read a title as the header, or a cover sheet as the rows."""
    for line in ahead:
        if column in [str(cell).strip() for cell in line.cells]:
            raise InvalidInput(
                f"header: {unit} {line.number} names the columns, and not {unit} {header.number}; delete what stands "
                f"above it"
            )
    if elsewhere:
        raise InvalidInput(f"sheet: it has no column {column!r}; {elsewhere}")


def _is_number(name: str) -> bool:
    try:
        normalize(name)
    except InvalidNumber:
        return False
    return True


def _names(header: Sequence[Any]) -> list[str]:
    names = ["" if cell is None else str(cell).strip() for cell in header]
    while names and not names[-1]:
        names.pop()
    if len(names) > MOST_COLUMNS:
        raise InvalidInput(f"header: it has {len(names)} columns; at most {MOST_COLUMNS} are read")
    if doubled := {name for name in names if name and names.count(name) > 1}:
        raise InvalidInput(
            f"header: {len(doubled)} of the columns' names stand there twice; give columns=[…] if there is no header"
        )
    return names
