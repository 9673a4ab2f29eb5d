"""Waiting until texts have gone out: on a worker, in slices of a worker, on the triggerer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import Asset

from ippanel_provider.client import edge
from ippanel_provider.exceptions import BulksFailed, WaitFailed
from ippanel_provider.hooks.ippanel import IPPanelHook
from ippanel_provider.operators.report import IPPanelDeliveryReportOperator
from ippanel_provider.operators.send import IPPanelSendOperator
from ippanel_provider.outbox_ids import LISTED, OutboxIds, written
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.sensors.bulk import IPPanelBulkSensor

MODES = [{"mode": "poke"}, {"mode": "reschedule"}, {"deferrable": True}]
MODE_NAMES = ["poke", "reschedule", "deferrable"]


def send(sandbox: RunningSandbox, number: str = "09120000001") -> int:
    return IPPanelHook().run(edge.send.webservice("سلام", [number], sender=sandbox.sender)).outbox_ids[0]


def sensor(**fields: Any) -> IPPanelBulkSensor:
    return IPPanelBulkSensor(**({"task_id": "wait", "poke_interval": 0.05, "timeout": 20} | fields))


@pytest.mark.parametrize("mode", MODES, ids=MODE_NAMES)
def test_it_waits_until_all_bulks_are_sent(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any, mode: dict[str, Any]
) -> None:
    ids = [send(sandbox, f"0912000000{digit}") for digit in range(5)]
    sandbox.speed(5)
    with new_dag() as dag:
        sensor(outbox_ids=ids, **mode)
    run = run_dag(dag)
    assert run.state == "success"
    assert run.results["wait"] == {"bulks": 5}
    assert "All 5 bulks are sent" in run.log
    sandbox.speed(1)


@pytest.mark.parametrize("mode", MODES, ids=MODE_NAMES)
def test_a_bulk_that_ended_badly_fails_it_with_the_reason(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any, mode: dict[str, Any]
) -> None:
    good, poor, rejected = send(sandbox), send(sandbox, "09120000002"), send(sandbox, "09120000003")
    sandbox.decide(poor, state_id=8)
    sandbox.decide(rejected, state_id=3)
    sandbox.settle()
    with new_dag() as dag:
        sensor(outbox_ids=[good, poor, rejected], retries=2, **mode)
    run = run_dag(dag)
    assert run.state == "failed"
    assert (
        f"2 of the bulks were not sent. By reason: insufficient credit: {poor}; rejected by monitoring: {rejected}."
        in run.log
    )
    assert "up_for_retry" not in run.log.lower()


@pytest.mark.parametrize("mode", MODES, ids=MODE_NAMES)
def test_bulks_that_are_final_already_take_one_look(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any, mode: dict[str, Any]
) -> None:
    outbox_id = send(sandbox)
    sandbox.settle()
    with new_dag() as dag:
        sensor(outbox_ids=outbox_id, **mode)
    assert run_dag(dag).state == "success"
    assert sandbox.stats()["requests"]["GET /api/report/by_bulk"] == 1


@pytest.mark.parametrize("mode", MODES, ids=MODE_NAMES)
def test_the_time_runs_out(sandbox: RunningSandbox, new_dag: Any, run_dag: Any, mode: dict[str, Any]) -> None:
    outbox_id = send(sandbox)
    sandbox.speed(0)
    with new_dag() as dag:
        sensor(outbox_ids=outbox_id, **(mode | {"timeout": 0.2}))
    assert run_dag(dag).state == "failed"
    sandbox.speed(1)


@pytest.mark.parametrize("mode", MODES, ids=MODE_NAMES)
def test_soft_fail_skips_instead(sandbox: RunningSandbox, new_dag: Any, run_dag: Any, mode: dict[str, Any]) -> None:
    outbox_id = send(sandbox)
    sandbox.speed(0)
    with new_dag() as dag:
        sensor(outbox_ids=outbox_id, soft_fail=True, **(mode | {"timeout": 0.2}))
    assert run_dag(dag).states["wait"] == "skipped"
    sandbox.speed(1)


@pytest.mark.parametrize("mode", MODES, ids=MODE_NAMES)
def test_the_result_of_a_sending_task_is_taken_as_it_is(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any, mode: dict[str, Any]
) -> None:
    from ippanel_provider.operators.send import IPPanelSendOperator

    sandbox.pace(0)
    with new_dag() as dag:
        send = IPPanelSendOperator(task_id="send", message="سلام", recipients=["09120000001"])
        sensor(outbox_ids=send.output, **mode)
    run = run_dag(dag)
    assert run.results["wait"] == {"bulks": 1}
    sandbox.pace(1)


def test_a_bulk_the_service_does_not_know_yet_is_waited_for(sandbox: RunningSandbox) -> None:
    """The list may lag behind what was accepted."""
    assert not sensor(outbox_ids=1).poke({}).is_done


@pytest.mark.parametrize(
    ("event", "error", "said"),
    [
        ({"status": "final", "states": {"7": 8}}, BulksFailed, "insufficient credit: 7"),
        ({"status": "final", "states": {"7": 42}}, BulksFailed, "in state 42, which the documents do not name: 7"),
        ({"status": "timeout", "message": "the time is up"}, WaitFailed, "the time is up"),
        ({"status": "error", "message": "the service refused"}, WaitFailed, "the service refused"),
        ({}, WaitFailed, "the trigger ended without a word"),
    ],
)
def test_every_event_but_a_good_one_fails_it(event: dict[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        sensor(outbox_ids=7).execute_complete({}, event)


def test_a_good_event_ends_it() -> None:
    assert sensor(outbox_ids=[7, 8]).execute_complete({}, {"status": "final", "states": {"7": 6, "8": 6}}) == {
        "bulks": 2
    }


@pytest.mark.parametrize("mode", MODES, ids=MODE_NAMES)
def test_a_wrong_key_is_named(connect: Callable[..., str], new_dag: Any, run_dag: Any, mode: dict[str, Any]) -> None:
    connect(password="wrong-key-0123456789")
    with new_dag() as dag:
        sensor(outbox_ids=7, **mode)
    run = run_dag(dag)
    assert run.state == "failed"
    assert "Check the API key" in run.log
    assert "wrong-key" not in run.log


@pytest.mark.parametrize("mode", [{}, {"deferrable": True}], ids=["on the worker", "deferred"])
def test_forty_thousand_are_waited_for_in_a_dag(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any, mode: dict[str, Any]
) -> None:
    sandbox.account(duplicate_guard=0, credit=10**12)
    hook, ids = IPPanelHook(), OutboxIds()
    for start in range(0, 40_000, 1000):
        texts = [(f"0912{number:07d}", f"text {number}") for number in range(start, start + 1000)]
        ids = OutboxIds([*ids, *hook.run(edge.send.peer_to_peer(texts, sender=sandbox.sender)).outbox_ids])
    sandbox.settle()
    with new_dag() as dag:
        IPPanelBulkSensor(task_id="wait", outbox_ids=written(ids), poke_interval=0.2, timeout=60, **mode)
    asked = sum(sandbox.stats()["requests"].values())
    run = run_dag(dag)
    assert run.results["wait"] == {"bulks": 40_000}
    assert sum(sandbox.stats()["requests"].values()) - asked <= 2 * (6 + 40 + 10)


def test_a_campaign_of_a_thousand_and_one_texts_is_sent_waited_for_and_reported_of(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any, tmp_path: Path
) -> None:
    several = LISTED + 1
    sandbox.account(duplicate_guard=0, credit=10**12)
    sandbox.speed(1000)
    with new_dag() as dag:
        texts = [(f"0912{number:07d}", f"text {number}") for number in range(several)]
        send = IPPanelSendOperator(task_id="send", messages=texts, outlets=[Asset("x://sent")])
        wait = IPPanelBulkSensor(task_id="wait", outbox_ids=send.output, poke_interval=0.2, timeout=60)
        report = IPPanelDeliveryReportOperator(
            task_id="report", outbox_ids=send.output, path=str(tmp_path / "report.jsonl"), settle=30
        )
        send >> wait >> report
    run = run_dag(dag)
    sandbox.speed(1)
    assert run.state == "success", run.log
    assert run.results["send"]["outbox_ids"]["count"] == several
    assert run.results["wait"] == {"bulks": several}
    assert run.results["report"]["recipients"] == several
