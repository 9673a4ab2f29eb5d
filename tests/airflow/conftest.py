"""An Airflow of the tests' own, and DAGs run in it against the sandbox.

Airflow reads its settings when it is imported, so they are set here before anything can import it.
"""

from __future__ import annotations

import atexit
import importlib.util
import inspect
import json
import logging
import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from ippanel_provider.sandbox.runner import RunningSandbox
from tests.migrated import database_at

_HOME = Path(tempfile.mkdtemp(prefix="ippanel-airflow-"))
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
(_HOME / "dags").mkdir()
# Airflow 3 runs only what it has read from a file; this one stands for all DAGs that tests make.
_DAG_FILE = _HOME / "dags" / "tests.txt"
_DAG_FILE.write_text("DAGs of tests are made in the tests.\n")

for name in [name for name in os.environ if name.startswith("AIRFLOW")]:
    del os.environ[name]
os.environ.update(
    {
        "AIRFLOW_HOME": str(_HOME),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "AIRFLOW__CORE__DAGS_FOLDER": str(_HOME / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{_HOME / 'airflow.db'}",
        "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
        "AIRFLOW__METRICS__TIMER_UNIT_CONSISTENCY": "True",
        "NO_COLOR": "1",
    }
)

pytest.importorskip("airflow", reason="Apache Airflow is not installed")
pytest.importorskip("airflow.providers.common.compat", reason="the airflow extra is not installed")


def _has_commands() -> bool:
    """Whether Airflow's command line takes commands of any provider; before 3.2 only of executors."""
    found = importlib.util.find_spec("airflow.cli.cli_parser")
    return found is not None and "cli_command_functions" in Path(str(found.origin)).read_text()


from sqlalchemy import event  # noqa: E402 - Airflow brings it
from sqlalchemy.engine import Engine  # noqa: E402

# Only there are forms made of the hook, and is what they are made of installed.
collect_ignore = [] if importlib.util.find_spec("flask_appbuilder") else ["hooks/test_form_of_airflow_2.py"]
if not importlib.util.find_spec("airflow.triggers.shared_stream"):  # retry policies came with it, in 3.3
    collect_ignore.append("test_retry.py")
# People are asked since 3.1.
if not (importlib.util.find_spec("airflow.sdk") and importlib.util.find_spec("airflow.sdk.execution_time.hitl")):
    collect_ignore.append("operators/test_asking.py")
if not _has_commands():
    collect_ignore.append("test_command.py")
if not importlib.util.find_spec("openlineage"):
    collect_ignore.append("test_lineage.py")

CONN_ID = "ippanel_default"


@event.listens_for(Engine, "connect")
def _wait_for_no_disk(connection: Any, _record: Any) -> None:
    """No database of a test has to outlive the machine."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")


@pytest.fixture(scope="session")
def airflow() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run an airflow command of the Python under test."""
    return _airflow


def _airflow(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "airflow", *arguments],
        env=os.environ,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def connection(sandbox: RunningSandbox, **changes: Any) -> str:
    """A connection to the sandbox in the JSON form of ``AIRFLOW_CONN_…``; ``changes`` win, ``extra`` is merged."""
    extra = {"sender": sandbox.sender} | changes.pop("extra", {})
    return json.dumps(
        {"conn_type": "ippanel", "host": sandbox.base_url, "password": sandbox.api_key, "extra": extra} | changes
    )


@pytest.fixture
def connect(ippanel_sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Set a connection to the sandbox, with changes; returns its id."""

    def set_connection(conn_id: str = CONN_ID, **changes: Any) -> str:
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", connection(ippanel_sandbox, **changes))
        return conn_id

    return set_connection


@pytest.fixture
def sandbox(ippanel_sandbox: RunningSandbox, connect: Callable[..., str]) -> RunningSandbox:
    """An empty sandbox that the default connection leads to."""
    connect()
    return ippanel_sandbox


@pytest.fixture(scope="session")
def metadata_database(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Airflow's metadata database."""

    def migrate() -> None:
        # In a process of its own, because migrations reset all logging.
        migrated = _airflow("db", "migrate")
        assert migrated.returncode == 0, migrated.stderr

    database_at(_HOME / "airflow.db", tmp_path_factory, migrate)


@dataclass
class Run:
    """What became of a DAG run."""

    state: str
    states: dict[str, str]
    results: dict[str, Any]
    """What each task returned; a mapped task a list."""
    rendered: dict[str, dict[str, Any]]
    log: str = field(repr=False)


@pytest.fixture
def run_dag(
    metadata_database: None,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Run]:
    """Run a DAG to its end in this process, triggers included, and tell what became of it."""
    _let_the_api_come_up(monkeypatch)
    # Handlers that Airflow 2 made in an earlier test write to that test's closed streams, and would tell so with a
    # stack.
    monkeypatch.setattr(logging, "raiseExceptions", False)

    def run(dag: Any, *, logical_date: datetime | None = None, undated: bool = False, **conf: Any) -> Run:
        given: dict[str, Any] = {}
        if undated and importlib.util.find_spec("airflow.sdk"):
            # As a run that the command, the API or an asset has started; every run of Airflow 2 has a date.
            given = {"logical_date": None}
        if logical_date is not None:
            # Airflow 2 calls it by its old name.
            given = {
                "logical_date"
                if "logical_date" in inspect.signature(dag.test).parameters
                else "execution_date": logical_date
            }
        capfd.readouterr()
        caplog.clear()
        with caplog.at_level("INFO"):
            _make_known(dag)
            dag_run = dag.test(run_conf=conf or None, **given)
        out, err = capfd.readouterr()
        return _outcome(dag_run, out + err + caplog.text)

    return run


@pytest.fixture
def new_dag(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Make an empty DAG named after the test; a second one gets a number, because a run of Airflow 3.1 keeps to the
    first.
    """
    from airflow.providers.common.compat.sdk import DAG

    made = count(1)

    def make(**options: Any) -> Any:
        number = next(made)
        name = "".join(letter if letter.isalnum() else "_" for letter in request.node.name) + (
            f"_{number}" if number > 1 else ""
        )
        return DAG(dag_id=name, schedule=None, start_date=datetime(2025, 1, 1, tzinfo=UTC), **options)

    return make


def _let_the_api_come_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before 3.3, the API that a DAG's test makes for every task may get its first request before it is up, or after it
    was let go.
    """
    if importlib.util.find_spec("airflow.triggers.shared_stream") or not importlib.util.find_spec("airflow.sdk"):
        return
    from airflow.sdk.execution_time import supervisor

    make = supervisor.in_process_api_server
    kept = []

    def make_and_wait() -> Any:
        api = make()
        kept.append(api)
        assert api.transport, "asking for it starts it"
        until = time.monotonic() + 60
        while not hasattr(api.app.state, "svcs_registry") and time.monotonic() < until:
            time.sleep(0.01)
        return api

    monkeypatch.setattr(supervisor, "in_process_api_server", make_and_wait)


def _make_known(dag: Any) -> None:
    """Airflow 3 keeps what it runs in its database, Airflow 2 at least the datasets."""
    try:
        from airflow.dag_processing.bundles.manager import DagBundlesManager
        from airflow.dag_processing.collection import update_dag_parsing_results_in_db
        from airflow.serialization.serialized_objects import LazyDeserializedDAG
        from airflow.utils.session import create_session
    except ImportError:
        dag.sync_to_db()
        return
    dag.fileloc, dag.relative_fileloc = str(_DAG_FILE), _DAG_FILE.name
    with create_session() as session:
        DagBundlesManager().sync_bundles_to_db(session=session)
        session.commit()
        update_dag_parsing_results_in_db(
            "dags-folder", None, [LazyDeserializedDAG.from_dag(dag)], {}, None, set(), session
        )


def _outcome(dag_run: Any, log: str) -> Run:
    from airflow.models.renderedtifields import RenderedTaskInstanceFields
    from airflow.utils.session import create_session

    try:
        from airflow.models.xcom import XComModel

        value_of = XComModel.deserialize_value
    except ImportError:
        from airflow.models.xcom import XCom as XComModel

        value_of = attrgetter("value")
    key = {"dag_id": dag_run.dag_id, "run_id": dag_run.run_id}
    results: dict[str, Any] = {}
    with create_session() as session:
        instances = {instance.task_id: str(instance.state) for instance in dag_run.get_task_instances(session=session)}
        for row in session.query(XComModel).filter_by(**key, key="return_value").order_by(XComModel.map_index):
            value = value_of(row)
            if row.map_index < 0:
                results[row.task_id] = value
            else:
                results.setdefault(row.task_id, []).append(value)
        rendered = {
            row.task_id: row.rendered_fields for row in session.query(RenderedTaskInstanceFields).filter_by(**key)
        }
    return Run(str(dag_run.state), instances, results, rendered, log)
