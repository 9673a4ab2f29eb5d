"""Flags, numbers, durations and times, each understood in one way wherever they are given.

A DAG gives ``False``, its template renders that to ``"False"``, a command or a URL has nothing but text. Whoever takes
such a value reads it here, and what cannot be read is refused by the name of its field. A message never repeats the
value: what stands in the wrong field may be a number or a credential.
"""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
# Bounded, so that no text takes long to read; underscores and "1e5" are how programs write numbers, not people.
_WHOLE = re.compile(r"[-+]?\d{1,30}(?:\.0{0,30})?\Z")
_NUMBER = re.compile(r"[-+]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})\Z")
_TIMEDELTA = re.compile(r"(?:(-?\d{1,9}) days?, )?(\d{1,2}):(\d\d):(\d\d(?:\.\d{1,6})?)\Z", re.ASCII)
_DURATION = re.compile(r"(\d{1,9})\s*([smhdw])\Z")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_MOMENT_FORM = "give it with its time zone, as 2026-03-10T09:00:00+03:30"
# What a template that had nothing to say renders to, and what else is left of nothing on its way.
_LEFT_OF_NOTHING = frozenset({"", "none", "nan", "nat", "<na>", "null", "undefined"})
# Years of the Jalali calendar that a date of our time has, and no time of the Gregorian calendar that is asked for.
_JALALI_YEARS = range(1200, 1600)


class InvalidValue(ValueError):
    """Raised for a value that its field cannot take.

    :param field: the name of the field
    :param problem: what was wrong and what to give, without the value
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem

    def __reduce__(self) -> tuple[type[InvalidValue], tuple[str, str]]:
        # The message is no argument of __init__, and executors carry exceptions between processes.
        return (type(self), (self.field, self.problem))


def flag(value: Any, field: str) -> bool:
    """Return a flag: of True and False, 1 and 0, or the text a template renders them to, in any case.

    :raises InvalidValue: for anything else; a text is never true merely because it is there.
    """
    value = _plain(value)
    if isinstance(value, str):
        read = _FLAGS.get(value.strip().lower())
    else:
        read = bool(value) if isinstance(value, int | float) and value in (0, 1) else None
    if read is None:
        raise InvalidValue(field, f"expected one of true, false, yes, no, 1, 0, got {_kind(value)}")
    return read


def whole(value: Any, field: str, *, low: int | None = None, high: int | None = None) -> int:
    """Return a whole number from ``low`` to ``high``: of a number or of its text.

    :raises InvalidValue: if it is none, has a fraction, or is out of range.
    """
    value = _plain(value)
    if isinstance(value, str) and _WHOLE.match(written := value.strip()):
        value = int(written.partition(".")[0])
    elif isinstance(value, float | Decimal) and math.isfinite(value) and value == int(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidValue(field, f"expected a whole number, got {_kind(value)}")
    _in_range(value, field, low, high)
    return value


def number(value: Any, field: str, *, low: float | None = None, high: float | None = None) -> float:
    """Return a number from ``low`` to ``high``: of a number or of its text.

    :raises InvalidValue: if it is none, not finite, or out of range.
    """
    return _number(value, field, "a number", low, high)


def seconds(value: Any, field: str, *, low: float = 0, high: float | None = None) -> float:
    """Return a time span in seconds: of a number of seconds, a ``timedelta``, or what a template renders either to.

    :raises InvalidValue: if it is none, or out of range; texts with units (``48h``) are for :func:`duration`.
    """
    if isinstance(value, str) and (found := _TIMEDELTA.match(value.strip())):
        days, hours, minutes, rest = found.groups()
        value = timedelta(days=int(days or 0), hours=int(hours), minutes=int(minutes), seconds=float(rest))
    if isinstance(value, timedelta):
        value = value.total_seconds()
    return _number(value, field, "a number of seconds or a timedelta", low, high)


def duration(text: str, field: str) -> timedelta:
    """Return a time span of a text with its unit, as ``90s``, ``30m``, ``48h``, ``7d``, ``2w``: for commands and URLs.

    :raises InvalidValue: if it is none; a number without its unit could be seconds or hours.
    """
    if found := _DURATION.match(text.strip().lower()):
        try:
            return timedelta(**{_UNITS[found[2]]: int(found[1])})
        except OverflowError:
            raise InvalidValue(field, "is longer than any time span can be") from None
    raise InvalidValue(field, "expected a number with its unit, as 90s, 30m, 48h or 7d")


def moment(value: Any, field: str) -> datetime:
    """Return a time with its zone: of a ``datetime`` or of the ISO text that a template renders it to.

    :raises InvalidValue: if it is none, has no time zone, or a year of the Jalali calendar.
    """
    if isinstance(value, str):
        written = value.strip()
        try:
            value = datetime.fromisoformat(_latin(written))
        except ValueError:
            year = re.match(r"(\d{4})\D", written)
            if year and int(year[1]) in _JALALI_YEARS:
                _refuse_jalali(int(year[1]), field)
            raise InvalidValue(field, f"is no time; {_MOMENT_FORM}") from None
    if not isinstance(value, datetime):
        raise InvalidValue(field, f"expected a datetime or its ISO text, got {_kind(value)}; {_MOMENT_FORM}")
    if value.year in _JALALI_YEARS:
        _refuse_jalali(value.year, field)
    if value.tzinfo is None or value.utcoffset() is None:
        raise InvalidValue(field, f"has no time zone; {_MOMENT_FORM}")
    return value


def refuse_nothing(value: Any, field: str) -> None:
    """Refuse a text that is left where a template had nothing to say; nothing itself may be meant.

    :raises InvalidValue: it is one.
    """
    if isinstance(value, str) and value.strip().lower() in _LEFT_OF_NOTHING:
        raise InvalidValue(field, "is a text that says nothing, as of a template; give a value, or leave it out")


def _refuse_jalali(year: int, field: str) -> None:
    raise InvalidValue(
        field, f"{year} is a year of the Jalali calendar; give the Gregorian date, as 2026-03-10T09:00:00+03:30"
    )


def _number(value: Any, field: str, what: str, low: float | None, high: float | None) -> float:
    value = _plain(value)
    if isinstance(value, str) and _NUMBER.match(written := value.strip()):
        value = float(written)
    if not isinstance(value, int | float | Decimal) or isinstance(value, bool):
        raise InvalidValue(field, f"expected {what}, got {_kind(value)}")
    try:
        read = float(value)
    except (OverflowError, ValueError):  # an integer beyond every float; a signalling "not a number"
        read = math.inf
    if not math.isfinite(read):
        raise InvalidValue(field, f"expected {what}, got one that is not finite")
    _in_range(read, field, low, high)
    return read


def _in_range(value: float, field: str, low: float | None, high: float | None) -> None:
    if (low is None or value >= low) and (high is None or value <= high):
        return
    if low is not None and high is not None:
        raise InvalidValue(field, f"must be from {low:g} to {high:g}")
    raise InvalidValue(field, f"must be at least {low:g}" if low is not None else f"must be at most {high:g}")


def _plain(value: Any) -> Any:
    """Scalars of numpy and its kin as Python's own."""
    return value.item() if getattr(value, "ndim", None) == 0 else value


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return "another text" if value.strip() else "an empty text"
    return f"a value of type {type(value).__name__}"


def _latin(written: str) -> str:
    return written if written.isascii() else "".join(str(int(char)) if char.isdecimal() else char for char in written)
