"""Flags, numbers, durations and times are read in one way, and what is none is refused by its field."""

from __future__ import annotations

import math
import pickle
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ippanel_provider.values import InvalidValue, duration, flag, moment, number, seconds, whole

TEHRAN = timezone(timedelta(hours=3, minutes=30))


class TestFlag:
    @pytest.mark.parametrize("value", [True, 1, 1.0, "True", "true", "TRUE", " yes\n", "1"])
    def test_is_true(self, value: object) -> None:
        assert flag(value, "prune") is True

    @pytest.mark.parametrize("value", [False, 0, 0.0, "False", "false", "no", "0", " FALSE "])
    def test_is_false(self, value: object) -> None:
        assert flag(value, "prune") is False

    @pytest.mark.parametrize("value", [None, "", " ", "None", "{{ params.prune }}", "maybe", 2, -1, math.nan, [], [0]])
    def test_is_never_guessed(self, value: object) -> None:
        with pytest.raises(InvalidValue, match=r"^prune: expected one of true, false"):
            flag(value, "prune")

    @given(st.booleans())
    def test_survives_being_rendered(self, value: bool) -> None:
        assert flag(str(value), "f") is flag(repr(value), "f") is flag(int(value), "f") is value


class TestWhole:
    @pytest.mark.parametrize("value", [7, 7.0, Decimal(7), "7", " 7 ", "+7", "7.0", "7.", "۷"])
    def test_reads_numbers_and_their_texts(self, value: object) -> None:
        assert whole(value, "size") == 7

    @pytest.mark.parametrize(
        "value",
        [
            "",
            None,
            True,
            False,
            7.5,
            "7.5",
            "seven",
            "7e3",
            "1_000",
            math.nan,
            math.inf,
            Decimal("nan"),
            [7],
            "9" * 5000,
        ],
    )
    def test_refuses_what_is_none(self, value: object) -> None:
        with pytest.raises(InvalidValue, match=r"^size: expected a whole number"):
            whole(value, "size")

    @pytest.mark.parametrize("value", [0, "-1", 101])
    def test_refuses_what_is_out_of_range(self, value: object) -> None:
        with pytest.raises(InvalidValue, match=r"^size: must be from 1 to 100$"):
            whole(value, "size", low=1, high=100)

    @given(st.integers(-(10**29), 10**29))
    def test_survives_being_rendered(self, value: int) -> None:
        assert whole(str(value), "n") == value


class TestNumber:
    @pytest.mark.parametrize("value", [0.5, "0.5", " .5", Decimal("0.5"), "۰.۵"])
    def test_reads_numbers_and_their_texts(self, value: object) -> None:
        assert number(value, "rate") == 0.5

    @pytest.mark.parametrize(
        "value", ["", None, True, "fast", math.nan, -math.inf, "nan", "inf", Decimal("sNaN"), 10**400, [1]]
    )
    def test_refuses_what_is_none(self, value: object) -> None:
        with pytest.raises(InvalidValue, match=r"^rate: expected a number"):
            number(value, "rate")

    def test_refuses_what_is_out_of_range(self) -> None:
        with pytest.raises(InvalidValue, match=r"^rate: must be at least 0\.1$"):
            number(0, "rate", low=0.1)
        with pytest.raises(InvalidValue, match=r"^rate: must be at most 9$"):
            number("10", "rate", high=9)


class TestSeconds:
    @pytest.mark.parametrize("value", [90, 90.0, "90", timedelta(seconds=90), "0:01:30"])
    def test_reads_a_number_or_a_timedelta_or_what_they_render_to(self, value: object) -> None:
        assert seconds(value, "settle") == 90

    @pytest.mark.parametrize("value", ["90s", "1h", "", None, True, math.nan, math.inf, [90]])
    def test_refuses_what_is_neither(self, value: object) -> None:
        with pytest.raises(InvalidValue, match=r"^settle: expected a number of seconds or a timedelta"):
            seconds(value, "settle")

    @pytest.mark.parametrize("value", [-5, "-5", timedelta(seconds=-5), "-1 day, 23:59:55"])
    def test_is_not_negative(self, value: object) -> None:
        with pytest.raises(InvalidValue, match=r"^settle: must be at least 0$"):
            seconds(value, "settle")

    @given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=99_999)))
    def test_survive_being_rendered(self, value: timedelta) -> None:
        assert seconds(str(value), "s") == pytest.approx(value.total_seconds())


