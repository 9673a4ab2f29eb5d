"""Contacts as rows of a file: what an export writes, an import reads. API: phonebook.

The first row names the columns: ``number``, ``pre``, ``name``, ``email``, then options by their titles. Without such a
row the columns come in this order, the options of the book last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ippanel_provider.text.numbers import InvalidNumber, normalize

from .phonebook_records import Contact, Entry, Option
from .sheets import Row

_FIELDS = ("number", "pre", "name", "email")


def header(options: Sequence[Option]) -> list[str]:
    """The first row."""
    return [*_FIELDS, *(option.title for option in options)]


def rows_of(contacts: Sequence[Contact], options: Sequence[Option]) -> Iterator[list[str]]:
    """Contacts as rows under their :func:`header`."""
    yield header(options)
    for contact in contacts:
        values = (contact.options.get(option.id, "") for option in options)
        yield [contact.number, contact.pre or "", contact.name or "", contact.email or "", *values]


def entries_of(rows: Sequence[Row], book_id: int, options: Sequence[Option]) -> list[Entry]:
    """Rows as contacts to be. What is no mobile number is left out, and so is a value that does not fit its option."""
    if not rows:
        return []
    columns: Mapping[str, int]
    names = [cell.lower() for cell in rows[0]]
    titled = "number" in names
    columns = {
        name: index
        for index, name in enumerate(names if titled else [title.lower() for title in header(options)])
        if name
    }
    found = (_entry(row, columns, book_id, options) for row in (rows[1:] if titled else rows))
    return [entry for entry in found if entry is not None]


def _entry(row: Row, columns: Mapping[str, int], book_id: int, options: Sequence[Option]) -> Entry | None:
    def cell(name: str) -> str:
        index = columns.get(name.lower(), len(row))
        return row[index] if index < len(row) else ""

    try:
        number = normalize(cell("number"))
    except InvalidNumber:
        return None
    values = {option.id: value for option in options if (value := cell(option.title)) and fits(value, option.type)}
    return Entry(book_id, number, cell("pre") or None, cell("name") or None, cell("email") or None, values)


def fits(value: str, kind: str) -> bool:
    """Whether a value is of an option's type. Dates are written with dashes or slashes, in either calendar."""
    if kind == "int":
        return value.removeprefix("-").isdecimal()
    if kind == "date":
        parts = value.replace("/", "-").split("-")
        if len(parts) != 3 or not all(part.isdecimal() for part in parts) or len(parts[0]) != 4:
            return False
        return 1 <= int(parts[1]) <= 12 and 1 <= int(parts[2]) <= 31
    return True
