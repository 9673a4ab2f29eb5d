"""Files as people and programs write them: every row with the line a person sees, and nothing lost without a word."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow
import pytest
from pyarrow import parquet

from ippanel_provider.client import InvalidInput
from ippanel_provider.tables.readers import Layout, read
from ippanel_provider.tables.records import Record

PEOPLE = [("آرش", "09120000001"), ("بهار", "09120000002")]


def records(content: bytes, kind: str = "csv", **layout: Any) -> list[Record]:
    return list(read(io.BytesIO(content), kind, Layout(**layout)))


def lines(content: str, **layout: Any) -> list[tuple[int, list[Any], str]]:
    return [
        (record.line, list(record.values.values()), record.problem) for record in records(content.encode(), **layout)
    ]


def workbook(*rows: Sequence[Any], title: str = "Sheet1") -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    return saved(book)


def saved(book: Any) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def as_csv() -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([("name", "mobile"), *PEOPLE])
    return text.getvalue().encode()


def as_jsonl() -> bytes:
    return "".join(
        json.dumps({"name": name, "mobile": mobile}, ensure_ascii=False) + "\n" for name, mobile in PEOPLE
    ).encode()


def as_parquet() -> bytes:
    file = io.BytesIO()
    names, mobiles = zip(*PEOPLE, strict=True)
    parquet.write_table(pyarrow.table({"name": names, "mobile": mobiles}), file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("kind", "content", "first_line"),
    [
        ("csv", as_csv(), 2),
        ("jsonl", as_jsonl(), 1),
        ("parquet", as_parquet(), 1),
        ("xlsx", workbook(("name", "mobile"), *PEOPLE), 2),
    ],
)
def test_every_format_gives_the_same_rows_with_the_line_a_person_sees(
    kind: str, content: bytes, first_line: int
) -> None:
    assert records(content, kind) == [
        Record(first_line, {"name": "آرش", "mobile": "09120000001"}),
        Record(first_line + 1, {"name": "بهار", "mobile": "09120000002"}),
    ]


class TestCsv:
    def test_a_row_has_the_line_where_it_begins(self) -> None:
        assert lines('name,mobile\n"دو\nخط",1\n\nسوم,2\r\n"x",3') == [
            (2, ["دو\nخط", "1"], ""),
            (5, ["سوم", "2"], ""),
            (6, ["x", "3"], ""),
        ]

    def test_what_is_empty_is_missing(self) -> None:
        assert lines("name,mobile,points\n,1,\nx") == [(2, [None, "1", None], ""), (3, ["x", None, None], "")]

    def test_a_row_with_too_many_values_is_a_problem_of_its_own(self) -> None:
        assert lines("name,mobile\na,b,1\nc,2") == [(2, [], "it has 3 values for 2 columns"), (3, ["c", "2"], "")]

    def test_quotes_that_are_not_in_order_are_a_problem_of_the_row(self) -> None:
        assert lines('name,mobile\n"a" b,1\nc,2') == [(2, [], "its quotes are not in order"), (3, ["c", "2"], "")]

    def test_a_quote_that_never_ends_swallows_nobody(self) -> None:
        with pytest.raises(InvalidInput, match="line 3: a quoted value begins here and does not end"):
            lines('name,mobile\na,1\n"b,2\nc,3\n')
        with pytest.raises(InvalidInput, match="line 2: a quoted value begins here and does not end"):
            lines('name,mobile\n"b,2\n' + "c,3\n" * 50_000)

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1256", "utf-16"])
    def test_encodings(self, encoding: str) -> None:
        given = "utf-8-sig" if encoding == "utf-8" else encoding
        assert records("name,mobile\nبهار,1\n".encode(encoding), encoding=given) == [
            Record(2, {"name": "بهار", "mobile": "1"})
        ]

    def test_another_encoding_is_named_and_not_guessed(self) -> None:
        content = "name,mobile\n" + "a,1\n" * 5 + "بهار,1\n"
        with pytest.raises(InvalidInput, match=r"encoding: the file is not utf-8-sig.*cp1256") as caught:
            records(content.encode("cp1256"))
        assert "بهار" not in str(caught.value)
        assert caught.value.__cause__ is None
        with pytest.raises(InvalidInput, match="encoding: there is no encoding 'utf-9'"):
            records(b"a", encoding="utf-9")

    def test_delimiters_and_files_without_a_header(self) -> None:
        assert lines("آرش;1\n", delimiter=";", columns=("name", "mobile")) == [(1, ["آرش", "1"], "")]
        with pytest.raises(InvalidInput, match="delimiter: give one character"):
            lines("a", delimiter=";;")

    def test_a_header_that_names_a_column_twice_is_refused(self) -> None:
        with pytest.raises(InvalidInput, match="header: 1 of the columns' names stand there twice"):
            lines("name,mobile,mobile\na,1,2")

    def test_an_endless_line_is_no_text_file(self) -> None:
        with pytest.raises(InvalidInput, match="line 1: it is longer than 1048576 characters"):
            lines("x" * 1_048_577)


class TestJsonLines:
    def test_a_broken_line_is_a_problem_of_its_own(self) -> None:
        assert records(b'{"a": 1}\n\n{"a": \n[1]\n{"a": 2}', "jsonl") == [
            Record(1, {"a": 1}),
            Record(3, {}, "it is no JSON object"),
            Record(4, {}, "it is no JSON object"),
            Record(5, {"a": 2}),
        ]

    def test_a_byte_order_mark_is_no_part_of_it(self) -> None:
        assert records('{"a": "ب"}'.encode("utf-8-sig"), "jsonl") == [Record(1, {"a": "ب"})]


class TestExcel:
    def test_a_row_has_the_number_the_sheet_shows(self) -> None:
        content = workbook(("name", "mobile"), ("a", 9120000001), (None, None), (), ("b", "x"))
        assert [(record.line, record.values["mobile"]) for record in records(content, "xlsx")] == [
            (2, 9120000001),
            (5, "x"),
        ]

    def test_a_sheet_by_its_name(self) -> None:
        book = openpyxl.Workbook()
        book.active.append(("mobile",))
        book.create_sheet("مشتریان").append(("mobile",))
        book["مشتریان"].append(("09120000001",))
        assert records(saved(book), "xlsx", sheet="مشتریان") == [Record(2, {"mobile": "09120000001"})]
        assert records(saved(book), "xlsx") == []
        with pytest.raises(InvalidInput, match="sheet: there is no sheet 'x', only 'Sheet', 'مشتریان'"):
            records(saved(book), "xlsx", sheet="x")

    def test_values_outside_the_columns_and_columns_without_a_name(self) -> None:
        content = workbook(("name", None, "mobile"), ("a", "?", 1), ("b", None, 2, "?"))
        assert records(content, "xlsx") == [
            Record(2, {"name": "a", "mobile": 1}),
            Record(3, {}, "it has values outside the 3 columns"),
        ]

    def test_without_a_header(self) -> None:
        assert records(workbook(("a", 1)), "xlsx", columns=("name", "mobile")) == [
            Record(1, {"name": "a", "mobile": 1})
        ]


def test_a_file_of_another_format_is_named() -> None:
    with pytest.raises(InvalidInput, match="cannot be read as an Excel file"):
        records(b"name,mobile\n", "xlsx")
    with pytest.raises(InvalidInput, match="no Parquet file"):
        records(b"name,mobile\n" * 10, "parquet")


def test_parquet_of_many_row_groups_is_read_in_order(tmp_path: Path) -> None:
    table = pyarrow.table({"mobile": list(range(5000))})
    parquet.write_table(table, tmp_path / "a.parquet", row_group_size=700)
    with (tmp_path / "a.parquet").open("rb") as file:
        assert [(record.line, record.values["mobile"]) for record in read(file, "parquet")] == [
            (n + 1, n) for n in range(5000)
        ]


@pytest.mark.parametrize(
    ("kind", "package", "extra"), [("parquet", "pyarrow", "parquet"), ("xlsx", "openpyxl", "xlsx")]
)
def test_what_is_not_installed_is_named_with_its_extra(
    kind: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InvalidInput, match=rf"airflow-provider-ippanel\[{extra}\]"):
        records(b"", kind)
