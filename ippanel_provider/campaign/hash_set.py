"""Mobile numbers and hashes by the million in little memory.

A set or dict of a million Python integers takes 100 MB and more; here it is 12 bytes a slot for a number and its value
and 8 for a hash, with the slots at most two thirds full, so 25 and 17 MB.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable

_FIRST_SLOTS = 1 << 10
_SPREAD = 0x9E3779B97F4A7C15
WORD = (1 << 64) - 1
"""Masks what is kept of a value."""
# Every mobile number of Iran is +98 9XX XXX XXXX: a number below 10**9 after this, and 0 marks a slot as free.
_BASE = 98_9_000_000_000 - 1


class NumberTable:
    """Wire-form mobile numbers, each with a value of 64 bits. Exact: nothing is estimated or forgotten.

    :param several: whether a number can stand with several values, so that a pair is looked for; otherwise the number
    """

    __slots__ = ("_count", "_mask", "_numbers", "_several", "_values")

    def __init__(self, *, several: bool = False) -> None:
        self._several = several
        self._count = 0
        self._clear(_FIRST_SLOTS)

    def __len__(self) -> int:
        return self._count

    def add(self, number: str | int, value: int) -> int | None:
        """Put a number in; None if it is new, or else the value that stands there already, which stays.

        :param number: in the wire form, ``+989XXXXXXXXX``, or that as an integer
        :param value: any integer; its lowest 64 bits are kept
        """
        key, value = int(number) - _BASE, value & WORD
        # As in _slot, without a call: a campaign comes through here once a row.
        numbers, mask = self._numbers, self._mask
        slot = ((key ^ value if self._several else key) * _SPREAD >> 32) & mask
        while there := numbers[slot]:
            if there == key and not (self._several and self._values[slot] != value):
                return self._values[slot]
            slot = (slot + 1) & mask
        numbers[slot], self._values[slot] = key, value
        self._count += 1
        if 3 * self._count > 2 * mask:
            self._grow()
        return None

    def get(self, number: str | int) -> int | None:
        """Return the value of a number, None if it is not here (for a table of one value a number)."""
        key, numbers, mask = int(number) - _BASE, self._numbers, self._mask
        # As in add, without a call.
        slot = (key * _SPREAD >> 32) & mask
        while there := numbers[slot]:
            if there == key:
                return self._values[slot]
            slot = (slot + 1) & mask
        return None

    def _slot(self, key: int, value: int) -> int:
        """Return where the key stands, or the free slot where it would."""
        numbers, mask = self._numbers, self._mask
        slot = ((key ^ value if self._several else key) * _SPREAD >> 32) & mask
        while (there := numbers[slot]) and (there != key or (self._several and self._values[slot] != value)):
            slot = (slot + 1) & mask
        return slot

    def _clear(self, slots: int) -> None:
        self._mask = slots - 1
        self._numbers = array("I", bytes(4 * slots))
        self._values = array("Q", bytes(8 * slots))

    def _grow(self) -> None:
        numbers, values = self._numbers, self._values
        self._clear(2 * len(numbers))
        for key, value in zip(numbers, values, strict=True):
            if key:
                slot = self._slot(key, value)
                self._numbers[slot], self._values[slot] = key, value


class HashSet:
    """Hashes of 64 bits, spread evenly already; 0 and 1 count as one, and nothing is taken out."""

    __slots__ = ("_count", "_mask", "_slots")

    def __init__(self) -> None:
        self._count = 0
        self._clear(_FIRST_SLOTS)

    def __len__(self) -> int:
        return self._count

    def add(self, hashes: Iterable[int]) -> set[int]:
        """Put hashes in; return the places of those that were in here already."""
        slots, mask, count = self._slots, self._mask, self._count
        repeated = set()
        for place, value in enumerate(hashes):
            # 0 marks a slot as free, and 1 stands for it.
            key = value or 1
            slot = key & mask
            while (kept := slots[slot]) and kept != key:
                slot = (slot + 1) & mask
            if kept:
                repeated.add(place)
                continue
            slots[slot] = key
            count += 1
            if 3 * count > 2 * mask:
                self._grow()
                slots, mask = self._slots, self._mask
        self._count = count
        return repeated

    def among(self, hashes: Iterable[int]) -> set[int]:
        """Return those of the hashes that are in here."""
        slots, mask = self._slots, self._mask
        found = set()
        for value in hashes:
            key = value or 1
            slot = key & mask
            while (kept := slots[slot]) and kept != key:
                slot = (slot + 1) & mask
            if kept:
                found.add(value)
        return found

    def _clear(self, slots: int) -> None:
        self._mask = slots - 1
        self._slots = array("Q", bytes(8 * slots))

    def _grow(self) -> None:
        before = self._slots
        self._clear(2 * len(before))
        slots, mask = self._slots, self._mask
        for key in filter(None, before):
            slot = key & mask
            while slots[slot]:
                slot = (slot + 1) & mask
            slots[slot] = key
