"""The example that goes from a table to a table: what its queries say is what the sandbox's own record says."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ippanel_provider.sandbox.runner import RunningSandbox


def test_the_queries_tell_what_became_of_every_customer(
    sandbox: RunningSandbox,
    example: Callable[[str], Any],
    run_dag: Callable[..., Any],
    warehouse: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sandbox.pace(0)
    ledger = json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "ledger.sqlite")})
    monkeypatch.setenv("AIRFLOW_CONN_LEDGER", ledger)
    warehouse("CREATE TABLE due (customer_id INTEGER, name TEXT, mobile TEXT)")
    numbers = ["09120000001", "09120000002", "09350000003", "09120000993", "09120000001", "0912"]
    warehouse("INSERT INTO due VALUES (?, ?, ?)", [(n, "آرش", number) for n, number in enumerate(numbers)])
    run = run_dag(example("results"), logical_date=datetime(2026, 1, 5, tzinfo=UTC))
    assert run.state == "success", run.log
    assert run.results["follow"]["delivered"] == 3
    told = [(operator, texts, delivered) for operator, _, texts, delivered, _ in run.results["by_operator_and_hour"]]
    assert told == [("irancell", 1, 1), ("mci", 3, 2)]
    [[cost, delivered, each]] = run.results["cost_of_a_delivered_text"]
    assert (delivered, each) == (3, round(cost / 3))
    # A text more went out, to the one customer who did not get the first.
    assert run.results["again"]["accepted"] == 1
    assert sorted(text["recipient"] for text in sandbox.messages()).count("+989120000993") == 2
