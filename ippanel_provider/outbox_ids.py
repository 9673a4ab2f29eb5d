"""The outbox ids of many bulks in little room: in memory, in an XCom, in the arguments of a trigger.

A million ids are 2 MB in memory, and less than a byte each where they are written down: what is written are the steps
from one to the next.
"""

from __future__ import annotations

import base64
import binascii
import re
import sys
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import accumulate, chain, islice, pairwise, repeat
from operator import add, lt, sub
from typing import Any, overload

LISTED = 1000
"""Up to so many ids are written as a list, which people read; more are packed."""
_STEP_BYTES = 8
_BLOCK = 1024
_PIECE = 64 * 1024
_FEW = 64
_NOT_ZERO = re.compile(rb"[^\0]", re.DOTALL)
_MOST_BYTES = 256 * 1024 * 1024


class OutboxIds(Sequence[int]):
    """Ids in ascending order, each once."""

    __slots__ = ("_blocks", "_count", "_first")

    def __init__(self, ids: Iterable[int] = ()) -> None:
        self._first = array("q")
        self._blocks: list[array[int]] = []
        self._count = 0
        stream = iter(ids)
        while block := array("q", islice(stream, _BLOCK)):
            if (self._count and block[0] <= self[-1]) or not all(map(lt, block, block[1:])):
                given = array("q", chain(self, block, stream))
                self._first, self._blocks, self._count = array("q"), [], 0
                stream = _sorted(given)
            else:
                self._append(block)

    def _append(self, block: array[int]) -> None:
        first = block[0]
        self._first.append(first)
        # As far from the first of its block as two bytes reach, mostly.
        code = "H" if block[-1] - first < 1 << 16 else "I" if block[-1] - first < 1 << 32 else "Q"
        self._blocks.append(array(code, map(sub, block, repeat(first))))
        self._count += len(block)

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[int]: ...
    def __getitem__(self, index: int | slice) -> int | Sequence[int]:
        if isinstance(index, slice):
            return [self[place] for place in range(self._count)[index]]
        block, place = divmod(range(self._count)[index], _BLOCK)
        return self._first[block] + self._blocks[block][place]

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[int]:
        for first, block in zip(self._first, self._blocks, strict=True):
            yield from map(add, block, repeat(first))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, OutboxIds):
            return self._first == other._first and self._blocks == other._blocks
        return list(self) == list(other) if isinstance(other, Sequence) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"OutboxIds({list(self)})" if len(self) <= 5 else f"OutboxIds(of {len(self)} bulks)"

    def position(self, outbox_id: int) -> int | None:
        """Return where an id stands, None if it is not among them."""
        at = bisect_right(self._first, outbox_id) - 1
        if at < 0:
            return None
        block, step = self._blocks[at], outbox_id - self._first[at]
        place = bisect_left(block, step)
        return at * _BLOCK + place if place < len(block) and block[place] == step else None

    def __contains__(self, outbox_id: object) -> bool:
        return isinstance(outbox_id, int) and self.position(outbox_id) is not None

    def pack(self) -> str:
        """Return them as a text, for :meth:`unpack`."""
        steps = array("q", map(sub, self, chain((0,), self)))
        if sys.byteorder == "big":
            steps.byteswap()
        raw = memoryview(steps).cast("B")
        writer = zlib.compressobj(9)
        # Byte by byte of all steps: the higher ones are nearly always zero, and cost nothing beside each other.
        packed = [writer.compress(raw[plane::_STEP_BYTES].tobytes()) for plane in range(_STEP_BYTES)]
        return base64.b64encode(b"".join(packed) + writer.flush()).decode("ascii")

    @classmethod
    def unpack(cls, text: str) -> OutboxIds:
        """Return the ids that :meth:`pack` wrote.

        :raises ValueError: if it did not write this.
        """
        try:
            packed = base64.b64decode(text, validate=True)
            size = sum(map(len, _inflated(packed)))
            if not size % _STEP_BYTES:
                return cls(accumulate(_steps(packed, size // _STEP_BYTES)))
        except (binascii.Error, zlib.error, ValueError):
            raise ValueError("outbox_ids: not what a sending task packed") from None
        raise ValueError("outbox_ids: what a sending task packed is not whole")


def _sorted(given: array[int]) -> Iterator[int]:
    """Yield ids in ascending order, each once.

    What was sent side by side comes in stretches that are in order, and rarely reach into each other.
    """
    cuts = [0, *(place for place in range(1, len(given)) if given[place] <= given[place - 1]), len(given)]
    stretches = sorted((given[start], given[end - 1], start, end) for start, end in pairwise(cuts))
    together: list[tuple[int, int]] = []
    last = 0
    for low, high, start, end in stretches:
        if together and low > last:
            yield from _merged(given, together)
            together = []
        last = max(last, high) if together else high
        together.append((start, end))
    yield from _merged(given, together)


def _merged(given: array[int], stretches: Sequence[tuple[int, int]]) -> Iterator[int]:
    parts = [given[start:end] for start, end in stretches]
    last = None
    for outbox_id in merge(*parts) if len(parts) < _FEW else sorted(chain.from_iterable(parts)):
        if outbox_id != last:
            yield outbox_id
        last = outbox_id


def _steps(packed: bytes, count: int) -> Iterator[int]:
    """Yield the steps from one id to the next; no more than a block of them is in memory at once."""
    planes = list(_planes(packed, count))
    for block in range(-(-count // _BLOCK)):
        start = block * _BLOCK
        raw = bytearray(min(_BLOCK, count - start) * _STEP_BYTES)
        for number, (whole, few) in enumerate(planes):
            if whole:
                raw[number::_STEP_BYTES] = whole[start : start + _BLOCK]
            for place, byte in few.get(block, {}).items():
                raw[(place - start) * _STEP_BYTES + number] = byte
        steps = array("q", bytes(raw))
        if sys.byteorder == "big":
            steps.byteswap()
        yield from steps


def _planes(packed: bytes, count: int) -> Iterator[tuple[bytes, dict[int, dict[int, int]]]]:
    """Yield the bytes of one place of all steps, or where nearly all are zero those that are not, by block."""
    buffer = bytearray()
    for piece in _inflated(packed):
        buffer += piece
        while count and len(buffer) >= count:
            plane = bytes(buffer[:count])
            del buffer[:count]
            if plane.count(0) < count - count // _BLOCK:
                yield plane, {}
                continue
            few: dict[int, dict[int, int]] = {}
            for found in _NOT_ZERO.finditer(plane):
                place = found.start()
                few.setdefault(place // _BLOCK, {})[place] = plane[place]
            yield b"", few


def _inflated(packed: bytes) -> Iterator[bytes]:
    """Yield what was compressed, in pieces.

    :raises ValueError: if it is not whole, or of no size that anybody packs.
    """
    reader, total = zlib.decompressobj(), 0
    while not reader.eof:
        piece = reader.decompress(packed, _PIECE)
        packed = reader.unconsumed_tail
        total += len(piece)
        if total > _MOST_BYTES or not (piece or packed or reader.eof):
            raise ValueError
        yield piece


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
