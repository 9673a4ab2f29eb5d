"""Rows into files of each format, all of them or none, and back."""

from __future__ import annotations

import csv
import itertools
import json
import os
import stat
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from ippanel_provider.client import InvalidInput
from ippanel_provider.tables.cells import escaped, guarded, unescaped, unguarded
from ippanel_provider.tables.formats import to_write
from ippanel_provider.tables.readers import read
from ippanel_provider.tables.writers import Column, report, table

COLUMNS = (Column("id", "int64"), Column("name"), Column("at", "timestamp"))
AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
ROWS: list[tuple[Any, ...]] = [
    (2**33, "آرش، «الف»", AT),
    (2, 'with "quotes", a comma\nand a line', None),
    (3, None, AT),
]
NAMES = ["file.csv", "file.jsonl", "file.parquet", "file.xlsx"]


def write(path: Path, columns: Sequence[Column], rows: Any, **options: Any) -> None:
    with table(path, columns, to_write(path), **options) as add:
        for row in rows:
            add(row)


def read_back(path: Path) -> list[dict[str, Any]]:
    with path.open("rb") as file:
        return [dict(record.values) for record in read(file, to_write(path))]


def test_csv(tmp_path: Path) -> None:
    write(tmp_path / "file.csv", COLUMNS, ROWS)
    with (tmp_path / "file.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            ["id", "name", "at"],
            [str(2**33), "آرش، «الف»", "2026-01-01T12:00:00+00:00"],
            ["2", 'with "quotes", a comma\nand a line', ""],
            ["3", "", "2026-01-01T12:00:00+00:00"],
        ]


def test_json_lines(tmp_path: Path) -> None:
    write(tmp_path / "file.jsonl", COLUMNS, ROWS)
    lines = (tmp_path / "file.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"id": 2**33, "name": "آرش، «الف»", "at": "2026-01-01T12:00:00+00:00"},
        {"id": 2, "name": 'with "quotes", a comma\nand a line', "at": None},
        {"id": 3, "name": None, "at": "2026-01-01T12:00:00+00:00"},
    ]
    assert "آرش" in lines[0]


def test_parquet(tmp_path: Path) -> None:
    write(tmp_path / "file.parquet", COLUMNS, ROWS)
    content = parquet.read_table(tmp_path / "file.parquet")
    assert [str(field.type) for field in content.schema] == ["int64", "string", "timestamp[us, tz=UTC]"]
    assert [tuple(row.values()) for row in content.to_pylist()] == ROWS


def test_parquet_in_many_batches(tmp_path: Path) -> None:
    write(tmp_path / "file.parquet", COLUMNS, ((number, "x", AT) for number in range(25_000)))
    assert parquet.read_table(tmp_path / "file.parquet")["id"].to_pylist() == list(range(25_000))


def test_excel(tmp_path: Path) -> None:
    write(tmp_path / "file.xlsx", COLUMNS, ROWS)
    sheet = openpyxl.load_workbook(tmp_path / "file.xlsx").worksheets[0]
    assert list(sheet.values) == [
        ("id", "name", "at"),
        (2**33, "آرش، «الف»", "2026-01-01T12:00:00+00:00"),
        (2, 'with "quotes", a comma\nand a line', None),
        (3, None, "2026-01-01T12:00:00+00:00"),
    ]


@pytest.mark.parametrize("name", NAMES)
def test_no_rows_make_a_file_that_can_be_read(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, COLUMNS, [])
    assert read_back(tmp_path / name) == []


def failing() -> Iterator[tuple[Any, ...]]:
    yield ROWS[0]
    raise OSError("the connection broke")


@pytest.mark.parametrize("name", NAMES)
def test_a_source_that_fails_leaves_what_was_there(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("yesterday's")
    with pytest.raises(OSError, match="the connection broke"):
        write(tmp_path / name, COLUMNS, failing())
    assert (tmp_path / name).read_text() == "yesterday's"
    assert os.listdir(tmp_path) == [name]


def told(path: Path, rows: Iterator[tuple[Any, ...]]) -> None:
    with report(path, ["id", "name", "at"]) as add:
        for row in rows:
            add(row)


def test_a_report_of_what_was_done_is_there_also_after_an_error_unless_nothing_was_done(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_text("yesterday's")
    with pytest.raises(OSError, match="the connection broke"):
        told(path, itertools.islice(failing(), 1, None))
    assert path.read_text() == "yesterday's"
    with pytest.raises(OSError, match="the connection broke"):
        told(path, failing())
    assert [row["id"] for row in read_back(path)] == [str(2**33)]
    with pytest.raises(InvalidInput, match=r"report_path: a report ends in \.csv or \.jsonl"):
        report(tmp_path / "report.txt", ["id"], "report_path").__enter__()


@pytest.mark.parametrize("name", NAMES)
def test_only_the_owner_may_read_what_people_are_in(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, COLUMNS, ROWS)
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


FORMULAS = ["=1+1", "=HYPERLINK(1)", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1", "\r=1", "＝1", "'=1", "''@x"]
PLAIN = ["آرش", "+989120000001", "-5", "+98 912 000 0001", "-1.5", "a=1", "'", "'a", "o'=", "09120000001", "'0912"]


@pytest.mark.parametrize("name", ["file.csv", "file.xlsx"])
def test_a_formula_is_written_as_a_text_and_read_back_as_it_was_and_a_number_is_left_alone(
    tmp_path: Path, name: str
) -> None:
    columns = [Column("name"), Column("key", key=True)]
    given = FORMULAS + PLAIN
    write(tmp_path / name, columns, [(text, "=1") for text in given])
    if name.endswith("csv"):
        with (tmp_path / name).open(encoding="utf-8", newline="") as file:
            written = [row["name"] for row in csv.DictReader(file)]
    else:
        written = [
            unescaped(row[0].value) for row in openpyxl.load_workbook(tmp_path / name).active.iter_rows(min_row=2)
        ]
    assert written == [f"'{text}" for text in FORMULAS] + PLAIN
    assert [row["name"] for row in read_back(tmp_path / name)] == given


def test_formulas_can_be_left_as_they_are(tmp_path: Path) -> None:
    write(tmp_path / "file.csv", [Column("name")], [("=1",)], formulas=True)
    assert (tmp_path / "file.csv").read_text() == "name\n=1\n"


@given(st.text() | st.text(alphabet="_x0aAdD5F\r"))
def test_what_is_escaped_comes_back_as_it_was(text: str) -> None:
    assert unescaped(escaped(text)) == text


@given(st.text(alphabet="'=+-@\t\r\n12 .a＝"))
def test_what_is_guarded_comes_back_as_it_was(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "@", "\t", "\r"))


def test_excel_takes_what_no_xml_does_and_says_where_a_sheet_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "file.xlsx", [Column("name")], [("a\x0bb",), ("c\r\nd",)])
    assert [row["name"] for row in read_back(tmp_path / "file.xlsx")] == ["a\x0bb", "c\r\nd"]
    monkeypatch.setattr("ippanel_provider.tables.writers.SHEET_ROWS", 3)
    with pytest.raises(InvalidInput, match="format: an Excel sheet takes 3 rows"):
        write(tmp_path / "long.xlsx", [Column("name")], [("a",)] * 3)
