"""From the rows of a source to contacts as they should be; what cannot be one is told, row by row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from ippanel_provider.client import InvalidInput
from ippanel_provider.sync.phonebooks.spec import BookSpec
from ippanel_provider.sync.values import READERS, text
from ippanel_provider.text.numbers import InvalidNumber, normalize

Row = tuple[int, Mapping[str, Any], str]
"""A row of a source: its line, its values by column, and why it could not be read (empty if it could)."""


def numbered(rows: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """Number the rows of a source that has no lines, from 1."""
    return ((line, row, "") for line, row in enumerate(rows, start=1))


class Wanted(NamedTuple):
    """A row of the source as it is wanted. ``reason`` says why it cannot be used, and is empty where it can.

    ``number`` is 98… without the plus, 0 where there is none. ``fields`` and ``options`` are in the order of the spec.
    """

    line: int
    number: int
    fields: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    reason: str = ""


def screened(rows: Iterable[Row], spec: BookSpec) -> Iterator[Wanted]:
    """Yield every row as it is wanted.

    :raises InvalidInput: the first row lacks a column.
    """
    columns = tuple(spec.fields.items())
    options = tuple((option.title, option.column, READERS[option.type]) for option in spec.options)
    checked = False
    for line, row, problem in rows:
        if problem:
            yield Wanted(line, 0, reason=problem)
            continue
        if not checked:
            _check_columns(row, spec)
            checked = True
        number = 0
        try:
            raw = row.get(spec.number)
            number = int(normalize("" if raw is None else raw))
            fields = tuple([text(row.get(column)) if column in row else "" for _, column in columns])
            values = tuple([read(row.get(column)) for _, column, read in options])
        except InvalidNumber as error:
            yield Wanted(line, 0, reason=str(error))
        except ValueError:
            yield Wanted(line, number, reason=_reason(row, spec))
        else:
            yield Wanted(line, number, fields, values)


def _reason(row: Mapping[str, Any], spec: BookSpec) -> str:
    """Find the value that cannot be used. Only its column is named: the value is somebody's."""
    for field, column in spec.fields.items():
        try:
            text(row.get(column))
        except ValueError as error:
            return f"{field} (column {column}): {error}"
    for option in spec.options:
        try:
            READERS[option.type](row.get(option.column))
        except ValueError as error:
            return f"option {option.title} (column {option.column}): {error}"
    return "a value cannot be used"


def _check_columns(row: Mapping[str, Any], spec: BookSpec) -> None:
    wanted = [spec.number, *spec.fields.values(), *(option.column for option in spec.options)]
    if missing := [column for column in wanted if column not in row]:
        raise InvalidInput(f"source: it has no column {', '.join(missing)}; it has {', '.join(map(str, row))}")
