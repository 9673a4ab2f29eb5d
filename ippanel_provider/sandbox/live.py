"""The stream behind the pages: server-sent events that say when to look again, at a pace a browser can follow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from pydantic_core import to_json

from .state import Sandbox

_BREATH = 0.25
_KEEP_ALIVE = 15.0


async def stream(sandbox: Sandbox) -> AsyncIterator[bytes]:
    """Events ``changed`` with what is counted: one at once, and one after changes, at most four a second however many
    they are.
    """
    said = -1
    while not sandbox.hub.closed:
        version = sandbox.hub.version
        if version == said:
            yield b": still here\n\n"
        else:
            said = version
            counted = {"version": version, "texts": sandbox.outbox.text_count, "inbox": len(sandbox.inbox)}
            yield b"event: changed\ndata: " + to_json(counted) + b"\n\n"
        await asyncio.sleep(_BREATH)
        await sandbox.hub.wait(_KEEP_ALIVE, since=version)
