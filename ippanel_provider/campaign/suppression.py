"""Who gets no text whatever the source says: people who opted out, by phonebook, by table, or by texting it in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ippanel_provider.campaign.hash_set import NumberTable
from ippanel_provider.client import Client, InvalidInput, edge
from ippanel_provider.client.gateway import gateway
from ippanel_provider.service import MAX_PAGE_SIZE, Api
from ippanel_provider.text.lines import InvalidLine, line_key
from ippanel_provider.text.lines import line as checked_line
from ippanel_provider.text.numbers import InvalidNumber, Problem, normalize
from ippanel_provider.text.opt_out import BACK_WORDS, OUT_WORDS, Wishes


class Suppression:
    """Numbers that get no text, with why. Numbers match in any spelling."""

    def __init__(self) -> None:
        self._table = NumberTable()
        self._reasons: list[str] = []
        self._hashed: list[tuple[Callable[[str], str], set[str], str]] = []

    def __len__(self) -> int:
        return len(self._table) + sum(len(hashes) for _, hashes, _ in self._hashed)

    def add(self, numbers: Iterable[Any], reason: str) -> tuple[int, int]:
        """Take numbers up, for a reason that goes into the file of rejects.

        :return: how many there were, and how many of these are no mobile numbers and so match nobody
        """
        given = strange = 0
        self._reasons.append(reason)
        for number in numbers:
            given += 1
            try:
                self._table.add(normalize(number), len(self._reasons) - 1)
            except InvalidNumber as error:
                if error.problem is Problem.LOSSY:
                    # Whoever is meant would get a text.
                    raise InvalidInput(str(error)) from None
                strange += 1
        return given, strange

    def add_hashed(self, hashes: set[str], hashed: Callable[[str], str], reason: str) -> None:
        """Take up people of whom only hashes are known.

        :param hashed: makes the hash of a number in the wire form
        """
        self._hashed.append((hashed, hashes, reason))

    def reason(self, recipient: str) -> str | None:
        """Return why a recipient (``+989XXXXXXXXX``) gets no text; None if nothing is against it."""
        place = self._table.get(recipient)
        if place is not None:
            return self._reasons[place]
        return next((reason for hashed, hashes, reason in self._hashed if hashed(recipient) in hashes), None)


def opted_out(
    client: Client,
    *,
    line: str | None = None,
    words: Iterable[str] = OUT_WORDS,
    back_words: Iterable[str] = BACK_WORDS,
) -> Iterator[str]:
    """Yield who asked a line to hear no more from it and did not ask it again for texts, from all of the inbox.

    :param line: the line they texted, in any spelling; default is any of them, each judged for itself
    :param words: what says "no more"
    :param back_words: what says "again"
    :raises InvalidInput: if ``line`` is none.
    """
    api = client.settings.api
    meant, wishes = meant_line(line), Wishes(words, back_words)
    # The newest come first; a service that does not say when a text came in lists them in that order still.
    for place, text in enumerate(client.walk(gateway(api).inbox(per_page=MAX_PAGE_SIZE if api is Api.EDGE else 100))):
        if meant in (None, line_key(text.line)):
            order = getattr(text, "inbox_id", None)
            wishes.hear(line_key(text.line), text.sender, text.message, -place if order is None else order)
    yield from wishes.out()


def meant_line(given: str | None) -> str | None:
    """Return the line that is meant, as lines are compared; None of nothing.

    :raises InvalidInput: if it is none.
    """
    try:
        return line_key(checked_line(given)) if given else None
    except InvalidLine as error:
        raise InvalidInput(f"line: {error}") from None


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
