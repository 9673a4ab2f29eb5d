"""One client per process and connection: its pool, TLS context, login and requests a second are shared by all hooks."""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace
from typing import Any

from ippanel_provider.client import AsyncClient, Auth, Client, Request, Settings
from ippanel_provider.hooks.account import Account
from ippanel_provider.hooks.token_variable import TokenVariable


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


class PacedClient(Client):
    """A client that waits for each request's turn. Each request of a flow passes ``run`` as well."""

    def __init__(self, auth: Auth, settings: Settings, pace: Pace) -> None:
        super().__init__(auth, settings)
        self._pace = pace

    def run(self, call: Any) -> Any:
        """Run one request or a flow; see :meth:`ippanel_provider.client.Client.run`."""
        if isinstance(call, Request) and (wait := self._pace.wait()):
            time.sleep(wait)
        return super().run(call)


class PacedAsyncClient(AsyncClient):
    """The same for an event loop."""

    def __init__(self, auth: Auth, settings: Settings, pace: Pace) -> None:
        super().__init__(auth, settings)
        self._pace = pace

    async def run(self, call: Any) -> Any:
        """Run one request or a flow; see :meth:`ippanel_provider.client.AsyncClient.run`."""
        if isinstance(call, Request) and (wait := self._pace.wait()):
            await asyncio.sleep(wait)
        return await super().run(call)


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all clients of a connection in a process have in common, however long each waits for an answer."""

    auth: Auth
    pace: Pace


_lock = threading.Lock()
_shared: dict[tuple[int, Account], _Shared] = {}
_clients: dict[tuple[int, Account], Client] = {}
_loops: dict[asyncio.AbstractEventLoop, dict[Account, tuple[AsyncClient, AsyncGenerator[None, None]]]] = {}


def client_for(account: Account) -> Client:
    """Return this process's client for the account. A forked child gets its own, never its parent's sockets."""
    key = (os.getpid(), account)
    with _lock:
        if key not in _clients:
            shared = _shared_by(account)
            _clients[key] = PacedClient(shared.auth, account.settings, shared.pace)
        return _clients[key]


async def async_client_for(account: Account) -> AsyncClient:
    """Return the running loop's client for the account. It is closed when the loop ends, as :func:`asyncio.run` ends
    one.
    """
    loop = asyncio.get_running_loop()
    with _lock:
        # Loops that were closed without being ended first.
        for closed in [known for known in _loops if known.is_closed()]:
            del _loops[closed]
        clients = _loops.setdefault(loop, {})
        if account in clients:
            return clients[account][0]
        shared = _shared_by(account)
        client = PacedAsyncClient(shared.auth, account.settings, shared.pace)
        # An ending loop closes the async generators begun on it; that is the only hook there is to its end.
        ending = _close_at_the_end(loop, account, client)
        clients[account] = client, ending
    await anext(ending)
    return client


def _shared_by(account: Account) -> _Shared:
    settings = account.settings
    key = (os.getpid(), replace(account, settings=Settings(settings.api, settings.base_url)))
    if key not in _shared:
        store = TokenVariable(account.login, account.settings.root) if account.login else None
        _shared[key] = _Shared(account.auth(store), Pace(account.rate))
    return _shared[key]


async def _close_at_the_end(
    loop: asyncio.AbstractEventLoop, account: Account, client: AsyncClient
) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        with _lock:
            clients = _loops.get(loop, {})
            clients.pop(account, None)
            if not clients:
                _loops.pop(loop, None)
        await client.aclose()


def _after_fork() -> None:
    # Another thread may have held the lock at the fork; here it would stay locked for ever.
    global _lock
    _lock = threading.Lock()


@atexit.register
def close_all() -> None:
    """Close the sync clients of this process."""
    with _lock:
        for (pid, _), client in _clients.items():
            if pid == os.getpid():
                client.close()
        _clients.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
