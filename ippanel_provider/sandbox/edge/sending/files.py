"""Sends whose recipients come in a file: peer_to_peer_file, file, keyword. API: send.

A file with a row that cannot be used is refused as a whole; what the service does is not documented.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ippanel_provider.sandbox.edge.envelope import Problems
from ippanel_provider.sandbox.records import Item, Submission
from ippanel_provider.sandbox.sheets import Row, UnreadableSheet, read_rows
from ippanel_provider.sandbox.wire import Call
from ippanel_provider.service import MAX_FILE_NUMBERS, MAX_FILE_ROWS, MAX_RECIPIENTS_PER_REQUEST
from ippanel_provider.text.numbers import InvalidNumber, normalize

from .checks import check_filled, due_of, line_of, listed, recipients_of, text_of

_HEADER = ["recipient", "message"]
_PLACEHOLDER = re.compile(r"\{ex_([A-Z]{1,2})\}")
_REPORTED = 20
"""Rows an answer complains about."""


def peer_to_peer_file(call: Call) -> Submission:
    """Each row its own recipient and text: one bulk a row. A csv names its columns in the first row."""
    problems = Problems()
    line, due = line_of(call, problems), due_of(call, problems)
    rows = _rows(call, ("csv", "xlsx"), MAX_FILE_ROWS + 1, problems)
    titled = bool(rows) and [cell.lower() for cell in rows[0][:2]] == _HEADER
    if rows and not titled and call.uploads("files")[0].name.lower().endswith("csv"):
        problems.add("files", "سطر اول فایل باید recipient,message باشد")
    rows = rows[1:] if titled else rows
    if len(rows) > MAX_FILE_ROWS:
        problems.add("files", f"تعداد سطرهای فایل نباید بیشتر از {MAX_FILE_ROWS} باشد")
        problems.check()
    recipients = _numbers(rows, problems)
    texts = [
        text_of(call, row[1] if len(row) > 1 else "", line, problems, "files")
        for row in rows[: _REPORTED if problems else None]
    ]
    _note_empty(recipients, problems)
    problems.check()
    items = [Item(text, [recipient]) for recipient, text in zip(recipients, texts, strict=True)]
    return Submission("peer_to_peer_file", line, items, due)


def file(call: Call) -> Submission:
    """One text to the numbers in the first column of a file, and to others: one bulk."""
    problems = Problems()
    line, due = line_of(call, problems), due_of(call, problems)
    text = text_of(call, call.body.get("message"), line, problems)
    others: Sequence[object] = listed(call.body.get("other_recipients"))
    extra = recipients_of(call, others, problems, "other_recipients", MAX_RECIPIENTS_PER_REQUEST) if others else []
    _, numbers = _numbered_rows(call, ("csv", "xlsx"), problems)
    problems.check()
    return Submission("file", line, [Item(text, list(dict.fromkeys([*numbers, *extra])))], due)


def keyword(call: Call) -> Submission:
    """A text with ``{ex_B}``, ``{ex_C}``… from the columns of an xlsx file whose first column holds the numbers: one
    bulk.
    """
    problems = Problems()
    line, due = line_of(call, problems), due_of(call, problems)
    text = text_of(call, call.body.get("message"), line, problems)
    rows, numbers = _numbered_rows(call, ("xlsx",), problems)
    problems.check()
    texts = [_PLACEHOLDER.sub(lambda match, row=row: _cell(row, match[1]), text) for row in rows]  # type: ignore[misc]
    check_filled(call, texts, line, problems)
    problems.check()
    return Submission("keyword", line, [Item(text, numbers, texts)], due)


def _rows(call: Call, kinds: Sequence[str], most: int, problems: Problems) -> list[Row]:
    uploads = call.uploads("files")
    if not uploads:
        problems.require("files")
        return []
    rows: list[Row] = []
    for upload in uploads:
        try:
            rows += read_rows(upload.name, upload.content, kinds, most)
        except UnreadableSheet:
            problems.add("files", "فرمت فایل پشتیبانی نمی‌شود")
    return rows


def _numbered_rows(call: Call, kinds: Sequence[str], problems: Problems) -> tuple[list[Row], list[str]]:
    """The rows of a file, without a first one that names the columns, and their numbers."""
    rows = _rows(call, kinds, MAX_FILE_NUMBERS + 1, problems)
    if rows and not any(char.isdecimal() for char in rows[0][0]):
        rows = rows[1:]
    if len(rows) > MAX_FILE_NUMBERS:
        problems.add("files", f"تعداد شماره های فایل نباید بیشتر از {MAX_FILE_NUMBERS} باشد")
        return [], []
    numbers = _numbers(rows, problems)
    _note_empty(numbers, problems)
    return rows, numbers


def _numbers(rows: Sequence[Row], problems: Problems) -> list[str]:
    numbers: list[str] = []
    wrong = 0
    for index, row in enumerate(rows, start=1):
        try:
            numbers.append(normalize(row[0]))
        except InvalidNumber:
            wrong += 1
            if wrong <= _REPORTED:
                problems.add("files", f"شماره گیرنده در سطر {index} معتبر نیست")
    return numbers


def _note_empty(numbers: Sequence[str], problems: Problems) -> None:
    if not numbers and not problems:
        problems.add("files", "فایل خالی است")


def _cell(row: Row, letters: str) -> str:
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - ord("A") + 1
    return row[column - 1] if column <= len(row) else ""
