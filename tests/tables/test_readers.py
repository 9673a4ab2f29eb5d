"""Files as people and programs write them: every row with the line a person sees, and nothing lost without a word."""

from __future__ import annotations

import csv
import io
import json
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow
import pytest
from pyarrow import parquet

from ippanel_provider.client import InvalidInput
from ippanel_provider.tables.excel import HIDDEN
from ippanel_provider.tables.layout import Layout
from ippanel_provider.tables.readers import read
from ippanel_provider.tables.records import Record
from ippanel_provider.tables.values import BadValue, plain

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

    @pytest.mark.parametrize(
        "content",
        [
            "name,mobile\na,1,\nb,2,\n",
            "name,mobile,\na,1,\nb,2\n",
            "name,mobile\na,1,,,\nb,2,\n",
            "name,mobile,,\na,1\nb,2,,,,\n",
        ],
    )
    def test_lines_that_end_with_the_delimiter_have_no_value_more(self, content: str) -> None:
        assert lines(content) == [(2, ["a", "1"], ""), (3, ["b", "2"], "")]

    def test_what_programs_write_for_nothing_and_for_whole_numbers(self) -> None:
        assert lines("a,b,c,d,e\nnan,NaT,<NA>,None,x\n150000.0,-3.0,2.50,v2.0,NULL\n") == [
            (2, [None, None, None, None, "x"], ""),
            (3, ["150000", "-3", "2.50", "v2.0", "NULL"], ""),
        ]

    def test_lines_of_nothing_but_delimiters_are_no_rows(self) -> None:
        assert lines("name,mobile\na,1\n,\n,,,\n") == [(2, ["a", "1"], "")]

    def test_a_title_above_the_header_is_named(self) -> None:
        content = "گزارش مشتریان,\n\nname,mobile\na,1\n"
        with pytest.raises(
            InvalidInput, match="header: line 3 names the columns, and not line 1; delete what stands above"
        ):
            lines(content, number_column="mobile")

    @pytest.mark.parametrize("content", ["09120000001\n", "آرش,۰۹۱۲۰۰۰۰۰۰۱\nبهار,09120000002\n", "9120000001.0,a\n"])
    def test_a_person_is_no_header(self, content: str) -> None:
        with pytest.raises(
            InvalidInput, match="header: line 1 holds a phone number, so the header seems to be missing"
        ) as caught:
            lines(content)
        assert "912" not in str(caught.value)
        assert len(lines(content, columns=("a", "b"))) == content.count("\n")

    def test_a_value_without_end_is_named(self) -> None:
        with pytest.raises(
            InvalidInput, match="line 2: a quoted value begins here and does not end, or is longer than 131,072"
        ):
            lines("a,b\n" + "x" * 200_000 + ",1\n")
        with pytest.raises(InvalidInput, match="header: it has 20000 columns; at most 16384 are read"):
            lines(",".join(f"c{n}" for n in range(20_000)) + "\n1\n")

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

    @pytest.mark.parametrize("content", ['[\n  {"a": 1}\n]\n', '{\n  "a": 1\n}\n', '[{"a": 1}, {"a": 2}]'])
    def test_one_json_document_is_no_json_lines(self, content: str) -> None:
        with pytest.raises(InvalidInput, match="format: it is one JSON document"):
            records(content.encode(), "jsonl")

    def test_what_is_nested_without_end_is_a_problem_of_its_own(self) -> None:
        assert records(b'{"a": ' + b"[" * 100_000 + b'\n{"a": 1}', "jsonl") == [
            Record(1, {}, "it is no JSON object"),
            Record(2, {"a": 1}),
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
        with pytest.raises(
            InvalidInput, match="sheet: 'Sheet' has no rows; name the sheet to read, as sheet='مشتریان'"
        ):
            records(saved(book), "xlsx")
        with pytest.raises(InvalidInput, match="sheet: there is no sheet 'x', only 'Sheet', 'مشتریان'"):
            records(saved(book), "xlsx", sheet="x")

    def test_values_outside_the_columns_and_columns_without_a_name(self) -> None:
        content = workbook(("name", None, "mobile"), ("a", "?", 1), ("b", None, 2, "?"))
        assert records(content, "xlsx") == [
            Record(2, {"name": "a", "mobile": 1}),
            Record(3, {}, "it has 4 values for 3 columns"),
        ]

    def test_without_a_header(self) -> None:
        assert records(workbook(("a", 1)), "xlsx", columns=("name", "mobile")) == [
            Record(1, {"name": "a", "mobile": 1})
        ]


def messy(change: Any, *rows: Sequence[Any]) -> bytes:
    """A workbook after ``change`` was made to its first sheet."""
    book = openpyxl.Workbook()
    for row in rows or (("name", "mobile"), *PEOPLE):
        book.active.append(row)
    change(book.active)
    return saved(book)


def hide(sheet: Any) -> None:
    sheet.row_dimensions[2].hidden = True


def filtered(sheet: Any) -> None:
    sheet.auto_filter.ref = "A1:B3"
    sheet.auto_filter.add_filter_column(0, ["بهار"])
    sheet.row_dimensions[2].hidden = True


def collapsed(sheet: Any) -> None:
    sheet.row_dimensions.group(2, 2, hidden=True)


class TestExcelOfPeople:
    @pytest.mark.parametrize("change", [hide, filtered, collapsed])
    def test_a_hidden_row_is_rejected_and_says_so(self, change: Any) -> None:
        assert records(messy(change), "xlsx") == [
            Record(2, {}, HIDDEN),
            Record(3, {"name": "بهار", "mobile": "09120000002"}),
        ]

    def test_a_row_without_height_is_hidden(self) -> None:
        content = replaced(workbook(("name", "mobile"), *PEOPLE), b'<row r="2"', b'<row ht="0" customHeight="1" r="2"')
        assert [record.problem for record in records(content, "xlsx")] == [HIDDEN, ""]

    def test_rows_that_are_hidden_unless_they_say_otherwise(self) -> None:
        def change(sheet: Any) -> None:
            sheet.sheet_format.zeroHeight = True
            sheet.row_dimensions[1].hidden = False
            sheet.row_dimensions[3].height = 15

        assert [record.problem for record in records(messy(change), "xlsx", columns=("a", "b"))] == [HIDDEN, HIDDEN, ""]

    def test_a_hidden_first_sheet_is_not_read(self) -> None:
        book = openpyxl.Workbook()
        book.active.append(("mobile",))
        book.create_sheet("مشتریان")
        book.active.sheet_state = "veryHidden"
        book.active = 1
        with pytest.raises(InvalidInput, match="sheet: the first one, 'Sheet', is hidden; name the sheet to read"):
            records(saved(book), "xlsx")
        assert records(saved(book), "xlsx", sheet="Sheet") == []

    @pytest.mark.parametrize(
        "rows", [[], [("گزارش",)], [("گزارش",), ("تهیه‌شده در آبان",)], [("گزارش",)] + [("x",)] * 30]
    )
    def test_a_cover_sheet_is_told_from_the_rows(self, rows: list[tuple[str, ...]]) -> None:
        book = openpyxl.Workbook()
        book.active.title = "جلد"
        for row in rows:
            book.active.append(row)
        book.create_sheet("مشتریان").append(("mobile",))
        with pytest.raises(InvalidInput, match=r"sheet: .*; name the sheet to read, as sheet='مشتریان'"):
            records(saved(book), "xlsx", number_column="mobile")

    def test_a_title_above_the_header_is_named(self) -> None:
        content = workbook(("گزارش مشتریان",), (), ("name", "mobile"), *PEOPLE)
        with pytest.raises(InvalidInput, match="header: row 3 names the columns, and not row 1"):
            records(content, "xlsx", number_column="mobile")

    def test_errors_and_escapes_and_whole_floats(self) -> None:
        def change(sheet: Any) -> None:
            sheet["A2"] = "#REF!"
            sheet["A3"] = "a_x000D_b"

        values = [record.values["name"] for record in records(messy(change), "xlsx")]
        assert values == ["#REF!", "a\rb"]

    def test_a_number_that_is_formatted_as_a_date_is_no_value_and_in_no_warning(
        self, recwarn: pytest.WarningsRecorder
    ) -> None:
        def change(sheet: Any) -> None:
            sheet["B2"] = 9120000001
            sheet["B2"].number_format = "yyyy-mm-dd"

        assert records(messy(change), "xlsx")[0].values["mobile"] == "#VALUE!"
        assert "9120000001" not in "".join(str(warning.message) for warning in recwarn.list)

    def test_a_sheet_that_claims_a_hundred_million_rows_is_refused_at_once(self) -> None:
        content = replaced(workbook(("name", "mobile"), *PEOPLE), b'<row r="3"', b'<row r="100000000"')
        with pytest.raises(InvalidInput, match="format: it has a row 100,000,000; a sheet has 1,048,576"):
            records(content, "xlsx")
        far = replaced(
            workbook(("name", "mobile"), *PEOPLE), b'<dimension ref="A1:B3"', b'<dimension ref="A1:XFD1048576"'
        )
        assert len(records(far, "xlsx")) == 2

    def test_a_part_that_unpacks_to_hundreds_of_times_its_size_is_refused(self) -> None:
        content = replaced(workbook(("name",), ("a",)), b"</sheetData>", b" " * (65 << 20) + b"</sheetData>")
        with pytest.raises(InvalidInput, match="format: a part of it unpacks to 65 MB, more than 200 times its size"):
            records(content, "xlsx")


def replaced(content: bytes, old: bytes, new: bytes) -> bytes:
    """A workbook with something else in its first sheet."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as after:
        for part in before.infolist():
            data = before.read(part)
            if part.filename == "xl/worksheets/sheet1.xml":
                assert old in data
                data = data.replace(old, new)
            after.writestr(part, data)
    return made.getvalue()


def as_table(**columns: Any) -> bytes:
    file = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), file)
    return file.getvalue()


class TestParquet:
    @pytest.mark.parametrize("kind", [pyarrow.float16(), pyarrow.float32()])
    def test_phone_numbers_as_small_floats_are_refused_by_the_schema(self, kind: Any) -> None:
        numbers = pyarrow.array([1.0], pyarrow.float32()).cast(kind) if kind != pyarrow.float16() else small_floats()
        content = as_table(mobile=numbers)
        with pytest.raises(InvalidInput, match="recipient_column: 'mobile' is kept as a float of 32 bits or less"):
            records(content, "parquet", number_column="mobile")
        assert len(records(content, "parquet", number_column="other")) == 1

    def test_other_small_floats_are_what_was_meant_where_they_are_exact(self) -> None:
        content = as_table(points=pyarrow.array([0.1, 150000.0, 9.12e9, None], pyarrow.float32()))
        values = [record.values["points"] for record in records(content, "parquet")]
        assert [plain(value) for value in (values[0], values[1], values[3])] == [0.1, 150000, None]
        with pytest.raises(BadValue, match="a float of 32 bits"):
            plain(values[2])

    def test_nanoseconds_are_left_out(self) -> None:
        content = as_table(at=pyarrow.array([1_772_355_900_000_000_001], pyarrow.timestamp("ns", tz="UTC")))
        assert records(content, "parquet")[0].values["at"].year == 2026

    def test_a_file_that_breaks_off_is_named(self) -> None:
        content = bytearray(as_table(mobile=[f"0912{n:07d}" for n in range(5000)]))
        content[100:2000] = b"\xff" * 1900
        with pytest.raises(InvalidInput, match=r"format: row 1 and on cannot be read \("):
            records(bytes(content), "parquet")


def small_floats() -> Any:
    return pyarrow.array([b"\x00\x3c"], pyarrow.binary(2)).view(pyarrow.float16())


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


class TestWhatProgramsLeave:
    def test_a_formula_that_was_never_calculated_is_no_empty_cell(self) -> None:
        (record,) = records(workbook(("name", "debt"), ("آرش", "=1+1")), "xlsx")
        with pytest.raises(BadValue, match="a formula that was never calculated"):
            plain(record.values["debt"])

    def test_blanks_beyond_the_columns_are_no_values(self) -> None:
        assert records(workbook(("name", "mobile", " "), ("a", 1, None, " ")), "xlsx") == [
            Record(2, {"name": "a", "mobile": 1})
        ]

    def test_noise_of_floats_in_csv_is_none_of_the_value(self) -> None:
        assert lines("a\n0.30000000000000004\n434.99999999999994\n3.14\n") == [
            (2, ["0.3"], ""),
            (3, ["435"], ""),
            (4, ["3.14"], ""),
        ]

    @pytest.mark.parametrize("mark", ["", "\ufeff"])
    def test_utf_8_is_not_read_as_a_code_page(self, mark: str) -> None:
        with pytest.raises(InvalidInput, match="encoding: line 2 is UTF-8, and not cp1256"):
            records(f"{mark}name\nعلی\n".encode(), encoding="cp1256")
        assert records("name\nعكس گل پدرام\n".encode("cp1256"), encoding="cp1256")[0].values["name"] == "عكس گل پدرام"

    def test_a_key_that_stands_twice_in_an_object_is_nobodys(self) -> None:
        assert records(b'{"mobile": "09120000001", "mobile": "09350000001", "a": 1}', "jsonl") == [Record(1, {"a": 1})]

    def test_two_columns_of_one_name_in_parquet_are_no_crash(self) -> None:
        file = io.BytesIO()
        parquet.write_table(pyarrow.table([["09120000001"], ["09350000001"], ["a"]], names=["m", "m", "n"]), file)
        assert records(file.getvalue(), "parquet", number_column="m") == [Record(1, {"n": "a"})]
