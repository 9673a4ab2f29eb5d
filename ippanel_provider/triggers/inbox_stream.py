"""One stream of incoming texts for all watchers of a connection, and where each of them stands in it.

What a watcher has got is written down only when Airflow has it in its database, so a triggerer that is killed at any
moment hands over again what may have been lost, and nothing is missed. Each watcher stands where its own cursor is: the
stream goes back to the one furthest behind, and the others pass over what they know.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import math
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ippanel_provider.triggers.inbox import InboxPoller, TextsWait
from ippanel_provider.triggers.poller import MAX_BACK_OFF

if TYPE_CHECKING:
    from ippanel_provider.client import InboxMessage

log = logging.getLogger(__name__)

BATCH = 1000
"""The most texts of one event."""


@dataclass(frozen=True, slots=True)
class Batch:
    """All texts with ids above ``low`` and up to ``high``, oldest first."""

    low: int
    high: int
    texts: tuple[InboxMessage, ...] = field(repr=False)


@dataclass(slots=True, eq=False)
class Watcher:
    """Where one watcher stands: up to which id it was ``given`` texts, has ``seen`` them, and has that ``saved``."""

    interval: float
    given: int
    save: Callable[[int], Awaitable[None]]
    seen: int = field(init=False)
    saved: int = field(init=False)

    def __post_init__(self) -> None:
        self.seen = self.saved = self.given

    def take(self, batch: Batch) -> Sequence[InboxMessage]:
        """Return what of a batch is new; nothing of one that does not follow on, for it will come again as one that
        does.
        """
        if batch.low > self.seen:
            return ()
        new = tuple(text for text in batch.texts if text.inbox_id > self.seen)
        self.seen = max(self.seen, batch.high)
        return new

    async def keep(self, low: int, high: int) -> None:
        """Save that everything up to ``high`` is in Airflow's database, if that holds for all up to ``low``."""
        if low <= self.saved < high <= self.seen:
            await self.save(high)
            self.saved = high


class Watchers:
    """The watchers of a connection on one event loop."""

    def __init__(self) -> None:
        self._all: dict[Watcher, None] = {}
        self.changed = asyncio.Event()

    def __iter__(self) -> Iterator[Watcher]:
        return iter(tuple(self._all))

    @contextlib.contextmanager
    def joined_by(self, watcher: Watcher) -> Iterator[None]:
        """Count one in for as long as the block lasts."""
        self._all[watcher] = None
        self.changed.set()
        try:
            yield
        finally:
            del self._all[watcher]


_watchers: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Watchers]] = weakref.WeakKeyDictionary()


def watchers_of(conn_id: str) -> Watchers:
    """Return the watchers of a connection on the running event loop."""
    return _watchers.setdefault(asyncio.get_running_loop(), {}).setdefault(conn_id, Watchers())


class InboxStream:
    """What Airflow 3.3 asks of the producer of a shared stream, by duck typing: older versions have no class for it."""

    def __init__(self, conn_id: str) -> None:
        self.conn_id = conn_id
        self._looked_at = -math.inf
        self._batches: AsyncIterator[list[InboxMessage]] | None = None
        self._read_to = -1

    async def open_stream(self) -> AsyncIterator[tuple[Batch, tuple[int, int]]]:
        """Yield batches for as long as anybody watches."""
        watchers = watchers_of(self.conn_id)
        while True:
            watchers.changed.clear()
            present = list(watchers)
            if not present:
                await watchers.changed.wait()
                continue
            low = min(watcher.given for watcher in present)
            texts = await self._next(low, min(watcher.interval for watcher in present), watchers.changed)
            for start in range(0, len(texts), BATCH):
                some = tuple(texts[start : start + BATCH])
                batch = Batch(low, some[-1].inbox_id, some)
                for watcher in watchers:
                    if batch.low <= watcher.given:
                        watcher.given = max(watcher.given, batch.high)
                yield batch, (batch.low, batch.high)
                low = batch.high

    async def advance(self, batch: Sequence[Any]) -> None:
        """Write down what all who were given it have in the database."""
        for item in batch:
            if item.outcome.failed:
                # Who failed begins again at its own cursor, and the rest catches up there.
                continue
            low, high = item.broker_payload
            for watcher in watchers_of(self.conn_id):
                await watcher.keep(low, high)

    def get_advance_lane(self, payload: Any) -> Hashable:
        """All in one order."""
        return None

    async def aclose(self) -> None:
        """Nothing is held open."""

    async def _look(self, low: int, interval: float) -> list[InboxMessage]:
        texts: list[InboxMessage] = []
        if self._batches is not None and self._read_to == low:
            # There was more than is read at once.
            texts = await anext(self._batches, [])
        if not texts:
            clock = asyncio.get_running_loop().time
            # Texts that come in one by one must not make it look without a pause.
            await asyncio.sleep(self._looked_at + interval - clock())
            self._batches = batches_of(self.conn_id, low, interval)
            texts = await anext(self._batches)
            self._looked_at = clock()
        self._read_to = texts[-1].inbox_id
        return texts

    async def _next(self, low: int, interval: float, changed: asyncio.Event) -> list[InboxMessage]:
        """Return the next texts above ``low``, or none when a watcher has joined who may stand further back."""
        look = asyncio.ensure_future(self._look(low, interval))
        joined = asyncio.ensure_future(changed.wait())
        try:
            await asyncio.wait({look, joined}, return_when=asyncio.FIRST_COMPLETED)
            return look.result() if look.done() else []
        finally:
            look.cancel()
            joined.cancel()


async def batches_of(conn_id: str, after_id: int, interval: float) -> AsyncIterator[list[InboxMessage]]:
    """Wait for texts, and yield all there are, oldest first, as they are read."""
    from ippanel_provider.client import IPPanelError
    from ippanel_provider.client.unread import Unread
    from ippanel_provider.hooks.ippanel import IPPanelHook

    wait = await _waited(conn_id, after_id, interval)
    yield wait.found
    if not wait.has_more:
        return
    hook, rest = IPPanelHook(conn_id), Unread(wait.cursor)
    while rest.has_more:
        try:
            texts = await hook.arun(rest.turn())
        except IPPanelError as error:
            log.warning("The inbox of %s cannot be read on, the next look goes on there: %s", conn_id, error)
            return
        if texts:
            yield texts


async def _waited(conn_id: str, after_id: int, interval: float) -> TextsWait:
    """Wait for texts whatever the service says meanwhile; a watcher that gave up would be started again every
    second."""
    failures = 0
    while True:
        wait = TextsWait(after_id, interval)
        event = await InboxPoller.wait(conn_id, wait)
        if event["status"] == "received":
            return wait
        failures += 1
        pause = min(MAX_BACK_OFF, max(1.0, interval) * 2.0 ** min(failures, 20))
        log.error(
            "The inbox of %s cannot be watched, the next look is in %.0f s: %s", conn_id, pause, event.get("message")
        )
        await asyncio.sleep(pause)


def cursor_key(*identity: Any) -> str:
    """Return the name under which a watcher's cursor is kept."""
    return "ippanel_inbox_" + hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16]
