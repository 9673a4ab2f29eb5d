"""Dates, digits and amounts as people in Iran read them: filters of row templates, and pure functions."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ippanel_provider.text.hours import TEHRAN
from ippanel_provider.text.letters import spelling
from ippanel_provider.values import InvalidValue

MONTHS = (
    *("فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور"),
    *("مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"),
)
DAYS = ("دوشنبه", "سه‌شنبه", "چهارشنبه", "پنجشنبه", "جمعه", "شنبه", "یکشنبه")
"""From Monday on, as :meth:`datetime.date.weekday` counts."""
_PERSIAN = str.maketrans("0123456789٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹" * 2)
_GROUPING = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_WRITTEN = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]+(\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?.*))?\Z")
_AMOUNT_ENDS = re.compile(r"\A\s+|\s*(?:ریال|rials?)?\s*\Z", re.IGNORECASE)
_EPOCH = re.compile(r"\d{9,19}(?:\.\d*)?\Z")
_DIRECTIVE = re.compile(r"%(-?.)", re.DOTALL)
# Seconds, milli-, micro- and nanoseconds since 1970, told by how many digits they have in our days.
_UNITS = {9: 1, 10: 1, 12: 10**3, 13: 10**3, 15: 10**6, 16: 10**6, 18: 10**9, 19: 10**9}
_LAST_EPOCH_YEAR = 2100
# Places of the leap years in the calendar's cycle of 33 years.
_LEAP_PLACES = (1, 5, 9, 13, 17, 22, 26, 30)
_LAST_SUMMER = datetime(2022, 9, 22, tzinfo=TEHRAN)
_FIRST_YEAR, _LAST_YEAR = 1206, 1498
"""Between these the cycle is right."""


def jalali(value: Any, form: str = "%Y/%m/%d", *, latin: bool = False) -> str:
    """Return a date in the Jalali calendar: «۱۴۰۵/۰۹/۰۷», or in another form, as ``%A %-d %B`` «شنبه ۷ آذر».

    :param value: a ``date``, a ``datetime`` (one with a time zone is told in the time of Tehran, ``Asia/Tehran``,
        summers until 2022 included; one without is taken as it stands), their ISO text, a
        date that is written in the Jalali calendar already, or seconds, milliseconds, … since 1970
    :param form: ``%Y %y %m %d %H %M %S`` (``%-m``, ``%-d`` and so on without a zero before), ``%B`` the month's and
        ``%A`` the weekday's name
    :param latin: with Latin digits, as what is to be copied
    :raises InvalidValue: if it is no date, or the form has something else in it
    """
    moment = _moment(value)
    year, month, day = year_month_day(moment)
    numbers: dict[str, Callable[[], str]] = {
        "Y": lambda: f"{year:04d}",
        "y": lambda: f"{year % 100:02d}",
        "m": lambda: f"{month:02d}",
        "d": lambda: f"{day:02d}",
        "H": lambda: f"{moment.hour:02d}",
        "M": lambda: f"{moment.minute:02d}",
        "S": lambda: f"{moment.second:02d}",
        "B": lambda: MONTHS[month - 1],
        "A": lambda: DAYS[moment.weekday()],
        "%": lambda: "%",
    }

    def written(found: re.Match[str]) -> str:
        name = found[1].removeprefix("-")
        if name not in numbers:
            raise InvalidValue("jalali", f"the form has %{name}; expected one of %{' %'.join(numbers)}")
        shown = numbers[name]()
        return shown.lstrip("0") or "0" if found[1].startswith("-") and shown.isdecimal() else shown

    shown = _DIRECTIVE.sub(written, form)
    return shown if latin else persian_digits(shown)


def persian_digits(value: Any) -> str:
    """Return a text or a number with Persian digits, its thousands grouped by ``٬`` where commas grouped them."""
    if isinstance(value, bool) or value is None or value != value:
        raise InvalidValue("persian_digits", "is neither a text nor a number")
    if isinstance(value, float) and value.is_integer():
        value = f"{value:.0f}"
    return _GROUPING.sub("٬", str(value)).translate(_PERSIAN)


def rial(value: Any) -> str:
    """Return an amount with its thousands grouped, ``1,250,000``: of a number, or of its text in any digits.

    Fractions of a rial are rounded. ``| rial | persian_digits`` gives «۱٬۲۵۰٬۰۰۰».

    :raises InvalidValue: if it is no amount
    """
    try:
        return f"{amount(value, 'rial').quantize(Decimal(1), ROUND_HALF_UP):,}"
    except InvalidOperation:  # more digits than money has
        raise InvalidValue("rial", "is no amount") from None


def amount(value: Any, field: str) -> Decimal:
    """Return the number that an amount is, or that its text says in any digits, grouped or not, with or without
    ``ریال``.

    :raises InvalidValue: naming ``field``, if it is none
    """
    written = value
    if isinstance(value, str):
        written = re.sub(r"(?<=\d)[,٬،](?=\d{3})", "", _AMOUNT_ENDS.sub("", spelling(value)).replace("٫", "."))
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal) or "_" in str(value):
        raise InvalidValue(field, "is no amount")
    try:
        found = Decimal(str(written))
    except InvalidOperation:
        found = Decimal("nan")
    if not found.is_finite():
        raise InvalidValue(field, "is no amount")
    return found


FILTERS: dict[str, Callable[..., str]] = {"jalali": jalali, "persian_digits": persian_digits, "rial": rial}
"""By the names they have in row templates."""


def year_month_day(day: date) -> tuple[int, int, int]:
    """Year, month and day of the Jalali calendar, by its cycle of 33 years (right from 1206 to 1498)."""
    day = date(day.year, day.month, day.day)  # of a datetime only its date is compared
    year = day.year - 621
    if day < _new_year(year):
        year -= 1
    days = (day - _new_year(year)).days
    # Six months of 31 days, then of 30.
    return (
        (year, days // 31 + 1, days % 31 + 1) if days < 186 else (year, (days - 186) // 30 + 7, (days - 186) % 30 + 1)
    )


def gregorian(year: int, month: int, day: int) -> date:
    """Return the day of a date of the Jalali calendar.

    :raises ValueError: if there is no such day, or its year is none from 1206 to 1498.
    """
    if not (_FIRST_YEAR <= year <= _LAST_YEAR and 1 <= month <= 12 and 1 <= day <= 31):
        raise ValueError("there is no such day")
    before = (month - 1) * 31 - max(month - 7, 0)
    found = _new_year(year) + timedelta(before + day - 1)
    if year_month_day(found) != (year, month, day):
        raise ValueError("there is no such day")
    return found


def _new_year(year: int) -> date:
    days = 365 * (year - 1403) + _leap_years_before(year) - _leap_years_before(1403)
    return date(2024, 3, 20) + timedelta(days)


def _leap_years_before(year: int) -> int:
    cycles, place = divmod(year, 33)
    return cycles * len(_LEAP_PLACES) + sum(leap < place for leap in _LEAP_PLACES)


def _moment(value: Any) -> datetime:
    """The time that a value names, in Tehran."""
    try:
        if isinstance(value, datetime):
            moment = value
        elif isinstance(value, date):
            moment = datetime(value.year, value.month, value.day, tzinfo=TEHRAN)
        elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            moment = _since_1970(str(int(value)))
        elif isinstance(value, str):
            moment = _read(spelling(value).strip())
        else:
            moment = _moment(value.item())  # numpy's
        return moment.astimezone(_tehran_at(moment)) if moment.tzinfo else moment.replace(tzinfo=TEHRAN)
    except (ValueError, OverflowError, AttributeError, TypeError, KeyError):
        raise InvalidValue("jalali", "is no date") from None


def _tehran_at(moment: datetime) -> tzinfo:
    """The zone of Tehran; until 2022 it had summers, in which a day of birth began an hour earlier."""
    if moment >= _LAST_SUMMER:
        return TEHRAN
    try:
        return ZoneInfo("Asia/Tehran")
    except ZoneInfoNotFoundError:  # a machine without the time zone database
        return TEHRAN


def _read(text: str) -> datetime:
    if _EPOCH.match(text):
        return _since_1970(text.partition(".")[0])
    found = _WRITTEN.match(text)
    if found is None:
        return datetime.fromisoformat(text)
    year, month, day = map(int, found.groups()[:3])
    start = gregorian(year, month, day) if year < 1500 else date(year, month, day)
    return datetime.fromisoformat(f"{start.isoformat()} {found[4] or '00:00'}")


def _since_1970(digits: str) -> datetime:
    moment = datetime.fromtimestamp(int(digits) / _UNITS[len(digits)], UTC)
    if moment.year > _LAST_EPOCH_YEAR:
        raise ValueError("more likely another sort of number")
    return moment
