"""Airflow's Apprise provider sends through ``ippanel://`` without anyone having registered anything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from ippanel_provider.sandbox.runner import RunningSandbox

pytest.importorskip("airflow.providers.apprise", reason="Airflow's Apprise provider is not installed")

_DAG = """
from datetime import UTC, datetime

from airflow.providers.apprise.notifications.apprise import AppriseNotifier
from airflow.providers.common.compat.sdk import DAG, task


with DAG(
    "apprise_alert",
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    on_failure_callback=AppriseNotifier(title="{{ dag.dag_id }}", body="اجرا ناموفق بود", notify_type="failure"),
):
    @task(
        on_failure_callback=AppriseNotifier(
            title="{{ dag.dag_id }}", body="{{ ti.task_id }} شکست خورد", notify_type="failure"
        )
    )
    def load():
        raise ValueError("the source is empty")

    load()
"""


@pytest.fixture
def dag_file(metadata_database: None) -> Iterator[Path]:
    file = Path(os.environ["AIRFLOW_HOME"], "dags", "apprise_alert.py")
    file.write_text(_DAG)
    yield file
    file.unlink()


@pytest.fixture
def run(dag_file: Path, ippanel_sandbox: RunningSandbox) -> Callable[..., str]:
    """Run the DAG in an Airflow process of its own and return its output."""

    def with_key(key: str) -> str:
        service = quote(ippanel_sandbox.base_url, safe="")
        url = f"ippanel://{key}@{ippanel_sandbox.sender}/09120000001/9120000002?url={service}"
        connection = {"conn_type": "apprise", "extra": {"config": {"path": url, "tag": "all"}}}
        ended = subprocess.run(
            [sys.executable, "-m", "airflow", "dags", "test", "apprise_alert"],
            env=os.environ | {"AIRFLOW_CONN_APPRISE_DEFAULT": json.dumps(connection)},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
            timeout=180,
        )
        return ended.stdout + ended.stderr

    return with_key


def test_a_failing_task_alerts(ippanel_sandbox: RunningSandbox, run: Callable[..., str]) -> None:
    output = run(ippanel_sandbox.api_key)
    texts = {(message["recipient"], message["text"]) for message in ippanel_sandbox.messages()}
    assert ("+989120000001", "apprise_alert\nload شکست خورد") in texts, output
    assert ("+989120000002", "apprise_alert\nload شکست خورد") in texts
    assert "9120000001" not in output


def test_a_wrong_key_is_an_error_in_the_log(ippanel_sandbox: RunningSandbox, run: Callable[..., str]) -> None:
    output = run("wr0ngkey")
    assert "Check the API key" in output
    assert "wr0ngkey" not in output
    assert ippanel_sandbox.messages() == []
