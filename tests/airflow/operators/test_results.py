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
from ippanel_provider.decorators.sms import sms_task
from ippanel_provider.operators.results import IPPanelResultsOperator
from ippanel_provider.operators.send import IPPanelSendOperator
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
        "cost": pytest.approx(5320.4),
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


def test_a_table_that_fails_sends_nothing_before_and_loses_no_row_after(
    sandbox: RunningSandbox, warehouse: Path, new_dag: Any, run_dag: Any
) -> None:
    with closing(sqlite3.connect(warehouse)) as database:
        database.executescript("DELETE FROM due WHERE customer_id IS NOT 1; CREATE TABLE foreign_one (id INTEGER)")
    wrong = {
        "nowhere": replace(RESULTS, table="nowhere.sms_results"),
        "foreign": replace(RESULTS, table="foreign_one"),
        "keyless": replace(RESULTS, key_column="customer"),
    }
    with new_dag() as dag:
        for name, results in wrong.items():
            transfer(task_id=name, campaign_id=name, results=results)
    run = run_dag(dag)
    assert run.states == dict.fromkeys(wrong, "failed")
    assert "results: the table nowhere.sms_results cannot be written or read" in run.log
    assert "results: the table foreign_one cannot be used: foreign_one has no column 'campaign'" in run.log
    assert "results.key_column: the rows have no column 'customer'" in run.log
    assert sandbox.messages() == []
    with closing(sqlite3.connect(warehouse)) as database:
        fails = "WHEN NEW.row_key = '1' BEGIN SELECT RAISE(ABORT, 'full'); END"
        database.executescript(f"CREATE TRIGGER fails BEFORE INSERT ON sms_results {fails}")
    with new_dag() as dag:
        transfer()
    run = run_dag(dag)
    assert run.state == "failed"
    assert "Rows are missing in it; everything was accepted. A retry writes them and sends nothing." in run.log
    assert len(sandbox.messages()) == 1
    with closing(sqlite3.connect(warehouse)) as database:
        database.executescript("DROP TRIGGER fails")
    run = run_dag(dag)
    assert run.state == "success", run.log
    assert len(sandbox.messages()) == 1
    assert fates(warehouse) == {"1": ["accepted", None, None]}


def no_rows() -> list[Any]:
    return []


class TestRefusals:
    """What cannot be right is refused when the DAG is parsed, by the field's name."""

    @pytest.mark.parametrize(
        "make",
        [
            lambda: transfer(ledger_conn_id=None),
            lambda: IPPanelSendOperator(task_id="send", messages=[], results=RESULTS),
            lambda: sms_task(no_rows, results=RESULTS)(),
        ],
    )
    def test_results_need_a_ledger_that_outlives_the_run(self, make: Any) -> None:
        with pytest.raises(ValueError, match=r"^ledger_conn_id: required with results"):
            make()

    @pytest.mark.parametrize(
        ("make", "said"),
        [
            (lambda: Results("a b"), r"^results\.table: expected"),
            (lambda: Results("a.b.c"), r"^results\.table: expected"),
            (lambda: Results("x; DROP TABLE y"), r"^results\.table: expected"),
            (lambda: Results("x", key_column=" "), r"^results\.key_column: expected"),
            (lambda: Results("x", conn_id=""), r"^results\.conn_id: expected"),
            (lambda: IfStatus(RESULTS), r"^only: expected some of accepted"),
            (lambda: IfStatus(RESULTS, "lost"), r"^only: expected some of accepted"),
            (lambda: IfStatus("sms_results", "rejected"), r"^only: expected IfStatus"),  # type: ignore[arg-type]
            (lambda: transfer(results="sms_results"), r"^results: expected Results"),
            (lambda: transfer(only="delivered"), r"^only: expected IfStatus"),
        ],
    )
    def test_values_are_checked_when_they_are_made(self, make: Any, said: str) -> None:
        with pytest.raises(ValueError, match=said):
            make()

    def test_numbers_alone_have_no_keys(self) -> None:
        task = IPPanelSendOperator(
            task_id="send", message="x", recipients=["09120000001"], results=RESULTS, ledger_conn_id="ledger"
        )
        with pytest.raises(ValueError, match=r"^results: numbers alone have no keys"):
            list(task.rows())

    @pytest.mark.parametrize("entry", ["customer_id", "key"])
    def test_rows_that_an_author_gives_name_their_key(self, entry: str) -> None:
        rows = [{"recipient": "09120000001", "message": "x", entry: 7}]
        task = IPPanelSendOperator(task_id="send", messages=rows, results=RESULTS, ledger_conn_id="ledger")
        assert [row.key for row in task.rows()] == [7]


def warehouse_without_customers(path: Path) -> str:
    return "".join(str(asked(path, f"SELECT * FROM {name}")) for name in ("sms_results", "sms_results_runs"))
