"""A text for every row of a query, from a real database to the sandbox."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ippanel_provider.operators.send import IPPanelSendOperator
from ippanel_provider.operators.suppress import InTable
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.transfers.sql_to_ippanel import SqlToIPPanelOperator

ROWS = [
    ("آرش", "09120000001", 10),
    ("بهار", "۰۹۱۲۰۰۰۰۰۰۲", 20),
    (None, "09120000003", 30),
    ("پویا", "0912", 40),
    ("آرش دوم", "+989120000001", 50),
]


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database with five customers; two of them cannot get a text, one is there twice."""
    path = tmp_path / "warehouse.sqlite"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE customers (name TEXT, mobile TEXT, points INTEGER)")
        database.executemany("INSERT INTO customers VALUES (?, ?, ?)", ROWS)
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": str(path)}))
    return path


def transfer(**fields: Any) -> SqlToIPPanelOperator:
    given = {
        "task_id": "send",
        "sql": "SELECT name, mobile, points FROM customers",
        "sql_conn_id": "warehouse",
        "recipient_column": "mobile",
        "row_message": "{{ row.name }} عزیز، {{ points }} امتیاز دارید",
    }
    return SqlToIPPanelOperator(**(given | fields))


def given(sandbox: RunningSandbox) -> list[tuple[str, str]]:
    return sorted((text["recipient"], text["text"]) for text in sandbox.messages())


def test_each_row_gets_the_text_its_columns_make(
    sandbox: RunningSandbox, warehouse: Path, new_dag: Any, run_dag: Any
) -> None:
    with new_dag() as dag:
        transfer()
    run = run_dag(dag)
    assert run.state == "success"
    assert given(sandbox) == [
        ("+989120000001", "آرش عزیز، 10 امتیاز دارید"),
        ("+989120000002", "بهار عزیز، 20 امتیاز دارید"),
    ]
    assert run.results["send"]["rejects"] == [
        {"line": 3, "reason": "a column that its text needs is empty: 'name'"},
        {"line": 4, "reason": "the number has too few digits for a mobile number (11 as 09XXXXXXXXX)"},
        {"line": 5, "reason": "an earlier row has the same recipient with another text, and each gets one"},
    ]


def test_the_query_takes_templates_parameters_and_files(
    sandbox: RunningSandbox, warehouse: Path, new_dag: Any, run_dag: Any, tmp_path: Path
) -> None:
    (tmp_path / "customers.sql").write_text("SELECT * FROM {{ params.table }} WHERE points < ?")
    (tmp_path / "never.sql").write_text("SELECT mobile FROM {{ params.table }} WHERE 1 = 0")
    with new_dag(params={"table": "customers"}, template_searchpath=[str(tmp_path)]) as dag:
        # A query's end makes it a file, in a list of who gets none too; a text's end does not.
        transfer(sql="{{ params.table }}.sql", parameters=["{{ 3 * 5 }}"], suppress=[InTable("never.sql", "warehouse")])
        IPPanelSendOperator(task_id="text", message="see {{ 'never' }}.sql", recipients=["09120000009"])
        IPPanelSendOperator(
            task_id="list", message="never.sql", recipients=["09120000009"], suppress=InTable("never.sql", "warehouse")
        )
    run = run_dag(dag)
    assert run.state == "success", run.log
    assert [number for number, _ in given(sandbox)] == ["+989120000001", "+989120000009", "+989120000009"]
    assert {text["text"] for text in sandbox.messages()} >= {"see never.sql", "never.sql"}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"sql": "SELECT * FROM customers WHERE 1 = 0"}, "recipients: there are none; the source is empty"),
        (
            {"recipient_column": "phone"},
            "recipient_column: the rows have no column 'phone', only 'name', 'mobile', 'points'",
        ),
        ({"row_message": "{{ row.name"}, "row_message: "),
        ({"sql": "SELECT * FROM nobody"}, "no such table: nobody"),
        ({"sql_conn_id": "elsewhere"}, "elsewhere"),
        ({"sender": "no line"}, "sender: "),
        ({"row_message": "{{ row.surname }}"}, "row_message: the rows have no column 'surname', only 'name', 'mobile'"),
        ({"row_message": "{{ row.points.x }}"}, "none of the 5 rows can get a text"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_sent(
    sandbox: RunningSandbox, warehouse: Path, new_dag: Any, run_dag: Any, fields: dict[str, Any], said: str
) -> None:
    with new_dag() as dag:
        transfer(**fields)
    run = run_dag(dag)
    assert run.state == "failed"
    assert said in run.log
    assert sandbox.messages() == []


def test_no_number_and_no_text_is_in_logs_results_or_rendered_fields(
    sandbox: RunningSandbox, warehouse: Path, new_dag: Any, run_dag: Any
) -> None:
    with new_dag() as dag:
        transfer()
    run = run_dag(dag)
    for secret in ("912000000", "۰۹۱۲", "آرش", "بهار", "10 امتیاز"):
        assert secret not in run.log
        assert secret not in str(run.results)
        assert secret not in str(run.rendered)


def test_a_column_that_a_join_has_twice_is_nobody_s_where_its_values_differ(
    sandbox: RunningSandbox, warehouse: Path, new_dag: Any, run_dag: Any
) -> None:
    with new_dag() as dag:
        other = "CASE name WHEN 'آرش' THEN mobile ELSE '09129999999' END AS mobile"
        transfer(sql=f"SELECT mobile, name, points, {other} FROM customers")
    run = run_dag(dag)
    assert [number for number, _ in given(sandbox)] == ["+989120000001"]
    assert "it has no 'mobile'" in {reject["reason"] for reject in run.results["send"]["rejects"]}
