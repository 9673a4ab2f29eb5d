"""One client per process and connection: its pool and TLS context are shared by all hooks."""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections.abc import AsyncGenerator

from ippanel_provider.client import AsyncClient, Client
from ippanel_provider.hooks.profile import Profile

_lock = threading.Lock()
_clients: dict[tuple[int, Profile], Client] = {}
_loops: dict[asyncio.AbstractEventLoop, dict[Profile, tuple[AsyncClient, AsyncGenerator[None, None]]]] = {}


def client_for(profile: Profile) -> Client:
    """Return this process's client for the profile. A forked child gets its own, never its parent's sockets."""
    key = (os.getpid(), profile)
    with _lock:
        if key not in _clients:
            _clients[key] = Client(profile.auth(), profile.settings)
        return _clients[key]


async def async_client_for(profile: Profile) -> AsyncClient:
    """Return the running loop's client for the profile. It is closed when the loop ends, as :func:`asyncio.run` ends one."""
    loop = asyncio.get_running_loop()
    with _lock:
        # Loops that were closed without being ended first.
        for closed in [known for known in _loops if known.is_closed()]:
            del _loops[closed]
        clients = _loops.setdefault(loop, {})
        if profile in clients:
            return clients[profile][0]
        client = AsyncClient(profile.auth(), profile.settings)
        # An ending loop closes the async generators begun on it; that is the only hook there is to its end.
        ending = _close_at_the_end(loop, profile, client)
        clients[profile] = client, ending
    await anext(ending)
    return client


async def _close_at_the_end(loop: asyncio.AbstractEventLoop, profile: Profile, client: AsyncClient) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        with _lock:
            clients = _loops.get(loop, {})
            clients.pop(profile, None)
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
