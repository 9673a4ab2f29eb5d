"""The account's lines, and handing them to users. API: number."""

from __future__ import annotations

from ippanel_provider.sandbox.people import AlreadyAssigned, NotAssigned
from ippanel_provider.sandbox.records import Line
from ippanel_provider.sandbox.takes import LINE, NUMBER, PAGES, Field
from ippanel_provider.sandbox.wire import Call, Reply, Route

from .envelope import SUCCESS, ListStyle, Problems, as_int, done, failed, for_resellers, list_of
from .fields import Flag, read
from .sending.checks import wire_line


def list_numbers(call: Call) -> Reply:
    """The lines, with booleans as 0 and 1, a page of them that does not say which."""
    return list_of(call, list(call.sandbox.lines.values()), _render, ListStyle(SUCCESS, figures=False))


def assign_number(call: Call) -> Reply:
    """Hand a line to a user of a reseller."""
    for_resellers(call)
    problems = Problems()
    line, user_id = _line(call, problems), _user(call, problems)
    rights = read(call, problems)
    problems.check()
    try:
        call.sandbox.people.assign(user_id, line, send=rights["send"], gets=rights["gets"])
    except AlreadyAssigned:
        return failed(400, "400-1", "number already assigned to user")
    return done()


def unassign_number(call: Call) -> Reply:
    """Take a line back from a user."""
    for_resellers(call)
    problems = Problems()
    line, user_id = _line(call, problems), _user(call, problems)
    problems.check()
    try:
        call.sandbox.people.unassign(user_id, line)
    except NotAssigned:
        return failed(400, "400-1", "number not assigned to user")
    return done()


def _line(call: Call, problems: Problems) -> str:
    """The line by its id, or where no line has it by its number: the documents' own example gives two that differ."""
    line_id, number = call.body.get("number_id"), call.body.get("number")
    if line_id in (None, "") and number in (None, ""):
        problems.require("number_id")
        problems.require("number")
        return ""
    found = next((line.number for line in call.sandbox.lines.values() if line.id == as_int(line_id)), None)
    if found is None:
        found = wire_line(call, number)
    if found is None:
        problems.add("number" if line_id in (None, "") else "number_id")
    return found or ""


def _user(call: Call, problems: Problems) -> int:
    user_id, username = call.body.get("target_user_id"), call.body.get("target_user")
    if user_id in (None, "") and username in (None, ""):
        problems.require("target_user_id")
        problems.require("target_user")
        return 0
    people = call.sandbox.people
    user = people.users.get(as_int(user_id) or 0) or people.by_name(str(username))
    if user is None:
        problems.add("target_user" if user_id in (None, "") else "target_user_id")
        return 0
    return user.id


def _render(line: Line) -> dict[str, object]:
    return {
        "id": line.id,
        "number": line.number,
        "operator_id": line.operator_id,
        "alias": line.alias,
        "gets": int(line.gets),
        "is_66_char": int(line.is_66_char),
    }


_OF_WHOM = (
    Field("number_id", NUMBER),
    Field("number", LINE),
    Field("target_user_id", NUMBER),
    Field("target_user"),
)

routes = (
    Route("GET", "/api/number/numbers", list_numbers, "list_numbers", takes=PAGES),
    Route("GET", "/api/numbers", list_numbers, "list_numbers", alternate=True, takes=PAGES),
    Route(
        "POST",
        "/api/numbers/assign",
        assign_number,
        "assign_number",
        takes=(*_OF_WHOM, Flag("send"), Flag("gets")),
    ),
    Route("POST", "/api/numbers/unassign", unassign_number, "unassign_number", takes=_OF_WHOM),
)
