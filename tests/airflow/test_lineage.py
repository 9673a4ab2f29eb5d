"""What a transfer reads, as OpenLineage names it. In environments without its provider this module is not collected."""

from __future__ import annotations

import json

import pytest

from ippanel_provider import lineage


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
