"""A text for every row of a file, from a disk or object storage to the sandbox."""

from __future__ import annotations

import csv
import stat
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow
import pytest
from airflow.providers.common.compat.sdk import ObjectStoragePath
from fsspec.implementations.memory import MemoryFileSystem
from pyarrow import parquet

from ippanel_provider.operators.report import IPPanelDeliveryReportOperator
from ippanel_provider.operators.suppress import InFile
from ippanel_provider.options import Checks
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.transfers.file_to_ippanel import FileToIPPanelOperator

try:
    from airflow.sdk.io import attach
except ImportError:
    from airflow.io.store import attach

Given = Callable[[], list[tuple[str, str]]]

CUSTOMERS = "name,mobile\nآرش,09120000001\nبهار,۰۹۱۲۰۰۰۰۰۰۲\nپویا,0912\n,09120000003\nآرش,+989120000001\n"


def transfer(file: Path | str, **fields: Any) -> FileToIPPanelOperator:
    given = {"task_id": "send", "path": str(file), "recipient_column": "mobile", "row_message": "سلام {{ row.name }}"}
    return FileToIPPanelOperator(**(given | fields))


def written(folder: Path, content: str = CUSTOMERS, encoding: str = "utf-8-sig", name: str = "customers.csv") -> Path:
    (folder / name).write_text(content, encoding=encoding)
    return folder / name


@pytest.fixture
def storage() -> str:
    """Object storage that is no disk."""
    memory = MemoryFileSystem()
    attach("memory", fs=memory)
    with memory.open("/bucket/customers.csv", "wb") as file:
        file.write(CUSTOMERS.encode())
    return "memory://bucket"


def test_each_row_gets_its_text_and_rejects_are_named_by_the_line_in_the_file(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any, tmp_path: Path, given: Given
) -> None:
    with new_dag() as dag:
        transfer(written(tmp_path))
    run = run_dag(dag)
    assert run.state == "success"
    assert given() == [("+989120000001", "سلام آرش"), ("+989120000002", "سلام بهار")]
    result = run.results["send"]
    assert result["rejects"] == [
        {"line": 4, "reason": "the number has too few digits for a mobile number (11 as 09XXXXXXXXX)"},
        {"line": 5, "reason": "a column that its text needs is empty: 'name'"},
    ]
    assert (result["rows"], result["merged"], result["parts"], result["cost"]) == (5, 1, 2, 2660.2)
    for secret in ("912000000", "۰۹۱۲", "آرش", "بهار"):
        assert secret not in f"{run.log}{run.results}{run.rendered}"


def test_from_object_storage_and_rejects_to_it(
    sandbox: RunningSandbox, storage: str, new_dag: Any, run_dag: Any, given: Given
) -> None:
    with new_dag(params={"name": "customers"}) as dag:
        transfer(f"{storage}/{{{{ params.name }}}}.csv", rejects_path=f"{storage}/{{{{ params.name }}}}-rejects.csv")
    assert run_dag(dag).state == "success"
    assert [number for number, _ in given()] == ["+989120000001", "+989120000002"]
    rejects = ObjectStoragePath(f"{storage}/customers-rejects.csv").read_text().splitlines()
    assert [line.partition(",")[0] for line in rejects if line[0].isdigit()] == ["4", "5"]


def test_one_text_for_all_takes_one_request(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any, tmp_path: Path, given: Given
) -> None:
    with new_dag() as dag:
        transfer(written(tmp_path), row_message=None, message="فروش ویژه {{ dag.dag_id }}")
    run = run_dag(dag)
    assert given() == [(f"+98912000000{n}", f"فروش ویژه {dag.dag_id}") for n in (1, 2, 3)]
    assert len(run.results["send"]["outbox_ids"]) == 1
    assert run.rendered["send"]["message"] == f"a text of {10 + len(dag.dag_id)} characters"


def test_a_file_of_excel_in_persian_windows(sandbox: RunningSandbox, tmp_path: Path) -> None:
    path = written(tmp_path, "آرش;09120000001\n", encoding="cp1256")
    task = transfer(path, encoding="cp1256", delimiter=";", columns=["name", "mobile"])
    assert [(row.recipient, row.text) for row in task.rows()] == [("09120000001", "سلام آرش")]


