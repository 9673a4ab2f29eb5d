"""Waiting for texts that people send in."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred

from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.sensors.inbox import IPPanelInboxSensor

ANA, BEN = "+989120000001", "+989120000002"


def sensor(**options: Any) -> IPPanelInboxSensor:
    return IPPanelInboxSensor(task_id="wait", **options)


def test_it_returns_the_ids_and_a_cursor_that_misses_none(sandbox: RunningSandbox) -> None:
    waiting = sensor(after_id=0)
    assert not waiting.poke({})
    first, second = sandbox.inbox(ANA, "سلام"), sandbox.inbox(BEN, "درود")
    looked = waiting.poke({})
    assert looked.xcom_value == {"inbox_ids": [first, second], "cursor": second}
    assert not sensor(after_id=str(second)).poke({})
    third = sandbox.inbox(ANA, "باز")
    assert sensor(after_id=second).poke({}).xcom_value == {"inbox_ids": [third], "cursor": third}


def test_more_than_a_page_comes_whole_and_in_order(sandbox: RunningSandbox) -> None:
    ids = [sandbox.inbox(ANA, f"text {number}") for number in range(130)]
    assert sensor(after_id=0).poke({}).xcom_value == {"inbox_ids": ids, "cursor": ids[-1]}
    since = SimpleNamespace(start_date=datetime.fromtimestamp(sandbox.now() - 60, UTC))
    assert sensor().poke({"dag_run": since}).xcom_value["inbox_ids"] == ids


def test_without_a_cursor_it_counts_from_the_start_of_the_run(sandbox: RunningSandbox) -> None:
    sandbox.inbox(ANA, "before")
    sandbox.advance(100)
    run = {"dag_run": SimpleNamespace(start_date=datetime.fromtimestamp(sandbox.now() - 50, UTC))}
    assert not sensor(after_id="").poke(run)
    after = sandbox.inbox(ANA, "after")
    assert sensor(after_id="None").poke(run).xcom_value == {"inbox_ids": [after], "cursor": after}


@pytest.mark.parametrize(
    "options",
    [
        {"sender": "0912 000 0001"},
        {"line": "+9810001"},
        {"keywords": ["stop", "لغو۱۱"]},
        {"keywords": "STOP"},
        {"matching": r"(?i)\bstop\b"},
    ],
)
def test_filters_let_through_what_is_meant_and_the_cursor_passes_the_rest(
    sandbox: RunningSandbox, options: dict[str, Any]
) -> None:
    sandbox.account(lines=["+9810001"])
    meant = sandbox.inbox(ANA, "Stop, please", number="+9810001")
    other = sandbox.inbox(BEN, "Do not end it", number=sandbox.sender)
    assert sensor(after_id=0, **options).poke({}).xcom_value == {"inbox_ids": [meant], "cursor": other}


def test_it_can_wait_for_several(sandbox: RunningSandbox) -> None:
    sandbox.inbox(ANA, "one")
    assert not sensor(after_id=0, least=2).poke({})
    sandbox.inbox(BEN, "two")
    assert sensor(after_id=0, least=2).poke({})


def test_deferred_it_hands_over_no_number(sandbox: RunningSandbox) -> None:
    waiting = sensor(after_id=0, sender=ANA, line=sandbox.sender, keywords="stop", deferrable=True)
    with pytest.raises(TaskDeferred) as deferred:
        waiting.execute({})
    _, kwargs = deferred.value.trigger.serialize()
    assert "9120000001" not in json.dumps(kwargs)
    assert str(waiting.sender) == "a text of 13 characters", "nor is it shown on the Rendered Template page"


def test_the_event_gives_what_a_look_gives() -> None:
    event = {"status": "received", "inbox_ids": [4], "cursor": 5}
    assert sensor().execute_complete({}, event) == {"inbox_ids": [4], "cursor": 5}


@pytest.mark.parametrize(
    ("options", "field"), [({"after_id": "x"}, "after_id"), ({"after_id": 0, "matching": "("}, "matching")]
)
def test_mistakes_in_templates_are_named(sandbox: RunningSandbox, options: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=field):
        sensor(**options).poke({})


def test_in_a_dag_deferred(sandbox: RunningSandbox, new_dag: Callable[..., Any], run_dag: Callable[..., Any]) -> None:
    meant = sandbox.inbox(ANA, "yes")
    with new_dag() as dag:
        IPPanelInboxSensor(task_id="wait", after_id="{{ 0 }}", sender=ANA, least=1, deferrable=True, poke_interval=0.1)
    run = run_dag(dag)
    assert run.results == {"wait": {"inbox_ids": [meant], "cursor": meant}}
    assert "9120000001" not in run.log
    assert "9120000001" not in json.dumps(run.rendered)
