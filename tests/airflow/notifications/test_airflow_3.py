"""The notifier as the parts of Airflow 3 run it: deadlines on the triggerer and on a worker, and people in the loop."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import structlog
from airflow.triggers.callback import CallbackTrigger

from ippanel_provider.notifications.ippanel import IPPanelNotifier
from ippanel_provider.sandbox.runner import RunningSandbox

ANA = "+989120000001"
PATH = "ippanel_provider.notifications.ippanel.IPPanelNotifier"


@pytest.fixture
def arguments(sandbox: RunningSandbox, tmp_path: Path) -> dict[str, Any]:
    """What a deadline keeps of its callback, with the little context that one has."""
    return {
        "message": "{{ dag_run.dag_id }} is late",
        "recipients": ANA,
        "window_scope": "machine",
        "state_dir": str(tmp_path),
        "context": {"dag_run": {"dag_id": "orders", "dag_run_id": "run-1"}, "deadline": {"id": "1"}},
    }


def texts(sandbox: RunningSandbox) -> list[str]:
    return [message["text"] for message in sandbox.messages()]


def test_a_deadline_missed_is_told_from_the_triggerer_once(sandbox: RunningSandbox, arguments: dict[str, Any]) -> None:
    async def states() -> list[str]:
        return [str(event.payload["state"]) async for event in CallbackTrigger(PATH, dict(arguments)).run()]

    assert [asyncio.run(states())[-1] for _ in range(3)] == ["success"] * 3
    assert texts(sandbox) == ["orders is late"]


def test_a_deadline_that_cannot_be_told_fails_its_callback(sandbox: RunningSandbox, arguments: dict[str, Any]) -> None:
    sandbox.fault("refused", path="/api/send")

    async def last() -> dict[str, Any]:
        return [event.payload async for event in CallbackTrigger(PATH, arguments).run()][-1]

    payload = asyncio.run(last())
    assert payload["state"] == "failed"
    assert "SendFailed" in payload["body"]


def test_a_deadline_missed_is_told_from_a_worker(
    sandbox: RunningSandbox, arguments: dict[str, Any], tmp_path: Path
) -> None:
    supervisor = pytest.importorskip(
        "airflow.sdk.execution_time.callback_supervisor", reason="callbacks on a worker came with Airflow 3.3"
    )

    assert supervisor.execute_callback(PATH, arguments, tmp_path, tmp_path, structlog.get_logger()) == (True, None)
    assert texts(sandbox) == ["orders is late"]


def test_a_person_in_the_loop_is_asked(sandbox: RunningSandbox, arguments: dict[str, Any]) -> None:
    from airflow.providers.standard.operators.hitl import ApprovalOperator

    context = arguments.pop("context")
    asking = ApprovalOperator(task_id="approve", subject="Send?", notifiers=IPPanelNotifier(**arguments))
    for notifier in asking.notifiers:
        notifier(context)
    assert texts(sandbox) == ["orders is late"]
