"""Rows into files of each kind, all of them or none."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import ObjectStoragePath
from fsspec.implementations.memory import MemoryFileSystem
from pyarrow import parquet

from ippanel_provider.client import InvalidInput
from ippanel_provider.operators.files import Column, format_of, write

try:
    from airflow.sdk.io import attach
except ImportError:
    from airflow.io.store import attach

COLUMNS = (Column("id", "int64"), Column("name"), Column("at", "timestamp"))
AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
ROWS: list[tuple[Any, ...]] = [
    (2**33, "آرش، «الف»", AT),
    (2, 'with "quotes", a comma\nand a line', None),
    (3, None, AT),
]


def test_csv(tmp_path: Path) -> None:
    write(str(tmp_path / "file.csv"), COLUMNS, ROWS)
    with (tmp_path / "file.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            ["id", "name", "at"],
            [str(2**33), "آرش، «الف»", "2026-01-01T12:00:00+00:00"],
            ["2", 'with "quotes", a comma\nand a line', ""],
            ["3", "", "2026-01-01T12:00:00+00:00"],
        ]


def test_json_lines(tmp_path: Path) -> None:
    write(str(tmp_path / "file.jsonl"), COLUMNS, ROWS)
    lines = (tmp_path / "file.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"id": 2**33, "name": "آرش، «الف»", "at": "2026-01-01T12:00:00+00:00"},
        {"id": 2, "name": 'with "quotes", a comma\nand a line', "at": None},
        {"id": 3, "name": None, "at": "2026-01-01T12:00:00+00:00"},
    ]
    assert "آرش" in lines[0]


def test_parquet(tmp_path: Path) -> None:
    write(str(tmp_path / "file.parquet"), COLUMNS, ROWS)
    table = parquet.read_table(tmp_path / "file.parquet")
    assert [str(field.type) for field in table.schema] == ["int64", "string", "timestamp[us, tz=UTC]"]
    assert [tuple(row.values()) for row in table.to_pylist()] == ROWS


def test_parquet_in_many_batches(tmp_path: Path) -> None:
    write(str(tmp_path / "file.parquet"), COLUMNS, ((number, "x", AT) for number in range(25_000)))
    assert parquet.read_table(tmp_path / "file.parquet")["id"].to_pylist() == list(range(25_000))


@pytest.mark.parametrize("name", ["file.csv", "file.jsonl", "file.parquet"])
def test_no_rows_make_a_file_that_can_be_read(tmp_path: Path, name: str) -> None:
    write(str(tmp_path / name), COLUMNS, [])
    assert (tmp_path / name).exists()


@pytest.mark.parametrize("name", ["file.csv", "file.jsonl", "file.parquet"])
def test_a_source_that_fails_leaves_what_was_there(tmp_path: Path, name: str) -> None:
    target = tmp_path / name
    target.write_text("yesterday's")

    def failing() -> Iterator[tuple[Any, ...]]:
        yield ROWS[0]
        raise OSError("the connection broke")

    with pytest.raises(OSError, match="the connection broke"):
        write(str(target), COLUMNS, failing())
    assert target.read_text() == "yesterday's"


def test_object_storage() -> None:
    attach("memory", fs=MemoryFileSystem())
    write("memory://bucket/report.csv", COLUMNS, ROWS[:1])
    assert ObjectStoragePath("memory://bucket/report.csv").read_bytes().startswith(b"id,name,at\r\n")


@pytest.mark.parametrize(
    ("path", "asked_for", "format"),
    [
        ("a/b.csv", None, "csv"),
        ("a/b.CSV", None, "csv"),
        ("s3://bucket/b.ndjson", None, "jsonl"),
        ("a.b/c", None, "csv"),
        ("a/b.txt", None, "csv"),
        ("a/b.parquet", None, "parquet"),
        ("a/b.csv", "jsonl", "jsonl"),
    ],
)
def test_the_format_is_what_is_asked_for_or_what_the_path_ends_in(
    path: str, asked_for: str | None, format: str
) -> None:
    assert format_of(path, asked_for) == format


def test_an_unknown_format_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="format: 'xls' is none of csv, jsonl, parquet"):
        write(str(tmp_path / "file"), COLUMNS, ROWS, format="xls")
