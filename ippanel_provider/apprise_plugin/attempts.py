"""What must not be sent again: when Apprise repeats a notification (``?retry=``), and when two URLs name one person."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from enum import Enum
from weakref import WeakKeyDictionary

from apprise import AppriseAsset
from apprise.plugins import NotifyBase

from ippanel_provider.service import DUPLICATE_GUARD

_REMEMBERED = 30.0
"""Seconds. Apprise waits at most 20 between two attempts, and a repeated text is refused by the service for 40."""


class Settled(Enum):
    """How an earlier attempt ended for a target."""

    ACCEPTED = "accepted"
    CLOSED = "closed"
    """Refused, or it may have gone out; either way it is not tried again."""


class Attempts:
    """The memory of one plugin.

    Apprise 2 keeps it itself, for the very notification that is repeated. Apprise 1.11 to 1.13 repeat without telling
    and keep nothing, so there the same text is taken for a repetition for a while. Before 1.11 nothing is repeated.
    """

    def __init__(self, plugin: NotifyBase) -> None:
        self._plugin = plugin
        self._apprise_remembers = hasattr(plugin, "mark_delivered")
        self._apprise_repeats = hasattr(plugin, "service_retry")
        self._seen: dict[tuple[int, str], tuple[Settled, float]] = {}

    def settled(self, text: str, target: str) -> Settled | None:
        """Return how an earlier attempt to send ``text`` to ``target`` ended; None if it is to be sent."""
        if self._apprise_remembers:
            if self._plugin.is_delivered(self._key(text, target)):
                return Settled.ACCEPTED
            return (
                Settled.CLOSED if self._plugin.is_delivered((Settled.CLOSED.value, self._key(text, target))) else None
            )
        verdict, at = self._seen.get(self._key(text, target), (None, 0.0))
        return verdict if time.monotonic() - at < _REMEMBERED else None

    def settle(self, text: str, target: str, how: Settled) -> None:
        """Remember how it ended."""
        key = self._key(text, target)
        if self._apprise_remembers:
            self._plugin.mark_delivered(key if how is Settled.ACCEPTED else (Settled.CLOSED.value, key))
        elif self._apprise_repeats:
            self._seen[key] = (how, time.monotonic())

    def succeeded(self) -> None:
        """The notification went out whole, so that the next one is a new one, whatever its text."""
        self._seen.clear()

    @staticmethod
    def _key(text: str, target: str) -> tuple[int, str]:
        return hash(text), target


class Reached:
    """Whom the URLs of one ``Apprise()`` have just reached with which text.

    The service refuses a text whole if one of its people got the same within 40 seconds. Who got it through another
    URL has it; who is named by the same URL again is asked to be sent to a second time, and that is told.
    """

    def __init__(self) -> None:
        self._at: dict[bytes, tuple[float, bytes]] = {}
        self._under_way: Counter[tuple[bytes, bytes]] = Counter()
        self._changed = threading.Condition()

    @classmethod
    def of(cls, asset: AppriseAsset) -> Reached:
        """Return that of the ``Apprise()`` whose services share this asset."""
        with _together:
            return _reached.setdefault(asset, cls())

    def through(self, url: str, text: str) -> Sharing:
        """Return the view of one URL that sends ``text``."""
        return Sharing(self, _digest(url), text)

    @contextmanager
    def _trying(self, keys: list[bytes], by: bytes) -> Iterator[None]:
        mine = Counter((key, by) for key in keys)
        with self._changed:
            self._under_way += mine
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= mine
                self._changed.notify_all()

    def _add(self, keys: list[bytes], by: bytes) -> None:
        now = time.monotonic()
        with self._changed:
            # The oldest come first.
            while self._at and self._at[eldest := next(iter(self._at))][0] < now - DUPLICATE_GUARD:
                del self._at[eldest]
            for key in keys:
                self._at.pop(key, None)
                self._at[key] = (now, by)

    def _by_another(self, key: bytes, by: bytes) -> bool:
        with self._changed:
            self._changed.wait_for(
                lambda: not any(tried == key and other != by for tried, other in self._under_way), _PATIENCE
            )
            at, other = self._at.get(key, (float("-inf"), by))
            return time.monotonic() - at < DUPLICATE_GUARD and other != by


@dataclass(frozen=True, slots=True)
class Sharing:
    """One text of one URL among those of the others."""

    _reached: Reached
    _by: bytes
    _text: str = field(repr=False)

    def trying(self, targets: Iterable[str]) -> AbstractContextManager[None]:
        """Around a request: who is refused meanwhile through another URL waits for what becomes of it."""
        return self._reached._trying(self._keys(targets), self._by)

    def accepted(self, targets: Iterable[str]) -> None:
        """The text was accepted for ``targets``."""
        self._reached._add(self._keys(targets), self._by)

    def has_it(self, target: str) -> bool:
        """Whether another URL has just reached ``target``."""
        return self._reached._by_another(_digest(self._text, target), self._by)

    def _keys(self, targets: Iterable[str]) -> list[bytes]:
        return [_digest(self._text, target) for target in targets]


_PATIENCE = 20.0
"""Seconds to wait for what becomes of the text of another URL."""
_reached: WeakKeyDictionary[AppriseAsset, Reached] = WeakKeyDictionary()
_together = threading.Lock()


def _digest(*parts: str) -> bytes:
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest()
