"""Tickets and drafts (API: ticket, draft)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AliasChoices, AliasPath, BeforeValidator, Field

from ippanel_provider.client.models.base import Code, Count, Flag, Model, Moment, Text
from ippanel_provider.service import TicketState


def _name(value: Any) -> Any:
    # A list gives the category as an object, a single ticket as its name.
    return value.get("name", value.get("title")) if isinstance(value, dict) else value


class Interaction(Model):
    """A reply to a ticket."""

    id: int
    description: Annotated[str | None, Field(repr=False)] = None
    username: str | None = None
    agent_username: str | None = None
    attachment: Annotated[str | None, Field(repr=False)] = None
    """Where to fetch the file from."""
    created_at: Moment = None


class Ticket(Model):
    """A ticket. ``interactions`` and ``attachment`` are only there when one ticket is asked for."""

    ticket_id: Annotated[int, Field(validation_alias=AliasChoices("ticket_id", "id"))]
    state: Annotated[TicketState | None, Code, Field(validation_alias=AliasChoices("state_id"))] = None
    subject: Annotated[str | None, Field(repr=False)] = None
    description: Annotated[str | None, Field(repr=False, validation_alias=AliasChoices("description", "desc"))] = None
    user_id: Count = None
    category_id: Count = None
    category: Annotated[str | None, BeforeValidator(_name)] = None
    sub_category_id: Count = None
    importance: str | None = None
    user_seen: Flag = None
    attachment: Annotated[str | None, Field(repr=False)] = None
    interactions: Annotated[tuple[Interaction, ...], BeforeValidator(lambda value: value or ())] = ()
    created_at: Moment = None
    updated_at: Moment = None


class TicketCreated(Model):
    """The id of a new ticket."""

    ticket_id: int


class TicketReply(Model):
    """The id of a new reply, of its ticket, of the ticket's user and of who is above that user."""

    interaction_id: int
    ticket_id: Annotated[int | None, Field(validation_alias=AliasChoices(AliasPath("ticket", "id"), "ticket_id"))] = (
        None
    )
    user_id: Annotated[Count, Field(validation_alias=AliasChoices(AliasPath("ticket", "user_id"), "user_id"))] = None
    parent_id: Annotated[Count, Field(validation_alias=AliasChoices(AliasPath("ticket", "parent_id"), "parent_id"))] = (
        None
    )


class DraftGroup(Model):
    """A group of drafts."""

    group_id: Annotated[int, Field(validation_alias=AliasChoices("draft_group_id", "group_id"))]
    title: str
    created_at: Annotated[Moment, Field(validation_alias=AliasChoices("time", "created_at"))] = None


class Draft(Model):
    """A text kept to be sent again and again."""

    draft_id: int
    group_id: Annotated[Count, Field(validation_alias=AliasChoices("draft_group_id", "group_id"))] = None
    message: Text
    type: str | None = None
    created_at: Annotated[Moment, Field(validation_alias=AliasChoices("time", "created_at"))] = None
