"""Contacts the service keeps (API: phonebook)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from ippanel_provider.client.models.base import Count, Flag, Model, Moment, Number, Word


class Option(Model):
    """A custom field of contacts; ``type`` is ``int``, ``string`` or ``date``. Options belong to the account."""

    id: int
    title: str | None = None
    type: str | None = None
    created_at: Moment = None


def _options(value: Any) -> Any:
    # Where the service answers a create, it may name the options by their ids alone.
    return (
        [item if isinstance(item, dict) else {"id": item} for item in value] if isinstance(value, list) else value or ()
    )


class Phonebook(Model):
    """A phonebook with its size and its options."""

    id: int
    title: str
    count: Count = None
    """Contacts in it."""
    export_status: Word | None = None
    """How the last export that was asked for stands, in the service's words."""
    import_status: Word | None = None
    """The same of the last import."""
    options: Annotated[tuple[Option, ...], BeforeValidator(_options)] = ()
    created_at: Moment = None
    updated_at: Moment = None


class Contact(Model):
    """A contact. Name and address are not shown, the number is masked.

    ``options``, ``tags`` and the blacklists are only there when one contact is asked for; lists leave them out.
    """

    id: int
    number: Number
    phonebook_id: Count = None
    phonebook_title: str | None = None
    pre: str | None = None
    """The form of address before the name."""
    name: Annotated[str | None, Field(repr=False)] = None
    email: Annotated[str | None, Field(repr=False)] = None
    options: Annotated[Any, Field(repr=False)] = None
    """As the service writes them; the documents do not settle the form."""
    tags: Annotated[tuple[Any, ...], BeforeValidator(lambda value: value or ()), Field(repr=False)] = ()
    is_send_blacklist: Flag = None
    is_receive_blacklist: Flag = None
    created_at: Moment = None
    updated_at: Moment = None


class AddedContacts(Model):
    """What became of contacts that were added. The service only counts; it does not say which ones failed."""

    added: int
    errors: Count = None
    existences: Count = None
    """Those the phonebook held already."""
