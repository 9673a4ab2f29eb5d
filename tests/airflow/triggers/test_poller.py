"""One loop for all that wait on a connection: what it costs, and that nobody is forgotten."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, ClassVar

import pytest

from ippanel_provider.client import NotSent, Refused, Throttled
from ippanel_provider.client.errors import Details
from ippanel_provider.hooks.ippanel import IPPanelHook
from ippanel_provider.triggers import poller as module
from ippanel_provider.triggers.poller import Poller, Wait

LATER = 4_000_000_000.0


class Counting(Poller[Wait]):
    """Answers a wait at its third look; ``script`` are errors to raise first."""

    script: ClassVar[list[Exception]] = []
    looks: ClassVar[list[tuple[float, int]]] = []

    async def look(self, hook: IPPanelHook, due: Sequence[Wait]) -> None:
        self.looks.append((asyncio.get_running_loop().time(), len(due)))
        if self.script:
            raise self.script.pop(0)
        if len(self.looks) >= 3:
            for wait in due:
                wait.settle({"status": "done"})


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Counting, "script", [])
    monkeypatch.setattr(Counting, "looks", [])
    monkeypatch.setattr(module, "GATHER_SECONDS", 0.01)


def run(*waits: Callable[[], Wait], conn_id: str = "any") -> list[dict[str, Any]]:
    async def all_of_them() -> list[dict[str, Any]]:
        events = await asyncio.gather(*(Counting.wait(conn_id, make()) for make in waits))
        assert Counting.running(conn_id) is None, "nobody waits, so nothing runs"
        return events

    return asyncio.run(asyncio.wait_for(all_of_them(), 20))


def test_a_thousand_waits_share_each_look() -> None:
    events = run(*[lambda: Wait(0.05, LATER)] * 1000)
    assert events == [{"status": "done"}] * 1000
    assert [count for _, count in Counting.looks] == [1000] * 3


def test_one_with_a_slow_rhythm_is_not_asked_for_at_the_fast_one_s(monkeypatch: pytest.MonkeyPatch) -> None:
    run(lambda: Wait(0.04, LATER), lambda: Wait(30, time.time() + 0.3))
    assert [count for _, count in Counting.looks] == [2, 1, 1]


def test_one_that_comes_later_looks_soon_but_not_at_once() -> None:
    async def later() -> float:
        first = asyncio.create_task(Counting.wait("any", Wait(0.2, LATER)))
        await asyncio.sleep(0.05)
        second = asyncio.create_task(Counting.wait("any", Wait(0.2, LATER)))
        await asyncio.gather(first, second)
        return Counting.looks[1][0] - Counting.looks[0][0]

    assert asyncio.run(later()) >= 0.1


def test_a_deadline_of_the_wall_clock_ends_a_wait_with_its_progress() -> None:
    began = time.time()
    assert run(lambda: Wait(30, began + 0.1)) == [
        {"status": "timeout", "message": "the time is up and what it waits for has not come."}
    ]
    assert len(Counting.looks) == 1


def test_nobody_is_sent_away_without_one_look() -> None:
    run(lambda: Wait(30, 0.0))
    assert len(Counting.looks) == 1


def test_failures_are_ridden_out_with_growing_pauses() -> None:
    Counting.script = [NotSent("down"), NotSent("down"), NotSent("down")]
    assert run(lambda: Wait(0.02, LATER)) == [{"status": "done"}]
    times = [moment for moment, _ in Counting.looks]
    pauses = [after - before for before, after in pairwise(times)]
    assert pauses[0] >= 0.02 * 2 * 0.9
    assert pauses[1] >= 0.02 * 4 * 0.9
    assert pauses[2] >= 0.02 * 8 * 0.9


def test_the_service_is_not_asked_before_the_time_it_named() -> None:
    Counting.script = [Throttled("later", Details(retry_after=0.3))]
    run(lambda: Wait(0.01, LATER))
    assert Counting.looks[1][0] - Counting.looks[0][0] >= 0.3


def test_the_last_trouble_is_told_when_the_time_is_up() -> None:
    Counting.script = [NotSent("no connection")] * 50
    (event,) = run(lambda: Wait(0.01, time.time() + 0.15))
    assert event["status"] == "timeout"
    assert event["message"].endswith("The last look failed: no connection")


def test_a_slow_service_is_given_as_long_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[float] = []

    async def slow(self: Counting, hook: IPPanelHook, due: Sequence[Wait]) -> None:
        self.looks.append((asyncio.get_running_loop().time(), len(due)))
        await asyncio.sleep(0.2)
        ended.append(asyncio.get_running_loop().time())
        if len(self.looks) == 2:
            due[0].settle({})

    monkeypatch.setattr(Counting, "look", slow)
    run(lambda: Wait(0.001, LATER))
    assert Counting.looks[1][0] - ended[0] >= 0.19


@pytest.mark.parametrize("error", [Refused("no"), RuntimeError("a mistake of ours")])
def test_what_cannot_get_better_ends_the_waits_with_the_reason(error: Exception) -> None:
    Counting.script = [error]
    assert [event["status"] for event in run(lambda: Wait(1, LATER), lambda: Wait(1, LATER))] == ["error", "error"]


def test_a_connection_that_is_not_there_ends_the_waits() -> None:
    from ippanel_provider.triggers.account import CreditPoller, CreditWait

    async def wait() -> dict[str, Any]:
        return await asyncio.wait_for(CreditPoller.wait("no_such_connection", CreditWait(1, 1, LATER)), 20)

    event = asyncio.run(wait())
    assert event["status"] == "error"
    assert "no_such_connection" in event["message"]


def test_a_wait_that_is_cancelled_leaves_and_the_others_go_on() -> None:
    async def cancelled() -> dict[str, Any]:
        gone = asyncio.create_task(Counting.wait("any", Wait(0.02, LATER)))
        stays = asyncio.create_task(Counting.wait("any", Wait(0.02, LATER)))
        await asyncio.sleep(0)
        assert len(Counting.looks) == 0
        gone.cancel()
        return await stays

    assert asyncio.run(cancelled()) == {"status": "done"}
    assert {count for _, count in Counting.looks} == {1}


def test_connections_are_asked_apart() -> None:
    async def two() -> None:
        both = [asyncio.create_task(Counting.wait(conn_id, Wait(5, time.time() + 0.2))) for conn_id in ("one", "other")]
        await asyncio.gather(*both)

    asyncio.run(two())
    assert [count for _, count in Counting.looks] == [1, 1]


def test_each_wait_says_in_its_own_log_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "SAY_EVERY", 0.01)
    with caplog.at_level("INFO"):
        run(lambda: Wait(0.05, LATER))
    assert "what it waits for has not come." in caplog.text
