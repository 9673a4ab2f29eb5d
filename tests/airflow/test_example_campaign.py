"""The example campaign from end to end: load, send, wait on the triggerer, report, compare."""

from __future__ import annotations

import csv
import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from ippanel_provider.sandbox.runner import RunningSandbox

EXAMPLE = Path(__file__).parents[2] / "example_dags" / "example_ippanel_campaign.py"
CUSTOMERS = [("آرش", "09120000001", 10), ("بهار", "۰۹۱۲ ۰۰۰ ۰۰ ۰۲", 20), ("پویا", "ندارد", 30), ("آرش", "+989120000001", 10)]


def test_the_campaign(sandbox: RunningSandbox, run_dag: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "warehouse.sqlite")}))
    with (tmp_path / "customers.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("name", "mobile", "points"), *CUSTOMERS])
    run = run_dag(example(), customers_csv=str(tmp_path / "customers.csv"), report_csv=str(tmp_path / "report.csv"))

    assert run.state == "success"
    assert run.states == dict.fromkeys(["load_customers", "send", "wait_until_sent", "report", "check_against_sandbox"], "success")
    assert {text["recipient"] for text in sandbox.messages()} == {"+989120000001", "+989120000002"}
    assert run.results["send"]["rows"] == 4
    assert run.results["send"]["accepted"] == 2
    assert run.results["report"]["delivered"] == 2
    assert run.results["check_against_sandbox"].startswith("2 recipients, the same")


def example() -> Any:
    specification = importlib.util.spec_from_file_location("example_ippanel_campaign", EXAMPLE)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module.send.dag
