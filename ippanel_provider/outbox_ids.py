"""The outbox ids of many bulks in little room: in memory, in an XCom, in the arguments of a trigger.

A million ids are 8 MB in memory, and less than a byte each where they are written down: what is written are the steps
from one to the next.
"""

from __future__ import annotations

import base64
import binascii
import sys
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain
from operator import sub
from typing import Any, overload

LISTED = 1000
"""Up to so many ids are written as a list, which people read; more are packed."""
_STEP_BYTES = 8
_MOST_BYTES = 256 * 1024 * 1024


class OutboxIds(Sequence[int]):
    """Ids in ascending order, each once."""

    __slots__ = ("_ids",)

    def __init__(self, ids: Iterable[int] = ()) -> None:
        given = array("q", ids)
        if any(map(_out_of_order, given, given[1:])):
            given = array("q", sorted(set(given)))
        self._ids = given

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[int]: ...
    def __getitem__(self, index: int | slice) -> int | Sequence[int]:
        return self._ids[index]

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[int]:
        return iter(self._ids)

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Sequence) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"OutboxIds({list(self)})" if len(self) <= 5 else f"OutboxIds(of {len(self)} bulks)"

    def position(self, outbox_id: int) -> int | None:
        """Return where an id stands, None if it is not among them."""
        place = bisect_left(self._ids, outbox_id)
        return place if place < len(self._ids) and self._ids[place] == outbox_id else None

    def __contains__(self, outbox_id: object) -> bool:
        return isinstance(outbox_id, int) and self.position(outbox_id) is not None

    def pack(self) -> str:
        """Return them as a text, for :meth:`unpack`."""
        steps = array("q", map(sub, self._ids, chain((0,), self._ids)))
        if sys.byteorder == "big":
            steps.byteswap()
        raw = steps.tobytes()
        # Byte by byte of all steps: the higher ones are nearly always zero, and cost nothing beside each other.
        planes = b"".join(raw[plane::_STEP_BYTES] for plane in range(_STEP_BYTES))
        return base64.b64encode(zlib.compress(planes, 9)).decode("ascii")

    @classmethod
    def unpack(cls, text: str) -> OutboxIds:
        """Return the ids that :meth:`pack` wrote.

        :raises ValueError: if it did not write this.
        """
        try:
            reader = zlib.decompressobj()
            planes = reader.decompress(base64.b64decode(text, validate=True), _MOST_BYTES)
        except (binascii.Error, zlib.error, ValueError):
            raise ValueError("outbox_ids: not what a sending task packed") from None
        if not reader.eof or len(planes) % _STEP_BYTES:
            raise ValueError("outbox_ids: what a sending task packed is not whole")
        count = len(planes) // _STEP_BYTES
        raw = bytearray(len(planes))
        for plane in range(_STEP_BYTES):
            raw[plane::_STEP_BYTES] = planes[plane * count : (plane + 1) * count]
        steps = array("q")
        steps.frombytes(bytes(raw))
        if sys.byteorder == "big":
            steps.byteswap()
        return cls(accumulate(steps))


def _out_of_order(one: int, next_one: int) -> bool:
    return next_one <= one


def written(ids: Iterable[int]) -> list[int] | dict[str, Any]:
    """Return ids as results hold them: a list of a few, ``{"count": n, "packed": "…"}`` of many."""
    found = ids if isinstance(ids, OutboxIds) else OutboxIds(ids)
    return list(found) if len(found) <= LISTED else {"count": len(found), "packed": found.pack()}


def read(given: Any) -> OutboxIds:
    """Return the ids of what :func:`written` wrote, or of any ids.

    :raises ValueError: if they are none.
    """
    if isinstance(given, OutboxIds):
        return given
    if isinstance(given, dict) and "packed" in given:
        return OutboxIds.unpack(str(given["packed"]))
    return OutboxIds(int(outbox_id) for outbox_id in given)
