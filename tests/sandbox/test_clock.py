"""The clock moves forward only, jumps and changes its speed without a step."""

from datetime import UTC, datetime

import pytest

from ippanel_provider.sandbox.clock import Clock


def test_a_stopped_clock_moves_only_when_advanced() -> None:
    clock = Clock(speed=0)
    start = clock.now()
    clock.advance(40)
    assert clock.now() == start + 40


def test_stopping_keeps_the_time_reached() -> None:
    clock = Clock()
    before = clock.now()
    clock.set_speed(0)
    assert before <= clock.now() == clock.now()


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
def test_it_never_goes_back_or_to_the_end_of_time(seconds: float) -> None:
    with pytest.raises(ValueError, match="forward"):
        Clock().advance(seconds)


@pytest.mark.parametrize("factor", [-1, float("nan")])
def test_speed_is_a_factor_from_zero(factor: float) -> None:
    with pytest.raises(ValueError, match="from 0"):
        Clock().set_speed(factor)


def test_it_stops_before_dates_do() -> None:
    clock = Clock(speed=0)
    for _ in range(24):
        clock.advance(9 * 10**9)
    assert datetime.fromtimestamp(clock.now(), UTC).year > 8800
    with pytest.raises(ValueError, match="year 9000"):
        clock.advance(9 * 10**9)


def test_a_moment_that_is_held_moves_when_the_clock_is_set() -> None:
    clock = Clock(speed=0)
    start = clock.now()
    with clock.held(start + 1000):
        clock.set(start + 7, 0)
        assert clock.now() == start + 7
    assert clock.now() == start + 7
