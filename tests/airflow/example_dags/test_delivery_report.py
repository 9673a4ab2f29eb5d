"""The example that writes every day's delivery report to object storage."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from ippanel_provider.client import Client, Settings, edge
from ippanel_provider.sandbox.runner import RunningSandbox

parquet = pytest.importorskip("pyarrow.parquet", reason="the parquet extra is not installed")


def test_the_report_of_a_day(
    sandbox: RunningSandbox, example: Callable[[str], Any], run_dag: Callable[..., Any], tmp_path: Path
) -> None:
    sandbox.pace(0)
    with Client(sandbox.api_key, Settings(base_url=sandbox.base_url)) as client:
        bulks = [
            client.run(edge.send.webservice(text, numbers, sender=sandbox.sender)).outbox_ids[0]
            for text, numbers in (("صبح", ["+989120000001", "+989120000994"]), ("شب", ["+989120000001"]))
        ]
    day = datetime.fromtimestamp(sandbox.messages()[0]["time"], UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    dag = example("delivery_report")
    folder = f"file://{tmp_path}/reports"
    run = run_dag(dag, logical_date=day + timedelta(days=1), folder=folder)
    assert run.state == "success", run.log
    rows = parquet.read_table(tmp_path / "reports" / f"{day:%Y-%m-%d}.parquet").to_pylist()
    assert sorted((row["outbox_id"], row["recipient"], row["status"]) for row in rows) == [
        (bulks[0], "+989120000001", "delivered"),
        (bulks[0], "+989120000994", "blacklisted"),
        (bulks[1], "+989120000001", "delivered"),
    ]
    if find_spec("airflow.sdk"):
        # Started by the command, the API or an asset, it may be for no date; every run of Airflow 2 is for one.
        run = run_dag(dag, undated=True, folder=f"{folder}/by-hand")
        assert run.state == "success", run.log
        assert len(list((tmp_path / "reports" / "by-hand").iterdir())) == 1
    run = run_dag(dag, logical_date=day, folder=folder)
    assert run.states == {"bulks_of_the_day": "skipped", "report": "skipped"}
    assert "912000000" not in f"{run.log}{run.results}"
