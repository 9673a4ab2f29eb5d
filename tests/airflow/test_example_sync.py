"""The examples of plan and apply: a person stands between the two where Airflow lets people answer, and both run to their end."""

from __future__ import annotations

import importlib.util
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ippanel_provider.sandbox.runner import RunningSandbox

EXAMPLES = Path(__file__).parents[2] / "example_dags"
HITL = "airflow.providers.standard.operators.hitl"


def example(name: str) -> Any:
    specification = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    dag = module.plan.dag
    if hasattr(dag, "bulk_write_to_db"):
        # Airflow 2 learns of a DAG's assets when it reads the DAG's file.
        dag.bulk_write_to_db([dag])
    return dag


@pytest.fixture
def no_hitl(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on an Airflow that has no human in the loop."""
    monkeypatch.setitem(sys.modules, HITL, None)


@pytest.mark.parametrize("name", ["example_ippanel_patterns_as_code", "example_ippanel_phonebook_mirror"])
def test_a_person_stands_between_plan_and_apply(metadata_database: None, name: str) -> None:
    pytest.importorskip(HITL, reason="the human in the loop came with Airflow 3.1")
    dag = example(name)
    assert dag.get_task("apply").upstream_task_ids == {"approve"}
    assert "plan" in dag.get_task("approve").get_flat_relative_ids(upstream=True)


@pytest.mark.usefixtures("no_hitl")
def test_patterns_as_code(
    metadata_database: None, sandbox: RunningSandbox, run_dag: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "patterns").mkdir()
    (tmp_path / "patterns" / "otp.yaml").write_text("message: 'کد شما: %code%'\nvariables: {code: integer}")
    dag = example("example_ippanel_patterns_as_code")
    dag.get_task("apply").wait_for_approval = False
    run = run_dag(dag, folder=str(tmp_path / "patterns"), shared=str(tmp_path))
    assert run.state == "success", run.log
    assert run.results["apply"]["codes"].keys() == {"otp"}
    again = run_dag(dag, folder=str(tmp_path / "patterns"), shared=str(tmp_path))
    assert again.states == {"plan": "success", "something_to_do": "skipped", "apply": "skipped"}


@pytest.mark.usefixtures("no_hitl")
def test_the_mirror(
    metadata_database: None, sandbox: RunningSandbox, run_dag: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("airflow.providers.sqlite")
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "db")}))
    with closing(sqlite3.connect(tmp_path / "db")) as database, database:
        database.execute("CREATE TABLE customers (name, mobile, points)")
        database.executemany("INSERT INTO customers VALUES (?, ?, ?)", [(f"مشتری {n}", f"0912{n:07d}", n) for n in range(20)])
    dag = example("example_ippanel_phonebook_mirror")
    run = run_dag(dag, shared=str(tmp_path))
    assert run.state == "success", run.log
    assert run.results["apply"]["outcome"]["created"] == 20
    with closing(sqlite3.connect(tmp_path / "db")) as database, database:
        database.execute("DELETE FROM customers WHERE points < 1")
        database.execute("UPDATE customers SET points = 100 WHERE points = 5")
    run = run_dag(dag, shared=str(tmp_path))
    outcome = run.results["apply"]["outcome"]
    assert (outcome["deleted"], outcome["updated"], outcome["unchanged"]) == (1, 1, 18)
    with closing(sqlite3.connect(tmp_path / "db")) as database, database:
        database.execute("DELETE FROM customers WHERE points < 10")
    run = run_dag(dag, shared=str(tmp_path))
    assert run.state == "failed"
    assert (run.states["plan"], run.states["apply"]) == ("failed", "upstream_failed")
