"""The fate of every row by the author's own key, from a source table to a table of results."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ippanel_provider.campaign.ledger.decisions import delivery
from ippanel_provider.operators.results import IPPanelResultsOperator
from ippanel_provider.options import IfStatus, Results
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.transfers.sql_to_ippanel import SqlToIPPanelOperator

RESULTS = Results("sms_results", conn_id="warehouse", key_column="customer_id")
CUSTOMERS = [
    (1, "آرش", "09120000001"),
    (2, "بهار", "09120000002"),
    (3, "پویا", "0912"),
    (4, "آرش", "+98 912 000 0001"),
    (5, None, "09120000993"),
    (None, "کسی", "09120000006"),
    (2, "بهار", "09120000007"),
    (8, "پری", "09120000993"),
    (9, "زری", "09120000994"),
]


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database with customers who are due, and a ledger beside it."""
    path = tmp_path / "warehouse.sqlite"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE due (customer_id INTEGER, name TEXT, mobile TEXT)")
        database.executemany("INSERT INTO due VALUES (?, ?, ?)", CUSTOMERS)
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": str(path)}))
    ledger = json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "ledger.sqlite")})
    monkeypatch.setenv("AIRFLOW_CONN_LEDGER", ledger)
    return path


def asked(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(query).fetchall()


def transfer(**fields: Any) -> SqlToIPPanelOperator:
    given = {
        "task_id": "send",
        "sql": "SELECT customer_id, name, mobile FROM due ORDER BY rowid",
        "sql_conn_id": "warehouse",
        "recipient_column": "mobile",
        "row_message": "سلام {{ row.name }}",
        "ledger_conn_id": "ledger",
        "campaign_id": "dues",
        "results": RESULTS,
    }
    return SqlToIPPanelOperator(**(given | fields))


def fates(path: Path, campaign: str = "dues") -> dict[str, tuple[Any, ...]]:
    query = "SELECT row_key, status, merged_into, fate FROM sms_results WHERE campaign = ? ORDER BY row_key"
    with closing(sqlite3.connect(path)) as database:
        return {key: row for key, *row in database.execute(query, (campaign,))}


def test_a_campaign_s_rows_are_followed_from_table_to_table(
    sandbox: RunningSandbox, warehouse: Path, new_dag: Any, run_dag: Any, tmp_path: Path
) -> None:
    sandbox.pace(0)
    kept = replace(RESULTS, path=str(tmp_path / "{{ 'results' }}.csv"))
    with new_dag() as dag:
        send = transfer(results=kept)
        follow = IPPanelResultsOperator(
            task_id="follow", results=kept, campaign_id="dues", ledger_conn_id="ledger", timeout=60, deferrable=True,
            poke_interval=0.05,
        )  # fmt: skip
        again = transfer(
            task_id="again",
            campaign_id="dues, again",
            only=IfStatus(RESULTS, "not_delivered", "blacklisted"),
            row_message="دوباره",
        )
        send >> follow >> again
    run = run_dag(dag)
    assert run.state == "success", run.log
    assert fates(warehouse) == {
        "1": ["delivered", None, None],
        "2": ["delivered", None, None],
        "3": ["rejected", None, None],
        "4": ["merged", "1", "delivered"],
        "5": ["rejected", None, None],
        "8": ["not_delivered", None, None],
        "9": ["blacklisted", None, None],
    }
    assert run.results["follow"] == {
        "campaign": "dues",
        "rows": 7,
        "open": 0,
        "delivered": 2,
        "rejected": 2,
        "merged": 1,
        "not_delivered": 1,
        "blacklisted": 1,
    }
    assert set(fates(warehouse, "dues, again")) == {"8", "9"}
    with sa.create_engine(f"sqlite:///{tmp_path / 'ledger.sqlite'}").connect() as connection:
        assert delivery(connection, [1])[1] | {"delivered": 2, "not_delivered": 1} == delivery(connection, [1])[1]
    exported = (tmp_path / "results.csv").read_text()
    assert exported.count("\n") == 8
    everything = (exported, run.log, str(run.results), str(run.rendered), warehouse_without_customers(warehouse))
    for secret in ("912000000", "912000099", "آرش", "سلام"):
        assert not any(secret in kept for kept in everything)


def warehouse_without_customers(path: Path) -> str:
    return "".join(str(asked(path, f"SELECT * FROM {name}")) for name in ("sms_results", "sms_results_runs"))
