"""Adding contacts to one phonebook. The service answers counts alone, so what they leave open is read. API:
phonebook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ippanel_provider.client import Flow, Refused, Sleep, Unauthorized, Unconfirmed, edge
from ippanel_provider.client.contacts import PAGES_AHEAD, ListedContact, listed_contacts
from ippanel_provider.client.edge.phonebook import NewContact
from ippanel_provider.client.requests import each
from ippanel_provider.sync.applying import ATTEMPTS, reason_of
from ippanel_provider.sync.phonebooks.index import fields_of, listed_of, number_of
from ippanel_provider.sync.phonebooks.plan import RowChange

_FEW = 10
"""Up to so many numbers are asked after one by one; for more the book is read."""

Item = tuple[RowChange, NewContact]


class Verdict(NamedTuple):
    """Whether a contact was created: it was, if there is no reason why not."""

    row: RowChange
    reason: str = ""


class Adding:
    """Adds to one book, and finds out at the end what counts have left open.

    :param fields: the fields the source has a say in
    :param settle: seconds the panel is given to show what an unanswered request may have made
    """

    def __init__(self, book_id: int, fields: tuple[str, ...], settle: float) -> None:
        self.book_id = book_id
        self._fields = fields
        self._settle = settle
        self._open: list[RowChange] = []

    def add(self, items: Sequence[Item]) -> Flow[list[Verdict]]:
        """Add a chunk; return what is certain. What is not is kept for :meth:`resolve`."""
        attempt = 1
        created: list[Verdict] = []
        while items:
            try:
                answer = yield from edge.phonebook.add_contacts([entry for _, entry in items])
            except Unconfirmed:
                # They may be there. Only a look at the book tells which are to be added again.
                yield from Sleep(self._settle)
                present = yield from self._present([row.number for row, _ in items])
                created += [Verdict(row) for row, _ in items if present.get(row.number) == row.listed]
                items = [item for item in items if present.get(item[0].number) != item[0].listed]
                if items and attempt == ATTEMPTS:
                    raise
                attempt += 1
                continue
            except Unauthorized:
                raise
            except Refused as error:
                return created + (yield from self._halved(items, error))
            if answer.added >= len(items):
                created += [Verdict(row) for row, _ in items]
            else:
                self._open += [row for row, _ in items]
            break
        return created

    def resolve(self) -> Flow[list[Verdict]]:
        """Say of every row that was left open what became of it."""
        if not self._open:
            return []
        present = yield from self._present([row.number for row in self._open])
        verdicts = []
        for row in self._open:
            if row.number not in present:
                verdicts.append(Verdict(row, "the service did not take it, and does not say why"))
            elif present[row.number] != row.listed:
                verdicts.append(Verdict(row, "somebody else has added it meanwhile; run again to update it"))
            else:
                verdicts.append(Verdict(row))
        self._open = []
        return verdicts

    def _halved(self, items: Sequence[Item], error: Refused) -> Flow[list[Verdict]]:
        """A chunk that is refused as a whole holds one bad contact, or is too large: halves tell."""
        if len(items) == 1:
            return [Verdict(items[0][0], reason_of(error))]
        middle = len(items) // 2
        first = yield from self.add(items[:middle])
        return first + (yield from self.add(items[middle:]))

    def _present(self, numbers: Sequence[int]) -> Flow[dict[int, int]]:
        """Return the hash of each of the numbers that is in the book."""
        found: dict[int, int] = {}
        wanted = set(numbers)

        def take(contact: ListedContact) -> None:
            if (number := number_of(contact)) in wanted:
                found[number] = listed_of(fields_of(contact, self._fields))

        if len(numbers) > _FEW:
            yield from each(listed_contacts(self.book_id), take, ahead=PAGES_AHEAD)
            return found
        for number in numbers:
            yield from each(listed_contacts(self.book_id, number=f"+{number}"), take)
        return found
