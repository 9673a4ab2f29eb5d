"""Telling whoever waits that something changed, without doing work when nobody does."""

from __future__ import annotations

import asyncio


class Hub:
    """A bell: :meth:`changed` rings it, :meth:`wait` sleeps until it rings or the service closes."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()
        self.closed = False
        self.version = 0
        """Counts changes, so that whoever was busy meanwhile can tell that there was one."""

    def changed(self) -> None:
        """Wake everybody who waits."""
        self.version += 1
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def close(self) -> None:
        """The service ends: wake everybody, for good."""
        self.closed = True
        self.changed()

    async def wait(self, patience: float, *, since: int) -> None:
        """Return at the first change after version ``since``, after ``patience`` seconds of real time, or when the
        service closes.
        """
        if self.closed or self.version != since:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            async with asyncio.timeout(patience):
                await future
        except TimeoutError:
            pass
        finally:
            self._waiting.discard(future)