@pytest.mark.parametrize(
    ("content", "fields", "said"),
    [
        ("name,mobile\n", {}, "recipients: there are none; the source is empty"),
        (CUSTOMERS, {"recipient_column": "phone"}, "the rows have no column 'phone', only 'name', 'mobile'"),
        ("آرش,09120000001\nبهار,09120000002\n", {}, "the header seems to be missing"),
        (CUSTOMERS + '"a,09120000009\n', {}, "line 7: a quoted value begins here and does not end"),
        (CUSTOMERS, {"file_format": "parquet"}, "no Parquet file"),
        (CUSTOMERS, {"message": "سلام", "row_message": None, "path": "nothing.csv"}, "nothing.csv"),
        (CUSTOMERS, {"rejects_path": "rejects.txt"}, "rejects_path: let it end in .csv or .jsonl"),
    ],
    ids=["empty", "no column", "no header", "open quote", "format", "no file", "rejects"],
)
def test_what_is_wrong_is_named_and_nothing_is_sent(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any, tmp_path: Path, content: str, fields: dict[str, Any], said: str
) -> None:
    with new_dag() as dag:
        transfer(written(tmp_path, content), **fields)
    run = run_dag(dag)
    assert run.state == "failed"
    assert said in run.log
    assert "912000000" not in run.log
    assert sandbox.messages() == []


@pytest.mark.parametrize("fields", [{"row_message": None}, {"message": "سلام"}])
def test_a_text_is_given_in_one_way(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="row_message, message: give one of the two"):
        transfer("a.csv", **fields)


def test_words_that_stand_for_nothing_and_a_template_without_fallback(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any, tmp_path: Path, given: Given
) -> None:
    content = "name,mobile\nNULL,09120000001\nآرش,09120000002\n\\N,09120000003\n"
    with new_dag() as dag:
        transfer(written(tmp_path, content), checks=Checks(null_values=["NULL", r"\N"]))
    run = run_dag(dag)
    assert given() == [("+989120000002", "سلام آرش")]
    assert [reject["line"] for reject in run.results["send"]["rejects"]] == [2, 4]
    assert "lint: row_message: style no-fallback: {{ row.name }} has no fallback" in run.log


@pytest.mark.parametrize(
    "kind", [str, Path, lambda path: ObjectStoragePath(f"file://{path}")], ids=["text", "Path", "storage"]
)
def test_a_path_is_text_or_a_path_of_any_kind(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any, tmp_path: Path, given: Given, kind: Any
) -> None:
    path, rejects, report = written(tmp_path), tmp_path / "rejects.csv", tmp_path / "report.csv"
    with new_dag() as dag:
        sent = FileToIPPanelOperator(
            task_id="send", path=kind(path), recipient_column="mobile", row_message="سلام {{ row.name }}",
            rejects_path=kind(rejects), suppress=InFile(kind(path), column="name"),
        )  # fmt: skip
        sent >> IPPanelDeliveryReportOperator(task_id="report", outbox_ids=sent.output, path=kind(report))
    run = run_dag(dag)
    assert run.states == {"send": "success", "report": "success"}
    assert [number for number, _ in given()] == ["+989120000001", "+989120000002"]
    assert [line.partition(",")[0] for line in rejects.read_text().splitlines()] == ["line", "4", "5"]
    assert len(report.read_text().splitlines()) == 3
    assert run.results["report"]["path"].endswith("report.csv")
    assert stat.S_IMODE(rejects.stat().st_mode) == stat.S_IMODE(report.stat().st_mode) == 0o600


def test_a_list_of_who_gets_none_in_small_floats_stops_the_send(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any, tmp_path: Path, given: Given
) -> None:
    numbers = pyarrow.table({"mobile": pyarrow.array([9120000001.0], pyarrow.float32())})
    parquet.write_table(numbers, tmp_path / "left.parquet")
    with new_dag() as dag:
        transfer(written(tmp_path), suppress=InFile(str(tmp_path / "left.parquet")))
    run = run_dag(dag)
    assert (run.state, given()) == ("failed", [])
    assert "suppress, InFile: it cannot be read, and nothing is sent without it. the number comes from a 32" in run.log


