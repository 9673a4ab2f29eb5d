"""The formats of files of rows: what a path ends in, what can be read and what can be written."""

from __future__ import annotations

import os
from collections.abc import Collection

from ippanel_provider.client import InvalidInput

NAMES = ("csv", "jsonl", "parquet", "xlsx")
REPORTS = ("csv", "jsonl")
"""Those that can be read line by line while a task is looked into."""

_ENDINGS = {
    "csv": "csv",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "parquet": "parquet",
    "pq": "parquet",
    "xlsx": "xlsx",
    "txt": "csv",
    "json": "jsonl",
    "xlsm": "xlsx",
}
_READ_ONLY = frozenset({"txt", "json", "xlsm"})
"""Endings that promise something else than what would be written: a text, one JSON document, a book with macros."""

_EXTRAS = {"parquet": ("Parquet", "pyarrow"), "xlsx": ("Excel", "openpyxl")}


def to_read(path: str | os.PathLike[str], given: str | None = None) -> str:
    """Return the format to read a file as: what is given, or else what the path ends in.

    :raises InvalidInput: there is no such format, or the path does not tell.
    """
    name = given or _ENDINGS.get(_ending(path), "")
    if name not in NAMES:
        # The path may have been made from anything, so it is not repeated.
        problem = f"there is no {given!r}" if given else "the path does not tell"
        raise InvalidInput(f"format: {problem}; give {', '.join(NAMES)}")
    return name


def to_write(
    path: str | os.PathLike[str], given: str | None = None, *, field: str = "path", kinds: Collection[str] = NAMES
) -> str:
    """Return the format to write a file in: what is given, or else what the path ends in.

    :param field: how the path is called in front of people
    :param kinds: the formats that will do
    :raises InvalidInput: there is no such format, or what would be written is not what the path ends in.
    """
    if given is not None:
        if given not in kinds:
            raise InvalidInput(f"format: {given!r} is none of {', '.join(kinds)}")
        return given
    ending = _ending(path)
    name = "" if ending in _READ_ONLY else _ENDINGS.get(ending, "")
    if name not in kinds:
        *most, last = (f".{kind}" for kind in kinds)
        raise InvalidInput(f"{field}: let it end in {', '.join(most)} or {last}")
    return name


def missing_extra(kind: str) -> InvalidInput:
    """Return what says that the package for a format is not installed."""
    name, package = _EXTRAS[kind]
    return InvalidInput(f"format: {name} needs {package} on the worker: pip install 'airflow-provider-ippanel[{kind}]'")


def _ending(path: str | os.PathLike[str]) -> str:
    return str(path).rpartition(".")[2].lower()
