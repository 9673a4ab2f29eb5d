"""Phonebooks and the files they come in and go out as. Imports and exports are jobs: their status is all that is
answered.
"""

from __future__ import annotations

from ippanel_provider.sandbox.contact_sheets import entries_of
from ippanel_provider.sandbox.edge.contact_reading import NO_BOOK
from ippanel_provider.sandbox.edge.envelope import Problems, as_int, done, list_of, missing, moment, not_found, wrong
from ippanel_provider.sandbox.edge.fields import Ids, Text, read, values
from ippanel_provider.sandbox.phonebook_records import Book
from ippanel_provider.sandbox.sheets import UnreadableSheet, read_rows
from ippanel_provider.sandbox.takes import FILE, NUMBER, NUMBERS, PAGES, Field
from ippanel_provider.sandbox.wire import Call, Reply, Route
from ippanel_provider.service import MAX_PHONEBOOK_CONTACTS, MAX_PHONEBOOK_TITLE

from .options import render_option


def list_books(call: Call) -> Reply:
    """The account's phonebooks, newest first; ``title`` matches a part."""
    title, book_id = call.query.get("title"), as_int(call.query.get("id"))
    found = [
        book
        for book in reversed(call.sandbox.phonebooks.books.values())
        if (not title or title in book.title) and ("id" not in call.query or book.id == book_id)
    ]
    return list_of(call, found, lambda book: _render(call, book))


def create(call: Call) -> Reply:
    """Make a phonebook; the answer writes its ``count`` as a text."""
    problems = Problems()
    title = read(call, problems)["title"]
    option_ids = _option_ids(call, problems)
    problems.check()
    book = call.sandbox.phonebooks.create_book(title, option_ids or [])
    return done(_render(call, book) | {"count": str(len(book.contacts))})


def update(call: Call) -> Reply:
    """Change title, options, or both."""
    problems = Problems()
    book = _book(call)
    title = read(call, problems)["title"]
    option_ids = _option_ids(call, problems)
    problems.check()
    call.sandbox.phonebooks.update_book(book.id, title, option_ids)
    return done()


def delete(call: Call) -> Reply:
    """Delete phonebooks with their contacts."""
    book_ids = values(call)["listPhonebooks"]
    if not any(book_id in call.sandbox.phonebooks.books for book_id in book_ids):
        raise not_found(NO_BOOK)
    call.sandbox.phonebooks.delete_books(book_ids)
    return done()


def export_members(call: Call) -> Reply:
    """Start an export of one phonebook with its options."""
    book = _book(call)
    call.sandbox.phonebooks.start_export(book_id=book.id)
    return done()


def import_contacts(call: Call) -> Reply:
    """Start an import of an xlsx file."""
    book = _book(call)
    uploads = call.uploads("file")
    if not uploads:
        raise missing("file")
    books = call.sandbox.phonebooks
    try:
        rows = read_rows(uploads[0].name, uploads[0].content, ("xlsx",), MAX_PHONEBOOK_CONTACTS + 1)
    except UnreadableSheet:
        raise wrong("file", "فرمت فایل پشتیبانی نمی‌شود") from None
    entries = entries_of(
        rows, book.id, [books.options[option_id] for option_id in book.option_ids if option_id in books.options]
    )
    if not entries:
        raise wrong("file", "هیچ شماره معتبری در فایل یافت نشد")
    books.start_import(book.id, entries)
    return done()


def import_sample(call: Call) -> Reply:
    """The documents answer nothing here; the controls hold the file."""
    _book(call)
    return done()


def _book(call: Call) -> Book:
    """The phonebook in the path."""
    book = call.sandbox.phonebooks.books.get(as_int(call.params["id"]) or 0)
    if book is None:
        raise not_found(NO_BOOK)
    return book


def _option_ids(call: Call, problems: Problems) -> list[int] | None:
    given = call.body.get("options")
    if given is None:
        return None
    if not isinstance(given, list):
        problems.add("options")
        return None
    option_ids = [as_int(value) or 0 for value in given]
    for index, option_id in enumerate(option_ids):
        if option_id not in call.sandbox.phonebooks.options:
            problems.add(f"options.{index}")
    return option_ids


def _render(call: Call, book: Book) -> dict[str, object]:
    books, now = call.sandbox.phonebooks, call.sandbox.now()
    return {
        "id": book.id,
        "title": book.title,
        "count": books.count(book),
        "export_status": book.exported.status_at(now) if book.exported is not None else None,
        "import_status": book.imported.status_at(now) if book.imported is not None else None,
        "created_at": moment(book.created),
        "updated_at": moment(book.updated),
        "options": [
            render_option(books.options[option_id]) for option_id in book.option_ids if option_id in books.options
        ],
    }


_OPTIONS = Field("options", NUMBERS)

routes = (
    Route("GET", "/api/phonebooks/list-new", list_books, "list", takes=(*PAGES, Field("title"), Field("id", NUMBER))),
    Route("POST", "/api/phonebooks", create, "create", takes=(Text("title", most=MAX_PHONEBOOK_TITLE), _OPTIONS)),
    Route("POST", "/api/phonebooks/delete-list", delete, "delete", takes=(Ids("listPhonebooks"),)),
    Route(
        "PUT",
        "/api/phonebooks/{id}",
        update,
        "update",
        takes=(Text("title", required=False, most=MAX_PHONEBOOK_TITLE), _OPTIONS),
    ),
    Route("GET", "/api/phonebooks/{id}/export", export_members, "export_members"),
    Route(
        "POST",
        "/api/phonebooks/{id}/import",
        import_contacts,
        "import_contacts",
        takes=(Field("file", FILE, required=True),),
    ),
    Route("GET", "/api/phonebooks/{id}/import/get-sample", import_sample, "import_sample"),
)
