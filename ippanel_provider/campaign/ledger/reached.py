"""Who is in a ledger already, in little memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.hash_set import HashSet
from ippanel_provider.campaign.ledger.hashes import MemberKey


class Known:
    """Members (see :mod:`ippanel_provider.campaign.ledger.hashes`) that may not be sent to again."""

    def __init__(self, key: MemberKey) -> None:
        self._key = key
        self._claimed = HashSet()
        # Claimed, and then turned out to have got nothing.
        self._free: set[int] = set()
        self._asks = False

    def remember(self, members: bytes, void: frozenset[int]) -> None:
        """Take up an intent of an earlier try, or of another worker; ``void`` are the places that got nothing."""
        self._asks = True
        hashes = array("Q", members)
        reached = hashes if not void else [member for place, member in enumerate(hashes) if place not in void]
        self._claimed.add(reached)
        self._free.difference_update(reached)

    def unknown(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Return the messages that no earlier try knows, nor another worker; what this try repeats, :meth:`claim`
        leaves out.
        """
        if not self._asks:
            return messages
        hashes = array("Q", self._key.members(messages))
        known = self._claimed.among(hashes) - self._free
        return [message for message, member in zip(messages, hashes, strict=True) if member not in known]

    def claim(self, messages: Sequence[Message], members: bytes) -> Sequence[Message]:
        """Return the messages that are unknown; from now on they are known.

        :param members: of the messages
        """
        hashes = array("Q", members)
        repeated = self._claimed.add(hashes)
        if not repeated:
            return messages
        left = []
        for place, message in enumerate(messages):
            if place in repeated:
                if hashes[place] not in self._free:
                    continue
                self._free.remove(hashes[place])
            left.append(message)
        return left

    def release(self, members: bytes, places: Iterable[int]) -> None:
        """Let members be claimed again, who are known to have got nothing."""
        hashes = array("Q", members)
        self._free.update(hashes[place] for place in places)
