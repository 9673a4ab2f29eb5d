"""The example campaign from end to end: load, send, wait on the triggerer, report, compare."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ippanel_provider.sandbox.runner import RunningSandbox

CUSTOMERS = [
    ("آرش", "09120000001", 10),
    ("بهار", "۰۹۱۲ ۰۰۰ ۰۰ ۰۲", 20),
    ("پویا", "ندارد", 30),
    ("آرش", "+989120000001", 10),
]


def test_the_campaign(
    sandbox: RunningSandbox,
    example: Callable[[str], Any],
    run_dag: Callable[..., Any],
    received: Callable[[], Any],
    warehouse: Callable[..., None],
    tmp_path: Path,
) -> None:
    sandbox.pace(0.1)
    with (tmp_path / "customers.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("name", "mobile", "points"), *CUSTOMERS])
    run = run_dag(
        example("campaign"), customers_csv=str(tmp_path / "customers.csv"), report_csv=str(tmp_path / "report.csv")
    )

    assert run.state == "success", run.log
    assert run.states == dict.fromkeys(
        ["load_customers", "send", "wait_until_sent", "report", "check_against_sandbox"], "success"
    )
    text = "{} عزیز، {} امتیاز در باشگاه مشتریان دارید. با سپاس از همراهی شما".format
    assert received() == [("+989120000001", text("آرش", 10)), ("+989120000002", text("بهار", 20))]
    assert run.results["send"]["rows"] == 4
    assert run.results["send"]["accepted"] == 2
    assert run.results["report"]["delivered"] == 2
    assert run.results["check_against_sandbox"].startswith("2 recipients, the same")
