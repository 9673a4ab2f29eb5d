"""From a task to its bulk in the panel."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from ippanel_provider import links
from ippanel_provider.hooks.ippanel import IPPanelHook


class TaskInstance:
    """Keeps what is pushed."""

    def __init__(self) -> None:
        self.pushed: dict[str, Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed[key] = value


def remembered(ids: list[int]) -> dict[str, Any]:
    instance = TaskInstance()
    links.remember({"ti": instance}, SimpleNamespace(hook=IPPanelHook()), ids)  # type: ignore[typeddict-item]
    return instance.pushed


def test_the_first_bulk_is_linked_to_the_panel_of_the_connection(connect: Callable[..., str]) -> None:
    connect(extra={"panel_url": "https://panel.example.com/outbox/{id}?tab=report"})
    assert remembered([5_700_000_001, 2]) == {
        "ippanel_bulk_url": "https://panel.example.com/outbox/5700000001?tab=report"
    }


@pytest.mark.parametrize("extra", [{}, {"panel_url": ""}, {"panel_url": "javascript:alert({id})"}])
def test_without_an_address_nothing_is_left(connect: Callable[..., str], extra: dict[str, str]) -> None:
    connect(extra=extra)
    assert remembered([1]) == {}


def test_without_a_bulk_there_is_no_link(connect: Callable[..., str]) -> None:
    connect(extra={"panel_url": "https://panel.example.com/{id}"})
    assert remembered([]) == {}


def test_the_link_reads_what_the_task_left(
    connect: Callable[..., str], new_dag: Callable[..., Any], run_dag: Callable[..., Any]
) -> None:
    from airflow.providers.common.compat.sdk import TaskInstanceKey, task

    connect(extra={"panel_url": "https://panel.example.com/{id}"})
    found: list[str] = []
    with new_dag() as dag:

        @task
        def send(ti: Any) -> None:
            links.remember({"ti": ti}, SimpleNamespace(hook=IPPanelHook()), [7])  # type: ignore[typeddict-item]

        @task
        def look(ti: Any) -> None:
            key = TaskInstanceKey(dag_id=ti.dag_id, task_id="send", run_id=ti.run_id, try_number=1, map_index=-1)
            found.append(links.IPPanelBulkLink().get_link(ti.task, ti_key=key))

        send() >> look()
    assert run_dag(dag).state == "success"
    assert found == ["https://panel.example.com/7"]
