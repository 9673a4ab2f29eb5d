"""Who is in a chunk, written so that nobody can read a number out of it.

A mobile number has too few digits for a plain hash to hide it, so the hashes are keyed; the key is never stored beside
them, only a fingerprint that tells whether two tries used the same key.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from ippanel_provider.delivery.audience import Message, OncePer

MEMBER_BYTES = 8
"""With a million members the odds that two share a hash are 1 in 30 million."""
TEXT_BYTES = 4
"""Only narrows down candidates; the recipients decide."""


@dataclass(frozen=True, slots=True)
class MemberKey:
    """Hashes recipients and texts of one campaign.

    :param secret: 32 bytes that the tries of a campaign share, see :func:`secret_of`
    :param once_per: whether a member is a recipient, or a recipient with a text
    """

    secret: bytes = field(repr=False)
    once_per: OncePer

    def member(self, message: Message) -> bytes:
        """Return the hash under which a message is known to have been sent."""
        content = message.recipient if self.once_per is OncePer.RECIPIENT else f"{message.recipient}\n{message.text}"
        return self._hash(content, MEMBER_BYTES, b"member")

    def text(self, text: str) -> bytes:
        """Return the hash by which a bulk in the outbox is recognised as a candidate."""
        return self._hash(text, TEXT_BYTES, b"text")

    @property
    def fingerprint(self) -> str:
        """A text that is the same for the same secret and kind of member, and tells neither."""
        return self._hash(self.once_per.value, 8, b"key").hex()

    def _hash(self, content: str, size: int, purpose: bytes) -> bytes:
        return hashlib.blake2b(content.encode(), digest_size=size, key=self.secret, person=purpose).digest()


def secret_of(credential: str) -> bytes:
    """Return the secret made of a credential, whatever its length."""
    return hashlib.sha256(b"ippanel ledger\0" + credential.encode()).digest()


def pieces(joined: bytes, size: int) -> tuple[bytes, ...]:
    """Take hashes apart that were stored end to end."""
    return tuple(joined[start : start + size] for start in range(0, len(joined), size))
