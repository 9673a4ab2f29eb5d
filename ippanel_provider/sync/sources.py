"""Rows of a file: CSV, JSON lines or Parquet, read as a stream."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import IO, Any

from ippanel_provider.client import InvalidInput
from ippanel_provider.sync.storage import Location

_BATCH = 10_000


def read_rows(path: Location) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file as mappings of column to value. What it holds is told by its ending.

    :raises InvalidInput: there is no such file, its ending is not known, or it is not what its ending says.
    """
    kind = path.name.lower().rpartition(".")[2]
    if kind not in _READERS:
        raise InvalidInput(f"source {path}: a source ends in .csv, .jsonl or .parquet")
    if not path.exists():
        raise InvalidInput(f"source {path}: there is no such file")
    with path.open("rb") as file:
        try:
            yield from _READERS[kind](file)
        except UnicodeDecodeError:
            raise InvalidInput(f"source {path}: it is not UTF-8") from None
        except (csv.Error, json.JSONDecodeError) as error:
            raise InvalidInput(f"source {path}: it cannot be read ({type(error).__name__})") from None


def _csv(file: IO[bytes]) -> Iterator[dict[str, Any]]:
    with io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
        for row in csv.DictReader(text):
            # Cells beyond the header have no column.
            row.pop(None, None)
            yield row


def _jsonl(file: IO[bytes]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(file, start=1):
        if line.strip():
            row = json.loads(line)
            if not isinstance(row, dict):
                raise InvalidInput(f"source: line {number} is no JSON object")
            yield row


def _parquet(file: IO[bytes]) -> Iterator[dict[str, Any]]:
    try:
        from pyarrow import parquet
    except ImportError:
        raise InvalidInput("source: Parquet needs pyarrow (pip install pyarrow); .csv and .jsonl need nothing") from None
    for batch in parquet.ParquetFile(file).iter_batches(_BATCH):
        yield from batch.to_pylist()


_READERS = {"csv": _csv, "jsonl": _jsonl, "ndjson": _jsonl, "parquet": _parquet}
