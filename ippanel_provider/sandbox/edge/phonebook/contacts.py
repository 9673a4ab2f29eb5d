"""Contacts. A list shows no options, an addition answers counts alone, and ids are needed to delete."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from ippanel_provider.sandbox.edge.contact_reading import NO_BOOK, entry
from ippanel_provider.sandbox.edge.envelope import (
    Problems,
    as_int,
    done,
    listing,
    missing,
    moment,
    not_found,
    pages_of,
    wrong,
)
from ippanel_provider.sandbox.edge.fields import Checked, Ids, Whole, values
from ippanel_provider.sandbox.edge.sending.checks import recipient_of
from ippanel_provider.sandbox.phonebook_records import Contact, Entry
from ippanel_provider.sandbox.phonebooks import ContactFilter, Full, InTheBook
from ippanel_provider.sandbox.takes import NUMBER, PAGES, RECIPIENT, TEXT, VALUES, Field, fields, many
from ippanel_provider.sandbox.wire import Call, Reply, Route

_NO_CONTACT = "مخاطب مورد نظر یافت نشد"


def add_contacts(call: Call) -> Reply:
    """Add contacts, each to the book it names. Entries that cannot be used are counted, not named."""
    given = call.body.get("list")
    if not isinstance(given, list) or not given:
        raise wrong("list") if given else missing("list")
    entries = [read for raw in given if (read := _entry(call, raw)) is not None]
    added, errors, existences = call.sandbox.phonebooks.add_contacts(entries)
    counts = {"added": added, "errors": errors + len(given) - len(entries), "existences": existences}
    return done(counts, status=201, code="201-1")


def _entry(call: Call, raw: object) -> Entry | None:
    """A contact to be, or None for what cannot be one."""
    if not isinstance(raw, Mapping):
        return None
    number, book_id = recipient_of(call, raw.get("number")), as_int(raw.get("phonebook_id"))
    if number is None or book_id is None:
        return None
    problems = Problems()
    read = entry(call, raw, number, book_id, problems)
    return None if problems else read


def list_contacts(call: Call) -> Reply:
    """Contacts that fit the filters, without their options."""
    pages = pages_of(call)
    wanted = _filter(call)
    found, total = call.sandbox.phonebooks.matching(wanted)
    shown = islice(found, pages.offset, pages.offset + pages.size)
    return listing(call, [_render(call, contact) for contact in shown], total, pages)


def get_contact(call: Call) -> Reply:
    """One contact with its options and blacklists."""
    contact = call.sandbox.phonebooks.contact(as_int(call.params["id"]) or 0)
    if contact is None:
        raise not_found(_NO_CONTACT)
    books = call.sandbox.phonebooks
    return done(
        _render(call, contact)
        | {
            "options": {str(option_id): value for option_id, value in contact.options.items()},
            "is_send_blacklist": contact.number in books.send_blacklist,
            "is_receive_blacklist": contact.number in books.receive_blacklist,
            "tags": [],
        }
    )


def update_contact(call: Call) -> Reply:
    """Change a contact: number and book always, the rest where it is given; options that are given replace all."""
    contact_id = as_int(call.params["id"]) or 0
    if call.sandbox.phonebooks.contact(contact_id) is None:
        raise not_found(_NO_CONTACT)
    problems = Problems()
    values(call)
    number = recipient_of(call, call.body["number"])
    if number is None:
        raise wrong("number", "شماره معتبر نیست")
    read = entry(call, call.body, number, as_int(call.body["phonebook_id"]) or 0, problems)
    problems.check()
    try:
        call.sandbox.phonebooks.update_contact(contact_id, read)
    except InTheBook:
        raise wrong("number", "این شماره در دفترچه تلفن وجود دارد") from None
    except Full:
        raise wrong("phonebook_id", "ظرفیت دفترچه تلفن تکمیل است") from None
    return done()


def delete_contacts(call: Call) -> Reply:
    """Delete contacts by their ids."""
    contact_ids = values(call)["listNumbers"]
    if not any(call.sandbox.phonebooks.contact(contact_id) is not None for contact_id in contact_ids):
        raise not_found(_NO_CONTACT)
    call.sandbox.phonebooks.delete_contacts(contact_ids)
    return done()


def export_contacts(call: Call) -> Reply:
    """Start an export of the contacts that fit the filters."""
    wanted = _filter(call)
    call.sandbox.phonebooks.start_export(wanted.created_from, wanted.number, wanted.book_title, wanted.book_id)
    return done()


def _filter(call: Call) -> ContactFilter:
    """The filters of a list or an export."""
    query = call.query
    given = values(call)
    created_from, book_id = given["from_created_at"], given["phonebook_id"]
    if book_id is not None and book_id not in call.sandbox.phonebooks.books:
        raise not_found(NO_BOOK)
    # A plus that was not encoded arrives as a space and is left so: nothing is found, as at the service.
    return ContactFilter(created_from, query.get("number") or None, query.get("phonebook_title") or None, book_id)


def _render(call: Call, contact: Contact) -> dict[str, object]:
    return {
        "id": contact.id,
        "phonebook_id": contact.book_id,
        "pre": contact.pre,
        "name": contact.name,
        "email": contact.email,
        "number": contact.number,
        "created_at": moment(contact.created),
        "updated_at": moment(contact.updated),
        "phonebook_title": call.sandbox.phonebooks.books[contact.book_id].title,
    }


_FILTERS = (
    *(Whole(name, required=False) for name in ("from_created_at", "phonebook_id")),
    *fields("number phonebook_title"),
)
_CONTACT = (
    Checked("number", RECIPIENT),
    Checked("phonebook_id", NUMBER),
    *fields("pre name email"),
    Field("options", VALUES),
)
_NEW = many(number=RECIPIENT, phonebook_id=NUMBER, pre=TEXT, name=TEXT, email=TEXT, options=VALUES)
_NUMBERS = "/api/phonebooks/numbers"

routes = (
    Route(
        "POST", f"{_NUMBERS}/add-list-new", add_contacts, "add_contacts", takes=(Field("list", _NEW, required=True),)
    ),
    Route("POST", f"{_NUMBERS}/delete-list", delete_contacts, "delete_contacts", takes=(Ids("listNumbers"),)),
    Route("GET", f"{_NUMBERS}/contact-list", list_contacts, "list_contacts", takes=(*PAGES, *_FILTERS)),
    Route("GET", f"{_NUMBERS}/contact-list/export", export_contacts, "export_contacts", takes=_FILTERS),
    Route("GET", f"{_NUMBERS}/contact-list/{{id}}", get_contact, "get_contact"),
    Route("PUT", f"{_NUMBERS}/update-new/{{id}}", update_contact, "update_contact", takes=_CONTACT),
)
