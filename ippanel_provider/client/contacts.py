"""Contacts by the million: their list without what nobody compares, at a tenth of the price (API: phonebook)."""

from __future__ import annotations

from typing import Any, NotRequired

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict

from ippanel_provider.client.edge import phonebook
from ippanel_provider.client.requests import PageRequest
from ippanel_provider.client.responses import reading_page
from ippanel_provider.service import MAX_PAGE_SIZE

PAGES_AHEAD = 8
"""How many pages of a large phonebook are read at once: fewer than a client's ``max_in_flight``."""


@with_config(ConfigDict(coerce_numbers_to_str=True))
class ListedContact(TypedDict):
    """What the list shows of a contact that a source can have a say in, and when it was last changed, as written."""

    id: int
    number: str
    pre: NotRequired[str | None]
    name: NotRequired[str | None]
    email: NotRequired[str | None]
    updated_at: NotRequired[Any]


def listed_contacts(phonebook_id: int | str, *, number: str | None = None, page: int = 1) -> PageRequest[ListedContact]:
    """List the contacts of a phonebook, or those of a number in it, in pages of the largest size."""
    whole = phonebook.list_contacts(phonebook_id=phonebook_id, number=number, page=page, per_page=MAX_PAGE_SIZE)
    return PageRequest(
        whole.operation,
        whole.method,
        whole.path,
        reading_page(ListedContact, page, MAX_PAGE_SIZE),
        query=whole.query,
        number=page,
        turn=lambda next_page: listed_contacts(phonebook_id, number=number, page=next_page),
    )
