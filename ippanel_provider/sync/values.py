"""Values of contacts: what a warehouse holds, as the texts the service keeps. API: phonebook."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from ippanel_provider.tables.values import BadValue, plain, written
from ippanel_provider.text.jalali import gregorian

_DATE = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})(?:[T ].*)?\Z", re.DOTALL)
_WHOLE = re.compile(r"[-+]?[0-9]{1,19}(?:\.0*)?\Z")
# Earlier years are of the Jalali calendar.
_FIRST_GREGORIAN, _LAST_YEAR = 1500, 2200


def text(value: Any) -> str:
    """A value as a text: empty for what is missing, ``1`` and ``0`` for truth values, and otherwise what
    :func:`ippanel_provider.tables.values.written` makes of it.

    :raises ValueError: it is something that has no text, a list for one.
    """
    try:
        value = plain(value)
        if value is None:
            return ""
        if isinstance(value, bool):
            return "1" if value else "0"
        return value.isoformat() if isinstance(value, date) else written(value)
    except BadValue as error:
        raise ValueError(f"it {error}") from None


def whole(value: Any) -> str:
    """A whole number, in whatever digits it is written.

    :raises ValueError: it is none.
    """
    try:
        said = _latin(text(value))
    except ValueError:
        said = "?"
    if not said:
        return ""
    if isinstance(value, bool) or not _WHOLE.match(said):
        raise ValueError("it is no whole number")
    return str(int(said.partition(".")[0]))


def day(value: Any) -> str:
    """A day as ``2025-05-20``; the year may be one of the Jalali calendar.

    :raises ValueError: it is none.
    """
    if isinstance(value, datetime) and value == value:  # "not a time" differs from itself
        value = value.date()
    said = _latin(text(value))
    if not said:
        return ""
    found = _DATE.match(said)
    if found is None:
        raise ValueError("it is no date (as 2025-05-20 or 1404/02/30)")
    year, month, day_of_month = map(int, found.groups())
    try:
        found_day = gregorian(year, month, day_of_month) if year < _FIRST_GREGORIAN else date(year, month, day_of_month)
    except ValueError:
        raise ValueError("there is no such day") from None
    if found_day.year > _LAST_YEAR:
        raise ValueError("there is no such day")
    return f"{year:04d}-{month:02d}-{day_of_month:02d}"


def _latin(said: str) -> str:
    if said.isascii():
        return said
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in said)


READERS: dict[str, Callable[[Any], str]] = {"string": text, "int": whole, "date": day}
"""How the values of each type of option are read."""
