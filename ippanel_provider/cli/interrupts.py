"""Signals while something is under way: whoever ends the command still learns what became of the text."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")

INTERRUPTED = 130
_GRACE = 5.0
"""Seconds for an answer that is on its way. A second signal does not wait for them."""
_ENDS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


class Interrupted(KeyboardInterrupt):
    """A signal that ends the command; ``code`` is the exit code that shells know it by."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@contextmanager
def as_exceptions() -> Iterator[Callable[[], None]]:
    """Have what ends a process by default end this one as Ctrl-C does; what it was told to ignore it ignores.

    What is given is to be called once the command ends, so that it can say so in peace.
    """
    before: dict[int, Any] = {}

    def interrupt(number: int, _: object) -> None:
        raise Interrupted(128 + number)

    def ignore() -> None:
        for number in before:
            signal.signal(number, signal.SIG_IGN)

    if threading.current_thread() is threading.main_thread():
        before = {number: signal.getsignal(number) for number in (*_ENDS, signal.SIGINT)}
        for number in _ENDS:
            if before[number] is not signal.SIG_IGN:
                signal.signal(number, interrupt)
    try:
        yield ignore
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def in_flight(do: Callable[[], T]) -> T:
    """Do what cannot be taken back in a thread that no signal reaches, and return what came of it.

    :raises KeyboardInterrupt: a signal came, and no answer within the grace.
    """
    ended: Future[T] = Future()

    def fly() -> None:
        try:
            ended.set_result(do())
        except BaseException as error:  # noqa: BLE001 - whoever waits is given it
            ended.set_exception(error)

    # A thread inherits what its maker blocks. One that a signal could reach would take it from the one that waits.
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, (*_ENDS, signal.SIGINT))
    # A daemon, because nobody waits for it any more when the command ends.
    threading.Thread(target=fly, daemon=True).start()
    signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    try:
        return ended.result()
    except KeyboardInterrupt:
        if sys.stderr is not None and sys.stderr.isatty():
            sys.stderr.write("ippanel: waiting a moment for the answer\n")
        wait([ended], _GRACE)
        if not ended.done():
            raise
        return ended.result()
