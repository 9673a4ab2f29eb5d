"""Waiting until bulks are final: what ends the wait, and how."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSensorTimeout, TaskDeferred

from ippanel_provider.client import edge
from ippanel_provider.exceptions import BulksFailed, TooFewDelivered, WaitFailed, WaitTimedOut
from ippanel_provider.hooks.ippanel import IPPanelHook
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.sensors.bulk import IPPanelBulkSensor
from ippanel_provider.service import BulkState

LOST = "09120000993"


def send(sandbox: RunningSandbox, *recipients: str) -> int:
    numbers = recipients or ("09120000001",)
    return IPPanelHook().run(edge.send.webservice("سلام", numbers, sender=sandbox.sender)).outbox_ids[0]


def sensor(outbox_ids: Any, **options: Any) -> IPPanelBulkSensor:
    return IPPanelBulkSensor(task_id="wait", outbox_ids=outbox_ids, **options)


@pytest.fixture(autouse=True)
def _no_guard(sandbox: RunningSandbox) -> None:
    sandbox.account(duplicate_guard=0)


def test_it_waits_until_all_are_final(sandbox: RunningSandbox) -> None:
    waiting = sensor([send(sandbox), send(sandbox)])
    assert not waiting.poke({})
    sandbox.settle()
    looked = waiting.poke({})
    assert looked
    assert looked.xcom_value == {"bulks": 2}


def test_what_is_final_is_not_asked_for_again(sandbox: RunningSandbox) -> None:
    first = send(sandbox)
    sandbox.settle()
    waiting = sensor([first, send(sandbox)])
    waiting.poke({})
    before = sandbox.stats()["requests"]["GET /api/report/by_bulk"]
    waiting.poke({})
    assert sandbox.stats()["requests"]["GET /api/report/by_bulk"] == before + 1


def test_one_that_failed_ends_the_wait_at_once(sandbox: RunningSandbox) -> None:
    bad, open_still = send(sandbox), send(sandbox)
    sandbox.decide(bad, state_id=BulkState.CANCELLED)
    with pytest.raises(BulksFailed, match=f"cancelled: {bad}"):
        sensor([bad, open_still]).poke({})


def test_a_state_that_may_be_is_reported_not_raised(sandbox: RunningSandbox) -> None:
    good, cancelled = send(sandbox), send(sandbox)
    sandbox.decide(cancelled, state_id=BulkState.CANCELLED)
    sandbox.settle()
    looked = sensor([good, cancelled], fail_on=["rejected", BulkState.NO_CREDIT]).poke({})
    assert looked.xcom_value == {"bulks": 2, "states": {"sent": 1, "cancelled": 1}}


def test_enough_delivered_ends_the_wait_before_the_last_is_settled(sandbox: RunningSandbox) -> None:
    outbox_id = send(sandbox, "09120000001", "09120000002", "09120000003", "+989000000100")
    sandbox.settle()
    looked = sensor(outbox_id, min_delivered=0.75).poke({})
    assert looked.xcom_value == {"bulks": 1, "delivered": 3, "pending": 1, "lost": 0}
    assert not sensor(outbox_id, min_delivered=0.8).poke({}), "the fourth may still be delivered to"


def test_too_few_that_can_be_reached_end_it_too(sandbox: RunningSandbox) -> None:
    outbox_id = send(sandbox, "09120000001", LOST, "+989000000100")
    sandbox.settle()
    with pytest.raises(TooFewDelivered, match="1 of 3 recipients were delivered to, 1 never will be; 90%"):
        sensor(outbox_id, min_delivered=0.9).poke({})


def test_a_service_out_of_reach_is_a_look_without_result(sandbox: RunningSandbox, connect: Callable[..., str]) -> None:
    connect("down", host="http://127.0.0.1:9/v1", extra={"retries": 0})
    assert not sensor(1, ippanel_conn_id="down").poke({})


def test_a_refusal_is_raised(sandbox: RunningSandbox, connect: Callable[..., str]) -> None:
    from ippanel_provider.client import Unauthorized

    connect("stranger", password="no-key-of-this-sandbox")
    with pytest.raises(Unauthorized):
        sensor(1, ippanel_conn_id="stranger").poke({})


def test_deferred_it_hands_over_ids_and_nothing_else(sandbox: RunningSandbox) -> None:
    outbox_id = send(sandbox)
    waiting = sensor(outbox_id, deferrable=True, poke_interval=7, min_delivered=0.5, fail_on=["rejected"])
    with pytest.raises(TaskDeferred) as deferred:
        waiting.execute({})
    _, kwargs = deferred.value.trigger.serialize()
    assert kwargs.pop("deadline") > 0
    assert kwargs == {
        "outbox_ids": [outbox_id],
        "fail_on": [3],
        "min_delivered": 0.5,
        "ippanel_conn_id": "ippanel_default",
        "poll_interval": 7,
    }


def test_what_is_final_already_is_not_deferred_for(sandbox: RunningSandbox) -> None:
    outbox_id = send(sandbox)
    sandbox.settle()
    assert sensor(outbox_id, deferrable=True).execute({}) == {"bulks": 1}


def test_the_trigger_s_event_is_judged_as_a_look_is() -> None:
    waiting = sensor([1, 2], min_delivered=0.5)
    assert waiting.execute_complete({}, {"status": "final", "states": {"1": 6, "2": 6}, "delivery": [3, 1, 0]}) == {
        "bulks": 2,
        "delivered": 3,
        "pending": 1,
        "lost": 0,
    }
    with pytest.raises(BulksFailed):
        waiting.execute_complete({}, {"status": "final", "states": {"1": 6, "2": 8}, "delivery": None})
    with pytest.raises(WaitTimedOut, match="outbox_ids: the time is up") as timed_out:
        waiting.execute_complete({}, {"status": "timeout", "message": "the time is up"})
    assert isinstance(timed_out.value, (AirflowSensorTimeout, WaitFailed))
    with pytest.raises(WaitFailed, match="the trigger ended without a word"):
        waiting.execute_complete({}, {})


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"min_delivered": 0}, "min_delivered"),
        ({"min_delivered": 1.1}, "min_delivered"),
        ({"fail_on": ["lost"]}, "fail_on"),
        ({"fail_on": [BulkState.SENT]}, "fail_on"),
        ({"fail_on": ["sending"]}, "fail_on"),
    ],
)
def test_mistakes_are_named_when_the_dag_is_read(options: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=field):
        sensor(1, **options)


@pytest.mark.parametrize("mode", ["poke", "reschedule"])
def test_in_a_dag_without_a_triggerer(sandbox: RunningSandbox, new_dag: Callable[..., Any], run_dag: Callable[..., Any], mode: str) -> None:
    outbox_id = send(sandbox)
    sandbox.settle()
    with new_dag() as dag:
        IPPanelBulkSensor(task_id="wait", outbox_ids=outbox_id, mode=mode, poke_interval=1)
    assert run_dag(dag).results == {"wait": {"bulks": 1}}


def test_in_a_dag_deferred(sandbox: RunningSandbox, new_dag: Callable[..., Any], run_dag: Callable[..., Any]) -> None:
    outbox_id = send(sandbox)
    sandbox.speed(50)
    with new_dag() as dag:
        IPPanelBulkSensor(task_id="wait", outbox_ids=outbox_id, deferrable=True, poke_interval=0.1, min_delivered=1)
    try:
        assert run_dag(dag).results == {"wait": {"bulks": 1, "delivered": 1, "pending": 0, "lost": 0}}
    finally:
        sandbox.speed(1)
