"""Dates, digits and amounts are written as people in Iran read them, whatever a table holds."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ippanel_provider.text.jalali import FILTERS, gregorian, jalali, persian_digits, rial, year_month_day
from ippanel_provider.values import InvalidValue

TEHRAN = timezone(timedelta(hours=3, minutes=30))
AT = datetime(2026, 11, 28, 10, 5, tzinfo=TEHRAN)


class Numpy64:
    """What numpy hands out for one time of a column."""

    def item(self) -> int:
        return int(AT.timestamp()) * 10**9


class TestJalali:
    @pytest.mark.parametrize(
        "value",
        [
            date(2026, 11, 28),
            AT,
            AT.astimezone(UTC),
            AT.replace(tzinfo=None),
            "2026-11-28",
            "2026/11/28",
            " 2026-11-28T10:05:00+03:30 ",
            "2026-11-28T06:35:00Z",
            "2026-11-28 10:05:00.000",
            "20261128",
            "1405/09/07",
            "1405-9-7",
            "۱۴۰۵/۰۹/۰۷",
            "١٤٠٥/٩/٧",
            "1405/09/07 10:05",
            AT.timestamp(),
            int(AT.timestamp()),
            int(AT.timestamp() * 1000),
            str(int(AT.timestamp())),
            f"{AT.timestamp()}",
            Decimal(int(AT.timestamp())),
            Numpy64(),
        ],
    )
    def test_is_read_from_a_date_of_any_kind(self, value: Any) -> None:
        assert jalali(value) == "۱۴۰۵/۰۹/۰۷"

    def test_is_the_day_in_tehran(self) -> None:
        assert jalali("2026-11-28T20:29:59Z") == "۱۴۰۵/۰۹/۰۷"
        assert jalali("2026-11-28T20:30:00Z") == "۱۴۰۵/۰۹/۰۸"

    def test_of_birth_is_the_day_it_was_in_tehran_also_in_the_summers_until_2022(self) -> None:
        summer = timezone(timedelta(hours=4, minutes=30))
        for born in (datetime(1992, 5, 1, tzinfo=summer), datetime(1992, 4, 30, 19, 30, tzinfo=UTC)):
            assert jalali(born, "%Y/%m/%d %H:%M", latin=True) == "1371/02/11 00:00"
        assert jalali("2022-09-21T19:29:59Z", "%m/%d %H:%M", latin=True) == "06/30 23:59"
        assert jalali("2023-07-01T20:30:00Z", "%m/%d %H:%M", latin=True) == "04/11 00:00"

    @pytest.mark.parametrize(
        ("form", "written"),
        [
            ("%A %-d %B", "شنبه ۷ آذر"),
            ("%d %B %Y", "۰۷ آذر ۱۴۰۵"),
            ("%Y/%-m/%-d ساعت %H:%M", "۱۴۰۵/۹/۷ ساعت ۱۰:۰۵"),
            ("%y%m%d %S %-S %%", "۰۵۰۹۰۷ ۰۰ ۰ %"),
        ],
    )
    def test_is_written_in_the_form_asked_for(self, form: str, written: str) -> None:
        assert jalali(AT, form) == written

    def test_has_latin_digits_where_it_is_to_be_copied(self) -> None:
        assert jalali(AT, latin=True) == "1405/09/07"

    @pytest.mark.parametrize(
        "value",
        [
            "",
            " ",
            None,
            True,
            "tomorrow",
            "1405/13/01",
            "1405/12/30",
            "2026-02-30",
            "1404",
            1404,
            9120001234,
            "09120001234",
            math.nan,
            math.inf,
            [],
            "1405/09/07 25:00",
            "1100/01/01",
        ],
    )
    def test_is_refused_of_what_is_no_date(self, value: Any) -> None:
        with pytest.raises(InvalidValue, match=r"^jalali: is no date$"):
            jalali(value)

    @pytest.mark.parametrize("form", ["%Q", "%-Q", "%j"])
    def test_a_form_has_only_what_there_is(self, form: str) -> None:
        with pytest.raises(InvalidValue, match=r"^jalali: the form has %[Qj]; expected one of %Y"):
            jalali(AT, form)

    @given(st.dates(date(1830, 1, 1), date(2118, 1, 1)))
    def test_comes_back_from_the_calendar(self, day: date) -> None:
        assert gregorian(*year_month_day(day)) == day
        assert jalali(jalali(day)) == jalali(day)
        assert year_month_day(day) < year_month_day(day + timedelta(1))

    @pytest.mark.parametrize(
        ("day", "persian"),
        [
            (date(2021, 3, 20), (1399, 12, 30)),
            (date(2021, 3, 21), (1400, 1, 1)),
            (date(2025, 3, 20), (1403, 12, 30)),
            (date(2025, 3, 21), (1404, 1, 1)),
            (date(1979, 2, 11), (1357, 11, 22)),
            (date(2026, 9, 22), (1405, 6, 31)),
            (date(2026, 9, 23), (1405, 7, 1)),
        ],
    )
    def test_known_days(self, day: date, persian: tuple[int, int, int]) -> None:
        assert year_month_day(day) == persian


class TestPersianDigits:
    @pytest.mark.parametrize(
        ("value", "written"),
        [
            ("کد 123", "کد ۱۲۳"),
            (1250, "۱۲۵۰"),
            (150000.0, "۱۵۰۰۰۰"),
            (Decimal("2.5"), "۲.۵"),
            ("1,250,000", "۱٬۲۵۰٬۰۰۰"),
            ("1,2,3", "۱,۲,۳"),
            ("١٢", "۱۲"),
            ("سلام", "سلام"),
            ("", ""),
        ],
    )
    def test_are_written(self, value: Any, written: str) -> None:
        assert persian_digits(value) == written

    @pytest.mark.parametrize("value", [None, math.nan, True])
    def test_are_refused_of_nothing(self, value: Any) -> None:
        with pytest.raises(InvalidValue, match=r"^persian_digits: "):
            persian_digits(value)


class TestRial:
    @pytest.mark.parametrize(
        ("value", "written"),
        [
            (1250000, "1,250,000"),
            (1250000.0, "1,250,000"),
            (Decimal("1250000.00"), "1,250,000"),
            ("1250000", "1,250,000"),
            ("1,250,000", "1,250,000"),
            ("۱٬۲۵۰٬۰۰۰", "1,250,000"),
            (" ۱۲۵۰۰۰۰ ریال ", "1,250,000"),
            ("1250000.0", "1,250,000"),
            (2210.5, "2,211"),
            ("۲۲۱۰٫۴", "2,210"),
            (0, "0"),
            (-1250, "-1,250"),
            (999, "999"),
        ],
    )
    def test_is_grouped(self, value: Any, written: str) -> None:
        assert rial(value) == written

    def test_with_persian_digits_has_their_marks(self) -> None:
        assert persian_digits(rial(1250000)) == "۱٬۲۵۰٬۰۰۰"

    @pytest.mark.parametrize(
        "value", [None, True, "", "free", "nan", math.nan, math.inf, "1_000", "12 تومان", [], "1,25", "9" * 40]
    )
    def test_is_refused_of_what_is_no_amount(self, value: Any) -> None:
        with pytest.raises(InvalidValue, match=r"^rial: is no amount$"):
            rial(value)

    @given(st.integers(-(10**20), 10**20))
    def test_says_the_same_number(self, value: int) -> None:
        assert int(rial(value).replace(",", "")) == value
        assert rial(rial(value)) == rial(value)


def test_the_filters_have_their_names() -> None:
    assert sorted(FILTERS) == ["jalali", "persian_digits", "rial"]
