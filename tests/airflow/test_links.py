"""From a task to its bulk in the panel."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import airflow
import pytest
from packaging.version import parse

from ippanel_provider import links
from ippanel_provider.hooks.ippanel import IPPanelHook
from ippanel_provider.operators.send import IPPanelSendOperator
from ippanel_provider.outbox_ids import written
from ippanel_provider.sandbox.runner import RunningSandbox


class Events:
    """Those of a task with one asset; not every Airflow can look an asset up in a dict."""

    def __init__(self) -> None:
        self.extra: dict[str, Any] = {}

    def __getitem__(self, asset: Any) -> Any:
        return self


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


def test_the_event_of_an_asset_says_what_was_sent(
    sandbox: RunningSandbox, new_dag: Callable[..., Any], run_dag: Callable[..., Any]
) -> None:
    # Airflow 2 calls it by its old name.
    models = import_module("airflow.models.asset" if find_spec("airflow.models.asset") else "airflow.models.dataset")
    events: Any = getattr(models, "AssetEvent", None) or models.DatasetEvent
    from airflow.providers.common.compat.sdk import Asset
    from airflow.utils.session import create_session

    with new_dag() as dag:
        IPPanelSendOperator(
            task_id="send", messages=[("09120000001", "a"), ("09120000002", "b")], outlets=[Asset("x://sent")]
        )
    run = run_dag(dag)
    [first, last] = run.results["send"]["outbox_ids"]
    with create_session() as session:
        [event] = [found.extra for found in session.query(events) if found.source_dag_id == dag.dag_id]
    told = {"rows": 2, "accepted": 2, "rejected": 0, "suppressed": 0, "bulks": 2}
    assert event | told == event
    assert (event["outbox_ids"], event["first_id"], event["last_id"]) == ([first, last], first, last)


def test_of_very_many_bulks_the_event_tells_the_span_and_the_first_hundred() -> None:
    from airflow.providers.common.compat.sdk import Asset

    asset = Asset("x://sent")
    events = Events()
    ids = list(range(5_000, 7_500))
    for given in (ids, written(ids)):
        links.tell_assets({"outlet_events": events}, SimpleNamespace(outlets=[asset]), {"outbox_ids": given})  # type: ignore[typeddict-item]
        told = events.extra
        assert (told["bulks"], told["first_id"], told["last_id"], told["outbox_ids"]) == (2500, 5000, 7499, ids[:100])


def test_after_a_wait_on_the_triggerer_the_event_says_so_too(sandbox: RunningSandbox) -> None:
    from airflow.providers.common.compat.sdk import Asset

    asset = Asset("x://sent")
    task = IPPanelSendOperator(task_id="send", message="x", recipients=["09120000001"], outlets=[asset])
    events = Events()
    event = {"status": "final", "states": {"8": 6, "7": 6}, "carried": {"accepted": 2, "rows": 2}}
    task.execute_complete({"outlet_events": events}, event)  # type: ignore[typeddict-item]
    assert events.extra["outbox_ids"] == [7, 8]
    assert events.extra["accepted"] == 2


@pytest.mark.parametrize("dry", [True, False])
def test_a_task_without_a_bulk_leaves_no_error_of_its_link(
    sandbox: RunningSandbox, new_dag: Callable[..., Any], run_dag: Callable[..., Any], dry: bool
) -> None:
    if not dry:
        sandbox.fault("unauthorized", path="send")
    with new_dag() as dag:
        IPPanelSendOperator(task_id="send", message="a", recipients=["09120000001"], dry_run=dry)
    run = run_dag(dag)
    assert run.state == ("success" if dry else "failed")
    assert "XCom not found" not in run.log


def test_what_was_accepted_before_a_failure_is_linked(
    connect: Callable[..., str], sandbox: RunningSandbox, new_dag: Callable[..., Any], run_dag: Callable[..., Any]
) -> None:
    connect(extra={"panel_url": "https://panel.example.com/{id}"})
    sandbox.fault("refused", path="^/v1/api/send$", after=1)
    seen: list[Any] = []
    with new_dag() as dag:
        IPPanelSendOperator(
            task_id="send", messages=[("09120000001", "a"), ("09120000002", "b")], chunk_size=1, concurrency=1,
            on_failure_callback=lambda context: seen.append(context["task"].bulk_url),
        )  # fmt: skip
    assert run_dag(dag).state == "failed"
    assert seen == [f"https://panel.example.com/{sandbox.messages()[0]['outbox_id']}"]


@pytest.mark.parametrize(
    ("ledger", "mine", "page", "leads"),
    [
        ("books", None, "True", True),
        ("books", "books", "True", True),
        ("books", "others", "True", False),
        ("", "books", "True", False),
        ("books", None, "False", False),
    ],
    ids=["of all tasks", "the same", "another one", "none for the page", "no page"],
)
def test_a_task_leads_to_its_campaign_where_the_page_shows_it(
    monkeypatch: pytest.MonkeyPatch, ledger: str, mine: str | None, page: str, leads: bool
) -> None:
    from airflow.providers.common.compat.sdk import TaskInstanceKey

    monkeypatch.setenv("AIRFLOW__IPPANEL__LEDGER_CONN_ID", ledger)
    monkeypatch.setenv("AIRFLOW__IPPANEL__PAGE", page)
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "http://airflow.example/base/")
    key = TaskInstanceKey(dag_id="d", task_id="t", run_id="manual__1+00:00", try_number=1, map_index=2)
    task: Any = SimpleNamespace(ledger_conn_id=mine)
    asked = "?dag=d&task=t&run=manual__1%2B00%3A00&map_index=2"
    # Before 3.1 there is no page, and before 3.3 no address of a page in Airflow's frame.
    place = {(2, 11): None, (3, 1): "", (3, 2): ""}.get(parse(airflow.__version__).release[:2], "plugin/ippanel-texts/")
    address = f"http://airflow.example/base/{place}ippanel/campaigns/{asked}"
    assert links.IPPanelCampaignLink().get_link(task, ti_key=key) == (address if leads and place is not None else "")
