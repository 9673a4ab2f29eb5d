"""The service's guard against the same text twice: same recipient, line and text within some seconds."""

from __future__ import annotations

from collections.abc import Collection

_NEVER = float("-inf")
Key = tuple[str, str, str]
"""Recipient, line, text."""


class DuplicateGuard:
    """Remembers keys for at least ``window`` seconds, in two generations so that forgetting costs nothing per key."""

    def __init__(self) -> None:
        self._young: dict[Key, float] = {}
        self._old: dict[Key, float] = {}
        self._turned = 0.0

    def repeats(self, keys: Collection[Key], now: float, window: float) -> bool:
        """Whether any of ``keys`` was remembered less than ``window`` seconds ago."""
        young, old = self._young, self._old
        if young.keys().isdisjoint(keys) and old.keys().isdisjoint(keys):
            return False
        horizon = now - window
        return any(young.get(key, old.get(key, _NEVER)) > horizon for key in keys)

    def remember(self, keys: Collection[Key], now: float, window: float) -> None:
        """Keep ``keys`` as handed over at ``now``."""
        if not keys:
            return
        if now - self._turned > window:
            # Whatever is in the elder generation has outlived the window by now.
            self._old = self._young if now - self._turned <= 2 * window else {}
            self._young = {}
            self._turned = now
        self._young.update(dict.fromkeys(keys, now))
