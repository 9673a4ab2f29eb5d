"""What a transfer reads, as OpenLineage names it. In environments without its provider this module is not collected."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from airflow.providers.openlineage.extractors import ExtractorManager

from ippanel_provider import lineage
from ippanel_provider.operators.send import IPPanelSendOperator
from ippanel_provider.operators.sync import IPPanelPhonebookSyncOperator
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.transfers.file_to_ippanel import FileToIPPanelOperator
from ippanel_provider.transfers.sql_to_ippanel import SqlToIPPanelOperator


@pytest.mark.parametrize(
    ("path", "namespace", "name"),
    [
        ("/data/customers.csv", "file", "/data/customers.csv"),
        ("file:///data/customers.csv", "file", "/data/customers.csv"),
        ("s3://aws_default@shop/2025/customers.parquet", "s3://shop", "2025/customers.parquet"),
        ("gs://shop/customers.jsonl", "gs://shop", "customers.jsonl"),
    ],
)
def test_a_file_is_named_by_its_place(path: str, namespace: str, name: str) -> None:
    found = lineage.of_file(path)
    assert found is not None
    assert [(dataset.namespace, dataset.name) for dataset in found.inputs] == [(namespace, name)]


def test_a_query_is_named_by_the_tables_it_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": "/data/shop.sqlite"}))
    sql = "SELECT c.name, o.total FROM customers c JOIN sales.orders o ON o.customer = c.id"
    found = lineage.of_query(sql, "warehouse")
    assert found is not None
    assert sorted((dataset.namespace, dataset.name) for dataset in found.inputs) == [
        ("sqlite", "/data/shop.sqlite.customers"),
        ("sqlite", "/data/shop.sqlite.sales.orders"),
    ]
    assert found.job_facets["sql"].query == sql
    assert found.outputs == []


def test_in_a_run_inputs_and_outputs_are_told_and_nobody_is_named(
    sandbox: RunningSandbox,
    new_dag: Callable[..., Any],
    run_dag: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As the provider of OpenLineage asks a task that has run."""
    path = tmp_path / "shop.sqlite"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE customers (recipient TEXT, name TEXT)")
        database.execute("INSERT INTO customers VALUES ('09120000001', 'a')")
    (tmp_path / "customers.csv").write_text("recipient,name\n09120000002,b\n")
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": str(path)}))
    query = {"sql": "SELECT recipient, name FROM customers", "sql_conn_id": "warehouse"}
    asked: dict[str, Any] = {}

    def ask(context: Any) -> None:
        ti, task = context["ti"], context["task"]
        asked[ti.task_id] = ExtractorManager().extract_metadata(
            dagrun=context["dag_run"], task=task, task_instance=ti, task_instance_state="running"
        )

    with new_dag(default_args={"on_success_callback": ask}) as dag:
        IPPanelSendOperator(task_id="send", message="x", recipients=["09120000003"])
        IPPanelSendOperator(task_id="dry", message="x", recipients=["09120000003"], dry_run=True)
        SqlToIPPanelOperator(task_id="sql", row_message="{{ row.name or 'a' }} x", **query)
        FileToIPPanelOperator(task_id="file", path=tmp_path / "customers.csv", message="y")
        IPPanelPhonebookSyncOperator(task_id="book", book="B", number_column="recipient", **query)
    assert run_dag(dag).state == "success"
    panel = f"ippanel://{urlsplit(sandbox.base_url).netloc}"
    line, table = f"{panel} lines/{sandbox.sender}", f"sqlite {path}.customers"
    assert {
        task: [[f"{one.namespace} {one.name}" for one in side] for side in (found.inputs, found.outputs)]
        for task, found in asked.items()
    } == {
        "send": [[], [line]],
        "dry": [[], []],
        "sql": [[table], [line]],
        "file": [[f"file {tmp_path / 'customers.csv'}"], [line]],
        "book": [[table], [f"{panel} phonebooks"]],
    }
    assert "912000000" not in repr(asked)
