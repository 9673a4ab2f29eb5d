"""The example of a DAG that runs when a text comes in: the watch sees it, the run answers it, and no run answers it
again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from ippanel_provider.sandbox.runner import RunningSandbox

ANA, BEN = "+989120000001", "+989120000002"
ANSWER = "درخواست لغو شما ثبت شد."


@pytest.fixture
def dag(example: Callable[[str], Any]) -> Any:
    """The DAG."""
    return example("inbox")


@pytest.fixture
def run_for(dag: Any, run_dag: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], Any]:
    """Run the DAG for an event of its watcher.

    A test run of Airflow's is never for an event; this hands it one, in the way of the scheduler.
    """
    from airflow.assets.manager import AssetManager
    from airflow.models import dagrun

    make = dagrun.get_or_create_dagrun
    (asset,) = dag.timetable.asset_condition.objects
    payloads: list[Any] = []

    def for_event(*, session: Any, **options: Any) -> Any:
        run = make(session=session, **options)
        event = AssetManager.register_asset_change(
            asset=asset, extra={"from_trigger": True, "payload": payloads[-1]}, session=session
        )
        run.consumed_asset_events.append(event)
        session.commit()
        return run

    monkeypatch.setattr(dagrun, "get_or_create_dagrun", for_event)

    def run(event: Any) -> Any:
        payloads.append(event.payload)
        return run_dag(dag)

    return run


def watched(dag: Any, come_in: Callable[[], None]) -> Any:
    """Let the watcher of the example watch while texts come in; return its first event."""
    (asset,) = dag.timetable.asset_condition.objects
    (watcher,) = asset.watchers
    watcher.trigger.poll_interval = 0.1

    async def watch() -> Any:
        events = watcher.trigger.run()
        first = asyncio.ensure_future(anext(events))
        # What comes in before the first look is from before the watch.
        await asyncio.sleep(0)
        while not first.done():
            come_in()
            await asyncio.wait([first], timeout=0.5)
        await events.aclose()
        return first.result()

    return asyncio.run(asyncio.wait_for(watch(), 30))


def test_whoever_texts_stop_is_answered_once(
    sandbox: RunningSandbox, dag: Any, run_for: Callable[[Any], Any], received: Callable[[], Any]
) -> None:
    sandbox.inbox(BEN, "hello")
    event = watched(dag, lambda: sandbox.inbox(ANA, "Stop please"))
    run = run_for(event)
    assert run.state == "success", run.log
    texts = received()
    assert set(texts) == {(ANA, ANSWER)}
    again = run_for(event)
    assert again.states == dict.fromkeys(["what_is_new", "confirm", "remember"], "skipped"), again.log
    assert received() == texts
    sandbox.inbox(BEN, "لغو")
    run_for(event)
    assert received() == [*texts, (BEN, ANSWER)]
    assert "912000000" not in f"{run.log}{run.results}{event.payload}"
