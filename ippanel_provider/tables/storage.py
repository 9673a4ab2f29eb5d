"""Files that must be there whole or not at all: lock files, plans, reports, what is remembered.

Paths are :class:`pathlib.Path`, or what stands in for it on object storage (:class:`Location` says what is needed of
it).
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
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
def writing(path: Location, *, shared: bool = False) -> Iterator[IO[bytes]]:
    """Open a file to be written. It takes its place when the block ends well, and keeps the rights of what was there;
    what ends in an error leaves what was there before.

    :param shared: whether others of the machine may read a new file, as their umask says; otherwise its owner alone
        may, for there are people in it
    """
    disk = _on_disk(path)
    if disk is None:
        # Object storage shows a file when it is closed, half written or not.
        with tempfile.TemporaryFile("w+b") as spool:
            yield spool
            spool.seek(0)
            with path.open("wb") as file:
                shutil.copyfileobj(spool, file)
        return
    disk.parent.mkdir(parents=True, exist_ok=True)
    draft = disk.with_name(f".{disk.name}.{secrets.token_hex(4)}.draft")
    try:
        with os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666 if shared else 0o600), "w+b") as file:
            if disk.exists():
                shutil.copymode(disk, draft)
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(disk)
    finally:
        draft.unlink(missing_ok=True)


def write(path: Location, content: bytes, *, shared: bool = False) -> None:
    """Write a file, as :func:`writing` does."""
    with writing(path, shared=shared) as file:
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
    except (ValueError, RecursionError):
        raise InvalidInput(f"{what} {path}: it is not JSON; restore it, or delete it to begin anew") from None
    if not isinstance(data, dict) or data.get("version") != 1:
        raise InvalidInput(f"{what} {path}: it is not of a version that is known here")
    return cast("dict[str, Any]", data)


def write_json(path: Location, data: dict[str, Any], *, shared: bool = False) -> None:
    """Write a JSON object in lines, for people who read the difference; ``shared`` as in :func:`writing`."""
    write(path, json.dumps({"version": 1, **data}, ensure_ascii=False, indent=2).encode() + b"\n", shared=shared)
