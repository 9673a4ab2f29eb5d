"""So many requests a second and no more, for all that use one connection in a process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Pace:
    """Gives each request its turn. Turns do not add up while nothing is asked, so there are no bursts.

    :param per_second: how many; None is without limit.
    :param clock: seconds that only grow; for tests.
    """

    def __init__(self, per_second: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._between = 0.0 if per_second is None else 1.0 / per_second
        self._clock = clock
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> float:
        """Take the next turn and return the seconds until it comes."""
        with self._lock:
            now = self._clock()
            turn = max(now, self._next)
            self._next = turn + self._between
            return turn - now
