"""The ids of bulks, as the service hands them out: in order, with those of other customers between."""

from __future__ import annotations

FIRST = 1_290_000_001
"""Where live ids were at the end of 2025."""
_BLOCK_BELOW = 40_000_000
"""How far the second range of ids lies below the first."""
_MOST_BETWEEN = 47
_MOST_WITHIN = 3


class BulkIds:
    """Hands out ids; the same ones each time, so that a life that is made again equals the first."""

    def __init__(self) -> None:
        self._requests = 0
        self._next = [FIRST, FIRST - _BLOCK_BELOW]

    def ahead(self, count: int, *, gaps: bool, blocks: bool) -> range:
        """The ids that the next request with ``count`` bulks gets. Asking takes none.

        :param gaps: ids of others lie between those of two requests, and between those of one.
        :param blocks: every second request gets its ids from a range below.
        """
        first = self._next[self._range(blocks=blocks)]
        step = 1 + self._requests % _MOST_WITHIN if gaps else 1
        return range(first, first + count * step, step)

    def take(self, ids: range, *, gaps: bool, blocks: bool) -> None:
        """Hand out ``ids``, which :meth:`ahead` gave under the same facts."""
        between = 1 + self._requests * 31 % _MOST_BETWEEN if gaps else 0
        self._next[self._range(blocks=blocks)] = ids.stop + between
        self._requests += 1

    def _range(self, *, blocks: bool) -> int:
        return self._requests % 2 if blocks else 0
