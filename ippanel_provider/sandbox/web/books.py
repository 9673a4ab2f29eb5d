"""The phonebooks, and the contacts of one."""

from __future__ import annotations

from itertools import islice

from starlette.requests import Request
from starlette.responses import Response

from ippanel_provider.sandbox.phonebook_records import Book
from ippanel_provider.sandbox.phonebooks import FIRST_BOOK_ID
from ippanel_provider.sandbox.state import Sandbox

from .layout import page_number, sandbox_of, show
from .rows import PAGE, Pages

JOBS = {"pending": "waiting", "processing": "under way", "done": "done"}


async def books(request: Request) -> Response:
    """The phonebooks, newest first."""
    sandbox = sandbox_of(request)
    found = list(reversed(sandbox.phonebooks.books.values()))
    pages = Pages(min(page_number(request), Pages(1, len(found)).last), len(found))
    return show(
        request,
        "books.html",
        books=[(each, sandbox.phonebooks.count(each)) for each in found[pages.first_row - 1 :][:PAGE]],
        pages=pages,
        options_of=lambda book: _options(sandbox, book),
        jobs=JOBS,
        first_own=FIRST_BOOK_ID,
    )


async def book(request: Request) -> Response:
    """One phonebook with its contacts."""
    sandbox = sandbox_of(request)
    found = sandbox.phonebooks.books.get(request.path_params["id"])
    if found is None:
        return show(
            request,
            "missing.html",
            status=404,
            what="There is no phonebook with this id.",
            back="/phonebooks",
            back_name="Phonebooks",
        )
    count = sandbox.phonebooks.count(found)
    pages = Pages(min(page_number(request), Pages(1, count).last), count)
    return show(
        request,
        "book.html",
        book=found,
        contacts=list(islice(found.contacts.values(), pages.first_row - 1, pages.last_row)),
        pages=pages,
        options=_options(sandbox, found),
        blocked=sandbox.phonebooks.send_blacklist | sandbox.phonebooks.receive_blacklist,
    )


def _options(sandbox: Sandbox, book: Book) -> list[tuple[int, str, str]]:
    """The options of a book: id, title and type."""
    known = sandbox.phonebooks.options
    return [(each, known[each].title, known[each].type) for each in book.option_ids if each in known]
