"""Requests that something on the way keeps back, and that the service takes later by its own clock."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable

from .clock import Clock

_TICK = 0.01


class Later:
    """What is to be done at moments to come. It is done in their order, each at its own moment, before anything else
    happens after them: :meth:`catch_up` is called before each request.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: list[tuple[float, int, Callable[[], object]]] = []
        self._places = itertools.count()

    def put(self, time: float, action: Callable[[], object]) -> None:
        """Do ``action`` at ``time``, in epoch seconds of the service."""
        heapq.heappush(self._waiting, (time, next(self._places), action))
        if self._clock.speed > 0:
            # Nobody may ask meanwhile, and whoever waits for a text shall see it come. A timer may be a tick early.
            wait = (time - self._clock.now()) / self._clock.speed + _TICK
            asyncio.get_running_loop().call_later(wait, self.catch_up)

    def catch_up(self) -> None:
        """Do what is due by now."""
        while self._waiting and self._waiting[0][0] <= self._clock.now():
            time, _, action = heapq.heappop(self._waiting)
            with self._clock.held(time):
                action()

    def clear(self) -> None:
        """Forget all of it."""
        self._waiting.clear()
