"""One client per process and connection: its pool and TLS context are shared by all hooks."""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
import weakref

from ippanel_provider.client import AsyncClient, Client
from ippanel_provider.hooks.profile import Profile

_lock = threading.Lock()
_clients: dict[tuple[int, Profile], Client] = {}
_async_clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Profile, AsyncClient]] = weakref.WeakKeyDictionary()


def client_for(profile: Profile) -> Client:
    """Return this process's client for the profile. A forked child gets its own, never its parent's sockets."""
    key = (os.getpid(), profile)
    with _lock:
        if key not in _clients:
            _clients[key] = Client(profile.auth(), profile.settings)
        return _clients[key]


def async_client_for(profile: Profile) -> AsyncClient:
    """Return the running loop's client for the profile; it ends with the loop."""
    with _lock:
        clients = _async_clients.setdefault(asyncio.get_running_loop(), {})
        if profile not in clients:
            clients[profile] = AsyncClient(profile.auth(), profile.settings)
        return clients[profile]


@atexit.register
def close_all() -> None:
    """Close the sync clients of this process."""
    with _lock:
        for (pid, _), client in _clients.items():
            if pid == os.getpid():
                client.close()
        _clients.clear()
