"""The example of texts about a DAG: what it found out, and that it failed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ippanel_provider.sandbox.runner import RunningSandbox

ANA, BEN = "+989120000001", "+989120000002"


@pytest.fixture
def dag(example: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The DAG, in an Airflow home of the test's own for what alerts leave there."""
    monkeypatch.setenv("AIRFLOW_VAR_ONCALL", "09120000001,0912 000 0002")
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    return example("alerts")


def test_the_report_goes_to_all_on_call(dag: Any, run_dag: Callable[..., Any], received: Callable[[], Any]) -> None:
    assert run_dag(dag).state == "success"
    assert received() == [(ANA, "امروز 42 سفارش ثبت شد."), (BEN, "امروز 42 سفارش ثبت شد.")]


def test_a_failure_is_on_the_phones_of_all_on_call_and_its_repetition_within_the_window_is_not(
    sandbox: RunningSandbox, dag: Any, run_dag: Callable[..., Any], received: Callable[[], Any]
) -> None:
    sandbox.fault("refused", path="/api/payment/credit")
    for _ in range(2):
        assert run_dag(dag).states == {"count_orders": "success", "daily_report": "failed"}
    texts = received()
    assert [phone for phone, _ in texts] == [ANA, BEN]
    assert all(text.startswith("example_ippanel_alerts: daily_report failed (") for _, text in texts)
