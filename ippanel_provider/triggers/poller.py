"""One poll loop for everything that waits on one connection for one kind of thing.

Within a triggerer, thousands of triggers may wait for bulks of one account. Each would ask the service on its own; here
they register with a poller, which asks for all of them together and tells each what it waits for. Looks of several
waits fall into common rounds; a round that fails or is slow puts off the next.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import math
import random
import time
import weakref
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

if TYPE_CHECKING:
    from ippanel_provider.hooks.ippanel import IPPanelHook

log = logging.getLogger(__name__)

ROUND_REQUESTS = 20
"""What one round may cost, whatever the number of waits."""
GATHER_SECONDS = 0.2
"""How long the first round waits for others: a triggerer takes up its triggers one after the other."""
MAX_BACK_OFF = 300.0
SAY_EVERY = 60.0
"""Seconds between two lines in a trigger's log that say how far it is."""
CHECK_SECONDS = 30.0
"""The longest sleep: deadlines are of the wall clock, which can be set."""

Event = dict[str, Any]


class Wait:
    """One trigger's wait.

    :param interval: seconds between two looks
    :param deadline: when to give up, in epoch seconds
    """

    __slots__ = ("answer", "deadline", "due", "interval")

    def __init__(self, interval: float, deadline: float) -> None:
        self.interval = interval
        self.deadline = deadline
        self.due = 0.0
        self.answer: asyncio.Future[Event] = asyncio.get_running_loop().create_future()

    def settle(self, event: Event) -> None:
        """End the wait."""
        if not self.answer.done():
            self.answer.set_result(event)

    def progress(self) -> str:
        """Say how far it came, for when the time is up."""
        return "what it waits for has not come"

    def news(self) -> str:
        """Say how far it is and why, for the log."""
        return self.progress()


W = TypeVar("W", bound=Wait)

_pollers: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[type[Poller[Any]], str], Poller[Any]]] = (
    weakref.WeakKeyDictionary()
)


