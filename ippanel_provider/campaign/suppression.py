"""Who gets no text whatever the source says: people who opted out, by phonebook, by table, or by texting it in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ippanel_provider.campaign.hash_set import NumberTable
from ippanel_provider.client import Client, InvalidInput, edge
from ippanel_provider.client.gateway import gateway
from ippanel_provider.service import MAX_PAGE_SIZE, OPT_OUT_SUFFIX, Api
from ippanel_provider.text.numbers import InvalidNumber, normalize

OPT_OUT_WORDS = ("لغو", OPT_OUT_SUFFIX, "11", "off", "stop")
"""What people text to a line to hear no more from it; lines ask for the first three (``لغو11``)."""

# Two keyboards write these letters differently.
_LETTERS = str.maketrans("يىكةۀ", "ییکهه")


class Suppression:
    """Numbers that get no text, with why. Numbers match in any spelling."""

    def __init__(self) -> None:
        self._table = NumberTable()
        self._reasons: list[str] = []

    def __len__(self) -> int:
        return len(self._table)

    def add(self, numbers: Iterable[Any], reason: str) -> tuple[int, int]:
        """Take numbers up, for a reason that goes into the file of rejects.

        :return: how many there were, and how many of these are no mobile numbers and so match nobody
        """
        given = strange = 0
        self._reasons.append(reason)
        for number in numbers:
            given += 1
            try:
                self._table.add(normalize("" if number is None else number), len(self._reasons) - 1)
            except InvalidNumber:
                strange += 1
        return given, strange

    def reason(self, recipient: str) -> str | None:
        """Return why a recipient (``+989XXXXXXXXX``) gets no text; None if nothing is against it."""
        place = self._table.get(recipient)
        return None if place is None else self._reasons[place]


def is_opt_out(text: str, words: Sequence[str] = OPT_OUT_WORDS) -> bool:
    """Whether a text that came in says nothing but one of the words, in whatever letters, digits and spacing."""
    return _plain(text) in {_plain(word) for word in words}


def opted_out(client: Client, *, line: str | None = None, words: Sequence[str] = OPT_OUT_WORDS) -> Iterator[str]:
    """Yield who texted one of the words to ``line`` (default: to any line), from all of the inbox."""
    api = client.settings.api
    wanted, meant = {_plain(word) for word in words}, _line(line) if line else None
    for text in client.walk(gateway(api).inbox(per_page=MAX_PAGE_SIZE if api is Api.EDGE else 100), whole=True):
        if _plain(text.message) in wanted and meant in (None, _line(text.line)):
            yield text.sender


def phonebook_members(client: Client, phonebook_id: int | str) -> Iterator[str]:
    """Yield the numbers of a phonebook.

    :raises InvalidInput: if there is no such phonebook: an empty answer would let everybody through.
    :raises Unsupported: with the legacy REST API, which has no phonebooks.
    """
    if not any(True for _ in client.walk(edge.phonebook.list(id=phonebook_id))):
        raise InvalidInput(f"phonebook_id: there is no phonebook {phonebook_id}")
    for contact in client.walk(
        edge.phonebook.list_contacts(phonebook_id=phonebook_id, per_page=MAX_PAGE_SIZE), whole=True
    ):
        yield contact.number


def _plain(text: str) -> str:
    """Letters and digits only, each in one spelling: people write لغو ۱۱, لغو‌11, «لغو» and Off."""
    folded = unicodedata.normalize("NFKC", text).translate(_LETTERS).casefold()
    return "".join(
        str(unicodedata.decimal(char)) if char.isdecimal() else char
        for char in folded
        if char.isalnum() and char != "ـ"
    )


def _line(line: str) -> str:
    """A line in one spelling: the service writes +983000505, people 3000505."""
    return re.sub(r"\A(?:\+|00)?98", "", line.strip().casefold())
