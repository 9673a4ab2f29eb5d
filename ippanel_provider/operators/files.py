"""Files on a disk or on any object storage: rows into them as CSV, JSON lines or Parquet, and out of them as
uploads."""

from __future__ import annotations

import csv
import io
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple

from airflow.providers.common.compat.sdk import ObjectStoragePath

from ippanel_provider.client import InvalidInput, Upload

_BATCH = 10_000


class Column(NamedTuple):
    """A column of a file; ``type`` is what Parquet keeps it as."""

    name: str
    type: Literal["string", "int64", "timestamp"] = "string"


Row = Sequence[Any]


def format_of(path: str, asked_for: str | None = None) -> str:
    """Return the format: what is asked for, or else what the path ends in; ``csv`` where it ends in nothing known.

    :raises InvalidInput: if there is no such format.
    """
    if asked_for is None:
        ending = path.rpartition(".")[2].lower()
        return "jsonl" if ending == "ndjson" else ending if ending in _WRITERS else "csv"
    if asked_for not in _WRITERS:
        raise InvalidInput(f"format: {asked_for!r} is none of {', '.join(_WRITERS)}")
    return asked_for


def write(path: str, columns: Sequence[Column], rows: Iterable[Row], *, format: str | None = None) -> None:
    """Write all rows to ``path``, or nothing: a source that fails midway leaves what was there before.

    :param path: a local path, or any URL that object storage takes, as ``s3://connection@bucket/key``.
    :param format: ``csv``, ``jsonl`` or ``parquet``; default is what the path ends in.
    :raises InvalidInput: naming the format, if it is none or what it needs is not installed.
    """
    kind = format_of(path, format)
    # Spooled, because closing a file on object storage publishes it, half written or not.
    with tempfile.TemporaryFile("w+b") as spool:
        _WRITERS[kind](spool, columns, rows)
        spool.seek(0)
        target = ObjectStoragePath(path)
        if target.protocol in {"", "file"}:
            target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            shutil.copyfileobj(spool, file)


def _csv(file: IO[bytes], columns: Sequence[Column], rows: Iterable[Row]) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    writer = csv.writer(text)
    writer.writerow([column.name for column in columns])
    writer.writerows(map(_plain, rows))
    text.detach()


def _jsonl(file: IO[bytes], columns: Sequence[Column], rows: Iterable[Row]) -> None:
    names = [column.name for column in columns]
    for row in rows:
        file.write(json.dumps(dict(zip(names, _plain(row), strict=True)), ensure_ascii=False).encode() + b"\n")


def _parquet(file: IO[bytes], columns: Sequence[Column], rows: Iterable[Row]) -> None:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise InvalidInput(
            "format: Parquet needs pyarrow on the worker: pip install 'airflow-provider-ippanel[parquet]'"
        ) from None
    types = {"string": pyarrow.string(), "int64": pyarrow.int64(), "timestamp": pyarrow.timestamp("us", tz="UTC")}
    schema = pyarrow.schema([(column.name, types[column.type]) for column in columns])
    remaining = iter(rows)
    with parquet.ParquetWriter(file, schema) as writer:
        while batch := list(islice(remaining, _BATCH)):
            arrays = [
                pyarrow.array([None if value is None else _kept(value) for value in values], type=field.type)
                for values, field in zip(zip(*batch, strict=True), schema, strict=True)
            ]
            writer.write_batch(pyarrow.record_batch(arrays, schema=schema))


def _plain(row: Row) -> list[Any]:
    return [value.isoformat() if isinstance(value, datetime) else value for value in row]


def _kept(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value


_WRITERS: dict[str, Callable[[IO[bytes], Sequence[Column], Iterable[Row]], None]] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "parquet": _parquet,
}


@contextmanager
def uploaded(path: str) -> Iterator[Any]:
    """Give the file at ``path`` in the form that calls upload.

    :raises InvalidInput: if there is none.
    """
    source = ObjectStoragePath(path)
    if source.protocol in {"", "file"}:
        # A path is streamed, and can be read again when a request is repeated.
        yield Path(source.path)
        return
    # What object storage gives cannot always go back to its start.
    with tempfile.TemporaryFile("w+b") as spool:
        try:
            with source.open("rb") as file:
                shutil.copyfileobj(file, spool)
        except FileNotFoundError:
            raise InvalidInput(f"path: there is no file {path}") from None
        yield Upload(source.name, spool)
