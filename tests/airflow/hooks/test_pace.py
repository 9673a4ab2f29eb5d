"""So many requests a second and no more."""

from __future__ import annotations

from ippanel_provider.hooks.clients import Pace


def test_turns_come_evenly() -> None:
    pace = Pace(4, clock=lambda: 100.0)
    assert [pace.wait() for _ in range(4)] == [0, 0.25, 0.5, 0.75]


def test_idle_time_saves_up_no_burst() -> None:
    now = [100.0]
    pace = Pace(2, clock=lambda: now[0])
    pace.wait()
    now[0] += 60
    assert [pace.wait() for _ in range(3)] == [0, 0.5, 1.0]


def test_without_a_limit_nobody_waits() -> None:
    pace = Pace(None)
    assert [pace.wait() for _ in range(3)] == [0, 0, 0]
