"""The account's phonebooks, their contacts, and the options contacts can have. API: phonebook.

Contacts are indexed by id and, in each book, by number, so that a hundred thousand of them cost a request nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ippanel_provider.service import MAX_PHONEBOOK_CONTACTS

from .journal import Journal, Store, change
from .phonebook_records import Added, Book, Contact, Entry, Export, Import, Option

FIRST_BOOK_ID = 900_001
FIRST_CONTACT_ID = 3_000_000_001
FIRST_OPTION_ID = 70_001


class InTheBook(Exception):
    """Another contact of the phonebook has this number."""


class Full(Exception):
    """The phonebook holds as many contacts as it can."""


@dataclass(frozen=True, slots=True)
class ContactFilter:
    """Which contacts are asked for; None means any. ``book_title`` matches a part, ``created_from`` is epoch
    seconds."""

    created_from: int | None = None
    number: str | None = None
    book_title: str | None = None
    book_id: int | None = None


class Phonebooks(Store):
    """Books, contacts, options, and the exports that were made."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal)
        self.books: dict[int, Book] = {}
        self.options: dict[int, Option] = {}
        self.exports: list[Export] = []
        self.send_blacklist: set[str] = set()
        self.receive_blacklist: set[str] = set()
        self._books_of: dict[int, Book] = {}
        self._importing: list[tuple[Book, Import]] = []
        self._book_ids = itertools.count(FIRST_BOOK_ID)
        self._contact_ids = itertools.count(FIRST_CONTACT_ID)
        self._option_ids = itertools.count(FIRST_OPTION_ID)

    def settle(self) -> None:
        """Let the imports that are due happen. Everything that reads or changes contacts does this first."""
        now = self.now()
        while self._importing and self._importing[0][1].ends <= now:
            book, job = self._importing.pop(0)
            if self.books.get(book.id) is book:
                self._add(job.entries, job.ends)

    # Books

    @change
    def create_book(self, title: str, option_ids: Sequence[int]) -> Book:
        """Make an empty book."""
        return self.put_book(Book(next(self._book_ids), title, list(option_ids), self.now(), self.now()))

    def put_book(self, book: Book) -> Book:
        """Put a book in under an id of its own; the examples do."""
        self.books[book.id] = book
        return book

    @change
    def update_book(self, book_id: int, title: str | None = None, option_ids: Sequence[int] | None = None) -> None:
        """Change what is given.

        :raises KeyError: when there is no such book.
        """
        book = self.books[book_id]
        book.title = book.title if title is None else title
        book.option_ids = book.option_ids if option_ids is None else list(option_ids)
        book.updated = self.now()

    @change
    def delete_books(self, book_ids: Sequence[int]) -> None:
        """Delete books with their contacts; ids of none are passed over."""
        self.settle()
        for book_id in book_ids:
            book = self.books.pop(book_id, None)
            for contact_id in book.contacts if book is not None else ():
                del self._books_of[contact_id]

    # Options

    @change
    def create_option(self, title: str, kind: str) -> Option:
        """Make an option; ``kind`` is ``int``, ``string`` or ``date``."""
        return self.put_option(Option(next(self._option_ids), title, kind, self.now()))

    def put_option(self, option: Option) -> Option:
        """Put an option in under an id of its own; the examples do."""
        self.options[option.id] = option
        return option

    @change
    def rename_option(self, option_id: int, title: str) -> None:
        """Give an option another title.

        :raises KeyError: when there is no such option.
        """
        self.options[option_id].title = title

    @change
    def delete_options(self, option_ids: Sequence[int]) -> None:
        """Delete options, from books and contacts too; ids of none are passed over."""
        self.settle()
        gone = {option_id for option_id in option_ids if self.options.pop(option_id, None) is not None}
        for book in self.books.values():
            book.option_ids = [option_id for option_id in book.option_ids if option_id not in gone]
            for contact in [contact for contact in book.contacts.values() if gone & contact.options.keys()]:
                kept = {option_id: value for option_id, value in contact.options.items() if option_id not in gone}
                book.contacts[contact.id] = replace(contact, options=kept)

    # Contacts

    def contact(self, contact_id: int) -> Contact | None:
        """The contact with this id."""
        self.settle()
        book = self._books_of.get(contact_id)
        return None if book is None else book.contacts[contact_id]

    def count(self, book: Book) -> int:
        """How many contacts a book has now."""
        self.settle()
        return len(book.contacts)

    def matching(self, wanted: ContactFilter) -> tuple[Iterator[Contact], int]:
        """The contacts that fit, oldest first book by book, and how many they are."""
        self.settle()
        books = self._books(wanted)
        if wanted.number is not None:
            found = [
                book.contacts[contact_id]
                for book in books
                if (contact_id := book.by_number.get(wanted.number)) is not None
            ]
        elif wanted.created_from is None:
            return itertools.chain.from_iterable(book.contacts.values() for book in books), sum(
                len(book.contacts) for book in books
            )
        else:
            found = [contact for book in books for contact in book.contacts.values()]
        if wanted.created_from is not None:
            found = [contact for contact in found if int(contact.created) >= wanted.created_from]
        return iter(found), len(found)

    def _books(self, wanted: ContactFilter) -> list[Book]:
        if wanted.book_id is not None:
            book = self.books.get(wanted.book_id)
            candidates = [] if book is None else [book]
        else:
            candidates = list(self.books.values())
        return [book for book in candidates if wanted.book_title is None or wanted.book_title in book.title]

    @change
    def add_contacts(self, entries: Sequence[Entry]) -> Added:
        """Add contacts; a number its book has already stays as it is. Ids of no book, and a full book, are errors."""
        self.settle()
        return self._add(entries, self.now())

    def _add(self, entries: Iterable[Entry], created: float) -> Added:
        added = errors = existences = 0
        for entry in entries:
            book = self.books.get(entry.book_id)
            if book is None or (len(book.contacts) >= MAX_PHONEBOOK_CONTACTS and entry.number not in book.by_number):
                errors += 1
            elif entry.number in book.by_number:
                existences += 1
            else:
                added += 1
                self.put_contact(
                    Contact(
                        next(self._contact_ids),
                        book.id,
                        entry.number,
                        entry.pre,
                        entry.name,
                        entry.email,
                        entry.options or {},
                        created,
                        created,
                    )
                )
        return Added(added, errors, existences)

    def put_contact(self, contact: Contact) -> None:
        """Put a contact into its book under an id of its own; the examples do."""
        book = self.books[contact.book_id]
        book.contacts[contact.id] = contact
        book.by_number[contact.number] = contact.id
        self._books_of[contact.id] = book

    @change
    def update_contact(self, contact_id: int, entry: Entry) -> None:
        """Replace number and book of a contact, and of the rest what is not None; options are replaced as a whole.

        :raises KeyError: when there is no such contact or book.
        :raises InTheBook: when another contact of that book has the number.
        :raises Full: when it should move into a book that is full.
        """
        self.settle()
        old_book, new_book = self._books_of[contact_id], self.books[entry.book_id]
        if new_book.by_number.get(entry.number, contact_id) != contact_id:
            raise InTheBook
        if new_book is not old_book and len(new_book.contacts) >= MAX_PHONEBOOK_CONTACTS:
            raise Full
        old = old_book.contacts[contact_id]
        del old_book.by_number[old.number]
        if new_book is not old_book:
            del old_book.contacts[contact_id]
        self.put_contact(
            Contact(
                contact_id,
                new_book.id,
                entry.number,
                old.pre if entry.pre is None else entry.pre,
                old.name if entry.name is None else entry.name,
                old.email if entry.email is None else entry.email,
                old.options if entry.options is None else entry.options,
                old.created,
                self.now(),
            )
        )

    @change
    def delete_contacts(self, contact_ids: Sequence[int]) -> None:
        """Delete contacts; ids of none are passed over."""
        self.settle()
        for contact_id in contact_ids:
            book = self._books_of.pop(contact_id, None)
            if book is not None:
                del book.by_number[book.contacts.pop(contact_id).number]

    @change
    def blacklist(self, number: str, send: bool | None = None, receive: bool | None = None) -> None:
        """Put a number on the account's blacklists or take it off, where that is said."""
        for wanted, numbers in ((send, self.send_blacklist), (receive, self.receive_blacklist)):
            if wanted is not None:
                (numbers.add if wanted else numbers.discard)(number)

    # Jobs

    @change
    def start_import(self, book_id: int, entries: Sequence[Entry]) -> None:
        """Add contacts from a file, when the job ends.

        :raises KeyError: when there is no such book.
        """
        self.settle()
        book = self.books[book_id]
        book.imported = Import(self.now(), entries)
        self._importing.append((book, book.imported))

    @change
    def start_export(
        self,
        created_from: int | None = None,
        number: str | None = None,
        book_title: str | None = None,
        book_id: int | None = None,
    ) -> Export:
        """Export the contacts that fit, as in :meth:`matching`; the books they may be in show how it goes."""
        wanted = ContactFilter(created_from, number, book_title, book_id)
        contacts = list(self.matching(wanted)[0])
        books = self._books(wanted)
        option_ids: Mapping[int, None] = dict.fromkeys(itertools.chain.from_iterable(book.option_ids for book in books))
        export = Export(self.now(), len(self.exports) + 1, contacts, list(option_ids))
        self.exports.append(export)
        for book in books:
            book.exported = export
        return export
