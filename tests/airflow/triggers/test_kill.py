"""What becomes of scheduled texts when a person ends the task that waits for them (Airflow 3.3)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

from ippanel_provider.client import edge
from ippanel_provider.hooks.ippanel import IPPanelHook
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.service import BulkState
from ippanel_provider.triggers.bulk import IPPanelBulkTrigger

CANCELLED = BulkState.CANCELLED


@pytest.fixture
def ids(sandbox: RunningSandbox) -> list[int]:
    """Two bulks for tomorrow, and one that has gone out."""
    sandbox.account(duplicate_guard=0)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    sent = [
        IPPanelHook().run(edge.send.webservice("سلام", [f"0912000000{n}"], sender=sandbox.sender, send_time=moment))
        for n, moment in enumerate([tomorrow, None, tomorrow])
    ]
    sandbox.settle()
    return [receipt.outbox_ids[0] for receipt in sent]


@pytest.fixture
def kill(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """End the task of a trigger: in Airflow's database it is in a state then."""

    def end(trigger: IPPanelBulkTrigger, state: str | None, *, map_index: int = -1) -> None:
        asked: list[dict[str, Any]] = []

        def states(**about: Any) -> dict[str, Any]:
            asked.append(about)
            return {"r": {"wait": state}}

        monkeypatch.setattr(RuntimeTaskInstance, "get_task_states", states)
        kind, arguments = trigger.serialize()
        stored = IPPanelBulkTrigger(**arguments)
        assert kind.endswith("bulk.IPPanelBulkTrigger")
        stored.__dict__["_task_instance"] = SimpleNamespace(dag_id="d", task_id="wait", run_id="r", map_index=map_index)
        asyncio.run(stored.on_kill())
        if asked:
            mapped = None if map_index < 0 else map_index
            assert asked == [{"dag_id": "d", "task_ids": ["wait"], "run_ids": ["r"], "map_index": mapped}]

    return end


def trigger(ids: list[int], **options: Any) -> IPPanelBulkTrigger:
    return IPPanelBulkTrigger(ids, "ippanel_default", 1.0, time.time() + 60, **options)


def states(ids: list[int]) -> list[bool]:
    """Which of the bulks are cancelled."""
    hook = IPPanelHook()
    return [hook.run(hook.gateway.bulk(outbox_id)).state is CANCELLED for outbox_id in ids]


@pytest.mark.parametrize("map_index", [-1, 3])
def test_marked_as_failed_what_is_scheduled_is_taken_back(
    ids: list[int], kill: Callable[..., None], map_index: int
) -> None:
    kill(trigger(ids, cancel_on_kill=True), "failed", map_index=map_index)
    assert states(ids) == [True, False, True]


@pytest.mark.parametrize("state", [None, "scheduled", "queued", "running", "success", "skipped"])
def test_cleared_or_marked_otherwise_it_stays(ids: list[int], kill: Callable[..., None], state: str | None) -> None:
    kill(trigger(ids, cancel_on_kill=True), state)
    assert states(ids) == [False, False, False]


def test_unless_asked_for_nothing_is_taken_back(ids: list[int], kill: Callable[..., None]) -> None:
    kill(trigger(ids), "failed")
    assert states(ids) == [False, False, False]


def test_of_a_packed_list_all_are_taken_back(ids: list[int], kill: Callable[..., None]) -> None:
    from ippanel_provider.outbox_ids import OutboxIds

    kill(trigger({"packed": OutboxIds(ids).pack()}, cancel_on_kill=True), "failed")
    assert states(ids) == [True, False, True]
