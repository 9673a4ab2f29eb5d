"""Plan and apply from a DAG: what is told between tasks, what ends them, and what a person has to say in between."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import task

from ippanel_provider.operators.sync import IPPanelPatternSyncOperator
from ippanel_provider.sandbox.runner import RunningSandbox


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

    def test_one_task_plans_and_applies(self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, folder: Path, tmp_path: Path) -> None:
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
        assert json.loads((folder / "ippanel.lock.json").read_text())["patterns"]["otp"]["code"] == result["codes"]["otp"]
        assert "سلام" not in run.log

        again = run_dag(dag).results["sync"]
        assert (again["changed"], again["counts"]["unchanged"]) == (False, 2)
        assert writes(sandbox, "patterns") == {"POST /api/patterns/normal": 2}

    def test_a_person_between_plan_and_apply(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, folder: Path, tmp_path: Path
    ) -> None:
        plan_path = str(tmp_path / "plan.json")
        with new_dag() as dag:
            plan = IPPanelPatternSyncOperator(task_id="plan", folder=str(folder), dry_run=True, plan_path=plan_path, show_diff=True)

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
    def test_it_waits_for_the_reviewer(self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, folder: Path, deferrable: bool) -> None:
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

    @pytest.mark.parametrize("deferrable", [True, False], ids=["deferred", "on the worker"])
    def test_nobody_decides(self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, folder: Path, deferrable: bool) -> None:
        with new_dag() as dag:
            IPPanelPatternSyncOperator(
                task_id="sync", folder=str(folder), wait_for_approval=True, deferrable=deferrable, poke_interval=0.05, timeout=0.3
            )
        run = run_dag(dag)
        assert run.state == "failed"
        assert "sync" not in run.results

    def test_the_reviewer_says_no(self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, folder: Path) -> None:
        with new_dag() as dag:
            IPPanelPatternSyncOperator(task_id="make", folder=str(folder))
        sandbox.reject(run_dag(dag).results["make"]["codes"]["otp"], "نام فروشگاه لازم است")
        with new_dag() as dag:
            IPPanelPatternSyncOperator(task_id="sync", folder=str(folder), wait_for_approval=True, deferrable=True, poke_interval=0.1)
        run = run_dag(dag)
        assert run.state == "failed"
        assert "1 of the patterns were not approved." in run.log
        assert "نام فروشگاه لازم است" in run.log


def test_an_asset_gets_its_event_only_when_something_changed(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any, tmp_path: Path, events_of: Callable[[str], int]
) -> None:
    (tmp_path / "hello.yaml").write_text("message: سلام")
    with new_dag() as dag:
        IPPanelPatternSyncOperator(task_id="sync", folder=str(tmp_path), asset="ippanel://patterns/test")
    assert run_dag(dag).state == "success"
    assert events_of("ippanel://patterns/test") == 1
    assert run_dag(dag).state == "success"
    assert events_of("ippanel://patterns/test") == 1


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
            return int(session.query(AssetEvent).join(AssetModel, AssetModel.id == key).filter(AssetModel.uri == uri).count())

    return count


def test_a_word_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="on_reject: 'no' is none of fail, report"):
        IPPanelPatternSyncOperator(task_id="sync", folder="x", on_reject="no")
