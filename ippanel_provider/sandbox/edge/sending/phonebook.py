"""Sends to the contacts of phonebooks: phonebook, keyword_phonebook. API: send, phonebook."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ippanel_provider.sandbox.edge.envelope import Problems, as_int
from ippanel_provider.sandbox.edge.fields import Whole
from ippanel_provider.sandbox.phonebook_records import Book, Contact
from ippanel_provider.sandbox.records import Item, Submission
from ippanel_provider.sandbox.wire import Call
from ippanel_provider.service import MAX_FILE_NUMBERS, MAX_PHONEBOOKS_PER_SEND

from .checks import check_filled, due_of, line_of, listed, text_of

_PLACEHOLDER = re.compile(r"\{ex_([0-9]+)\}")


def phonebook(call: Call) -> Submission:
    """One text to all contacts of books, to some in a row, or to those with certain ids: one bulk."""
    problems = Problems()
    line, due = line_of(call, problems), due_of(call, problems)
    text = text_of(call, call.body.get("message"), line, problems)
    call.sandbox.phonebooks.settle()
    contacts = [
        contact
        for index, item in enumerate(_params(call, problems))
        for contact in _chosen(call, item, f"params.{index}", problems)
    ]
    numbers = list(dict.fromkeys(contact.number for contact in contacts))
    _check_size(numbers, problems)
    problems.check()
    return Submission("phonebook", line, [Item(text, numbers)], due)


def keyword_phonebook(call: Call) -> Submission:
    """A text with ``{ex_<option id>}`` from the options of each contact: one bulk. An option a contact lacks is
    empty."""
    problems = Problems()
    line, due = line_of(call, problems), due_of(call, problems)
    text = text_of(call, call.body.get("message"), line, problems)
    books = call.sandbox.phonebooks
    books.settle()
    for option_id in _PLACEHOLDER.findall(text):
        if int(option_id) not in books.options:
            problems.add("message", f"گزینه {option_id} یافت نشد")
    by_number: dict[str, Contact] = {}
    for index, item in enumerate(_params(call, problems)):
        book = _book(call, item.get("phonebook_id"), f"params.{index}.phonebook_id", problems)
        for contact in book.contacts.values() if book is not None else ():
            by_number.setdefault(contact.number, contact)
    _check_size(list(by_number), problems)
    problems.check()
    texts = [
        _PLACEHOLDER.sub(lambda match, options=contact.options: options.get(int(match[1]), ""), text)  # type: ignore[misc]
        for contact in by_number.values()
    ]
    check_filled(call, texts, line, problems)
    problems.check()
    return Submission("keyword_phonebook", line, [Item(text, list(by_number), texts)], due)


def _params(call: Call, problems: Problems) -> list[Mapping[str, object]]:
    params = call.body.get("params")
    if not isinstance(params, list) or not params:
        problems.require("params")
        return []
    if len(params) > MAX_PHONEBOOKS_PER_SEND:
        problems.add("params", f"تعداد دفترچه تلفن ها نباید بیشتر از {MAX_PHONEBOOKS_PER_SEND} باشد")
        return []
    return [item if isinstance(item, Mapping) else {} for item in params]


def _chosen(call: Call, item: Mapping[str, object], at: str, problems: Problems) -> list[Contact]:
    """The contacts one item asks for."""
    kind = item.get("type")
    if kind == "all":
        return _slice(_all(call, item, at, problems), item, at, problems)
    if kind == "detail":
        return _by_id(_book(call, item.get("phonebook_id"), f"{at}.phonebook_id", problems), item, at, problems)
    problems.add(f"{at}.type") if kind else problems.require(f"{at}.type")
    return []


def _all(call: Call, item: Mapping[str, object], at: str, problems: Problems) -> list[Contact]:
    many = item.get("phonebook_ids")
    # Several books in one item is the older form, corrected since to an item a book.
    if many is not None and "phonebook_id" not in item and call.sandbox.takes_alternate("phonebook_ids"):
        books = [_book(call, book_id, f"{at}.phonebook_ids", problems) for book_id in listed(many)]
    else:
        books = [_book(call, item.get("phonebook_id"), f"{at}.phonebook_id", problems)]
    return [contact for book in books if book is not None for contact in book.contacts.values()]


def _slice(contacts: list[Contact], item: Mapping[str, object], at: str, problems: Problems) -> list[Contact]:
    """``size`` contacts after the first ``start``; all where neither is given."""
    start, size = (Whole(field, required=False).read_from(item, problems, f"{at}.") for field in ("start", "size"))
    return contacts[start or 0 :][:size]


def _by_id(book: Book | None, item: Mapping[str, object], at: str, problems: Problems) -> list[Contact]:
    given = listed(item.get("number_ids"))
    if not given:
        problems.require(f"{at}.number_ids")
    if book is None:
        return []
    found = [book.contacts.get(as_int(contact_id) or 0) for contact_id in given]
    if None in found:
        problems.add(f"{at}.number_ids")
    return [contact for contact in found if contact is not None]


def _book(call: Call, given: object, field: str, problems: Problems) -> Book | None:
    if given is None or given == "":
        problems.require(field)
        return None
    book = call.sandbox.phonebooks.books.get(as_int(given) or 0)
    if book is None:
        problems.add(field, "دفترچه تلفن یافت نشد")
    return book


def _check_size(numbers: list[str], problems: Problems) -> None:
    if not numbers and not problems:
        problems.add("params", "هیچ مخاطبی یافت نشد")
    if len(numbers) > MAX_FILE_NUMBERS:
        problems.add("params", f"تعداد گیرندگان نباید بیشتر از {MAX_FILE_NUMBERS} باشد")
