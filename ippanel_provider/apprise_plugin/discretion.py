"""What stands in Apprise's log: our sentences whole, our URLs never, and no sentence of ours as a text of its own."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ippanel_provider.apprise_url import SCHEME

# To the end of its line, because people write spaces and quotes into one, and with the slips of a hand. Of a URL
# without its colon Apprise 1.9 makes http://ippanel/... before it logs it.
_URL = re.compile(rf"(?:{SCHEME}(?:://?|//)|https?://{SCHEME}/)[^\r\n]*", re.IGNORECASE)
_OURS = "is_ippanel_s_own"
# So much of a sentence is enough to know it by, where a handler cuts what it sends.
_KNOWN_BY = 60
_PATIENCE = 0.5
"""Seconds."""

_sending: ContextVar[bool] = ContextVar("ippanel_notification", default=False)
_being_told: list[str] = []
_lock = threading.Lock()


class _Discreet(logging.Filter):
    """Apprise logs the URL it could not load, in older versions with its key, in all with its numbers."""

    def filter(self, record: logging.LogRecord) -> bool:
        # What we say shows how a URL is written, and never one that somebody wrote.
        if getattr(record, _OURS, False):
            return True
        said = record.getMessage()
        if _URL.search(said):
            # Below DEBUG stands a URL taken apart, where no pattern would find all of it.
            if record.levelno < logging.DEBUG:
                return False
            record.msg, record.args = _URL.sub(f"{SCHEME}://****", said), ()
        return True


_filter = _Discreet()


def keep() -> None:
    """Take the URLs of this scheme out of what Apprise logs. Calling it again does no harm."""
    logging.getLogger("apprise").addFilter(_filter)


def tell(logger: logging.Logger, level: int, sentence: str) -> None:
    """Log a sentence of ours. It is one that holds no URL, key, number or text.

    A handler that notifies holds its lock while it waits for Apprise, and Apprise may run us in another thread: where
    a handler is not free, it gets the sentence when it is, and nobody waits for ever.
    """
    if logger.disabled or not logger.isEnabledFor(level):
        return
    sentence = f"IPPanel: {sentence}"
    record = logger.makeRecord(logger.name, level, __file__, 0, sentence, (), None, extra={_OURS: True})
    if not logger.filter(record):
        return
    for handler in list(_handlers(logger)):
        if level < handler.level:
            continue
        if handler.lock is None or handler.lock.acquire(timeout=_PATIENCE):
            try:
                _hand_over(handler, record)
            finally:
                if handler.lock is not None:
                    handler.lock.release()
        else:
            threading.Thread(target=_hand_over, args=(handler, record), daemon=True).start()


def _handlers(logger: logging.Logger) -> Iterator[logging.Handler]:
    if not logger.hasHandlers() and logging.lastResort is not None:
        yield logging.lastResort
    at: logging.Logger | None = logger
    while at is not None:
        yield from at.handlers
        at = at.parent if at.propagate else None


def _hand_over(handler: logging.Handler, record: logging.LogRecord) -> None:
    known_by = record.getMessage()[:_KNOWN_BY]
    with _lock:
        _being_told.append(known_by)
    try:
        handler.handle(record)
    finally:
        with _lock:
            _being_told.remove(known_by)


@contextmanager
def sending() -> Iterator[None]:
    """Around a notification: what is notified of within it is its own log."""
    token = _sending.set(True)
    try:
        yield
    finally:
        _sending.reset(token)


def is_own_log(text: str) -> bool:
    """Whether this text is what the plugin is logging at this moment, handed to it by a log handler that notifies.

    A text about each failed text, and about that one's failure, would go on for ever; about each accepted one too.
    Apprise notifies in other threads at times, so a sentence is also known by its words.
    """
    return _sending.get() or any(known_by in text for known_by in list(_being_told))
