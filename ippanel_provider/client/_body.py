"""The body of an answer, as far as it may go: a page of a thousand of the longest texts has 9 MB."""

from __future__ import annotations

import zlib

MAX_BYTES = 16 * 2**20


class UnusableBody(Exception):
    """The body cannot be read, or not to its end; the message says why."""


class Body:
    """Takes the pieces of a body, compressed or not, up to 16 MB of either.

    :param encoding: the header ``Content-Encoding``
    :param length: the header ``Content-Length``
    """

    def __init__(self, encoding: str | None, length: str | None) -> None:
        given = [name for part in (encoding or "").split(",") if (name := part.strip().lower()) not in {"", "identity"}]
        if given and given not in (["gzip"], ["x-gzip"], ["deflate"]):
            raise UnusableBody("is compressed in a way that was not asked for")
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 32) if given else None
        self._taken = 0
        self._content = bytearray()
        if length and length.isdecimal() and len(length) < 20:
            self._count(int(length), 0)

    def take(self, piece: bytes) -> None:
        """Add the next piece as it came.

        :raises UnusableBody: it is too large, or not compressed as it says.
        """
        self._count(len(piece), len(self._content))
        self._taken += len(piece)
        if self._inflate is not None:
            try:
                # One byte more than may be, so that a small piece that holds gigabytes is never unfolded.
                piece = self._inflate.decompress(piece, MAX_BYTES + 1 - len(self._content))
            except zlib.error:
                raise UnusableBody("cannot be decompressed") from None
        self._content += piece
        self._count(0, len(self._content))

    def whole(self) -> bytes:
        """Return what was taken."""
        return bytes(self._content)

    def _count(self, compressed: int, plain: int) -> None:
        if self._taken + compressed > MAX_BYTES or plain > MAX_BYTES:
            raise UnusableBody(f"is larger than {MAX_BYTES // 2**20} MB, so it is not read")
