"""The key of a row: the author's own name for it, such as a customer's number, by which its results are kept."""

from __future__ import annotations

import hashlib
import re
from array import array
from typing import Any

from ippanel_provider.campaign.hash_set import WORD
from ippanel_provider.tables.values import BadValue, plain, written
from ippanel_provider.text.numbers import InvalidNumber, normalize

MOST_CHARACTERS = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_FIRST_SLOTS = 1 << 10
_HALF = (1 << 32) - 1
_NUMBERLIKE = 10
"""Characters from which on a key can be a mobile number."""
SAME = "the same"
NO_KEY = "its key is empty"
ANOTHER = "an earlier row has the same key with another number or text, and each key gets one"


class BadKey(ValueError):
    """A key cannot be one; the message says why and never what it is."""


def key_of(value: Any) -> str:
    """Return a key as it is kept: as people would write it, ``7`` for 7.0.

    :raises BadKey: it is empty, or nothing that could be written.
    """
    if type(value) is int:
        return str(value)
    try:
        said = plain(value)
        if said is None:
            raise BadKey(NO_KEY)
        key = written(said)
    except BadValue as error:
        raise BadKey(f"its key {error}") from None
    if len(key) > MOST_CHARACTERS:
        raise BadKey(f"its key has more than {MOST_CHARACTERS} characters")
    if not key.isprintable() and _CONTROL.search(key):
        raise BadKey("its key holds a control character")
    return key


def told_key(value: Any, *, with_numbers: bool) -> str:
    """Return a key for a file of rejects: nothing where it is none, or a number and numbers are not wanted."""
    try:
        key = key_of(value)
    except BadKey:
        return ""
    return "" if not with_numbers and len(key) >= _NUMBERLIKE and _is_number(key) else key


class Keys:
    """The keys of a campaign's rows: each stands for one text to one number. A million of them take 25 MB."""

    def __init__(self) -> None:
        self._count = 0
        self._clear(_FIRST_SLOTS)

    def take(self, key: str, recipient: str, content: int) -> str:
        """Take up what a key stands for: empty if it is new, ``SAME`` if it stood for that before, or else why not.

        :param content: hash of the text
        """
        if len(key) >= _NUMBERLIKE and _is_number(key, recipient):
            return "its key is its number, and the table of results holds none"
        # Hashes of Python's own, of 64 bits and of this process alone; 0 marks a slot as free.
        name, meant = hash(key) & WORD or 1, hash((recipient, content)) & _HALF
        slot = self._slot(name)
        if self._names[slot]:
            return SAME if self._meant[slot] == meant else ANOTHER
        self._names[slot], self._meant[slot] = name, meant
        self._count += 1
        if 3 * self._count > 2 * self._mask:
            names, meanings = self._names, self._meant
            self._clear(2 * len(names))
            for name, meant in zip(names, meanings, strict=True):
                if name:
                    slot = self._slot(name)
                    self._names[slot], self._meant[slot] = name, meant
        return ""

    def _slot(self, name: int) -> int:
        """Return where a hash stands, or the free slot where it would."""
        names, mask = self._names, self._mask
        slot = name & mask
        while (there := names[slot]) and there != name:
            slot = (slot + 1) & mask
        return slot

    def _clear(self, slots: int) -> None:
        self._mask = slots - 1
        self._names, self._meant = array("Q", bytes(8 * slots)), array("I", bytes(4 * slots))


def _is_number(key: str, recipient: str | None = None) -> bool:
    """Whether a key is a mobile number, or this one."""
    try:
        number = normalize(key)
    except InvalidNumber:
        return False
    return recipient in (None, number)


def hashed(text: str) -> int:
    """Return 64 bits of a text, spread evenly."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
