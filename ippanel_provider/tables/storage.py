"""Files that must be there whole or not at all: lock files, plans, reports, what is remembered.

Paths are :class:`pathlib.Path`, or what stands in for it on object storage (:class:`Location` says what is needed of
it).
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol, cast

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


@contextmanager
def writing(path: Location) -> Iterator[IO[bytes]]:
    """Open a file to be written. On a disk it takes its place when the block ends well, and keeps the rights of what
    was there.

    Object storage shows a file when it is closed, so what is written there has to be at hand before.
    """
    disk = _on_disk(path)
    if disk is None:
        with path.open("wb") as file:
            yield file
        return
    disk.parent.mkdir(parents=True, exist_ok=True)
    draft = disk.with_name(f".{disk.name}.{os.getpid()}.draft")
    try:
        with draft.open("wb") as file:
            if disk.exists():
                shutil.copymode(disk, draft)
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(disk)
    finally:
        draft.unlink(missing_ok=True)


def write(path: Location, content: bytes) -> None:
    """Write a file, as :func:`writing` does."""
    with writing(path) as file:
        file.write(content)


def _on_disk(path: Location) -> Path | None:
    """The file on a disk; None on object storage, and for what is no file (a pipe)."""
    # What stands in for a path of object storage has a protocol, and is a pathlib.Path too in some versions.
    if getattr(path, "protocol", "") not in ("", "file", "local"):
        return None
    disk = Path(getattr(path, "path", str(path))).resolve()
    return disk if disk.is_file() or not disk.exists() else None


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
