"""Editors and type checkers see every parameter at the operator, its name and its type, and what a request gives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("airflow", reason="Apache Airflow is not installed")
pytest.importorskip("mypy", reason="mypy is not installed")

TOP = Path(__file__).parents[2]


def test_what_authors_and_flows_write_is_checked() -> None:
    files = [str(Path(__file__).with_name(name)) for name in ("authors.py", "flows.py")]
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(TOP / "pyproject.toml"), *files],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.stdout.strip() == "Success: no issues found in 2 source files", checked.stdout + checked.stderr
