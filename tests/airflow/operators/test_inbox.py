"""Texts that came in, into a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ippanel_provider.operators.inbox import IPPanelInboxOperator
from ippanel_provider.sandbox.runner import RunningSandbox


def inbox(path: Path, **fields: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    result = IPPanelInboxOperator(task_id="inbox", path=str(path), **fields).execute({})
    return result, [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_all_texts_are_written_oldest_first(sandbox: RunningSandbox, tmp_path: Path) -> None:
    ids = [sandbox.inbox("09120000001", text) for text in ("یک", "دو", "سه")]
    result, lines = inbox(tmp_path / "inbox.jsonl")
    assert result == {"path": str(tmp_path / "inbox.jsonl"), "texts": 3, "last_id": ids[-1]}
    assert [(line["inbox_id"], line["sender"], line["line"], line["message"]) for line in lines] == [
        (outbox_id, "+989120000001", sandbox.sender, text)
        for outbox_id, text in zip(ids, ("یک", "دو", "سه"), strict=True)
    ]


@pytest.mark.parametrize("form", [int, str])
def test_the_next_run_goes_on_after_the_last(sandbox: RunningSandbox, tmp_path: Path, form: type) -> None:
    sandbox.inbox("09120000001", "یک")
    first, _ = inbox(tmp_path / "inbox.jsonl")
    sandbox.inbox("09120000001", "دو")
    second, lines = inbox(tmp_path / "inbox.jsonl", after_id=form(first["last_id"]))
    assert [line["message"] for line in lines] == ["دو"]
    third, lines = inbox(tmp_path / "inbox.jsonl", after_id=second["last_id"])
    assert lines == []
    assert third["last_id"] == second["last_id"]


def test_one_line_alone(sandbox: RunningSandbox, tmp_path: Path) -> None:
    sandbox.account(lines=["+981000"])
    sandbox.inbox("09120000001", "یک")
    last = sandbox.inbox("09120000001", "دو", number="+981000")
    sandbox.inbox("09120000001", "سه")
    result, lines = inbox(tmp_path / "inbox.jsonl", line="+981000")
    assert [line["inbox_id"] for line in lines] == [last]
    assert result["last_id"] > last


def test_an_empty_inbox_makes_an_empty_file(sandbox: RunningSandbox, tmp_path: Path) -> None:
    result, lines = inbox(tmp_path / "inbox.jsonl", after_id="")
    assert (result["texts"], result["last_id"], lines) == (0, 0, [])
