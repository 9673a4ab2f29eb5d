"""The file of rows that get no text."""

from __future__ import annotations

import csv
import io
import json
from typing import IO

from ippanel_provider.campaign.audience import Row
from ippanel_provider.client import InvalidInput

FORMATS = ("csv", "jsonl")


class RejectsFile:
    """One entry for each row of the source that gets no text: its line, the reason, and its number only if that is
    wanted.

    :param file: where to write, opened for bytes
    :param kind: ``csv`` or ``jsonl``
    :param with_numbers: whether the numbers go into the file, as the source has them
    """

    def __init__(self, file: IO[bytes], kind: str, *, with_numbers: bool = False) -> None:
        self.entries = 0
        self._with_numbers = with_numbers
        self._text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        self._csv = csv.writer(self._text) if kind == "csv" else None
        if self._csv:
            self._csv.writerow(("line", "reason", "recipient") if with_numbers else ("line", "reason"))

    def add(self, row: Row, reason: str) -> None:
        """Write one entry."""
        self.entries += 1
        entry: dict[str, object] = {"line": row.line, "reason": reason}
        if self._with_numbers:
            entry["recipient"] = "" if row.recipient is None else str(row.recipient)
        if self._csv:
            self._csv.writerow(entry.values())
        else:
            self._text.write(json.dumps(entry, ensure_ascii=False) + "\n")

    def end(self) -> None:
        """Write out what is held back; the file stays open."""
        self._text.detach()


def format_of(path: str) -> str:
    """Return the format that the path asks for.

    :raises InvalidInput: if it ends in neither.
    """
    ending = path.rpartition(".")[2].lower()
    if ending == "ndjson":
        return "jsonl"
    if ending not in FORMATS:
        raise InvalidInput("rejects_path: let it end in .csv or .jsonl")
    return ending
