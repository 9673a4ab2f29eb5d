"""Look for the canaries in whatever a run left: files byte for byte, rows one by one, what was printed."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.fernet import Fernet, InvalidToken

from tests.leaks.canaries import Canary, encodings

_TOKEN = re.compile(rb"gAAAAA[A-Za-z0-9_-]{60,}={0,2}")
ENCRYPTED = frozenset({"connection.password", "connection.extra", "variable.val"})
"""Where Airflow keeps secrets on purpose, encrypted. All else that it encrypts is looked into."""


class Hit(NamedTuple):
    """A canary that was found."""

    canary: Canary
    encoding: str
    place: str
    before: str
    """The end of what stands before it."""
    after: str
    """It itself, and what follows."""


@dataclass
class Scan:
    """What was looked at, and what was found in it."""

    canaries: Iterable[Canary]
    counts: Counter[str] = field(default_factory=Counter)
    hits: list[Hit] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._needles = [(canary, *pair) for canary in self.canaries for pair in encodings(canary).items()]
        self.counts["encodings"] = len(self._needles)

    def look(self, content: bytes, place: str) -> None:
        """Look at some bytes; every place in them counts, so that a known one hides none beside it."""
        self.counts["bytes"] += len(content)
        for canary, encoding, needle in self._needles:
            at = content.find(needle)
            while at >= 0:
                before = content[max(0, at - 400) : at].decode("utf-8", "replace")
                after = content[at : at + len(needle) + 30].decode("utf-8", "replace")
                self.hits.append(Hit(canary, encoding, place, " ".join(before.split()), " ".join(after.split())))
                at = content.find(needle, at + len(needle))

    def files(self, folder: Path) -> None:
        """Look at every file below, and at the names of all."""
        for path in sorted(folder.rglob("*")):
            place = str(path.relative_to(folder))
            self.look(place.encode(), f"the name of {place}")
            if path.is_file():
                self.counts["files"] += 1
                self.look(path.read_bytes(), place)

    def rows(self, database: Path, fernet: Fernet) -> None:
        """Look at every value of every table, whatever was compressed or encrypted in it, and what lies in free
        pages."""
        kept = set()
        with contextlib.closing(sqlite3.connect(database)) as connection:
            # Not all that is called a text is one.
            connection.text_factory = bytes
            names = [
                name.decode() for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            ]
            for table in names:
                found = connection.execute(f'SELECT * FROM "{table}"')
                columns = [column[0] for column in found.description]
                self.counts["tables"] += 1
                for row in found:
                    self.counts["rows"] += 1
                    for column, value in zip(columns, row, strict=True):
                        place = f"{table}.{column}"
                        for content in _contents(value, None if place in ENCRYPTED else fernet):
                            self.look(content, place)
                        if place in ENCRYPTED and isinstance(value, bytes):
                            kept.add(value)
        for token in set(_TOKEN.findall(database.read_bytes())) - kept:
            with contextlib.suppress(InvalidToken):
                self.counts["encrypted values"] += 1
                self.look(fernet.decrypt(token), "an encrypted value in the database's file")


def _contents(value: Any, fernet: Fernet | None) -> Iterator[bytes]:
    if value is None:
        return
    content = value if isinstance(value, bytes) else str(value).encode()
    yield content
    with contextlib.suppress(zlib.error):
        yield zlib.decompress(content)
    if fernet is not None:
        with contextlib.suppress(InvalidToken):
            yield fernet.decrypt(content)
