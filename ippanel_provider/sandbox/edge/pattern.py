"""Patterns: what waits for a person's approval before it can be sent. API: pattern."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TypedDict

from ippanel_provider.sandbox.patterns import new_code
from ippanel_provider.sandbox.records import Pattern
from ippanel_provider.sandbox.takes import PAGES, TEXT, Field, choice, fields, many
from ippanel_provider.sandbox.wire import Call, Reply, Route
from ippanel_provider.service import (
    MAX_PATTERN_DESCRIPTION,
    MAX_PATTERN_PAGE_SIZE,
    MAX_PATTERN_TITLE,
    MAX_PATTERN_VARIABLE_NAME,
    MAX_PATTERN_VARIABLES,
)

from .envelope import Problems, done, listing, moment, not_found, pages_of
from .fields import Flag, Text, read
from .sending.checks import text_of
from .sending.pattern import UNKNOWN_PATTERN

_TYPES = ("string", "integer")
_STATES = {"active": (1, "فعال"), "inactive": (2, "رد شده"), "pending": (0, "در انتظار تایید")}
_FLAGS = {"true": True, "1": True, "false": False, "0": False}
# The documents show the fields of changes under review in every answer, empty.
_REVISIONS = dict.fromkeys(
    f"pattern_{field}_{kind}"
    for kind in ("revision", "log")
    for field in ("state", "message", "is_share", "description", "delimiter")
)


class _Fields(TypedDict):
    message: str
    variables: Mapping[str, str]
    title: str | None
    description: str
    is_share: bool
    website: str | None


def create(call: Call) -> Reply:
    """Hand in a pattern; it is ``pending``."""
    fields = _fields(call)
    return done(_brief(call, call.sandbox.patterns.hand_in(new_code(), **fields)), parameters=False)


def update(call: Call) -> Reply:
    """Replace a pattern; it is ``pending`` again, and cannot be sent until it is approved."""
    code = call.params["code"]
    if code not in call.sandbox.patterns:
        raise not_found(UNKNOWN_PATTERN)
    fields = _fields(call)
    return done(_brief(call, call.sandbox.patterns.hand_in(code, **fields)), parameters=False)


def list_patterns(call: Call) -> Reply:
    """Patterns that fit the filters, newest first, at most a hundred a page. A filter given empty is refused."""
    pages = pages_of(call, maximum=MAX_PATTERN_PAGE_SIZE)
    given = {field: call.query.get(f"filter[{field}]") for field in ("code", "title", "is_share", "state", "type")}
    problems = Problems()
    for field, value in given.items():
        if value == "":
            problems.require(field)
    for field, known in (("is_share", _FLAGS), ("state", _STATES), ("type", ("normal", "systemic"))):
        if given[field] and given[field] not in known:
            problems.add(field)
    problems.check()
    is_share = None if given["is_share"] is None else _FLAGS[given["is_share"]]
    found = call.sandbox.patterns.matching(given["code"], given["title"], is_share, given["state"])
    if given["type"] == "systemic":
        found = []  # the service's own patterns, of which a sandbox has none
    shown = found[pages.offset : pages.offset + pages.size]
    return listing(call, [_render(call, pattern) for pattern in shown], len(found), pages)


def get(call: Call) -> Reply:
    """One pattern by its code."""
    pattern = call.sandbox.patterns.get(call.params["code"])
    if pattern is None:
        raise not_found(UNKNOWN_PATTERN)
    return done(_render(call, pattern), parameters=False)


def delete(call: Call) -> Reply:
    """Delete a pattern."""
    if call.params["code"] not in call.sandbox.patterns:
        raise not_found(UNKNOWN_PATTERN)
    call.sandbox.patterns.delete(call.params["code"])
    return done(parameters=False)


def _fields(call: Call) -> _Fields:
    problems = Problems()
    given = read(call, problems)
    message = text_of(call, call.body.get("message"), "", problems)
    variables = _variables(call, problems)
    problems.check()
    return _Fields(
        message=message,
        variables=variables,
        title=given["title"],
        description=given["description"],
        is_share=given["is_share"],
        website=given["website"],
    )


def _variables(call: Call, problems: Problems) -> Mapping[str, str]:
    """Name to type."""
    given = call.body.get("variable")
    if not isinstance(given, list):
        problems.require("variable") if given is None else problems.add("variable")
        return {}
    if len(given) > MAX_PATTERN_VARIABLES:
        problems.add("variable", f"تعداد متغیرها نباید بیشتر از {MAX_PATTERN_VARIABLES} باشد")
        return {}
    variables: dict[str, str] = {}
    for index, raw in enumerate(given):
        fields = raw if isinstance(raw, Mapping) else {}
        name, kind = fields.get("name"), fields.get("type")
        for field, value in (("name", name), ("type", kind)):
            if value is None or value == "":
                problems.require(f"variable.{index}.{field}")
        if name and (not isinstance(name, str) or len(name) > MAX_PATTERN_VARIABLE_NAME or name in variables):
            problems.add(f"variable.{index}.name")
        if kind and kind not in _TYPES:
            problems.add(f"variable.{index}.type")
        variables[str(name)] = str(kind)
    return variables


def _brief(call: Call, pattern: Pattern) -> dict[str, object]:
    """A pattern as it is answered when it was handed in."""
    return {
        "id": hashlib.sha256(pattern.code.encode()).hexdigest()[:24],
        "title": pattern.title,
        "username": call.sandbox.account.user_name,
        "pattern_code": pattern.code,
        "pattern_message": pattern.message,
        "admin_comment": pattern.comment or None,
        "pattern_description": pattern.description,
        "pattern_status": pattern.status,
        "pattern_is_share": pattern.is_share,
        "reject_text": "",
        "type": "sms",
        "variable": [
            {"name": name, "type": kind, "len": pattern.lengths.get(name, 0)}
            for name, kind in pattern.variables.items()
        ],
        "delimiter": "%",
        "updated_at": moment(pattern.updated),
        "time": int(pattern.created or pattern.updated),
        **_REVISIONS,
    }


def _render(call: Call, pattern: Pattern) -> dict[str, object]:
    status_id, status_fa = _STATES[pattern.status]
    return _brief(call, pattern) | {
        "partner_id": None,
        "verifier_user_id": None,
        "verifier_partner_id": None,
        "user_id": str(call.sandbox.account.user_id),
        "website": pattern.website,
        "pattern_status_fa": status_fa,
        "pattern_status_id": status_id,
        "pattern_type": "normal",
        "readonly": False,
        "pattern_variable_revision": None,
        "pattern_type_revision": "",
        "pattern_variable_log": None,
        "pattern_type_log": None,
        "revision": {
            "type": "",
            "variable": None,
            "pattern_status_id": None,
            "pattern_status_fa": None,
            "pattern_message": None,
            "pattern_description": None,
            "pattern_is_share": None,
            "delimiter": None,
        },
        "pattern_log": None,
    }


_PATTERN = (
    Text("title", required=False, most=MAX_PATTERN_TITLE),
    Text("description", most=MAX_PATTERN_DESCRIPTION),
    Flag("is_share"),
    Field("message", required=True),
    Text("website", required=False, most=MAX_PATTERN_DESCRIPTION),
    Field("variable", many(name=TEXT, type=choice(*_TYPES)), required=True),
)
_FILTERS = fields("filter[code] filter[title] filter[is_share] filter[state] filter[type]")

routes = (
    Route("POST", "/api/patterns/normal", create, "create", takes=_PATTERN),
    Route("POST", "/api/user/pattern", create, "create", alternate=True, takes=_PATTERN),
    Route("GET", "/api/patterns", list_patterns, "list", takes=(*PAGES, *_FILTERS)),
    Route("GET", "/api/patterns/{code}", get, "get"),
    Route("PUT", "/api/patterns/normal/{code}", update, "update", takes=_PATTERN),
    Route("POST", "/api/patterns/normal/{code}", update, "update", alternate=True, takes=_PATTERN),
    Route("DELETE", "/api/patterns/normal/{code}", delete, "delete"),
)
