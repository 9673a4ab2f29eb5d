"""Which of the texts that come in are meant. The filter travels in triggers and so holds no number, only a keyed
hash."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ippanel_provider.client import InboxMessage

# Keyboards in Iran write these letters in two ways, and digits in three.
_ALIKE = str.maketrans("يىكةۀ٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "ییکهه01234567890123456789", "\u200c\u200f\u200e\u0640")
_WORD = re.compile(r"[\w']+")


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """What is set has to hold, all of it.

    :param line: the line the text was sent to
    :param sender: the sender's hash, as :func:`sender_hash` gives it
    :param keywords: the text's first word is one of them; in any case, and in any spelling of Persian letters and
        digits
    :param matching: a regular expression found in the text
    """

    line: str | None = None
    sender: str | None = None
    keywords: Sequence[str] = ()
    matching: str | None = None

    def serialize(self) -> dict[str, Any]:
        """Return it as JSON primitives."""
        return {"line": self.line, "sender": self.sender, "keywords": list(self.keywords), "matching": self.matching}

    def lets_through(self, text: InboxMessage, secret: str) -> bool:
        """Whether the text is meant; ``secret`` is what senders are hashed with."""
        if self.line is not None and text.line != self.line:
            return False
        if self.sender is not None and sender_hash(text.sender, secret) != self.sender:
            return False
        if self.keywords and keyword_of(text.message) not in map(keyword_of, self.keywords):
            return False
        return self.matching is None or _compiled(self.matching).search(text.message) is not None


def keyword_of(text: str) -> str | None:
    """Return a text's first word in the one spelling that keywords are compared in."""
    first = _WORD.search(text.translate(_ALIKE).casefold())
    return first[0] if first else None


def sender_hash(number: str, secret: str) -> str:
    """Return the hash by which a sender is known; mobile numbers in any spelling have the same."""
    from ippanel_provider.text.numbers import InvalidNumber, normalize

    try:
        number = normalize(number)
    except InvalidNumber:
        number = number.strip()
    return hashlib.blake2b(number.encode(), digest_size=12, key=secret.encode()[:64], person=b"inbox").hexdigest()


@cache
def _compiled(expression: str) -> re.Pattern[str]:
    return re.compile(expression)
