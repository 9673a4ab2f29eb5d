"""The service's clock, which a test controls: it can jump forward and run faster or slower than real time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

# Beyond the year 9999 there are no dates to write down.
_END = 221_845_392_000


class Clock:
    """Seconds since the epoch (UTC) as the service sees them; only :meth:`shift` turns it back."""

    def __init__(self, *, speed: float = 1.0) -> None:
        self._speed = speed
        self._service_anchor = time.time()
        self._real_anchor = time.monotonic()
        self._held: float | None = None

    def now(self) -> float:
        """The service's time, in seconds since the epoch."""
        if self._held is not None:
            return self._held
        return self._service_anchor + (time.monotonic() - self._real_anchor) * self._speed

    @property
    def speed(self) -> float:
        """Seconds of service time that pass in one real second."""
        return self._speed

    def advance(self, seconds: float) -> None:
        """Jump forward.

        :raises ValueError: for a negative or endless jump; states of bulks are functions of this clock and must not go
            back.
        """
        if not 0 <= seconds < 10**10:
            raise ValueError("the clock only moves forward: advance takes seconds from 0")
        if self.now() + seconds > _END:
            raise ValueError("the clock does not go beyond the year 9000")
        self._service_anchor += seconds

    def shift(self, seconds: float) -> None:
        """Show a time ``seconds`` later from now on, or earlier when negative, as a clock that is set right does."""
        self._service_anchor += seconds

    def set_speed(self, factor: float) -> None:
        """Run ``factor`` times as fast from now on; 0 stops the clock.

        :raises ValueError: for a negative or endless factor.
        """
        if not 0 <= factor < 10**6:
            raise ValueError("speed takes a factor from 0 (stopped)")
        self.set(self.now(), factor)

    def set(self, service_time: float, speed: float, real_time: float | None = None) -> None:
        """Show ``service_time`` at ``real_time`` (epoch seconds; None is now), and run ``speed`` times as fast from
        there.
        """
        passed = 0.0 if real_time is None else max(0.0, time.time() - real_time)
        self._service_anchor, self._real_anchor, self._speed = service_time + passed * speed, time.monotonic(), speed
        if self._held is not None:
            self._held = service_time

    def not_before(self, service_time: float) -> None:
        """Jump to ``service_time`` if that is still to come."""
        self._service_anchor += max(0.0, service_time - self.now())

    @contextmanager
    def held(self, service_time: float | None = None) -> Iterator[float]:
        """Stand still at ``service_time``, or at this moment, for as long as the block lasts."""
        before = self._held
        self._held = now = self.now() if service_time is None else service_time
        try:
            yield now
        finally:
            self._held = before
