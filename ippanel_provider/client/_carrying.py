"""A send whose task is cancelled is carried through: what became of it is known in seconds, and lost otherwise."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_owing: weakref.WeakSet[asyncio.Task[Any]] = weakref.WeakSet()
"""Tasks whose cancellation was held back so that the outcome of a send could be told."""


class Abandoned(Exception):
    """The send may have gone out, and nobody waits any longer to learn it; the message says why."""


def pay() -> None:
    """Let the running task be cancelled, if that was held back before and still stands.

    :raises asyncio.CancelledError: it was.
    """
    task = asyncio.current_task()
    if task is not None and task in _owing:
        _owing.discard(task)
        if task.cancelling():
            raise asyncio.CancelledError


async def carried(exchange: Coroutine[Any, Any, T], has_begun: Callable[[], bool]) -> T:
    """Run an exchange to its end, even if the task is cancelled meanwhile. Its own timeouts bound how long that takes.

    Cancelled before anything was sent, it sends nothing. A second cancellation ends the waiting.

    :raises asyncio.CancelledError: nothing was sent.
    :raises Abandoned: cancelled twice, or with the whole loop.
    """
    inner = asyncio.ensure_future(exchange)
    cancelled: asyncio.CancelledError | None = None
    while not inner.done():
        try:
            await asyncio.wait([inner])
        except asyncio.CancelledError as error:
            if cancelled is not None or not has_begun():
                inner.cancel()
                await _ended(inner)
            cancelled = error
    if inner.cancelled():
        # Its own: a scope of anyio knows by what it says that it was the scope that cancelled.
        raise Abandoned("the task was cancelled") if has_begun() else cancelled or asyncio.CancelledError()
    if cancelled is not None and (task := asyncio.current_task()) is not None:
        _owing.add(task)
    return inner.result()


async def _ended(task: asyncio.Task[Any]) -> None:
    """Wait for a cancelled task, however impatient others are: it closes its connection and nothing else."""
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            continue
