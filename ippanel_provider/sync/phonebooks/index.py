"""The contacts of some phonebooks, a few bytes each: a million of them are to be compared in a small worker."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Mapping, Sequence

from ippanel_provider.client import Contact
from ippanel_provider.sync.phonebooks.spec import FIELDS
from ippanel_provider.text.numbers import InvalidNumber, normalize

MASK = 0xFFFF_FFFF_FFFF_FFFF
"""Sums of hashes are kept within the size of one."""


def hash_of(parts: Sequence[object]) -> int:
    """A hash that is the same in every process."""
    return int.from_bytes(hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8).digest(), "little")


class BookIndex:
    """What is in the panel, by number, and what of it the source has been seen to hold.

    :param fields: the fields that the source has a say in
    """

    def __init__(self, fields: Sequence[str] = ()) -> None:
        self._fields = tuple(fields)
        self._others = tuple(field for field in FIELDS if field not in self._fields)
        self.slots: dict[int, int] = {}
        self.ids = array("Q")
        self.books = array("H")
        self.listed = array("Q")
        self.whole = array("Q")
        self.updated = array("I")
        self.lines = array("I")
        self.kept: dict[int, Mapping[str, str]] = {}
        """Per slot the fields the source has no say in, where there is something in them."""
        self.extras: list[tuple[int, int, int, int]] = []
        """Second contacts with a number that is in the books already, as (id, book, number, hash)."""
        self.contacts = 0

    def add(self, contact: Contact, book: int) -> None:
        """Take in a contact of the panel."""
        number = number_of(contact)
        whole = whole_of(contact)
        slot = self.slots.get(number)
        if slot is not None:
            # Contacts made meanwhile move others to the next page, where they show again.
            if self.ids[slot] != contact.id and all(extra[0] != contact.id for extra in self.extras[-1000:]):
                self.extras.append((contact.id, book, number, whole))
                self.contacts += 1
            return
        slot = self._append(number, contact.id, book)
        self.contacts += 1
        self.listed[slot] = listed_of(fields_of(contact, self._fields))
        self.whole[slot] = whole
        self.updated[slot] = epoch_of(contact)
        if others := {field: value for field in self._others if (value := getattr(contact, field))}:
            self.kept[slot] = others

    def add_new(self, number: int, line: int) -> int:
        """Take in a number of the source that the panel does not have."""
        slot = self._append(number, 0, 0)
        self.lines[slot] = line
        return slot

    def _append(self, number: int, contact_id: int, book: int) -> int:
        slot = self.slots[number] = len(self.ids)
        self.ids.append(contact_id)
        self.books.append(book)
        self.listed.append(0)
        self.whole.append(0)
        self.updated.append(0)
        self.lines.append(0)
        return slot


def fields_of(contact: Contact, fields: Sequence[str]) -> list[str]:
    """The values of these fields of a contact, empty where there is nothing."""
    return [getattr(contact, field) or "" for field in fields]


def listed_of(values: Sequence[str]) -> int:
    """The hash of the fields the source has a say in, in the order of the spec."""
    return hash_of([value.strip() for value in values])


def number_of(contact: Contact) -> int:
    """The number of a contact as an integer; one that is no mobile number stands for itself alone."""
    try:
        return int(normalize(str(contact.number)))
    except InvalidNumber:
        return -contact.id


def epoch_of(contact: Contact) -> int:
    """When it was last changed, in epoch seconds; 0 where the panel does not say."""
    return int(contact.updated_at.timestamp()) if contact.updated_at is not None else 0


def whole_of(contact: Contact) -> int:
    """The hash of all that the panel's list shows of a contact."""
    return hash_of(
        (contact.id, contact.number, contact.pre or "", contact.name or "", contact.email or "", epoch_of(contact))
    )
