"""httpx and httpcore log the URL of a request, its headers and those of its answer. A number, a text or a credential
can stand in each, so what they say of ours is left out, at every level; what they say of other requests stays.
"""

from __future__ import annotations

import contextvars
import logging
from collections.abc import Iterator
from contextlib import contextmanager

_ours: contextvars.ContextVar[bool] = contextvars.ContextVar("ippanel_request", default=False)


class _QuietWire(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return not _ours.get()


# A filter holds for the logger that it is on and for none below it.
for _name in ("httpx", *(f"httpcore{part}" for part in ("", ".connection", ".http11", ".http2", ".proxy", ".socks"))):
    logging.getLogger(_name).addFilter(_QuietWire())


@contextmanager
def quiet() -> Iterator[None]:
    """What is logged within is of one of our requests."""
    token = _ours.set(True)
    try:
        yield
    finally:
        _ours.reset(token)
