"""API: draft. Texts kept to be sent again and again, in groups: at most 200, in 20 groups."""

from __future__ import annotations

from collections.abc import Iterable

from ippanel_provider.client import validation as checks
from ippanel_provider.client._fields import PAGE_SIZE, body, listing
from ippanel_provider.client.models import Draft, DraftGroup
from ippanel_provider.client.requests import PageRequest, Replay, Request
from ippanel_provider.client.responses import reading_nothing
from ippanel_provider.client.validation import Id
from ippanel_provider.service import MAX_DRAFT_GROUP_TITLE, MAX_DRAFTS, MAX_TEXT_CHARACTERS

_GROUP = "/api/user/draft/group"
_DRAFT = "/api/user/draft"


def create_draft_group(title: str) -> Request[None]:
    """Make a group; the service does not say its id, :func:`list_draft_groups` does."""
    fields = body(title=checks.short(title, MAX_DRAFT_GROUP_TITLE, "title"))
    return Request("draft.create_draft_group", "POST", _GROUP, reading_nothing, body=fields, replay=Replay.IF_NOT_SENT)


def update_draft_group(draft_group_id: Id, title: str) -> Request[None]:
    """Give a group another title."""
    fields = body(
        draft_group_id=checks.identifier(draft_group_id, "draft_group_id"),
        title=checks.short(title, MAX_DRAFT_GROUP_TITLE, "title"),
    )
    return Request("draft.update_draft_group", "PUT", _GROUP, reading_nothing, body=fields)


def delete_draft_group(draft_group_id: Id) -> Request[None]:
    """Delete a group."""
    fields = body(draft_group_id=checks.identifier(draft_group_id, "draft_group_id"))
    return Request("draft.delete_draft_group", "POST", f"{_GROUP}/delete", reading_nothing, body=fields)


def list_draft_groups(*, page: int = 1, per_page: int = PAGE_SIZE) -> PageRequest[DraftGroup]:
    """List the groups."""
    return listing("draft.list_draft_groups", f"{_GROUP}/list", DraftGroup, page, per_page)


def create_draft(draft_group_id: Id, message: str) -> Request[None]:
    """Keep a text in a group; the service does not say its id, :func:`list_drafts` does."""
    fields = body(
        draft_group_id=checks.identifier(draft_group_id, "draft_group_id"),
        message=checks.short(message, MAX_TEXT_CHARACTERS, "message"),
    )
    return Request("draft.create_draft", "POST", _DRAFT, reading_nothing, body=fields, replay=Replay.IF_NOT_SENT)


def update_draft(draft_id: Id, message: str) -> Request[None]:
    """Replace the text of a draft."""
    fields = body(
        draft_id=checks.identifier(draft_id, "draft_id"), message=checks.short(message, MAX_TEXT_CHARACTERS, "message")
    )
    return Request("draft.update_draft", "PUT", _DRAFT, reading_nothing, body=fields)


def delete_drafts(draft_ids: Iterable[Id]) -> Request[None]:
    """Delete drafts."""
    fields = body(draft_ids=checks.identifiers(draft_ids, "draft_ids", most=MAX_DRAFTS))
    return Request("draft.delete_drafts", "POST", f"{_DRAFT}/delete", reading_nothing, body=fields)


def list_drafts(draft_group_id: Id | None = None, *, page: int = 1, per_page: int = PAGE_SIZE) -> PageRequest[Draft]:
    """List drafts, of one group or of all."""
    group = None if draft_group_id is None else checks.identifier(draft_group_id, "draft_group_id")
    return listing("draft.list_drafts", f"{_DRAFT}/list", Draft, page, per_page, {"draft_group_id": group})
