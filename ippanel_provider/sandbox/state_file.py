"""The file behind ``--state``: one SQLite table of changes in the order they were made.

A change is on its way to the disk when :meth:`StateFile.append` returns: whatever ends the process loses none. Against
the loss of power nothing is done, this being a stand-in.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

# Told apart from other databases by the first, and from other versions of itself by the second.
_APPLICATION_ID = 0x49505342
_VERSION = 2


class StateFileError(Exception):
    """The file cannot be used; the text says why and what to do."""


class Row(NamedTuple):
    """A change: service time in epoch seconds, the method as ``Store.method``, its arguments in JSON."""

    time: float
    change: str
    arguments: bytes


class StateFile:
    """A state file, open and closed to every other process.

    :param path: made when there is none, readable by its owner only: it holds texts and numbers.
    :raises StateFileError: when it is in use, or is something else.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise StateFileError(f"the state file {path} cannot be opened: {error.strerror}") from error
        self._database = sqlite3.connect(path, isolation_level=None, timeout=0, check_same_thread=False)
        try:
            self._prepare()
        except sqlite3.DatabaseError as error:
            self._database.close()
            if getattr(error, "sqlite_errorname", "") == "SQLITE_BUSY":
                raise StateFileError(f"the state file {path} is in use by another sandbox") from error
            raise StateFileError(f"the file {path} is no state of a sandbox; name another file") from error
        except StateFileError:
            self._database.close()
            raise

    def _prepare(self) -> None:
        run = self._database.execute
        # The lock is taken at the first access and kept.
        run("PRAGMA locking_mode = EXCLUSIVE")
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = OFF")
        run("BEGIN IMMEDIATE")
        found = (run("PRAGMA application_id").fetchone()[0], run("PRAGMA user_version").fetchone()[0])
        if found == (0, 0) and not run("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            run(
                "CREATE TABLE changes (id INTEGER PRIMARY KEY, time REAL NOT NULL, change TEXT NOT NULL, "
                "arguments BLOB NOT NULL)"
            )
            run(f"PRAGMA application_id = {_APPLICATION_ID}")
            run(f"PRAGMA user_version = {_VERSION}")
        elif found != (_APPLICATION_ID, _VERSION):
            run("ROLLBACK")
            raise StateFileError(f"the file {self._path} is no state of this version of the sandbox; name another file")
        run("COMMIT")

    def rows(self) -> Iterator[Row]:
        """Every change, oldest first."""
        return map(Row._make, self._database.execute("SELECT time, change, arguments FROM changes ORDER BY id"))

    def append(self, time: float, change: str, arguments: bytes) -> None:
        """Write one change down, for good."""
        self._database.execute(
            "INSERT INTO changes (time, change, arguments) VALUES (?, ?, ?)", (time, change, arguments)
        )

    def clear(self) -> None:
        """Forget all changes, and leave nothing of them in the file."""
        self._database.execute("DELETE FROM changes")
        self._database.execute("VACUUM")
        self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the file; another sandbox may take it."""
        self._database.close()
