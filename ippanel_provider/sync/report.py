"""What became of every row, as CSV or JSON lines. A report may hold phone numbers: it goes where it is told, nowhere
else.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Any, Self

from ippanel_provider.client import InvalidInput
from ippanel_provider.tables.storage import Location, writing

_KINDS = (".csv", ".jsonl", ".ndjson")


class Report:
    """Collects rows and writes them when the block ends, also when it ends in an error: what was done was done.

    :param path: where to; ``.csv`` or ``.jsonl`` by its ending
    :param columns: the names of the columns
    :raises InvalidInput: the ending is another.
    """

    def __init__(self, path: Location, columns: Sequence[str]) -> None:
        self._path = path
        self._columns = columns
        ending = "." + path.name.lower().rpartition(".")[2]
        if ending not in _KINDS:
            raise InvalidInput(f"report {path}: a report ends in {' or '.join(_KINDS)}")
        self._csv = ending == ".csv"
        self._spool = tempfile.TemporaryFile("w+b")  # noqa: SIM115 - closed in __exit__
        self._text = io.TextIOWrapper(self._spool, encoding="utf-8", newline="")
        self._writer = csv.writer(self._text)
        if self._csv:
            self._writer.writerow(columns)

    def add(self, row: Sequence[Any]) -> None:
        """Take a row."""
        if self._csv:
            self._writer.writerow(row)
        else:
            self._text.write(json.dumps(dict(zip(self._columns, row, strict=True)), ensure_ascii=False) + "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._text:
            self._text.flush()
            self._spool.seek(0)
            with writing(self._path) as file:
                shutil.copyfileobj(self._spool, file)


class NoReport:
    """Where nobody asked for a report."""

    def add(self, row: Sequence[Any]) -> None:
        """Take a row."""


def report_to(path: Location | None, columns: Sequence[str]) -> AbstractContextManager[Report | NoReport]:
    """Return a report, or what stands in for it where there is no path. Open it before the first write to the panel.

    :raises InvalidInput: the path cannot be a report's.
    """
    return nullcontext(NoReport()) if path is None else Report(path, columns)
