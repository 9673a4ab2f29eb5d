"""The example of texts about a DAG, run as it stands in the documentation."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ippanel_provider.sandbox.runner import RunningSandbox

EXAMPLE = Path(__file__).parents[2] / "example_dags" / "example_ippanel_alerts.py"
ANA, BEN = "+989120000001", "+989120000002"


@pytest.fixture
def example(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The module, in an Airflow home of the test's own for what alerts leave there."""
    monkeypatch.setenv("AIRFLOW_VAR_ONCALL", "09120000001,0912 000 0002")
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    spec = importlib.util.spec_from_file_location("example_ippanel_alerts", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_report_goes_to_all_on_call(example: Any, sandbox: RunningSandbox, run_dag: Callable[..., Any]) -> None:
    assert run_dag(example.dag).state == "success"
    assert [(text["recipient"], text["text"]) for text in sandbox.messages()] == [
        (ANA, "امروز 42 سفارش ثبت شد."),
        (BEN, "امروز 42 سفارش ثبت شد."),
    ]


def test_a_failure_is_told_to_all_on_call(example: Any, sandbox: RunningSandbox, run_dag: Callable[..., Any]) -> None:
    sandbox.fault("refused", path="/api/payment/credit")
    run = run_dag(example.dag)
    assert run.states["daily_report"] == "failed"
    texts = sandbox.messages()
    assert [text["recipient"] for text in texts] == [ANA, BEN]
    assert all(text["text"].startswith("example_ippanel_alerts: daily_report failed (") for text in texts)
