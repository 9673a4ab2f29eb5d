"""What a forked child must not take over: locks that nobody will open, connections that two would use."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Renewed(Protocol):
    """Something that can begin as if it had just been made."""

    def begin(self) -> None:
        """Forget what belongs to the process before."""
        ...


_all: weakref.WeakSet[Renewed] = weakref.WeakSet()


def begin_in_children(thing: Renewed) -> None:
    """Have a ``thing`` begin anew in every forked child, for as long as it lives."""
    _all.add(thing)


def _begin() -> None:
    for thing in _all:
        thing.begin()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin)
