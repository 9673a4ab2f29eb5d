"""The contacts of some phonebooks, a few bytes each: a million of them are to be compared in a small worker."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import cast

from ippanel_provider.campaign.hash_set import NumberTable
from ippanel_provider.client.contacts import ListedContact
from ippanel_provider.sync.phonebooks.spec import FIELDS
from ippanel_provider.text.numbers import InvalidNumber, normalize

MASK = 0xFFFF_FFFF_FFFF_FFFF
"""Sums of hashes are kept within the size of one."""
_EPOCH_MASK = 0xFFFF_FFFF
_WIRE_LENGTH = len("+989120000000")


def hash_of(written: str) -> int:
    """A hash that is the same in every process."""
    return int.from_bytes(blake2b(written.encode(), digest_size=8).digest(), "little")


class BookIndex:
    """What is in the panel, by number, and what of it the source has been seen to hold.

    :param fields: the fields that the source has a say in
    """

    def __init__(self, fields: Sequence[str] = ()) -> None:
        self._fields = tuple(fields)
        self._others = tuple(field for field in FIELDS if field not in self._fields)
        self._slots = NumberTable()
        self._odd: dict[int, int] = {}
        # By slot; negative for a contact that has no mobile number, as number_of has it.
        self.numbers = array("q")
        self.ids = array("Q")
        self.books = array("H")
        self.listed = array("q")
        self.whole = array("Q")
        self.updated = array("I")
        self.lines = array("I")
        self.kept: dict[int, dict[str, str]] = {}
        """Per slot the fields the source has no say in, where there is something in them."""
        self.extras: list[tuple[int, int, int, int]] = []
        """Second contacts with a number that is in the books already, as (id, book, number, hash)."""
        self.contacts = 0
        self._said: object = None
        self._epoch = 0

    def add(self, contact: ListedContact, book: int) -> None:
        """Take in a contact of the panel."""
        said = contact.get("updated_at")
        if said != self._said:
            # Those that were written together follow each other.
            self._said, self._epoch = said, epoch_of(contact)
        number, epoch = number_of(contact), self._epoch
        whole = whole_of(contact, epoch)
        slot = len(self.ids)
        there = self._slots.add(number, slot) if number > 0 else self._odd.setdefault(number, slot)
        if there is not None and there != slot:
            slot = there
            # Contacts made meanwhile move others to the next page, where they show again.
            if self.ids[slot] != contact["id"] and all(extra[0] != contact["id"] for extra in self.extras[-1000:]):
                self.extras.append((contact["id"], book, number, whole))
                self.contacts += 1
            return
        self.numbers.append(number)
        self.ids.append(contact["id"])
        self.books.append(book)
        self.listed.append(compared(fields_of(contact, self._fields)))
        self.whole.append(whole)
        self.updated.append(epoch)
        self.lines.append(0)
        self.contacts += 1
        shown = values_of(contact)
        for field in self._others:
            if value := shown.get(field):
                self.kept.setdefault(slot, {})[field] = value

    def slot_of(self, number: int) -> int | None:
        """Return where a mobile number is, None if it is not here."""
        return self._slots.get(number)

    def add_new(self, number: int, line: int) -> int:
        """Take in a number of the source that the panel does not have."""
        slot = len(self.ids)
        self._slots.add(number, slot)
        self.numbers.append(number)
        self.ids.append(0)
        self.books.append(0)
        self.listed.append(0)
        self.whole.append(0)
        self.updated.append(0)
        self.lines.append(line)
        return slot


def fields_of(contact: ListedContact, fields: Sequence[str]) -> list[str]:
    """The values of these fields of a contact, empty where there is nothing."""
    values = values_of(contact)
    return [values.get(field) or "" for field in fields]


def values_of(contact: ListedContact) -> Mapping[str, str | None]:
    """The fields of a contact by their names."""
    return cast("Mapping[str, str | None]", contact)


def listed_of(values: Sequence[str]) -> int:
    """The hash of the fields the source has a say in, in the order of the spec."""
    return hash_of("\x1f".join([value.strip() for value in values]))


def compared(values: Sequence[str]) -> int:
    """The same at a fraction of the price, for who compares it within this process."""
    return hash("\x1f".join([value.strip() for value in values]))


def number_of(contact: ListedContact) -> int:
    """The number of a contact as an integer; one that is no mobile number stands for itself alone."""
    said = contact["number"]
    if len(said) == _WIRE_LENGTH and said.startswith("+989") and said.isascii() and said[1:].isdecimal():
        return int(said)
    try:
        return int(normalize(said))
    except InvalidNumber:
        return -contact["id"]


def epoch_of(contact: ListedContact) -> int:
    """When it was last changed, in epoch seconds; 0 where the panel does not say, or in a form nobody knows."""
    said = contact.get("updated_at")
    try:
        if isinstance(said, str) and not said.isdecimal():
            moment = datetime.fromisoformat(said)
            return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
        return int(said or 0) & _EPOCH_MASK
    except (TypeError, ValueError, OverflowError):
        return 0


def whole_of(contact: ListedContact, epoch: int | None = None) -> int:
    """The hash of all that the panel's list shows of a contact."""
    get, epoch = contact.get, epoch_of(contact) if epoch is None else epoch
    return hash_of(
        f"{contact['id']}\x1f{contact['number']}\x1f{get('pre') or ''}\x1f{get('name') or ''}\x1f{get('email') or ''}"
        f"\x1f{epoch}"
    )
