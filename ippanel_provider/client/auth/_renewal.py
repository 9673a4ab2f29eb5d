"""One renewal of a credential at a time, whoever asks: threads, tasks of any event loop, several clients.

Those who ask while a renewal is under way wait for it and share its outcome, so ten tasks with one wrong password try
it once, not ten times.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass

from ippanel_provider.client._forks import begin_in_children
from ippanel_provider.client.errors import IPPanelClientError


@dataclass(frozen=True, slots=True, eq=False)
class Await:
    """An effect: wait until the renewal that the thread ``leader`` is making has ended, and raise what it raised."""

    ended: Future[None]
    leader: int

    def block(self) -> None:
        """Wait with this thread."""
        if self.leader == threading.get_ident():
            # The renewal is a task of this very thread's event loop: waiting here would stop it for good.
            raise RuntimeError(
                "a blocking Client was used inside the event loop that is renewing its login; use AsyncClient "
                "there, or asyncio.to_thread"
            )
        self.ended.result()


class Renewal:
    """Belongs to one source of credentials; holds who is renewing it and who waits for that."""

    def __init__(self) -> None:
        self.begin()
        # The thread that was renewing does not exist in a forked child; waiting for it would never end.
        begin_in_children(self)

    def begin(self) -> None:
        """Know of nobody who is renewing."""
        # Reentrant: a generator collected while the lock is held ends its renewal in the same thread.
        self._mutex = threading.RLock()
        self._leader: int | None = None
        self._waiting: list[Future[None]] = []

    def join(self) -> Await | None:
        """Become the one who renews (None; :meth:`end` is then owed), or get what to wait for."""
        with self._mutex:
            if self._leader is None:
                self._leader = threading.get_ident()
                return None
            ended: Future[None] = Future()
            self._waiting.append(ended)
            return Await(ended, self._leader)

    def end(self, failure: IPPanelClientError | None) -> None:
        """Let those who wait go on: with ``failure``, or to look for themselves."""
        with self._mutex:
            waiting, self._waiting, self._leader = self._waiting, [], None
        for ended in waiting:
            # False for a task that was cancelled meanwhile.
            if ended.set_running_or_notify_cancel():
                if failure is None:
                    ended.set_result(None)
                else:
                    # An exception raised in several threads at once would mix their tracebacks.
                    ended.set_exception(_copy(failure))


def _copy(error: IPPanelClientError) -> IPPanelClientError:
    kind, arguments, *_ = error.__reduce__()
    return kind(*arguments)
