"""The examples, parsed as Airflow parses them, with the warehouse they read and the people they ask."""

from __future__ import annotations

import importlib.util
import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from ippanel_provider.sandbox.runner import RunningSandbox

EXAMPLES = Path(__file__).parents[3] / "example_dags"

IS_3_3 = importlib.util.find_spec("airflow.triggers.shared_stream") is not None
HAS_HUMANS = importlib.util.find_spec("airflow.models.hitl") is not None

# Cursors of assets came with 3.3, and with them what the example needs; before, it is enough that its file parses.
collect_ignore = [] if IS_3_3 else ["test_inbox.py"]
if HAS_HUMANS and not IS_3_3:
    # The test runs of 3.1 and 3.2 cannot wait for people: the trigger that does gets no answer there.
    collect_ignore += ["test_scheduled_campaign.py", "test_sync.py"]


@pytest.fixture
def example(metadata_database: None) -> Callable[[str], Any]:
    """Read an example's file as Airflow does, and return its DAG."""
    try:
        from airflow.dag_processing.dagbag import DagBag
    except ImportError:
        from airflow.models.dagbag import DagBag

    def read(topic: str) -> Any:
        dag_id = f"example_ippanel_{topic}"
        bag = DagBag(EXAMPLES / f"{dag_id}.py")
        assert bag.import_errors == {}
        return bag.dags[dag_id]

    return read


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Run statements in the database that the connection ``warehouse`` leads to."""
    path = tmp_path / "warehouse.sqlite"
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": str(path)}))

    def run(sql: str, rows: Sequence[Sequence[Any]] = ((),)) -> None:
        with closing(sqlite3.connect(path)) as database, database:
            database.executemany(sql, rows)

    return run


@pytest.fixture
def received(sandbox: RunningSandbox) -> Callable[[], list[tuple[str, str]]]:
    """What is on people's phones: who was delivered which text, by the sandbox's own record."""

    def phones() -> list[tuple[str, str]]:
        sandbox.settle()
        return sorted((text["recipient"], text["text"]) for text in sandbox.messages() if text["message_status"] == 2)

    return phones


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Somebody who decides about the task ``approve`` while the DAG runs: ``with person(yes=True, option="Approve"):
    ...``.

    Where Airflow has the human in the loop they choose the option in its REST API; before, they mark the task.

    :param meanwhile: done before the decision.
    """
    monkeypatch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS", "True")
    monkeypatch.setenv("AIRFLOW__API_AUTH__JWT_SECRET", secrets.token_hex(32))
    decide = _choose if HAS_HUMANS else _mark

    @contextmanager
    def decides(*, yes: bool, option: str, meanwhile: Callable[[], None] = lambda: None) -> Iterator[None]:
        ended, problems = threading.Event(), []

        def live() -> None:
            try:
                decide(yes, option, meanwhile, ended)
            except BaseException as error:  # noqa: BLE001 - raised below, in the test
                problems.append(error)
                _give_up()

        thread = threading.Thread(target=live)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
        if problems:
            raise problems[0]

    return decides


def _give_up() -> None:
    """Let nobody wait for an answer that will not come."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session

    with create_session() as session:
        for instance in session.query(TaskInstance).filter_by(task_id="approve", end_date=None):
            instance.set_state("failed", session=session)


def _choose(yes: bool, option: str, meanwhile: Callable[[], None], ended: threading.Event) -> None:
    from airflow.api_fastapi.app import create_app
    from starlette.testclient import TestClient

    with TestClient(create_app(apps="core")) as api:
        api.headers["Authorization"] = f"Bearer {api.get('/auth/token').raise_for_status().json()['access_token']}"
        while not ended.is_set():
            asked = (
                api.get("/api/v2/dags/~/dagRuns/~/hitlDetails", params={"response_received": False})
                .raise_for_status()
                .json()
            )
            if asked["hitl_details"]:
                break
            time.sleep(0.05)
        assert not ended.is_set(), "nobody was asked"
        instance = asked["hitl_details"][0]["task_instance"]
        assert instance["task_id"] == "approve"
        meanwhile()
        url = f"/api/v2/dags/{instance['dag_id']}/dagRuns/{instance['dag_run_id']}/taskInstances/approve/-1/hitlDetails"
        api.patch(url, json={"chosen_options": [option], "params_input": {}}).raise_for_status()
    while not ended.wait(0.2):
        _wake(instance["dag_id"], instance["dag_run_id"])


def _wake(dag_id: str, run_id: str) -> None:
    """Let the task go on if it waits although it is answered: a test run can overwrite that it was woken while it lay
    down.
    """
    from airflow.models.taskinstance import TaskInstance
    from airflow.triggers.base import TriggerEvent
    from airflow.utils.session import create_session
    from sqlalchemy.orm import joinedload

    with create_session() as session:
        waiting = session.query(TaskInstance).filter_by(dag_id=dag_id, run_id=run_id, state="awaiting_input")
        instance = waiting.options(joinedload(TaskInstance.hitl_detail)).first()
        if instance is not None:
            from airflow.models.trigger import handle_event_submit

            event = TriggerEvent(instance.hitl_detail.as_resume_event_payload())
            handle_event_submit(event, task_instance=instance, session=session)


def _mark(yes: bool, option: str, meanwhile: Callable[[], None], ended: threading.Event) -> None:
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session

    while not ended.is_set():
        with create_session() as session:
            instance = session.query(TaskInstance).filter_by(task_id="approve", state="up_for_reschedule").first()
            if instance is not None:
                meanwhile()
                instance.set_state("success" if yes else "failed", session=session)
                return
        time.sleep(0.05)
    raise AssertionError("nobody was asked")
