"""Small files that must be there whole or not at all: lock files, plans, what is remembered.

Paths are :class:`pathlib.Path`, or what stands in for it on object storage (:class:`Location` says what is needed of it).
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Protocol, cast

from ippanel_provider.client import InvalidInput


class Location(Protocol):
    """What plan and apply need of a path."""

    @property
    def name(self) -> str:
        """The last part."""

    def exists(self) -> bool:
        """Whether there is something."""

    def open(self, *arguments: Any, **options: Any) -> Any:
        """Open it as the builtin does."""


def write(path: Location, content: bytes) -> None:
    """Write a file. On a disk it is replaced at once; object storage shows a file only when it is whole."""
    if not isinstance(path, Path):
        with path.open("wb") as file:
            file.write(content)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def read_json(path: Location, what: str) -> dict[str, Any] | None:
    """Return the JSON object of a file, None where there is no file.

    :param what: how the file is called in front of people
    :raises InvalidInput: it holds something else.
    """
    if not path.exists():
        return None
    with path.open("rb") as file:
        content = file.read()
    try:
        data = json.loads(content)
    except ValueError:
        raise InvalidInput(f"{what} {path}: it is not JSON; restore it, or delete it to begin anew") from None
    if not isinstance(data, dict) or data.get("version") != 1:
        raise InvalidInput(f"{what} {path}: it is not of a version that is known here")
    return cast("dict[str, Any]", data)


def write_json(path: Location, data: dict[str, Any]) -> None:
    """Write a JSON object in lines, for people who read the difference."""
    write(path, json.dumps({"version": 1, **data}, ensure_ascii=False, indent=2).encode() + b"\n")
