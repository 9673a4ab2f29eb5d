"""Whether the panel is still as a plan knows it, or as a try of the plan that was killed has left it. API:
phonebook."""

from __future__ import annotations

from dataclasses import dataclass, field

from ippanel_provider.client import Flow
from ippanel_provider.client.contacts import PAGES_AHEAD, ListedContact, listed_contacts
from ippanel_provider.client.requests import each
from ippanel_provider.sync.errors import PanelChanged
from ippanel_provider.sync.phonebooks.index import MASK, fields_of, listed_of, number_of, whole_of
from ippanel_provider.sync.phonebooks.plan import PhonebookPlan
from ippanel_provider.sync.phonebooks.planning import read_books, read_options
from ippanel_provider.sync.plan import Action


@dataclass(slots=True)
class Done:
    """What an earlier try has done: numbers it created, and ids of contacts it deleted."""

    created: set[int] = field(default_factory=set)
    deleted: set[int] = field(default_factory=set)


def verify(plan: PhonebookPlan) -> Flow[Done]:
    """Read the panel again; note the ids of books and options that an earlier try has made, and what else it has done.

    :raises PanelChanged: something in the books is neither as planned against nor as planned.
    """
    head = plan.head
    head.options = yield from read_options(head.spec)
    books = yield from read_books(head.spec)
    for place, book in enumerate(head.books):
        found = books[place] if place < len(books) else None
        if book.id is not None and (found is None or found.id != book.id):
            raise PanelChanged(
                f"phonebook {book.title!r} is no longer the one it was when the plan was made; make a new one."
            )
        if found is not None:
            book.id = found.id
            book.option_ids = [option.id for option in found.options]
    touched = _Touched(plan)
    for place, book in enumerate(head.books):
        if book.id is not None:
            yield from _check_book(plan, place, book.id, touched)
    return touched.done()


class _Touched:
    """What the plan writes: contacts by id with what they were and will be, numbers with what they will be."""

    def __init__(self, plan: PhonebookPlan) -> None:
        self.known: dict[int, tuple[int, int]] = {}
        self.new: dict[int, int] = {}
        self.deletes: set[int] = set()
        self.seen: set[int] = set()
        self.created: set[int] = set()
        for row in plan.rows():
            if row.action == Action.CREATE:
                self.new[row.number] = row.listed
            elif row.action in (Action.UPDATE, Action.DELETE):
                self.known[row.contact_id] = (row.before, row.listed)
            if row.action == Action.DELETE:
                self.deletes.add(row.contact_id)

    def done(self) -> Done:
        """What is done already."""
        if gone := self.known.keys() - self.seen - self.deletes:
            raise _changed(f"{len(gone)} contacts that the plan updates are gone")
        return Done(self.created, self.deletes - self.seen)


def _check_book(plan: PhonebookPlan, place: int, book_id: int, touched: _Touched) -> Flow[None]:
    book = plan.head.books[place]
    seen: set[int] = set()
    rest = untouched = 0

    def take(contact: ListedContact) -> None:
        nonlocal rest, untouched
        if contact["id"] not in seen:
            seen.add(contact["id"])
            if not _is_as_planned(contact, touched, plan):
                rest = (rest + whole_of(contact)) & MASK
                untouched += 1

    yield from each(listed_contacts(book_id), take, ahead=PAGES_AHEAD)
    if (untouched, rest) != (book.untouched, book.rest):
        raise _changed(
            f"contacts of phonebook {book.title!r} that the plan leaves alone were changed, added or deleted"
        )


def _is_as_planned(contact: ListedContact, touched: _Touched, plan: PhonebookPlan) -> bool:
    """Whether the plan touches the contact, and it is either as it was or as it will be."""
    listed = listed_of(fields_of(contact, tuple(plan.head.spec.fields)))
    if contact["id"] in touched.known:
        before, after = touched.known[contact["id"]]
        touched.seen.add(contact["id"])
        if whole_of(contact) != before and (contact["id"] in touched.deletes or listed != after):
            raise _changed("a contact that the plan writes to was changed")
        return True
    number = number_of(contact)
    if number in touched.new:
        if touched.new[number] != listed:
            raise _changed("a contact that the plan creates is there already, and is another")
        touched.created.add(number)
        return True
    return False


def _changed(what: str) -> PanelChanged:
    return PanelChanged(f"{what} since the plan was made; make a new one. Nothing was changed.")
