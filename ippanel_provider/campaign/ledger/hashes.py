"""Who is in a chunk and in a whole ledger, written so that nobody can read a number out of it.

A mobile number has too few digits for a plain hash to hide it, so the hashes are keyed; the key is never stored beside
them, only a fingerprint that tells whether two tries used the same key.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.hash_set import HashSet
from ippanel_provider.campaign.order import OncePer
from ippanel_provider.text.letters import fold

MEMBER_BYTES = 8
"""With a million members the odds that two share a hash are 1 in 30 million."""
TEXT_BYTES = 4
"""Only narrows down candidates; the recipients decide."""


@dataclass(frozen=True, slots=True)
class MemberKey:
    """Hashes recipients and texts of one campaign.

    :param secret: 32 bytes that the tries of a campaign share, see :func:`secret_of`
    :param once_per: whether a member is a recipient, or a recipient with a text or with its place
    """

    secret: bytes = field(repr=False)
    once_per: OncePer

    def mixed(self, secret: bytes) -> MemberKey:
        """Return the key that also needs a home's own secret, so that the account's alone opens no records, nor are
        they a way to guess it.
        """
        return replace(self, secret=hashlib.blake2b(self.secret, key=secret, digest_size=32).digest())

    def member(self, message: Message) -> bytes:
        """Return the hash under which a message is known to have been sent."""
        return self.members((message,))

    def members(self, messages: Iterable[Message]) -> bytes:
        """Return the hashes of many messages end to end."""
        if self.once_per is OncePer.RECIPIENT:
            return self._hashes([message.recipient for message in messages], MEMBER_BYTES, b"member")
        if self.once_per is OncePer.PLACE:
            return self._hashes([f"{message.recipient}\n{message.nth}" for message in messages], MEMBER_BYTES, b"place")
        return self._hashes([f"{message.recipient}\n{message.text}" for message in messages], MEMBER_BYTES, b"member")

    def people(self, recipients: Iterable[str]) -> bytes:
        """Return the hashes of recipients end to end, whatever they get."""
        return self._hashes(recipients, MEMBER_BYTES, b"member" if self.once_per is OncePer.RECIPIENT else b"person")

    def recipients(self, messages: Iterable[Message]) -> bytes:
        """Return the hashes of the recipients of messages end to end; nothing where their members are those."""
        if self.once_per is OncePer.RECIPIENT:
            return b""
        return self.people(message.recipient for message in messages)

    def text(self, text: str) -> bytes:
        """Return the hash by which a bulk in the outbox is recognised as a candidate."""
        return self.texts((text,))

    def texts(self, texts: Iterable[str]) -> bytes:
        """Return the hashes of what many texts say end to end, however a panel spells them."""
        return self._hashes(map(fold, texts), TEXT_BYTES, b"text")

    @property
    def fingerprint(self) -> str:
        """A text that is the same for the same secret and kind of member, and tells neither."""
        return self._hashes((self.once_per.value,), 8, b"key").hex()

    def _hashes(self, contents: Iterable[str], size: int, purpose: bytes) -> bytes:
        # Mixing the key in takes half of the time of a hash, so that is done once and copied.
        keyed, digests = _keyed(self.secret, size, purpose), []
        for content in contents:
            one = keyed.copy()
            one.update(content.encode())
            digests.append(one.digest())
        return b"".join(digests)


@lru_cache(maxsize=8)
def _keyed(secret: bytes, size: int, purpose: bytes) -> hashlib.blake2b:
    return hashlib.blake2b(digest_size=size, key=secret, person=purpose)


def secret_of(credential: str) -> bytes:
    """Return the secret made of a credential, whatever its length."""
    return hashlib.sha256(b"ippanel ledger\0" + credential.encode()).digest()


def pieces(joined: bytes, size: int) -> tuple[bytes, ...]:
    """Take hashes apart that were stored end to end."""
    return tuple(joined[start : start + size] for start in range(0, len(joined), size))


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
