"""Texts kept to be sent again and again. API: draft."""

from __future__ import annotations

from ippanel_provider.sandbox.drafts import Draft, DraftGroup, TooMany
from ippanel_provider.sandbox.takes import NUMBER, PAGES, Field
from ippanel_provider.sandbox.wire import Call, Reply, Route
from ippanel_provider.service import MAX_DRAFT_GROUP_TITLE, MAX_DRAFT_GROUPS, MAX_DRAFTS, MAX_TEXT_CHARACTERS

from .envelope import SUCCESS, ListStyle, as_int, done, list_of, missing, not_found, wrong
from .fields import Ids, Text, Whole, values

STYLE = ListStyle(SUCCESS, path="none")
_NO_GROUP = "گروه پیشنویس مورد نظر یافت نشد"
_NO_DRAFT = "پیشنویس مورد نظر یافت نشد"


def create_group(call: Call) -> Reply:
    """Make a group; the answer does not say its id."""
    given = values(call)
    try:
        call.sandbox.drafts.create_group(given["title"])
    except TooMany:
        raise wrong("title", f"تعداد گروه های پیشنویس نباید بیشتر از {MAX_DRAFT_GROUPS} باشد") from None
    return done()


def update_group(call: Call) -> Reply:
    """Give a group another title."""
    given = values(call)
    if given["draft_group_id"] not in call.sandbox.drafts.groups:
        raise not_found(_NO_GROUP)
    call.sandbox.drafts.rename_group(given["draft_group_id"], given["title"])
    return done()


def delete_group(call: Call) -> Reply:
    """Delete a group with its drafts."""
    given = values(call)
    if given["draft_group_id"] not in call.sandbox.drafts.groups:
        raise not_found(_NO_GROUP)
    call.sandbox.drafts.delete_group(given["draft_group_id"])
    return done()


def list_groups(call: Call) -> Reply:
    """The groups, oldest first."""

    def render(group: DraftGroup) -> dict[str, object]:
        return {
            "title": group.title,
            "draft_group_id": group.id,
            "user_id": call.sandbox.account.user_id,
            "time": group.time,
        }

    return list_of(call, list(call.sandbox.drafts.groups.values()), render, STYLE)


def create_draft(call: Call) -> Reply:
    """Keep a text in a group; the answer does not say its id."""
    given = values(call)
    if given["draft_group_id"] not in call.sandbox.drafts.groups:
        raise not_found(_NO_GROUP)
    try:
        call.sandbox.drafts.create_draft(given["draft_group_id"], given["message"])
    except TooMany:
        raise wrong("message", f"تعداد پیشنویس ها نباید بیشتر از {MAX_DRAFTS} باشد") from None
    return done()


def update_draft(call: Call) -> Reply:
    """Replace the text of a draft."""
    given = values(call)
    if given["draft_id"] not in call.sandbox.drafts.drafts:
        raise not_found(_NO_DRAFT)
    call.sandbox.drafts.rewrite_draft(given["draft_id"], given["message"])
    return done()


def delete_drafts(call: Call) -> Reply:
    """Delete drafts by their ids."""
    draft_ids = values(call)["draft_ids"]
    if not any(draft_id in call.sandbox.drafts.drafts for draft_id in draft_ids):
        raise not_found(_NO_DRAFT)
    call.sandbox.drafts.delete_drafts(draft_ids)
    return done()


def list_drafts(call: Call) -> Reply:
    """Drafts of one group or, without the filter, of all. The filter given empty is refused: leave it out instead."""
    given = call.query.get("draft_group_id")
    group_id = None if given is None else as_int(given)
    if given is not None and group_id is None:
        raise missing("draft_group_id")

    def render(draft: Draft) -> dict[str, object]:
        return {
            "draft_group_id": draft.group_id,
            "user_id": call.sandbox.account.user_id,
            "draft_id": draft.id,
            "time": draft.time,
            "message": draft.message,
            "type": "normal",
        }

    return list_of(call, call.sandbox.drafts.of_group(group_id), render, STYLE)


_GROUP, _TITLE = Whole("draft_group_id"), Text("title", most=MAX_DRAFT_GROUP_TITLE)
_MESSAGE = Text("message", most=MAX_TEXT_CHARACTERS)

routes = (
    Route("POST", "/api/user/draft/group", create_group, "create_draft_group", takes=(_TITLE,)),
    Route("PUT", "/api/user/draft/group", update_group, "update_draft_group", takes=(_GROUP, _TITLE)),
    Route("POST", "/api/user/draft/group/delete", delete_group, "delete_draft_group", takes=(_GROUP,)),
    Route("GET", "/api/user/draft/group/list", list_groups, "list_draft_groups", takes=PAGES),
    Route("POST", "/api/user/draft", create_draft, "create_draft", takes=(_GROUP, _MESSAGE)),
    Route("PUT", "/api/user/draft", update_draft, "update_draft", takes=(Whole("draft_id"), _MESSAGE)),
    Route("POST", "/api/user/draft/delete", delete_drafts, "delete_drafts", takes=(Ids("draft_ids"),)),
    Route("GET", "/api/user/draft/list", list_drafts, "list_drafts", takes=(*PAGES, Field("draft_group_id", NUMBER))),
)
