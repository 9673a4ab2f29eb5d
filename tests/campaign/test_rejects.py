"""The file of rows that get no text."""

from __future__ import annotations

import io
import json

import pytest

from ippanel_provider.campaign.audience import Row
from ippanel_provider.campaign.rejects import RejectsFile, format_of
from ippanel_provider.client import InvalidInput


def written(kind: str, *, with_numbers: bool) -> str:
    spool = io.BytesIO()
    file = RejectsFile(spool, kind, with_numbers=with_numbers)
    file.add(Row(2, "0912 000", "سلام"), "the number has too few digits, it seems")
    file.add(Row(3, None, "سلام"), "the number is empty")
    file.end()
    return spool.getvalue().decode()


def test_csv() -> None:
    assert written("csv", with_numbers=False).splitlines() == [
        "line,reason", '2,"the number has too few digits, it seems"', "3,the number is empty",
    ]  # fmt: skip
    assert written("csv", with_numbers=True).splitlines()[1:] == [
        '2,"the number has too few digits, it seems",0912 000', "3,the number is empty,",
    ]  # fmt: skip


def test_json_lines() -> None:
    assert [json.loads(line) for line in written("jsonl", with_numbers=False).splitlines()] == [
        {"line": 2, "reason": "the number has too few digits, it seems"},
        {"line": 3, "reason": "the number is empty"},
    ]
    assert [json.loads(line).get("recipient") for line in written("jsonl", with_numbers=True).splitlines()] == [
        "0912 000",
        "",
    ]


@pytest.mark.parametrize(("path", "kind"), [("a.csv", "csv"), ("s3://b/a.JSONL", "jsonl"), ("a.ndjson", "jsonl")])
def test_the_path_tells_the_format(path: str, kind: str) -> None:
    assert format_of(path) == kind


def test_a_path_that_tells_none_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"rejects_path: let it end in \.csv or \.jsonl"):
        format_of("rejects.txt")
