"""Which file is which pattern: the service chooses the codes, so they are written down.

The lock file is JSON in lines, made to live in git beside the patterns, or on object storage. Without it the mapping is
found again by title and message; it is what lets both of them be changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ippanel_provider.client import InvalidInput
from ippanel_provider.tables.storage import Location, read_json, write_json

LOCK_NAME = "ippanel.lock.json"


class Entry(NamedTuple):
    """What was last applied from a file: the pattern's code, and the digest of what it said then."""

    code: str
    digest: str


@dataclass(slots=True)
class Lock:
    """The mapping from the names of files to patterns."""

    entries: dict[str, Entry] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Location) -> Lock:
        """Read a lock file; one that is not there is empty.

        :raises InvalidInput: if it is something else.
        """
        data = read_json(path, "lock file")
        if data is None:
            return cls()
        try:
            patterns: Mapping[str, Mapping[str, str]] = data["patterns"]
            return cls({name: Entry(str(entry["code"]), str(entry["digest"])) for name, entry in patterns.items()})
        except (KeyError, TypeError, AttributeError):
            raise InvalidInput(
                f"lock file {path}: an entry has no code or digest; restore it, or delete it to begin anew"
            ) from None

    def save(self, path: Location) -> None:
        """Write the lock file."""
        entries = {name: entry._asdict() for name, entry in sorted(self.entries.items())}
        write_json(path, {"patterns": entries}, shared=True)

    def code_of(self, name: str) -> str | None:
        """The code of a file's pattern, if it is known."""
        entry = self.entries.get(name)
        return entry and entry.code

    def set(self, name: str, code: str, digest: str) -> bool:
        """Remember a pattern; return whether that is news. A code belongs to one file."""
        entry = Entry(code, digest)
        if self.entries.get(name) == entry:
            return False
        self.entries = {other: kept for other, kept in self.entries.items() if kept.code != code}
        self.entries[name] = entry
        return True

    def drop(self, code: str) -> None:
        """Forget a pattern."""
        self.entries = {name: entry for name, entry in self.entries.items() if entry.code != code}
