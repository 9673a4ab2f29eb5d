"""Waiting for a time of the wall clock on the triggerer."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import pytest

from ippanel_provider.triggers import clock
from ippanel_provider.triggers.clock import IPPanelClockTrigger


def events_of(trigger: IPPanelClockTrigger) -> list[Any]:
    async def collect() -> list[Any]:
        return [event.payload async for event in trigger.run()]

    return asyncio.run(collect())


def test_a_time_that_has_come_is_told_at_once() -> None:
    assert events_of(IPPanelClockTrigger(time.time() - 1)) == [{"status": "time"}]


def test_it_follows_the_clock_of_the_wall_in_short_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, slept = [1000.0], []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        # The machine is suspended in the second sleep, and wakes up late.
        shown[0] += seconds if len(slept) != 2 else 5000

    monkeypatch.setattr(clock, "time", SimpleNamespace(time=lambda: shown[0]))
    monkeypatch.setattr(clock, "asyncio", SimpleNamespace(sleep=sleep))
    assert events_of(IPPanelClockTrigger(4600.0)) == [{"status": "time"}]
    assert slept == [30.0, 30.0]


def test_a_triggerer_takes_it_up_again() -> None:
    path, arguments = IPPanelClockTrigger(4600.5).serialize()
    assert path == "ippanel_provider.triggers.clock.IPPanelClockTrigger"
    assert IPPanelClockTrigger(**arguments).serialize() == (path, {"moment": 4600.5})
