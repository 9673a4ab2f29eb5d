"""The example that looks after the credit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ippanel_provider.sandbox.runner import RunningSandbox


@pytest.fixture
def dag(example: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The DAG, in an Airflow home of the test's own for what alerts leave there."""
    monkeypatch.setenv("AIRFLOW_VAR_ACCOUNTING", "09120000001, 0912 000 0002")
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    return example("credit_watch")


def test_enough_credit_is_worth_no_text(sandbox: RunningSandbox, dag: Any, run_dag: Callable[..., Any]) -> None:
    sandbox.account(credit=1_000_000)
    assert run_dag(dag).state == "success"
    assert sandbox.messages() == []


def test_low_credit_is_told_once_a_day(
    sandbox: RunningSandbox, dag: Any, run_dag: Callable[..., Any], received: Callable[[], Any]
) -> None:
    sandbox.account(credit=500_000)
    assert run_dag(dag).state == "failed"
    assert run_dag(dag).state == "failed"
    text = "اعتبار پنل پیامک کمتر از 1000000 ریال است."
    assert received() == [("+989120000001", text), ("+989120000002", text)]