class TestDuration:
    @pytest.mark.parametrize(
        ("text", "span"),
        [
            ("90s", timedelta(seconds=90)),
            ("30m", timedelta(minutes=30)),
            ("48h", timedelta(hours=48)),
            (" 7D ", timedelta(days=7)),
            ("2 w", timedelta(weeks=2)),
            ("۷d", timedelta(days=7)),
        ],
    )
    def test_has_its_unit(self, text: str, span: timedelta) -> None:
        assert duration(text, "older-than") == span

    @pytest.mark.parametrize("text", ["", "48", "h", "-1h", "1.5h", "1y", "1h30m", "9999999999d", "999999999w"])
    def test_is_refused_without_one(self, text: str) -> None:
        with pytest.raises(InvalidValue, match=r"^older-than: "):
            duration(text, "older-than")


class TestMoment:
    AT = datetime(2026, 3, 10, 9, tzinfo=TEHRAN)

    @pytest.mark.parametrize(
        "value",
        [
            AT,
            "2026-03-10T09:00:00+03:30",
            "2026-03-10T05:30:00Z",
            " 2026-03-10 09:00:00+03:30\n",
            "۲۰۲۶-۰۳-۱۰T۰۹:۰۰+۰۳:۳۰",
        ],
    )
    def test_is_a_datetime_or_its_iso_text(self, value: object) -> None:
        assert moment(value, "send_time") == self.AT

    @pytest.mark.parametrize("value", [AT.replace(tzinfo=None), "2026-03-10T09:00:00", "2026-03-10"])
    def test_has_a_time_zone(self, value: object) -> None:
        with pytest.raises(InvalidValue, match=r"^send_time: has no time zone; give it with"):
            moment(value, "send_time")

    @pytest.mark.parametrize(
        "value",
        ["1405-09-07T10:00:00+03:30", "1405/09/07 10:00", "۱۴۰۵-۰۹-۰۷", "1405-02-31", datetime(1405, 9, 7, tzinfo=UTC)],
    )
    def test_names_a_year_of_the_jalali_calendar_as_such(self, value: object) -> None:
        with pytest.raises(InvalidValue, match=r"^send_time: 1405 is a year of the Jalali calendar"):
            moment(value, "send_time")

    @pytest.mark.parametrize(
        "value", ["", "tomorrow", "2026-02-30T09:00:00+03:30", "09120001234", None, 5, date(2026, 3, 10)]
    )
    def test_is_nothing_else(self, value: object) -> None:
        with pytest.raises(InvalidValue, match=r"^send_time: .*2026-03-10T09:00:00"):
            moment(value, "send_time")

    @given(st.datetimes(min_value=AT.replace(year=1900, tzinfo=None), timezones=st.just(UTC)))
    def test_survives_being_rendered(self, value: datetime) -> None:
        assert moment(str(value), "t") == moment(value.isoformat(), "t") == value


@pytest.mark.parametrize("reader", [flag, whole, number, seconds, duration, moment])
@given(value=st.text(min_size=8))
def test_no_message_repeats_the_value(reader: Any, value: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        reader("09120001234 " + value, "field")
    assert "0912" not in str(refusal.value)
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


class Scalar:
    """What numpy and its kin hand out for one value of an array."""

    def __init__(self, value: object, ndim: int = 0) -> None:
        self.value, self.ndim = value, ndim

    def item(self) -> object:
        return self.value


def test_scalars_of_arrays_are_what_they_hold() -> None:
    assert flag(Scalar(False), "f") is False
    assert whole(Scalar(7), "n") == 7
    assert number(Scalar(0.5), "x") == 0.5
    with pytest.raises(InvalidValue, match=r"^n: expected a whole number"):
        whole(Scalar([7], ndim=1), "n")


def test_a_refusal_survives_being_carried_to_another_process() -> None:
    carried = pickle.loads(pickle.dumps(InvalidValue("prune", "expected one of true, false")))
    assert isinstance(carried, InvalidValue)
    assert (carried.field, carried.problem, str(carried)) == (
        "prune",
        "expected one of true, false",
        "prune: expected one of true, false",
    )
