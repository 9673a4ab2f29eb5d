"""How long things are waited for. One number scales all of it: how long the outbox list is given to settle."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from ippanel_provider.service import CANCEL_WINDOW

_USUAL = 120.0
"""Seconds for which the sentences below are written; a shorter ``settle`` shortens them all, a longer one only those
that wait for the list, because the service's guard keeps its own time."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The time here, and a way to let it pass; tests bring a time of their own."""

    now: Callable[[], float] = time.time
    """Epoch seconds."""
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Patience:
    """Times in seconds.

    ``settle`` counts from the last byte of a request that can have left. It has to cover the read timeout twice and the
    lag of the outbox list, which only the live service can tell.
    """

    settle: float = _USUAL

    @property
    def poll(self) -> float:
        """Between two looks."""
        return max(0.01, self.settle / 24)

    @property
    def expiry(self) -> float:
        """An intent older than this is written anew, not sent: whoever wrote it may have been asleep meanwhile."""
        return self._at_most(60.0)

    @property
    def guard_retry(self) -> float:
        """So long after the first byte a 429 is tried again: a guard that had seen the text would repeat its answer."""
        return self._at_most(30.0)

    @property
    def guard_again(self) -> float:
        """So long after the first byte a code is sent again, while the guard still knows the first one."""
        return self._at_most(25.0)

    @property
    def guard_end(self) -> float:
        """So long after the first byte the guard certainly still knows the first one."""
        return self._at_most(35.0)

    @property
    def watch(self) -> float:
        """How long a repetition with a send time is watched for the first one to show."""
        return 4 * self.settle

    @property
    def lead(self) -> float:
        """How far ahead a repetition goes out: cancelling ends some minutes before, and it is watched until then."""
        return CANCEL_WINDOW + 5 * self.settle

    def _at_most(self, usual: float) -> float:
        return min(usual, usual * self.settle / _USUAL)
