"""Which of the texts that come in are meant. The filter travels in triggers and so holds no number, only a keyed
hash."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from ippanel_provider.text.letters import words
from ippanel_provider.text.lines import line_key
from ippanel_provider.text.numbers import InvalidNumber, normalize

if TYPE_CHECKING:
    from ippanel_provider.client import InboxMessage


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """What is set has to hold, all of it.

    :param line: the line the text was sent to, in any spelling; a number too, as a template may render it
    :param sender: the sender's hash, as :func:`sender_hash` gives it
    :param keywords: the text begins with one of them as a whole word; in any case, and in any spelling of Persian
        letters and digits; one alone may be given as it is
    :param matching: a regular expression found in the text
    """

    line: str | int | None = None
    sender: str | None = None
    keywords: Sequence[str | int] | str | int = ()
    matching: str | None = None

    def serialize(self) -> dict[str, Any]:
        """Return it as JSON primitives."""
        return {"line": self.line, "sender": self.sender, "keywords": self._keywords(), "matching": self.matching}

    def lets_through(self, text: InboxMessage, secret: str) -> bool:
        """Whether the text is meant; ``secret`` is what senders are hashed with."""
        if self.line is not None and line_key(text.line) != line_key(self.line):
            return False
        if self.sender is not None and sender_hash(text.sender, secret) != self.sender:
            return False
        if (keywords := self._keywords()) and not any(_begins(text.message, keyword) for keyword in keywords):
            return False
        return self.matching is None or _compiled(self.matching).search(text.message) is not None

    def _keywords(self) -> list[str]:
        given = [self.keywords] if isinstance(self.keywords, str | int) else self.keywords
        return [word for one in given if (word := str(one).strip())]


def keyword_of(text: str) -> str | None:
    """Return a text's first word in the one spelling that keywords are compared in."""
    return next(iter(words(text)), None)


def _begins(text: str, keyword: str) -> bool:
    """Whether the first words are those of the keyword, which people write as one or as two (``لغو11``, ``لغو ۱۱``)."""
    wanted = "".join(words(keyword))
    return bool(wanted) and wanted in accumulate(words(text)[: len(wanted)])


def sender_hash(number: str, secret: str) -> str:
    """Return the hash by which a sender is known; mobile numbers in any spelling have the same."""
    try:
        number = normalize(number)
    except InvalidNumber:
        number = number.strip()
    return hashlib.blake2b(number.encode(), digest_size=12, key=secret.encode()[:64], person=b"inbox").hexdigest()


@cache
def _compiled(expression: str) -> re.Pattern[str]:
    return re.compile(expression)