def test_a_thousand_rows_with_a_poisoned_one_in_each_chunk(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any, tmp_path: Path, given: Given
) -> None:
    poison = [None, "#REF!", "nan", "None", "  ", "\u200c", "_x000D_", "#DIV/0!", "<NA>", "NaT"]
    with (tmp_path / "customers.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["mobile", "name", "debt"])
        for n in range(1000):
            is_bad = n % 100 == 50
            rows.writerow([f"0912{n:07d}", poison[n // 100] if is_bad else f"نام {n}", f"{n * 1000}.0"])
    with new_dag() as dag:
        message = "{{ row.name | trim }}، بدهی شما {{ row.debt ~ ' ریال' }}"
        transfer(tmp_path / "customers.csv", row_message=message, chunk_size=100)
    run = run_dag(dag)
    assert run.results["send"]["rejected"] == 10
    assert [reject["line"] for reject in run.results["send"]["rejects"]] == [n + 2 for n in range(50, 1000, 100)]
    assert given() == [(f"+98912{n:07d}", f"نام {n}، بدهی شما {n * 1000} ریال") for n in range(1000) if n % 100 != 50]


def test_a_messy_file_of_excel_tried_dry(sandbox: RunningSandbox, new_dag: Any, run_dag: Any, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    rows = [
        ("نام", "موبایل", "بدهی"), ("آرش", 9120000001.0, 150000.0), ("#REF!", "09120000002", 1),
        (None, "۰۹۱۲۰۰۰۰۰۰۳", 2.5),
        ("_x000D_", "09120000004", 3), ("بهار", 912000000.5, 4), ("پویا", "'09120000006", "#N/A"),
        ("سارا", "09120000007", 5),
        ("ترانه", "tel:+989120000008", 6), ("نیما", "09120000009", True),
    ]  # fmt: skip
    for row in rows:
        sheet.append(row)
    sheet.row_dimensions[8].hidden = True
    book.save(tmp_path / "debts.xlsx")
    with new_dag() as dag:
        FileToIPPanelOperator(
            task_id="send", path=tmp_path / "debts.xlsx", recipient_column="موبایل", dry_run=True,
            row_message="{{ row['نام'] | default('مشترک گرامی') }}، بدهی شما {{ row['بدهی'] ~ ' ریال' }} است.",
            checks=Checks(samples=5, samples_path=str(tmp_path / "samples.csv")),
        )  # fmt: skip
    run = run_dag(dag)
    assert run.state == "success"
    with (tmp_path / "samples.csv").open(encoding="utf-8") as file:
        samples = {row["line"]: row["text"] for row in csv.DictReader(file)}
    assert samples == {
        "2": "آرش، بدهی شما 150000 ریال است.",
        "4": "مشترک گرامی، بدهی شما 2.5 ریال است.",
        "5": "مشترک گرامی، بدهی شما 3 ریال است.",
        "9": "ترانه، بدهی شما 6 ریال است.",
    }
    assert [(reject["line"], reject["reason"]) for reject in run.results["send"]["rejects"]] == [
        (3, "the column 'نام' holds an error of the spreadsheet (#REF!)"),
        (6, "the number has a fraction, as no phone number has; keep the column as text"),
        (7, "the column 'بدهی' holds an error of the spreadsheet (#N/A)"),
        (8, "it is hidden in the sheet, by a filter or by hand; show it to send to it"),
        (10, "a value in its text is a truth value, and no text"),
    ]
    assert "912000000" not in run.log


@pytest.mark.parametrize("first_pass", [True, False])
def test_numbers_that_were_rounded_before_they_got_into_the_file_are_refused(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any, tmp_path: Path, first_pass: bool
) -> None:
    rows = [f"آرش,{struct.unpack('f', struct.pack('f', 9_120_000_000 + 7919 * n))[0]:.1f}" for n in range(1, 41)]
    with new_dag() as dag:
        transfer(written(tmp_path, "\n".join(["name,mobile", *rows])), first_pass=first_pass)
    run = run_dag(dag)
    assert run.state == "failed"
    assert "recipients: all numbers are rounded, as by a float of 32 bits" in run.log
    assert sandbox.messages() == []
