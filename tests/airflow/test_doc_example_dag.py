"""The test of a DAG that the documentation shows, as it is shown, over the DAG that it shows."""

from __future__ import annotations

import shutil
import sys

import pytest

# isort: split
# --8<-- [start:dag]
import json
import os
import subprocess
from pathlib import Path

DAGS = Path("dags")


def test_both_are_told(ippanel_sandbox):
    ippanel_sandbox.pace(0)  # Bulks are final at once.
    connection = {
        "conn_type": "ippanel",
        "host": ippanel_sandbox.base_url,
        "password": ippanel_sandbox.api_key,
        "extra": {"sender": ippanel_sandbox.sender},
    }
    environment = {
        **os.environ,
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS.resolve()),
        "AIRFLOW_CONN_IPPANEL_DEFAULT": json.dumps(connection),
    }
    subprocess.run(["airflow", "dags", "test", "hello_ippanel"], env=environment, check=True)
    assert {text["recipient"] for text in ippanel_sandbox.messages()} == {"+989120000001", "+989120000002"}
    # --8<-- [end:dag]


@pytest.fixture(autouse=True)
def a_project(metadata_database: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a DAG, and Airflow on the path."""
    (tmp_path / "dags").mkdir()
    shutil.copy(Path(__file__).parents[1] / "docs" / "examples" / "hello.py", tmp_path / "dags")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