class Poller(ABC, Generic[W]):
    """The loop of one connection and kind; it lives while somebody waits."""

    def __init__(self, conn_id: str) -> None:
        self.conn_id = conn_id
        self.waits: dict[W, None] = {}
        self.rounds = 0
        self._clock = asyncio.get_running_loop().time
        self._wake = asyncio.Event()
        self._wakes_at = 0.0
        self._not_before = self._clock() + GATHER_SECONDS
        self._failures = 0
        self._trouble = ""
        self._hook: IPPanelHook | None = None
        # Not in the context of the trigger that happened to come first, whose log would get the lines of all.
        self._task = contextvars.Context().run(asyncio.create_task, self._run())

    @classmethod
    async def wait(cls, conn_id: str, wait: W) -> Event:
        """Wait together with all others of this kind and connection on this event loop."""
        pollers = _pollers.setdefault(asyncio.get_running_loop(), {})
        poller = pollers.get((cls, conn_id))
        if poller is None:
            poller = pollers[cls, conn_id] = cls(conn_id)
        poller._enter(wait)
        try:
            while not (await asyncio.wait({wait.answer}, timeout=SAY_EVERY))[0]:
                # In the log of the trigger that waits, not in that of all.
                log.info("%s.%s", wait.news(), poller._trouble)
            return wait.answer.result()
        finally:
            poller._leave(wait)
            if not poller.waits and pollers.get((cls, conn_id)) is poller:
                del pollers[cls, conn_id]
                poller._task.cancel()

    @abstractmethod
    async def look(self, hook: IPPanelHook, due: Sequence[W]) -> None:
        """Ask the service for those that are due, and settle all waits that the answers concern.

        :raises IPPanelError: if it could not be asked.
        """

    def joined(self, wait: W) -> None:
        """Take in a new wait."""

    def left(self, wait: W) -> None:
        """Let go of one."""

    def _enter(self, wait: W) -> None:
        self.waits[wait] = None
        self.joined(wait)
        # A wake-up goes through all waits, so it is not made for each of thousands that join.
        if self._not_before < self._wakes_at:
            self._wakes_at = self._not_before
            self._wake.set()

    def _leave(self, wait: W) -> None:
        self.waits.pop(wait, None)
        self.left(wait)

    async def _run(self) -> None:
        try:
            while True:
                self._expire()
                now = self._clock()
                if now >= self._not_before and any(wait.due <= now for wait in self._open()):
                    # Those that are due soon join in, so that waits begun at different times come to share their
                    # rounds.
                    await self._round([wait for wait in self._open() if wait.due <= now + wait.interval / 2])
                else:
                    await self._sleep(now)
        except Exception as error:
            # Whatever it is, nobody may be left waiting for an answer that will not come.
            log.exception("Asking for %s failed.", self.conn_id)
            self._give_up(list(self.waits), f"{type(error).__name__}: {error}")

    async def _round(self, due: Sequence[W]) -> None:
        from ippanel_provider.client import InvalidInput, IPPanelError, Refused, Unsupported

        began = self._clock()
        interval = min(wait.interval for wait in due)
        jitter = 0.9 + random.random() / 5  # noqa: S311 - spreads load, guards nothing
        self.rounds += 1
        try:
            await self._look(due)
        except (Refused, InvalidInput, Unsupported) as error:
            # The connection may have been changed meanwhile; whoever comes next gets it anew.
            self._hook = None
            self._give_up(due, str(error), refused=True)
        except IPPanelError as error:
            self._failures += 1
            self._trouble = f" The last look failed: {error}"
            pause = min(MAX_BACK_OFF, interval * 2.0 ** min(self._failures, 20)) * jitter
            self._not_before = self._clock() + max(pause, error.details.retry_after or 0.0)
            log.warning("Look %d in a row for %s failed, waiting longer: %s", self._failures, self.conn_id, error)
        else:
            self._failures, self._trouble = 0, ""
            # A service that takes its time is given as much in between.
            self._not_before = self._clock() + max(interval / 2, self._clock() - began)
        for wait in due:
            wait.due = self._clock() + wait.interval * jitter

    async def _look(self, due: Sequence[W]) -> None:
        from ippanel_provider.client import Unauthorized
        from ippanel_provider.hooks.ippanel import IPPanelHook

        self._hook = self._hook or IPPanelHook(self.conn_id)
        try:
            await self.look(self._hook, due)
        except Unauthorized:
            # A wait may last for days, and the key may have been changed meanwhile.
            fresh = IPPanelHook(self.conn_id)
            if await fresh.async_account() == await self._hook.async_account():
                raise
            log.info("The connection %s has been changed; looking once more with it.", self.conn_id)
            self._hook = fresh
            await self.look(fresh, due)

    def _give_up(self, waits: Sequence[W], message: str, **more: bool) -> None:
        for wait in waits:
            wait.settle({"status": "error", "message": message, **more})

    def _expire(self) -> None:
        now = time.time()
        for wait in self._open():
            # Nobody is sent away without one look.
            if wait.due and wait.deadline <= now:
                wait.settle({"status": "timeout", "message": f"the time is up and {wait.progress()}.{self._trouble}"})

    def _open(self) -> list[W]:
        return [wait for wait in self.waits if not wait.answer.done()]

    async def _sleep(self, now: float) -> None:
        waits = self._open()
        next_round = max(self._not_before, min((wait.due for wait in waits), default=now + CHECK_SECONDS)) - now
        next_deadline = min((wait.deadline for wait in waits if wait.due), default=math.inf) - time.time()
        seconds = max(0.001, min(CHECK_SECONDS, next_round, next_deadline))
        self._wakes_at = now + seconds
        self._wake.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    @classmethod
    def running(cls, conn_id: str) -> Self | None:
        """Return the poller of a connection on this event loop, if there is one."""
        found = _pollers.get(asyncio.get_running_loop(), {}).get((cls, conn_id))
        return found if isinstance(found, cls) else None
