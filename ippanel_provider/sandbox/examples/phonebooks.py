"""Phonebooks, contacts and options under the ids the documents print."""

from __future__ import annotations

from collections.abc import Mapping

from ippanel_provider.sandbox.phonebook_records import Book, Contact, Option
from ippanel_provider.sandbox.state import Sandbox

_TIME = 1745785800.0
_OPTIONS = (
    Option(50856, "تاریخ", "date", _TIME),
    Option(50858, "بدهی", "int", _TIME),
    Option(46258, "سن", "int", _TIME),
    Option(46027, "تولد", "date", _TIME),
    Option(124, "عضویت", "date", _TIME),
    Option(123, "شهر", "string", _TIME),
    Option(456, "امتیاز", "int", _TIME),
    Option(12345, "option1", "int", _TIME),
    Option(1234, "t1", "int", _TIME),
)
_BOOKS: tuple[tuple[int, str, list[int]], ...] = (
    (123654, "مشتریان", [50856, 50858]),
    (456987, "همکاران", []),
    (1234, "دوستان", [46258, 46027]),
    (12345, "title", [124, 123]),
    (860108, "تست", []),
)


def fill(sandbox: Sandbox) -> None:
    """Put this chapter's examples into an empty sandbox."""
    books = sandbox.phonebooks
    for option in _OPTIONS:
        books.put_option(Option(option.id, option.title, option.type, option.created))
    for book_id, title, option_ids in _BOOKS:
        books.put_book(Book(book_id, title, list(option_ids), _TIME, _TIME))

    def contact(
        contact_id: int,
        book_id: int,
        number: str,
        name: str,
        pre: str = "آقای",
        options: Mapping[int, str] | None = None,
    ) -> None:
        books.put_contact(Contact(contact_id, book_id, number, pre, name, None, options or {}, _TIME, _TIME))

    contact(601, 123654, "+989120000001", "حسن", options={50856: "1404/02/01", 50858: "150000"})
    contact(602, 123654, "+989120000002", "سارا", pre="خانم", options={50856: "1404/03/15", 50858: "90000"})
    contact(603, 123654, "+989350000003", "رضا", options={50856: "1404/04/20"})
    contact(123, 456987, "+989120000011", "علی")
    contact(456, 456987, "+989120000012", "مینا", pre="خانم")
    contact(789, 456987, "+989120000013", "نیما")
    contact(1234, 1234, "+989120000021", "مهدی", options={46258: "15", 46027: "1992/10/08"})
    contact(234235, 12345, "+989120000031", "name", pre="Mr.", options={124: "2025-05-20"})
