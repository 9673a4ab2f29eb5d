"""Quiet hours, in the time of Tehran."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ippanel_provider.text.hours import TEHRAN, QuietHours, quiet_hours_of

NIGHT = QuietHours(time(22), time(8))
NOON = QuietHours(time(13), time(14, 30))
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - made aware
HOURS = st.builds(QuietHours, st.times(), st.times()).filter(lambda hours: hours.start != hours.end)


def tehran(hour: int, minute: int = 0, day: int = 10) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=TEHRAN)


@pytest.mark.parametrize(
    ("hours", "moment", "covered"),
    [
        (NIGHT, tehran(21, 59), False),
        (NIGHT, tehran(22), True),
        (NIGHT, tehran(0), True),
        (NIGHT, tehran(7, 59), True),
        (NIGHT, tehran(8), False),
        (NOON, tehran(12, 59), False),
        (NOON, tehran(13), True),
        (NOON, tehran(14, 30), False),
        (NIGHT, datetime(2026, 3, 10, 18, 29, tzinfo=UTC), False),
        (NIGHT, datetime(2026, 3, 10, 18, 30, tzinfo=UTC), True),
    ],
)
def test_they_begin_sharp_and_end_sharp(hours: QuietHours, moment: datetime, covered: bool) -> None:
    assert hours.cover(moment) is covered


@pytest.mark.parametrize(
    ("moment", "earliest"),
    [
        (tehran(12), tehran(12)),
        (tehran(22), tehran(8, day=11)),
        (tehran(23, 59), tehran(8, day=11)),
        (tehran(0, day=11), tehran(8, day=11)),
        (tehran(7, 59), tehran(8)),
    ],
)
def test_the_earliest_moment_is_the_end_of_the_night(moment: datetime, earliest: datetime) -> None:
    assert NIGHT.earliest(moment) == earliest


@given(HOURS, MOMENTS)
def test_the_earliest_moment_is_never_quiet_never_past_and_within_a_day(hours: QuietHours, moment: datetime) -> None:
    earliest = hours.earliest(moment)
    assert not hours.cover(earliest)
    assert moment <= earliest <= moment + timedelta(days=1)


@pytest.mark.parametrize(("text", "hours"), [("22:00-08:00", NIGHT), (" 22:00 – 8:00 ", NIGHT), ("13:00-14:30", NOON)])
def test_they_are_written_as_people_write_them(text: str, hours: QuietHours) -> None:
    assert QuietHours.parse(text) == hours


@pytest.mark.parametrize(
    "text", ["", "22-8", "25:00-08:00", "22:00-08:60", "08:00-08:00", "night", "22:00-08:00, 13:00-14:00"]
)
def test_what_is_no_range_of_hours_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"22:00-08:00|hours go from|nothing could ever"):
        QuietHours.parse(text)


def test_a_line_has_its_own_or_those_of_all() -> None:
    assert quiet_hours_of("+983000505", "22:00-08:00") == NIGHT
    assert quiet_hours_of("+983000505", {"+983000505": "22:00-08:00"}) == NIGHT
    assert quiet_hours_of("+981000", {"+983000505": "22:00-08:00"}) is None
    assert quiet_hours_of("+981000", None) is None
