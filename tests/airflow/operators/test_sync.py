"""Plan and apply from a DAG: what is told between tasks, what ends them, and what a person has to say in between."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

import pytest
from airflow.providers.common.compat.sdk import task

from ippanel_provider.operators.sync import IPPanelPatternSyncOperator, IPPanelPhonebookSyncOperator
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.triggers.account import IPPanelPatternTrigger


def writes(sandbox: RunningSandbox, part: str) -> dict[str, int]:
    """Requests that could have changed something there."""
    requests = sandbox.stats()["requests"].items()
    return {route: count for route, count in requests if part in route and not route.startswith("GET")}


class TestPatterns:
    """A directory of files, and the panel."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """Two patterns as files."""
        folder = tmp_path / "patterns"
        folder.mkdir()
        (folder / "otp.yaml").write_text("message: 'کد شما: %code%'\nvariables: {code: integer}")
        (folder / "hello.yaml").write_text("message: سلام %name%")
        return folder

    def test_a_flag_that_a_template_rendered_to_false_is_false(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, folder: Path
    ) -> None:
        """It once deleted a pattern."""
        with new_dag() as dag:
            IPPanelPatternSyncOperator(task_id="made", folder=str(folder))
        run_dag(dag)
        (folder / "hello.yaml").unlink()
        with new_dag() as dag:
            for task_id, given in (("kept", "{{ 1 > 2 }}"), ("planned", "{{ 1 < 2 }}")):
                IPPanelPatternSyncOperator(
                    task_id=task_id, folder=str(folder), prune=given, dry_run="{{ 'false' if false else 'True' }}"
                )
            IPPanelPatternSyncOperator(task_id="odd", folder=str(folder), prune="{{ 'perhaps' }}")
        run = run_dag(dag)
        assert run.results["kept"]["counts"]["delete"] == 0
        assert run.results["planned"]["counts"]["delete"] == 1
        assert "prune: expected one of true, false" in run.log
        assert writes(sandbox, "patterns") == {"POST /api/patterns/normal": 2}

    def test_one_task_plans_and_applies(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, folder: Path, tmp_path: Path
    ) -> None:
        with new_dag() as dag:
            IPPanelPatternSyncOperator(task_id="sync", folder=str(folder), report_path=str(tmp_path / "report.jsonl"))
        run = run_dag(dag)
        assert run.state == "success", run.log
        result = run.results["sync"]
        assert (result["changed"], result["counts"]["create"]) == (True, 2)
        assert sorted(result["codes"]) == ["hello", "otp"]
        assert sorted(result["pending"]) == sorted(result["codes"].values())
        report = [json.loads(line) for line in (tmp_path / "report.jsonl").read_text().splitlines()]
        assert [(row["name"], row["action"]) for row in report] == [("hello", "created"), ("otp", "created")]
        assert (
            json.loads((folder / "ippanel.lock.json").read_text())["patterns"]["otp"]["code"] == result["codes"]["otp"]
        )
        assert "سلام" not in run.log

        again = run_dag(dag).results["sync"]
        assert (again["changed"], again["counts"]["unchanged"]) == (False, 2)
        assert writes(sandbox, "patterns") == {"POST /api/patterns/normal": 2}

    def test_a_person_between_plan_and_apply(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, folder: Path, tmp_path: Path
    ) -> None:
        plan_path = str(tmp_path / "plan.json")
        with new_dag() as dag:
            plan = IPPanelPatternSyncOperator(
                task_id="plan", folder=str(folder), dry_run=True, plan_path=plan_path, show_diff=True
            )

            @task
            def approve(planned: dict[str, Any]) -> None:
                assert planned["changed"]
                assert planned["changes"][0] == {"action": "create", "name": "hello", "code": None, "fields": []}
                assert "+ سلام %name%" in planned["diff"]
                assert writes(sandbox, "patterns") == {}

            apply = IPPanelPatternSyncOperator(
                task_id="apply",
                plan_path=plan_path,
                plan_id="{{ ti.xcom_pull(task_ids='plan')['plan_id'] }}",
                lock_path=str(tmp_path / "lock.json"),
            )
            approve(plan.output) >> apply
        run = run_dag(dag)
        assert run.state == "success", run.log
        assert run.results["apply"]["plan_id"] == run.results["plan"]["plan_id"]
        assert writes(sandbox, "patterns") == {"POST /api/patterns/normal": 2}

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"folder": "nowhere"}, "is no directory"),
            ({}, "lock_path: with a plan and no folder"),
            ({"plan_path": "nowhere.json", "lock_path": "x"}, "plan_path: there is no plan at nowhere.json"),
            ({"folder": "{{ params.folder }}", "plan_id": "another"}, "which was approved. Nothing was changed."),
            ({"folder": "{{ params.folder }}", "report_path": "report.txt"}, "a report ends in .csv or .jsonl"),
        ],
    )
    def test_what_is_wrong_is_named_and_not_tried_again(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, folder: Path, fields: dict[str, Any], said: str
    ) -> None:
        with new_dag(params={"folder": str(folder)}) as dag:
            IPPanelPatternSyncOperator(task_id="sync", retries=2, **fields)
        run = run_dag(dag)
        assert run.state == "failed"
        assert said in run.log
        assert writes(sandbox, "patterns") == {}

    def test_one_the_service_refuses_fails_the_task_after_the_others(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, folder: Path
    ) -> None:
        sandbox.fault("refused", path="/api/patterns/normal", method="POST", times=1, message="مناسب نیست")
        with new_dag() as dag:
            IPPanelPatternSyncOperator(task_id="sync", folder=str(folder))
        run = run_dag(dag)
        assert run.state == "failed"
        assert "Pattern hello was rejected: مناسب نیست" in run.log
        assert writes(sandbox, "patterns") == {"POST /api/patterns/normal": 2}

    @pytest.mark.parametrize("deferrable", [True, False], ids=["deferred", "on the worker"])
    def test_it_waits_for_the_reviewer(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, folder: Path, deferrable: bool
    ) -> None:
        with new_dag() as dag:
            IPPanelPatternSyncOperator(task_id="make", folder=str(folder))
        codes = run_dag(dag).results["make"]["codes"]
        sandbox.approve(codes["hello"])
        with new_dag() as dag:

            @task
            def review() -> None:
                sandbox.approve(codes["otp"])

            sync = IPPanelPatternSyncOperator(
                task_id="sync", folder=str(folder), wait_for_approval=True, deferrable=deferrable, poke_interval=0.1
            )
            review() >> sync
        run = run_dag(dag)
        assert run.state == "success", run.log
        assert run.results["sync"]["pending"] == []

    def test_deferred_it_takes_up_the_summary_when_the_reviewer_has_decided(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wait = IPPanelPatternTrigger.wait

        async def decided(trigger: IPPanelPatternTrigger) -> dict[str, Any]:
            await asyncio.to_thread(sandbox.approve, trigger.pattern_code)
            return await wait(trigger)

        monkeypatch.setattr(IPPanelPatternTrigger, "wait", decided)
        with new_dag() as dag:
            IPPanelPatternSyncOperator(
                task_id="sync", folder=str(folder), wait_for_approval=True, deferrable=True, poke_interval=0.1
            )
        run = run_dag(dag)
        assert run.state == "success", run.log
        assert (run.results["sync"]["changed"], run.results["sync"]["pending"]) == (True, [])
        assert sorted(run.results["sync"]["codes"]) == ["hello", "otp"]
        assert writes(sandbox, "patterns") == {"POST /api/patterns/normal": 2}

    @pytest.mark.parametrize("deferrable", [True, False], ids=["deferred", "on the worker"])
    def test_nobody_decides(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, folder: Path, deferrable: bool
    ) -> None:
        with new_dag() as dag:
            IPPanelPatternSyncOperator(
                task_id="sync",
                folder=str(folder),
                wait_for_approval=True,
                deferrable=deferrable,
                poke_interval=0.05,
                timeout=0.3,
            )
        run = run_dag(dag)
        assert run.state == "failed"
        assert "nobody has decided" in run.log
        assert "sync" not in run.results

    def test_the_reviewer_says_no(self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, folder: Path) -> None:
        with new_dag() as dag:
            IPPanelPatternSyncOperator(task_id="make", folder=str(folder))
        sandbox.reject(run_dag(dag).results["make"]["codes"]["otp"], "نام فروشگاه لازم است")
        with new_dag() as dag:
            IPPanelPatternSyncOperator(
                task_id="sync", folder=str(folder), wait_for_approval=True, deferrable=True, poke_interval=0.1
            )
        run = run_dag(dag)
        assert run.state == "failed"
        assert "1 of the patterns were not approved." in run.log
        assert "نام فروشگاه لازم است" in run.log


class TestPhonebooks:
    """Rows, and a phonebook."""

    ROWS = tuple({"mobile": f"0912{n:07d}", "name": f"مشتری {n}", "points": n} for n in range(1, 11))
    FIELDS: ClassVar = {
        "book": "Customers",
        "number_column": "mobile",
        "fields": {"name": "name"},
        "options": {"Points": "points:int"},
    }

    @pytest.fixture
    def source(self, tmp_path: Path) -> str:
        """Ten rows in a file."""
        path = tmp_path / "rows.jsonl"
        path.write_text("\n".join(map(json.dumps, self.ROWS)))
        return str(path)

    def test_rows_of_a_query_become_contacts(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pytest.importorskip("airflow.providers.sqlite")
        with closing(sqlite3.connect(tmp_path / "db")) as database, database:
            database.execute("CREATE TABLE customers (mobile, name, points)")
            database.executemany("INSERT INTO customers VALUES (:mobile, :name, :points)", self.ROWS)
        monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "db")}))
        with new_dag() as dag:
            IPPanelPhonebookSyncOperator(
                task_id="sync",
                sql="SELECT * FROM customers",
                sql_conn_id="warehouse",
                state_path=str(tmp_path / "state"),
                report_path=str(tmp_path / "report.csv"),
                **self.FIELDS,
            )
        run = run_dag(dag)
        assert run.state == "success", run.log
        assert run.results["sync"]["outcome"]["created"] == 10
        assert "9120000001" not in json.dumps(run.results["sync"]) + run.log + json.dumps(run.rendered["sync"])
        assert "+989120000001" in (tmp_path / "report.csv").read_text()
        again = run_dag(dag).results["sync"]
        assert (again["changed"], again["outcome"]["unchanged"]) == (False, 10)
        assert writes(sandbox, "phonebooks/numbers") == {"POST /api/phonebooks/numbers/add-list-new": 1}

    def test_rows_of_another_task(self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any) -> None:
        rows = [*self.ROWS, {"mobile": "0912", "name": "x", "points": 1}]
        with new_dag() as dag:

            @task
            def customers() -> list[dict[str, Any]]:
                return rows

            IPPanelPhonebookSyncOperator(task_id="sync", rows=customers(), **self.FIELDS)
        run = run_dag(dag)
        assert run.state == "success", run.log
        assert (run.results["sync"]["outcome"]["created"], run.results["sync"]["outcome"]["rejected"]) == (10, 1)
        assert "Row 11 was rejected: the number has too few digits" in run.log
        assert run.rendered["sync"]["rows"] == "11 rows"

    def test_a_plan_waits_for_approval_and_is_applied_as_it_was(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, source: str, tmp_path: Path
    ) -> None:
        plan_path = str(tmp_path / "plan.jsonl")
        with new_dag() as dag:
            plan = IPPanelPhonebookSyncOperator(
                task_id="plan", source_path=source, dry_run=True, plan_path=plan_path, **self.FIELDS
            )

            @task
            def approve(planned: dict[str, Any]) -> None:
                assert planned["counts"]["create"] == 10
                assert planned["setup"] == ["create option 'Points'", "create phonebook 'Customers'"]
                assert writes(sandbox, "phonebooks") == {}
                Path(source).write_text("the source may change meanwhile")

            apply = IPPanelPhonebookSyncOperator(
                task_id="apply", plan_path=plan_path, plan_id="{{ ti.xcom_pull(task_ids='plan')['plan_id'] }}"
            )
            approve(plan.output) >> apply
        run = run_dag(dag)
        assert run.state == "success", run.log
        assert run.results["apply"]["outcome"]["created"] == 10

    def test_a_mirror_is_stopped_by_max_delete_and_not_tried_again(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, source: str
    ) -> None:
        with new_dag() as dag:
            IPPanelPhonebookSyncOperator(task_id="sync", source_path=source, **self.FIELDS)
        run_dag(dag)
        Path(source).write_text(json.dumps(self.ROWS[0]))
        with new_dag() as dag:
            IPPanelPhonebookSyncOperator(task_id="sync", source_path=source, mode="mirror", retries=2, **self.FIELDS)
        run = run_dag(dag)
        assert run.state == "failed"
        assert "max_delete: 9 of 10 contacts would be deleted, at most 1 may be: +98912***0002" in run.log
        assert "POST /api/phonebooks/numbers/delete-list" not in writes(sandbox, "phonebooks")

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({}, "sql, source_path, rows: give one of them"),
            ({"rows": [], "sql": "SELECT 1"}, "sql, source_path, rows: give one of them"),
            ({"sql": "SELECT 1"}, "sql_conn_id: name the connection"),
            ({"rows": [1]}, "rows: item 1 is no mapping of column to value"),
            ({"rows": [], "mode": "{{ 'copy' }}"}, "mode: expected one of insert, update"),
            ({"source_path": "nowhere.csv"}, "No such file or directory"),
            ({"plan_path": "nowhere.jsonl"}, "plan nowhere.jsonl: there is no such file"),
            ({"rows": [], "book": ""}, "book"),
        ],
    )
    def test_what_is_wrong_is_named(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, fields: dict[str, Any], said: str
    ) -> None:
        with new_dag() as dag:
            IPPanelPhonebookSyncOperator(task_id="sync", **(self.FIELDS | fields))
        run = run_dag(dag)
        assert run.state == "failed"
        assert said in run.log
        assert writes(sandbox, "phonebooks") == {}

    def test_rejected_rows_can_be_a_failure(self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any) -> None:
        with new_dag() as dag:
            IPPanelPhonebookSyncOperator(
                task_id="sync",
                rows=[self.ROWS[0], {"mobile": "x", "name": "y", "points": 0}],
                on_reject="fail",
                **self.FIELDS,
            )
        run = run_dag(dag)
        assert run.state == "failed"
        assert "1 were rejected; everything else was done." in run.log
        assert writes(sandbox, "phonebooks/numbers") == {"POST /api/phonebooks/numbers/add-list-new": 1}


def test_an_asset_gets_its_event_only_when_something_changed(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any, tmp_path: Path, events_of: Callable[[str], int]
) -> None:
    (tmp_path / "hello.yaml").write_text("message: سلام")
    with new_dag() as dag:
        IPPanelPatternSyncOperator(task_id="sync", folder=str(tmp_path), asset="ippanel://patterns/test")
    make_asset_known(dag)
    assert run_dag(dag).state == "success"
    assert events_of("ippanel://patterns/test") == 1
    assert run_dag(dag).state == "success"
    assert events_of("ippanel://patterns/test") == 1


def make_asset_known(dag: Any) -> None:
    """Airflow 2 learns of a DAG's assets when it reads the DAG from a file, and this one is in none."""
    if hasattr(dag, "bulk_write_to_db"):
        dag.bulk_write_to_db([dag])


@pytest.fixture
def events_of() -> Callable[[str], int]:
    """Count the events of an asset."""

    def count(uri: str) -> int:
        try:
            from airflow.models.asset import AssetEvent, AssetModel
        except ImportError:
            from airflow.models.dataset import DatasetEvent as AssetEvent
            from airflow.models.dataset import DatasetModel as AssetModel
        from airflow.utils.session import create_session

        key = AssetEvent.asset_id if hasattr(AssetEvent, "asset_id") else AssetEvent.dataset_id
        with create_session() as session:
            return int(
                session.query(AssetEvent).join(AssetModel, AssetModel.id == key).filter(AssetModel.uri == uri).count()
            )

    return count


def test_a_word_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="on_reject: expected one of fail, report"):
        IPPanelPatternSyncOperator(task_id="sync", folder="x", on_reject="no")
