"""The users under a reseller. API: user. Booleans are ``yes`` and ``no`` here, or true, or ``"1"``."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ippanel_provider.sandbox.people import User
from ippanel_provider.sandbox.takes import NUMBER, PAGES, Field
from ippanel_provider.sandbox.wire import Call, Reply, Route

from .envelope import ListStyle, Problems, as_int, done, for_resellers, list_of, missing, not_found

Fits = Callable[[User], bool]
Filter = Callable[[Call, str, Problems], Fits | None]
"""Reads one field of the query into a test of a user; None, with a problem, where it cannot be read."""
_YES_NO = {"yes": True, "no": False}
_ONE_ZERO = {"1": True, "0": False}
_ADD_STATUSES = ("normal", "online", "webservice")


def parents_tree(call: Call) -> Reply:
    """The resellers above a user."""
    for_resellers(call)
    given = call.query.get("user_id")
    if not given:
        raise missing("user_id")
    user = call.sandbox.people.users.get(as_int(given) or 0)
    if user is None:
        raise not_found("کاربر مورد نظر یافت نشد")
    above = call.sandbox.people.above(user.id)
    return done(
        {
            "selected_user": {"id": user.id, "username": user.username, "is_reseller": user.is_reseller},
            "main_parent": {"id": above[-1].id, "username": above[-1].username, "is_reseller": True} if above else None,
            "tree": [{"id": parent.id, "username": parent.username, "is_reseller": "yes"} for parent in above],
        }
    )


def list_users(call: Call) -> Reply:
    """Everybody under the account who fits the filters, newest first. A filter given empty is refused: leave it out
    instead.
    """
    for_resellers(call)
    problems = Problems()
    tests = [
        fits
        for field, build in _FILTERS.items()
        if field in call.query and (fits := build(call, field, problems)) is not None
    ]
    problems.check()
    users = call.sandbox.people.under(call.sandbox.account.user_id)
    found = [user for user in users if all(fits(user) for fits in tests)]
    return list_of(call, found, lambda user: _render(call, user), ListStyle(path="absolute"))


def _part_of(attribute: str) -> Filter:
    def build(call: Call, field: str, problems: Problems) -> Fits | None:
        wanted = call.query[field]
        if not wanted:
            problems.add(field)
        return lambda user: wanted in getattr(user, attribute)

    return build


def _equal(attribute: str) -> Filter:
    def build(call: Call, field: str, problems: Problems) -> Fits | None:
        wanted = call.query[field]
        if not wanted or (field == "add_status" and wanted not in _ADD_STATUSES):
            problems.add(field)
        return lambda user: str(getattr(user, attribute)) == wanted

    return build


def _flag(attribute: str, words: Mapping[str, bool]) -> Filter:
    def build(call: Call, field: str, problems: Problems) -> Fits | None:
        wanted = words.get(call.query[field])
        if wanted is None:
            problems.add(field)
        return lambda user: getattr(user, attribute) is wanted

    return build


def _bound(attribute: str, *, low: bool) -> Filter:
    def build(call: Call, field: str, problems: Problems) -> Fits | None:
        bound = as_int(call.query[field])
        if bound is None:
            problems.add(field)
            return None

        def fits(user: User) -> bool:
            time = int(getattr(user, attribute))
            # Who never expires is in no range of expiry.
            return time > 0 and (time >= bound if low else time <= bound)

        return fits

    return build


def _never_logged_in(call: Call, field: str, problems: Problems) -> Fits | None:
    if call.query[field] != "0":
        problems.add(field)
    return lambda user: user.last_login == 0


def _depth(call: Call, field: str, problems: Problems) -> Fits | None:
    further_down = _ONE_ZERO.get(call.query[field])
    if further_down is None:
        problems.add(field)
    root = call.sandbox.account.user_id
    return lambda user: (user.parent_id != root) is further_down


_FILTERS: Mapping[str, Filter] = {
    "username": _part_of("username"),
    "name": _part_of("name"),
    "add_status": _equal("add_status"),
    "national_id": _equal("national_id"),
    "acl_role_id": _equal("package_id"),
    "tell": _equal("tell"),
    "mobile": _equal("mobile"),
    "is_reseller": _flag("is_reseller", _YES_NO),
    "document_block": _flag("document_block", _YES_NO),
    "created_from": _bound("created", low=True),
    "created_to": _bound("created", low=False),
    "expire_from": _bound("expires", low=True),
    "expire_to": _bound("expires", low=False),
    "is_bought_panel": _flag("is_bought_panel", _ONE_ZERO),
    "login_status": _never_logged_in,
    "sub_reseller": _depth,
}


def _render(call: Call, user: User) -> dict[str, object]:
    people = call.sandbox.people
    package, above = people.packages.get(user.package_id), people.above(user.id)
    return {
        "status": "active",
        "time": user.created,
        "uname": user.username,
        "document_block": _spelled(user.document_block),
        "special_disc": 0,
        "parent": user.parent_id,
        "user_id": user.id,
        "accounting_id": None,
        "is_reseller": _spelled(user.is_reseller),
        "name": user.name,
        "national_id": user.national_id,
        "certificate_id": user.national_id,
        "tell": user.tell or None,
        "mobile": user.mobile,
        "address": None,
        "company": None,
        "postalcode": None,
        "send_block": _spelled(user.send_block),
        "email": user.email,
        "add_status": user.add_status,
        "acl_role_id": user.package_id or None,
        "last_login": user.last_login or None,
        "confirm": "0",
        "user_create": "no",
        "show_status": "active",
        "expire_time": user.expires or None,
        "user_description": None,
        "description": None,
        "is_bought_panel": "1" if user.is_bought_panel else "0",
        "main_parent": above[-1].username if above else None,
        "credit": {"credit": user.credit, "user_id": user.id},
        "acl_role": {"acl_role_id": package.id, "acl_role_name": package.name} if package is not None else None,
    }


def _spelled(flag: bool) -> str:
    return "yes" if flag else "no"


routes = (
    Route(
        "GET", "/api/user/parents_tree", parents_tree, "parents_tree", takes=(Field("user_id", NUMBER, required=True),)
    ),
    Route("GET", "/api/user/list", list_users, "list_users", takes=(*PAGES, *map(Field, _FILTERS))),
)
