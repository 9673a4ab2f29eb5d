"""One table says what can be read and what can be written, and what a path ends in is what is in the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from ippanel_provider.client import InvalidInput
from ippanel_provider.tables.formats import REPORTS, to_read, to_write

SAME = [
    ("a.csv", "csv"), ("s3://bucket/a.CSV", "csv"), ("a.jsonl", "jsonl"), ("a.ndjson", "jsonl"),
    ("a.parquet", "parquet"), ("a.pq", "parquet"), ("a.xlsx", "xlsx"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "kind"), SAME)
def test_the_path_tells_the_format(path: str, kind: str) -> None:
    assert to_read(path) == kind
    assert to_write(path) == kind
    assert to_write(Path(path)) == kind


@pytest.mark.parametrize(("path", "kind"), [("a.json", "jsonl"), ("a.xlsm", "xlsx"), ("a.txt", "csv")])
def test_what_can_be_read_as_a_kin_cannot_be_written(path: str, kind: str) -> None:
    assert to_read(path) == kind
    with pytest.raises(InvalidInput, match=r"out: let it end in \.csv, \.jsonl, \.parquet or \.xlsx"):
        to_write(path, field="out")


@pytest.mark.parametrize("path", ["a.b/c", "a.xls", "a.csv.gz", "a.tsv", "a.", "09120000001"])
def test_a_path_that_tells_none_is_refused_and_not_repeated(path: str) -> None:
    with pytest.raises(InvalidInput, match="format: the path does not tell; give csv, jsonl, parquet, xlsx") as caught:
        to_read(path)
    with pytest.raises(InvalidInput, match="path: let it end in"):
        to_write(path)
    assert path not in str(caught.value)


def test_the_format_can_be_given_and_has_to_be_one() -> None:
    assert to_read("export", "csv") == to_write("export", "csv") == "csv"
    assert to_write("a.csv", "jsonl") == "jsonl"
    with pytest.raises(InvalidInput, match="format: there is no 'xml'"):
        to_read("a.csv", "xml")
    with pytest.raises(InvalidInput, match="format: 'xls' is none of csv, jsonl, parquet, xlsx"):
        to_write("a.csv", "xls")


@pytest.mark.parametrize("path", ["rejects.txt", "rejects.parquet", "rejects.xlsx", "rejects"])
def test_a_file_that_is_looked_into_meanwhile_is_one_of_lines(path: str) -> None:
    with pytest.raises(InvalidInput, match=r"rejects_path: let it end in \.csv or \.jsonl"):
        to_write(path, field="rejects_path", kinds=REPORTS)
