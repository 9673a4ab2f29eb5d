"""What was last applied to contacts' options, because the contact list does not show them. API: phonebook.

For each contact a keyed hash of its number, a keyed hash of its option values, and the time of its last change as the
panel showed it. Nobody can read a number out of it without the key, and a contact that somebody has changed in the
panel is not trusted: its options are read again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import struct
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from ippanel_provider.client import InvalidInput
from ippanel_provider.tables import storage
from ippanel_provider.tables.storage import Location

log = logging.getLogger(__name__)

# Big-endian, so that records sort as their numbers do.
_RECORD = struct.Struct(">QQI")
_SLACK = 60
"""Seconds that a write of ours may appear after the last of its run."""


@dataclass(frozen=True, slots=True)
class Key:
    """Hashes numbers and option values.

    :param secret: at most 64 bytes, the same for all runs that share a memory
    """

    secret: bytes = field(repr=False)

    def number(self, number: int) -> int:
        """The hash of a number."""
        return self._hash(str(number).encode(), b"number")

    def options(self, values: Mapping[str, str]) -> int:
        """The hash of option values by title; an empty one is as good as none. Never 0."""
        return self.written([f"{title}\x1f{values[title]}" for title in sorted(values) if values[title]])

    def written(self, pairs: Iterable[str]) -> int:
        """The hash of options that are not empty, each as its title, a unit separator and its value, by title."""
        return self._hash("\x1e".join(pairs).encode(), b"options") or 1

    @property
    def fingerprint(self) -> str:
        """The same for the same secret, and does not tell it."""
        return f"{self._hash(b'', b'key'):016x}"

    def _hash(self, content: bytes, purpose: bytes) -> int:
        one = _keyed(self.secret, purpose).copy()
        one.update(content)
        return int.from_bytes(one.digest(), "little")


@lru_cache(maxsize=8)
def _keyed(secret: bytes, purpose: bytes) -> hashlib.blake2b:
    # To mix the key in takes half of the time of a hash.
    return hashlib.blake2b(digest_size=8, key=secret, person=purpose)


def key_of(credential: str) -> Key:
    """Return the key made of a credential, whatever its length."""
    return Key(hashlib.sha256(b"ippanel phonebook\0" + credential.encode()).digest())


class Memory:
    """What a run remembers of the runs before.

    :param key: hashes what is looked up
    """

    def __init__(self, key: Key) -> None:
        self.key = key
        self._numbers = array("Q")
        self._options = array("Q")
        self._stamps = array("I")
        self._lasted: float | None = None
        self._first_seen: int | None = None
        self.is_behind = False
        """Whether it was asked for a contact that it does not know as it is now."""

    def __len__(self) -> int:
        return len(self._numbers)

    @classmethod
    def load(cls, path: Location | None, key: Key) -> Memory:
        """Read what was remembered; what was remembered under another key, or not at all, is nothing.

        :raises InvalidInput: the file is something else.
        """
        memory = cls(key)
        if path is None or not path.exists():
            return memory
        with path.open("rb") as file:
            try:
                head = json.loads(file.readline(4096))
                fingerprint, lasted = head["key"], head["lasted"]
            except (ValueError, KeyError, TypeError):
                raise InvalidInput(
                    f"state {path}: it is not what was remembered here; restore it, or delete it to begin anew"
                ) from None
            if fingerprint != key.fingerprint:
                log.warning(
                    "What %s remembers was written under another key; the contacts' options are read again.", path
                )
                return memory
            memory._fill(file.read(), lasted)
        return memory

    def _fill(self, records: bytes, lasted: float | None) -> None:
        self._lasted = lasted
        for number, options, stamp in _RECORD.iter_unpack(records[: len(records) // _RECORD.size * _RECORD.size]):
            self._numbers.append(number)
            self._options.append(options)
            self._stamps.append(stamp)

    def meet(self, contacts: Iterable[tuple[int, int]]) -> None:
        """Learn from all contacts (number, epoch of the last change) when the last run's writes begin, by the panel's
        clock.
        """
        if self._lasted is None or 0 not in self._stamps:
            return
        for number, updated in contacts:
            place = self._find(number)
            if (
                place is not None
                and not self._stamps[place]
                and (self._first_seen is None or updated < self._first_seen)
            ):
                self._first_seen = updated

    def options_of(self, number: int, updated: int) -> int | None:
        """The hash of the options a contact has, if it is as it was left; None if nobody knows.

        :param updated: epoch seconds of its last change, as the panel shows it
        """
        place = self._find(number)
        stamp = 0 if place is None else self._stamps[place]
        if place is not None and stamp == updated:
            return self._options[place]
        self.is_behind = True
        if place is None or stamp:
            return None
        # We wrote it and have not seen the time of that yet. Later than the run lasted, it was somebody else.
        if (
            self._lasted is not None
            and self._first_seen is not None
            and updated > self._first_seen + self._lasted + _SLACK
        ):
            return None
        return self._options[place]

    def _find(self, number: int) -> int | None:
        hashed = self.key.number(number)
        place = bisect_left(self._numbers, hashed)
        return place if place < len(self._numbers) and self._numbers[place] == hashed else None


def save(path: Location, key: Key, known: Iterator[tuple[int, int, int]], lasted: float | None) -> None:
    """Write down what is known: (number, hash of options, epoch of the last change or 0 where it was not shown yet).

    :param lasted: for how many seconds the run wrote; None if that is not known yet
    """
    records = sorted(_RECORD.pack(key.number(number), options, stamp) for number, options, stamp in known)
    head = json.dumps({"version": 1, "kind": "phonebook memory", "key": key.fingerprint, "lasted": lasted}).encode()
    storage.write(path, head + b"\n" + b"".join(records))
