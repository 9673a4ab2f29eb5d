"""API: user. For resellers: the users under the account."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from ippanel_provider.client import validation as checks
from ippanel_provider.client._fields import PAGE_SIZE, listing, pairs, spelled
from ippanel_provider.client.models import ParentsTree, User
from ippanel_provider.client.requests import PageRequest, Request
from ippanel_provider.client.responses import reading
from ippanel_provider.client.validation import Id

_ADD_STATUSES = ("normal", "online", "webservice")


def parents_tree(user_id: Id) -> Request[ParentsTree]:
    """The resellers above a user."""
    query = pairs(user_id=checks.identifier(user_id, "user_id"))
    return Request("user.parents_tree", "GET", "/api/user/parents_tree", reading(ParentsTree), query=query)


def list_users(
    *,
    page: int = 1,
    per_page: int = PAGE_SIZE,
    username: str | None = None,
    name: str | None = None,
    add_status: Literal["normal", "online", "webservice"] | None = None,
    national_id: str | None = None,
    acl_role_id: Id | None = None,
    tell: str | None = None,
    mobile: str | int | None = None,
    is_reseller: bool | None = None,
    document_block: bool | None = None,
    created_from: datetime | None = None,
    created_to: datetime | None = None,
    expire_from: datetime | None = None,
    expire_to: datetime | None = None,
    is_bought_panel: bool | None = None,
    never_logged_in: bool = False,
    sub_reseller: bool | None = None,
) -> PageRequest[User]:
    """List users. Times are aware; all filters are optional and hold together.

    ``acl_role_id`` is the id of a package, ``tell`` a landline. ``sub_reseller``: False for users right under the
    account, True for those further down, None for both.

    :raises InvalidInput: naming the field; nothing was sent.
    """
    filters = {
        "username": username,
        "name": name,
        "add_status": None if add_status is None else checks.one_of(add_status, _ADD_STATUSES, "add_status"),
        "national_id": national_id,
        "acl_role_id": None if acl_role_id is None else checks.identifier(acl_role_id, "acl_role_id"),
        "tell": tell,
        "mobile": None if mobile is None else checks.recipient(mobile, "mobile"),
        "is_reseller": spelled(is_reseller, "is_reseller", "yes", "no"),
        "document_block": spelled(document_block, "document_block", "yes", "no"),
        "created_from": checks.epoch(created_from, "created_from"),
        "created_to": checks.epoch(created_to, "created_to"),
        "expire_from": checks.epoch(expire_from, "expire_from"),
        "expire_to": checks.epoch(expire_to, "expire_to"),
        "is_bought_panel": spelled(is_bought_panel, "is_bought_panel"),
        # The filter knows this one value.
        "login_status": 0 if checks.flag(never_logged_in, "never_logged_in") else None,
        "sub_reseller": spelled(sub_reseller, "sub_reseller"),
    }
    return listing("user.list_users", "/api/user/list", User, page, per_page, filters)
