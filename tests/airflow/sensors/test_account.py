"""Waiting for approval and for credit."""

from __future__ import annotations

import time
from threading import Thread
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred

from ippanel_provider.client import edge
from ippanel_provider.exceptions import PatternRejected
from ippanel_provider.hooks.ippanel import IPPanelHook
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.sensors.account import IPPanelCreditSensor, IPPanelPatternSensor

MODES = [{"mode": "poke"}, {"mode": "reschedule"}, {"deferrable": True}]
MODE_NAMES = ["poke", "reschedule", "deferrable"]


@pytest.fixture
def code(sandbox: RunningSandbox) -> str:
    return (
        IPPanelHook().run(edge.pattern.create("سلام %name%", description="greeting", variables={"name": "string"})).code
    )


def test_a_pattern_is_waited_for_until_somebody_approves_it(sandbox: RunningSandbox, code: str) -> None:
    waiting = IPPanelPatternSensor(task_id="wait", pattern_code=code)
    assert not waiting.poke({})
    sandbox.approve(code)
    assert waiting.poke({}).xcom_value == code


def test_a_rejected_pattern_fails_the_task(sandbox: RunningSandbox, code: str) -> None:
    sandbox.reject(code)
    with pytest.raises(PatternRejected, match=code):
        IPPanelPatternSensor(task_id="wait", pattern_code=code).poke({})


def test_deferred_for_a_pattern_the_event_is_judged(sandbox: RunningSandbox, code: str) -> None:
    waiting = IPPanelPatternSensor(task_id="wait", pattern_code=code, deferrable=True)
    with pytest.raises(TaskDeferred) as deferred:
        waiting.execute({})
    assert deferred.value.trigger.serialize()[1]["pattern_code"] == code
    assert waiting.execute_complete({}, {"status": "decided", "pattern_status": "active"}) == code
    with pytest.raises(PatternRejected):
        waiting.execute_complete({}, {"status": "decided", "pattern_status": "inactive"})


def test_credit_is_waited_for_in_rial(sandbox: RunningSandbox) -> None:
    sandbox.account(credit=99_999)
    waiting = IPPanelCreditSensor(task_id="wait", at_least="100000")
    assert not waiting.poke({})
    sandbox.account(credit=100_000)
    assert waiting.poke({}).xcom_value == 100_000


def test_deferred_for_credit_it_hands_over_the_figure(sandbox: RunningSandbox) -> None:
    sandbox.account(credit=0)
    waiting = IPPanelCreditSensor(task_id="wait", at_least=10, deferrable=True)
    with pytest.raises(TaskDeferred) as deferred:
        waiting.execute({})
    assert deferred.value.trigger.serialize()[1]["at_least"] == 10
    assert waiting.execute_complete({}, {"status": "enough", "credit": 12}) == 12


@pytest.mark.parametrize("mode", MODES, ids=MODE_NAMES)
def test_in_a_dag_each_waits_until_it_is_so(
    sandbox: RunningSandbox, code: str, new_dag: Any, run_dag: Any, mode: dict[str, Any]
) -> None:
    sandbox.account(credit=0)
    changes = Thread(target=change_once_looked_at, args=(sandbox, code))
    with new_dag() as dag:
        approved = IPPanelPatternSensor(task_id="approved", pattern_code=code, poke_interval=0.1, timeout=60, **mode)
        paid = IPPanelCreditSensor(task_id="paid", at_least=10, poke_interval=0.1, timeout=60, **mode)
        approved >> paid
    changes.start()
    run = run_dag(dag)
    changes.join()
    assert run.state == "success", run.log
    assert run.results == {"approved": code, "paid": 50}


def change_once_looked_at(sandbox: RunningSandbox, code: str) -> None:
    """Approve the pattern after the first look at it, and pay after the first look at the credit."""

    def wait_for_a_look() -> None:
        before = sum(sandbox.stats()["requests"].values())
        until = time.monotonic() + 60
        while sum(sandbox.stats()["requests"].values()) == before and time.monotonic() < until:
            time.sleep(0.05)

    wait_for_a_look()
    sandbox.approve(code)
    wait_for_a_look()
    sandbox.account(credit=50)


def test_what_is_no_figure_is_named(sandbox: RunningSandbox) -> None:
    with pytest.raises(ValueError, match="at_least: expected a number"):
        IPPanelCreditSensor(task_id="wait", at_least="plenty")
    sensor: Any = IPPanelCreditSensor(task_id="wait", at_least="{{ 1 }}")
    sensor.at_least = "plenty"
    with pytest.raises(ValueError, match="connection 'ippanel_default', at_least: expected a number"):
        sensor.poke({})
