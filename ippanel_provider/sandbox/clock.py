"""The service's clock, which a test controls: it can jump forward and run faster or slower than real time."""

from __future__ import annotations

import time


class Clock:
    """Seconds since the epoch (UTC) as the service sees them; never runs backwards."""

    def __init__(self, *, speed: float = 1.0) -> None:
        self._speed = speed
        self._service_anchor = time.time()
        self._real_anchor = time.monotonic()

    def now(self) -> float:
        """The service's time, in seconds since the epoch."""
        return self._service_anchor + (time.monotonic() - self._real_anchor) * self._speed

    @property
    def speed(self) -> float:
        """Seconds of service time that pass in one real second."""
        return self._speed

    def advance(self, seconds: float) -> None:
        """Jump forward.

        :raises ValueError: for a negative or endless jump; states of bulks are functions of this clock and must not go back.
        """
        if not 0 <= seconds < 10**10:
            raise ValueError("the clock only moves forward: advance takes seconds from 0")
        self._service_anchor += seconds

    def set_speed(self, factor: float) -> None:
        """Run ``factor`` times as fast from now on; 0 stops the clock.

        :raises ValueError: for a negative or endless factor.
        """
        if not 0 <= factor < 10**6:
            raise ValueError("speed takes a factor from 0 (stopped)")
        now = self.now()
        self._service_anchor, self._real_anchor, self._speed = now, time.monotonic(), factor
