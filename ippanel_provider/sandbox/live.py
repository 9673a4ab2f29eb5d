"""The stream behind the page: what is newest, as server-sent events, at a pace a browser can follow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from pydantic_core import to_json

from . import view
from .state import Sandbox

SHOWN = 100
"""How many texts the page keeps."""
_BREATH = 0.25
_KEEP_ALIVE = 15.0


async def stream(sandbox: Sandbox) -> AsyncIterator[bytes]:
    """Events ``texts`` (entries that are new or have changed, newest first) and ``totals``; quiet while nothing happens.

    However fast texts come in, a picture goes out at most four times a second and holds only what the page shows.
    """
    shown: dict[str, tuple[int, int]] = {}
    totals: dict[str, Any] = {}
    quiet = 0.0
    while not sandbox.hub.closed:
        version = sandbox.hub.version
        current = view.newest(sandbox, SHOWN)
        changed = [text for text in current if shown.get(text["id"]) != (text["state_id"], text["message_status"])]
        new_totals = {"texts": sandbox.outbox.text_count, "credit": round(sandbox.account.credit, 1)}
        if changed or new_totals != totals or not totals:
            totals = new_totals
            gone = not current and bool(shown)
            yield b"event: totals\ndata: " + to_json({**totals, "cleared": gone}) + b"\n\n"
            if changed:
                yield b"event: texts\ndata: " + to_json(changed) + b"\n\n"
            quiet = 0.0
        elif quiet >= _KEEP_ALIVE:
            yield b": still here\n\n"
            quiet = 0.0
        shown = {text["id"]: (text["state_id"], text["message_status"]) for text in current}
        await asyncio.sleep(_BREATH)
        # States move with the clock alone, so a text under way is looked at again even when no request comes.
        patience = 0.5 if _under_way(current) else _KEEP_ALIVE
        started = asyncio.get_running_loop().time()
        await sandbox.hub.wait(patience, since=version)
        quiet += _BREATH + asyncio.get_running_loop().time() - started


def _under_way(texts: list[dict[str, Any]]) -> bool:
    return any(text["state_id"] in (0, 1, 2, 5) or (text["state_id"] == 6 and text["message_status"] < 2) for text in texts)
