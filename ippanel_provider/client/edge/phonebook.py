"""API: phonebook. Phonebooks, their contacts, and the options (custom fields) that contacts can have.

Ids are written in bodies as the documents write them: as texts where a contact or a phonebook refers to another thing,
as numbers in lists of what is to be deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict

from ippanel_provider.client import validation as checks
from ippanel_provider.client._fields import PAGE_SIZE, body, given, listing, option_values, pairs
from ippanel_provider.client.errors import InvalidInput
from ippanel_provider.client.models import AddedContacts, Contact, Option, Phonebook
from ippanel_provider.client.requests import PageRequest, Replay, Request
from ippanel_provider.client.responses import reading, reading_nothing
from ippanel_provider.client.validation import File, Id
from ippanel_provider.service import MAX_PHONEBOOK_CONTACTS, MAX_PHONEBOOK_TITLE

OptionType = Literal["int", "string", "date"]
_OPTION_TYPES = ("int", "string", "date")
_BOOKS = "/api/phonebooks"
_NUMBERS = f"{_BOOKS}/numbers"
_CONTACTS = f"{_NUMBERS}/contact-list"
_OPTIONS = f"{_BOOKS}/options"


class NewContact(TypedDict):
    """A contact to add. ``options`` are values by the id of their option, ``pre`` is the form of address."""

    number: str | int
    phonebook_id: Id
    pre: NotRequired[str | None]
    name: NotRequired[str | None]
    email: NotRequired[str | None]
    options: NotRequired[Mapping[Id, Any] | None]


def list(
    *, page: int = 1, per_page: int = PAGE_SIZE, title: str | None = None, id: Id | None = None
) -> PageRequest[Phonebook]:
    """List phonebooks; all filters are optional and hold together."""
    filters = {"title": title, "id": None if id is None else checks.identifier(id, "id")}
    return listing("phonebook.list", f"{_BOOKS}/list-new", Phonebook, page, per_page, filters)


def create(title: str, options: Iterable[Id] | None = None) -> Request[Phonebook]:
    """Make a phonebook whose contacts have the given options, by their ids."""
    fields = body(title=checks.short(title, MAX_PHONEBOOK_TITLE, "title"), options=_option_ids(options))
    return Request("phonebook.create", "POST", _BOOKS, reading(Phonebook), body=fields, replay=Replay.IF_NOT_SENT)


def update(phonebook_id: Id, *, title: str | None = None, options: Iterable[Id] | None = None) -> Request[None]:
    """Change the title of a phonebook, the options of its contacts, or both.

    :raises InvalidInput: naming the field; nothing was sent.
    """
    if title is None and options is None:
        raise InvalidInput("title, options: give what is to change")
    fields = body(
        title=None if title is None else checks.short(title, MAX_PHONEBOOK_TITLE, "title"), options=_option_ids(options)
    )
    return Request("phonebook.update", "PUT", _of_book(phonebook_id), reading_nothing, body=fields)


def delete(phonebook_ids: Iterable[Id]) -> Request[None]:
    """Delete phonebooks."""
    fields = body(listPhonebooks=checks.identifiers(phonebook_ids, "phonebook_ids"))
    return Request("phonebook.delete", "POST", f"{_BOOKS}/delete-list", reading_nothing, body=fields)


def add_contacts(contacts: Iterable[NewContact]) -> Request[AddedContacts]:
    """Add contacts, each to the phonebook it names; the answer only counts what was added, known already, or wrong.

    :raises InvalidInput: naming the contact; nothing was sent.
    """
    entries = [
        _entry(contact, f"contacts[{index}]") for index, contact in enumerate(checks.listed(contacts, "contacts"))
    ]
    fields = body(list=checks.bounded(entries, most=MAX_PHONEBOOK_CONTACTS, field="contacts"))
    path = f"{_NUMBERS}/add-list-new"
    return Request(
        "phonebook.add_contacts", "POST", path, reading(AddedContacts), body=fields, replay=Replay.IF_NOT_SENT
    )


def delete_contacts(contact_ids: Iterable[Id]) -> Request[None]:
    """Delete contacts by their ids (not their numbers)."""
    fields = body(listNumbers=checks.identifiers(contact_ids, "contact_ids"))
    # One document gives the path of add_contacts here, by mistake.
    return Request("phonebook.delete_contacts", "POST", f"{_NUMBERS}/delete-list", reading_nothing, body=fields)


def get_contact(contact_id: Id) -> Request[Contact]:
    """One contact with its options, tags and blacklists."""
    return Request(
        "phonebook.get_contact", "GET", f"{_CONTACTS}/{checks.identifier(contact_id, 'contact_id')}", reading(Contact)
    )


def list_contacts(
    *,
    page: int = 1,
    per_page: int = PAGE_SIZE,
    created_from: datetime | None = None,
    number: str | int | None = None,
    phonebook_title: str | None = None,
    phonebook_id: Id | None = None,
) -> PageRequest[Contact]:
    """List contacts, without their options; all filters are optional and hold together. Times are aware."""
    filters = _contact_filters(created_from, number, phonebook_title, phonebook_id)
    return listing("phonebook.list_contacts", _CONTACTS, Contact, page, per_page, filters)


def update_contact(
    contact_id: Id,
    *,
    number: str | int,
    phonebook_id: Id,
    pre: str | None = None,
    name: str | None = None,
    email: str | None = None,
    options: Mapping[Id, Any] | None = None,
) -> Request[None]:
    """Change a contact. Number and phonebook are always needed; ``options`` are values by the id of their option."""
    contact: NewContact = {
        "number": number,
        "phonebook_id": phonebook_id,
        "pre": pre,
        "name": name,
        "email": email,
        "options": options,
    }
    path = f"{_NUMBERS}/update-new/{checks.identifier(contact_id, 'contact_id')}"
    return Request("phonebook.update_contact", "PUT", path, reading_nothing, body=body(**_entry(contact)))


def export_contacts(
    *,
    created_from: datetime | None = None,
    number: str | int | None = None,
    phonebook_title: str | None = None,
    phonebook_id: Id | None = None,
) -> Request[None]:
    """Start an export of contacts; ``export_status`` of the phonebook tells how it goes. Filters as in
    :func:`list_contacts`.
    """
    query = pairs(**_contact_filters(created_from, number, phonebook_title, phonebook_id))
    path = f"{_CONTACTS}/export"
    return Request("phonebook.export_contacts", "GET", path, reading_nothing, query=query, replay=Replay.IF_NOT_SENT)


def export_members(phonebook_id: Id) -> Request[None]:
    """Start an export of a phonebook with its options; ``export_status`` of the phonebook tells how it goes."""
    path = f"{_of_book(phonebook_id)}/export"
    return Request("phonebook.export_members", "GET", path, reading_nothing, replay=Replay.IF_NOT_SENT)


def import_contacts(phonebook_id: Id, file: File) -> Request[None]:
    """Start an import of an xlsx file; ``import_status`` of the phonebook tells how it goes.

    :raises InvalidInput: naming the field; nothing was sent.
    """
    return Request(
        "phonebook.import_contacts",
        "POST",
        f"{_of_book(phonebook_id)}/import",
        reading_nothing,
        form=(),
        files=(("file", checks.upload(file, ("xlsx",))),),
        replay=Replay.IF_NOT_SENT,
    )


def import_sample(phonebook_id: Id) -> Request[None]:
    """Ask for a sample of an import file for a phonebook; the answer, as documented, holds nothing."""
    return Request("phonebook.import_sample", "GET", f"{_of_book(phonebook_id)}/import/get-sample", reading_nothing)


def create_option(title: str, type: OptionType) -> Request[Option]:
    """Make a custom field of contacts, for all phonebooks of the account."""
    fields = body(type=checks.one_of(type, _OPTION_TYPES, "type"), title=checks.present(title, "title"))
    return Request("phonebook.create_option", "POST", _OPTIONS, reading(Option), body=fields, replay=Replay.IF_NOT_SENT)


def list_options(
    *, page: int = 1, per_page: int = PAGE_SIZE, type: OptionType | None = None, title: str | None = None
) -> PageRequest[Option]:
    """List the options of the account; all filters are optional and hold together."""
    filters = {"type": None if type is None else checks.one_of(type, _OPTION_TYPES, "type"), "title": title}
    alternates = (("GET", f"{_OPTIONS}/listNew"),)
    return listing(
        "phonebook.list_options", f"{_OPTIONS}/list-new", Option, page, per_page, filters, alternates=alternates
    )


def update_option(option_id: Id, title: str) -> Request[None]:
    """Give an option another title; its type stays."""
    path = f"{_OPTIONS}/{checks.identifier(option_id, 'option_id')}"
    return Request(
        "phonebook.update_option", "PUT", path, reading_nothing, body=body(title=checks.present(title, "title"))
    )


def delete_options(option_ids: Iterable[Id]) -> Request[None]:
    """Delete options."""
    fields = body(listOptions=checks.identifiers(option_ids, "option_ids"))
    return Request("phonebook.delete_options", "POST", f"{_OPTIONS}/delete-list", reading_nothing, body=fields)


def _of_book(phonebook_id: Id) -> str:
    return f"{_BOOKS}/{checks.identifier(phonebook_id, 'phonebook_id')}"


def _option_ids(options: Iterable[Id] | None) -> tuple[str, ...] | None:
    return None if options is None else tuple(str(option) for option in checks.identifiers(options, "options"))


def _contact_filters(
    created_from: datetime | None, number: str | int | None, phonebook_title: str | None, phonebook_id: Id | None
) -> dict[str, Any]:
    return {
        "from_created_at": checks.epoch(created_from, "created_from"),
        "number": None if number is None else checks.recipient(number, "number"),
        "phonebook_title": phonebook_title,
        "phonebook_id": None if phonebook_id is None else checks.identifier(phonebook_id, "phonebook_id"),
    }


def _entry(contact: NewContact, at: str = "") -> dict[str, Any]:
    if at:
        checks.keys(contact, NewContact.__annotations__, ("number", "phonebook_id"), at)
    at = f"{at}." if at else ""
    return given(
        {
            "number": checks.recipient(contact["number"], f"{at}number"),
            "phonebook_id": str(checks.identifier(contact["phonebook_id"], f"{at}phonebook_id")),
            "pre": contact.get("pre"),
            "name": contact.get("name"),
            "email": contact.get("email"),
            "options": option_values(contact.get("options"), f"{at}options"),
        }
    )
