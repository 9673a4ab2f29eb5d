"""Waiting for bulks with conditions: which ends fail it, and how many recipients have to be delivered to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSensorTimeout, TaskDeferred

from ippanel_provider.client import edge
from ippanel_provider.exceptions import BulksFailed, TooFewDelivered, WaitTimedOut
from ippanel_provider.hooks.ippanel import IPPanelHook
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.sensors.bulk import IPPanelBulkSensor
from ippanel_provider.service import BulkState

NEVER_FINAL = "+989000000100"


def send(sandbox: RunningSandbox, *recipients: str) -> int:
    sandbox.account(duplicate_guard=0)
    numbers = recipients or ("09120000001",)
    return IPPanelHook().run(edge.send.webservice("سلام", numbers, sender=sandbox.sender)).outbox_ids[0]


def sensor(outbox_ids: Any, **options: Any) -> IPPanelBulkSensor:
    return IPPanelBulkSensor(task_id="wait", outbox_ids=outbox_ids, **options)


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
    outbox_id = send(sandbox, "09120000001", "09120000002", "09120000003", NEVER_FINAL)
    sandbox.settle()
    looked = sensor(outbox_id, min_delivered=0.75).poke({})
    assert looked.xcom_value == {"bulks": 1, "delivered": 3, "pending": 1, "lost": 0}
    assert not sensor(outbox_id, min_delivered=0.8).poke({}), "the fourth may still be delivered to"


def test_too_few_that_can_be_reached_end_it_too(sandbox: RunningSandbox) -> None:
    outbox_id = send(sandbox, "09120000001", "09120000993", NEVER_FINAL)
    sandbox.settle()
    with pytest.raises(TooFewDelivered, match="1 of 3 recipients were delivered to, 1 never will be; 90%"):
        sensor(outbox_id, min_delivered=0.9).poke({})


def test_a_service_out_of_reach_is_a_look_without_result(sandbox: RunningSandbox, connect: Callable[..., str]) -> None:
    connect("down", host="http://127.0.0.1:9/v1")
    assert not sensor(1, ippanel_conn_id="down").poke({})


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


def test_the_deliveries_of_an_event_are_judged_as_those_of_a_look() -> None:
    waiting = sensor([1, 2], min_delivered=0.5)
    event = {"status": "final", "states": {"1": 6, "2": 6}, "delivery": [3, 1, 0]}
    assert waiting.execute_complete({}, event) == {"bulks": 2, "delivered": 3, "pending": 1, "lost": 0}
    with pytest.raises(TooFewDelivered):
        waiting.execute_complete({}, event | {"delivery": [1, 0, 3]})


def test_a_deferred_wait_times_out_as_any_sensor_does() -> None:
    with pytest.raises(WaitTimedOut) as timed_out:
        sensor([1]).execute_complete({}, {"status": "timeout", "message": "the time is up"})
    assert isinstance(timed_out.value, AirflowSensorTimeout)


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


def test_in_a_dag_deferred_until_all_are_delivered_to(
    sandbox: RunningSandbox, new_dag: Callable[..., Any], run_dag: Callable[..., Any]
) -> None:
    outbox_id = send(sandbox)
    sandbox.speed(50)
    with new_dag() as dag:
        sensor(outbox_id, deferrable=True, poke_interval=0.1, min_delivered=1)
    try:
        assert run_dag(dag).results == {"wait": {"bulks": 1, "delivered": 1, "pending": 0, "lost": 0}}
    finally:
        sandbox.speed(1)


DEFERRED = """
import sys
from airflow.providers.common.compat.sdk import DAG
from ippanel_provider.sensors.bulk import IPPanelBulkSensor

with DAG("deferred_in_a_test_run") as dag:
    IPPanelBulkSensor(
        task_id="wait", outbox_ids=[{outbox_id}], deferrable=True, poke_interval=0.2, ippanel_conn_id="stored"
    )
if __name__ == "__main__":
    sys.exit(dag.test().state != "success")
"""


def test_in_a_test_run_of_a_dag_the_connection_may_lie_in_the_database(
    sandbox: RunningSandbox, metadata_database: None, tmp_path: Path
) -> None:
    """As after ``airflow connections add``; in a process of its own, as people run it."""
    from airflow.models.connection import Connection
    from airflow.utils.session import create_session

    with create_session() as session:
        fields = json.loads(os.environ["AIRFLOW_CONN_IPPANEL_DEFAULT"])
        session.add(Connection("stored", **fields | {"extra": json.dumps(fields["extra"])}))
    file = tmp_path / "deferred.py"
    file.write_text(DEFERRED.format(outbox_id=send(sandbox)))
    ran = subprocess.run(
        [sys.executable, str(file)],
        env=os.environ | {"AIRFLOW__CORE__DAGS_FOLDER": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("count", [2, 300])
def test_it_says_at_most_once_a_minute_how_far_it_is_and_why(
    sandbox: RunningSandbox, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str], count: int
) -> None:
    sandbox.account(duplicate_guard=0)
    texts = [(f"0912{number:07d}", f"text {number}") for number in range(count)]
    ids = IPPanelHook().run(edge.send.peer_to_peer(texts, sender=sandbox.sender)).outbox_ids
    sandbox.advance(0.6)
    sandbox.speed(0.001)
    waiting = sensor(ids)
    with caplog.at_level("INFO"):
        for _ in range(3):
            waiting.poke({})
    said = f"{count} of {count} bulks are not final: {count} wait for a person at the service, who reviews them."
    # Airflow 3 writes a task's log to standard output where no task runs.
    assert (caplog.text or capsys.readouterr().out).count(said) == 1
    sandbox.speed(1)
