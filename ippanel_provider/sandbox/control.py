"""``/_sandbox/…``: what tests and people do to the service from behind its counter.

Answers are plain JSON; a mistake is a 400 that says what it is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from time import monotonic

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from ippanel_provider.service_profile import VERSION, InvalidProfile, ServiceProfile, facts
from ippanel_provider.text.numbers import InvalidNumber, is_sender, normalize

from . import live, staff, totp, view
from .control_calls import ControlRoute, Mistake, body_of, endpoint_of, unknown
from .faults import NAMES
from .outbox import MessageFilter
from .records import Account
from .state import Sandbox
from .takes import FIGURE, FLAG, LINE, NUMBER, RECIPIENT, STATE, STATUS, TEXT, Field, choice, fields, shape

_MAX_WAIT = 300.0
_ACCOUNT_FIELDS = {
    name: {"duplicate_guard": float, "local_numbers": bool}.get(name) or type(getattr(Account(), name))
    for name in (
        "user_name",
        "name",
        "password",
        "mobile",
        "two_factor",
        "totp_secret",
        "is_reseller",
        "document_block",
        "send_block",
        "credit",
        "gift",
        "duplicate_guard",
        "without_credit",
        "local_numbers",
        "unauthorized_body",
        "api2_key",
        "api2_statuses",
        "alternates",
        "without_alternates",
    )
}
_CHOICES = {
    "without_credit": ("state", "refuse"),
    "unauthorized_body": ("seen", "documented"),
    "two_factor": ("login", "sms", "ga"),
    "api2_key": ("apikey", "either"),
    "api2_statuses": ("words", "numbers"),
}


def routes() -> list[Route]:
    """The routes of the controls, for an application whose ``state.sandbox`` is the sandbox."""
    calls = (*_CALLS, *staff.CALLS)
    table = [Route(f"/_sandbox{call.path}", endpoint_of(call), methods=[call.method]) for call in calls]
    return [*table, Route("/_sandbox/events", events)]


def _number(request: Request, name: str, default: float) -> float:
    given = request.query_params.get(name)
    try:
        number = default if given is None else float(given)
    except ValueError:
        number = -1
    if not 0 <= number < float("inf"):
        raise Mistake(f"{name} must be a number from 0")
    return number


def _filter(request: Request) -> MessageFilter:
    try:
        return view.message_filter(request.query_params)
    except ValueError:
        raise Mistake("since and outbox_id must be numbers") from None


async def messages(sandbox: Sandbox, request: Request) -> object:
    """Every text handed to every recipient, oldest first; all of them unless ``limit`` and ``offset`` ask for a
    page."""
    limit = int(_number(request, "limit", 0)) if "limit" in request.query_params else None
    found, total = view.messages(sandbox, _filter(request), offset=int(_number(request, "offset", 0)), limit=limit)
    return {"messages": found, "total": total}


async def wait_for_messages(sandbox: Sandbox, request: Request) -> object:
    """Answer as soon as ``count`` (1) texts match, or 408 after ``timeout`` (10, at most 300) seconds of real time."""
    wanted, count, timeout = _filter(request), int(_number(request, "count", 1)), _number(request, "timeout", 10)
    if timeout > _MAX_WAIT:
        raise Mistake(f"timeout must be at most {_MAX_WAIT:g} seconds; ask again for more")
    deadline = monotonic() + timeout
    seen, outbox, scanned = 0, sandbox.outbox, 0
    while True:
        if outbox is not sandbox.outbox:
            seen, outbox, scanned = 0, sandbox.outbox, 0
        version = sandbox.hub.version
        upto = len(outbox)
        seen += sum(1 for _ in outbox.texts(wanted, start=scanned))
        scanned = upto
        remaining = deadline - monotonic()
        if seen >= count:
            found, total = view.messages(sandbox, wanted)
            return {"messages": found, "total": total}
        if remaining <= 0 or sandbox.hub.closed:
            return Response(
                to_json({"error": f"{seen} of {count} texts came in time", "total": seen}),
                408,
                media_type="application/json",
            )
        await sandbox.hub.wait(remaining, since=version)


async def counts(sandbox: Sandbox, request: Request) -> object:
    """The judge of "nothing twice, nothing lost"."""
    return sandbox.outbox.counts(sandbox.now())


async def receive(sandbox: Sandbox, request: Request) -> object:
    """A person texts in: ``from``, ``number`` (one of the lines), ``message``."""
    body = await body_of(request)
    sender, number, text = body.get("from"), body.get("number"), body.get("message")
    if not isinstance(text, str) or not text:
        raise Mistake("message must be a text")
    if not isinstance(number, str) or number not in sandbox.lines:
        raise Mistake(f"number must be one of the lines: {', '.join(sandbox.lines)}")
    try:
        sender = normalize(sender if isinstance(sender, str | int) else "")
    except InvalidNumber as error:
        raise Mistake(f"from: {error}") from None
    return {"messages_inbox_id": sandbox.receive(sender, number, text).id}


async def show_clock(sandbox: Sandbox, request: Request) -> object:
    """What time it is at the service, how fast its clock runs, and how long a bulk takes to become final."""
    return {"now": sandbox.now(), "speed": sandbox.clock.speed, "life": sandbox.script.timing.total}


async def move_clock(sandbox: Sandbox, request: Request) -> object:
    """``advance`` (seconds), ``speed`` (factor), ``pace`` (new bulks live this many times the usual life; 0 ends them
    at once).
    """
    body = await body_of(request)
    if not body or body.keys() - {"advance", "speed", "pace"}:
        raise Mistake("give advance (seconds), speed (factor) or pace (factor)")
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in body.values()):
        raise Mistake("advance, speed and pace are numbers")
    try:
        if "speed" in body or "advance" in body:
            sandbox.move_clock(advance=body.get("advance", 0.0), speed=body.get("speed"))
    except ValueError as error:
        raise Mistake(str(error)) from None
    if "pace" in body:
        if not 0 <= body["pace"] < float("inf"):
            raise Mistake("pace takes a factor from 0 (final at once)")
        sandbox.set_pace(body["pace"])
    return await show_clock(sandbox, request)


async def list_faults(sandbox: Sandbox, request: Request) -> object:
    """The faults in force, and every fault there is."""
    return {"faults": [fault.as_json() for fault in sandbox.faults.active], "known": NAMES}


async def add_fault(sandbox: Sandbox, request: Request) -> object:
    """Set a fault: ``match`` {path, method, sending_type}, ``fault``, ``times``, ``after``, ``probability`` and its own
    options.
    """
    body = await body_of(request)
    try:
        fault = sandbox.faults.add(body)
    except ValueError as error:
        raise Mistake(str(error)) from None
    sandbox.hub.changed()
    return fault.as_json()


async def remove_faults(sandbox: Sandbox, request: Request) -> object:
    """Lift the fault in the path, or all."""
    removed = sandbox.faults.remove(request.path_params.get("id"))
    sandbox.hub.changed()
    return {"removed": removed}


async def show_account(sandbox: Sandbox, request: Request) -> object:
    """The account, its lines and its patterns."""
    return {
        **{name: sandbox.setting(name) for name in _ACCOUNT_FIELDS},
        "api_key": sandbox.api_key,
        "lines": list(sandbox.lines),
        "patterns": {pattern.code: pattern.status for pattern in sandbox.patterns.values()},
    }


async def change_account(sandbox: Sandbox, request: Request) -> object:
    """Set any field :func:`show_account` shows; ``lines`` adds lines to the account."""
    body = await body_of(request)
    unknown = body.keys() - _ACCOUNT_FIELDS.keys() - {"lines"}
    if unknown:
        raise Mistake(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join([*_ACCOUNT_FIELDS, 'lines'])}")
    lines = body.pop("lines", [])
    if not isinstance(lines, list) or not all(isinstance(line, str) and is_sender(line) for line in lines):
        raise Mistake("lines is a list of senders such as +983000505")
    changes = {name: _account_value(name, value) for name, value in body.items()}
    sandbox.change_account(changes, lines)
    return await show_account(sandbox, request)


def _account_value(name: str, value: object) -> object:
    kind = _ACCOUNT_FIELDS[name]
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (name in _CHOICES and value not in _CHOICES[name]):
        raise Mistake(f"{name} must be {' or '.join(_CHOICES[name]) if name in _CHOICES else f'a {kind.__name__}'}")
    try:
        if name == "mobile":
            return normalize(str(value))
        if name == "totp_secret":
            totp.code_at(str(value), 0)
    except ValueError as error:
        raise Mistake(f"{name}: {error}") from None
    return value


async def show_profile(sandbox: Sandbox, request: Request) -> object:
    """How this panel behaves: every fact with its value, and what each says."""
    described = {name: {"says": fact.says, "default": fact.default} for name, fact in facts().items()}
    for name, fact in facts().items():
        if fact.choices:
            described[name]["choices"] = list(fact.choices)
    values = {name: getattr(sandbox.profile, name) for name in facts()}
    return {"version": VERSION, "facts": values, "known": described}


async def change_profile(sandbox: Sandbox, request: Request) -> object:
    """Set facts by name, or all that a service profile (its file: ``version``, ``facts``) holds; others stay."""
    body = await body_of(request)
    try:
        profile = ServiceProfile.from_json(to_json(body if "version" in body else {"version": VERSION, "facts": body}))
    except InvalidProfile as error:
        raise Mistake(str(error)) from None
    sandbox.change_profile({name: getattr(profile, name) for name in profile.known})
    return await show_profile(sandbox, request)


async def approve(sandbox: Sandbox, request: Request) -> object:
    """The reviewer approves a pattern."""
    return await _review(sandbox, request, approved=True)


async def reject(sandbox: Sandbox, request: Request) -> object:
    """The reviewer rejects a pattern, with a ``comment``."""
    return await _review(sandbox, request, approved=False)


async def _review(sandbox: Sandbox, request: Request, *, approved: bool) -> object:
    comment = str((await body_of(request)).get("comment", ""))
    try:
        pattern = sandbox.patterns.review(request.path_params["code"], approved, comment)
    except KeyError:
        return unknown("pattern")
    return {"code": pattern.code, "status": pattern.status}


async def decide(sandbox: Sandbox, request: Request) -> object:
    """Give a bulk another fate: the ``state_id`` it ends in, or one ``message_status`` for all its texts."""
    body = await body_of(request)
    bulk = sandbox.outbox.get(request.path_params["id"])
    if bulk is None:
        return unknown("bulk")
    try:
        script = bulk.script.forced(body.get("state_id"), body.get("message_status"))
    except ValueError as error:
        raise Mistake(str(error)) from None
    sandbox.decide(bulk.id, script)
    return view.entry(sandbox, bulk, 0, sandbox.now())


async def delete(sandbox: Sandbox, request: Request) -> object:
    """An operator takes a bulk out of the outbox: reports do not know it any more, its texts go out all the same."""
    try:
        sandbox.delete(request.path_params["id"])
    except KeyError:
        return unknown("bulk")
    return {"deleted": True}


async def stats(sandbox: Sandbox, request: Request) -> object:
    """Requests by route, the alternates among them with the aliases of the URL send, and everything :func:`counts`
    says.
    """
    return {
        "requests": dict(sandbox.requests.most_common()),
        "alternates": dict(sandbox.alternates.most_common()),
        "bulks": len(sandbox.outbox),
        "inbox": len(sandbox.inbox),
        "credit": round(sandbox.account.credit, 1),
        **sandbox.outbox.counts(sandbox.now()),
    }


async def reset(sandbox: Sandbox, request: Request) -> object:
    """Back to the start: no texts, no faults, the account as it was."""
    sandbox.reset()
    return {"reset": True}


async def events(request: Request) -> Response:
    """Server-sent events ``changed``, with what is counted: when to look again."""
    stream: AsyncIterator[bytes] = live.stream(request.app.state.sandbox)
    return StreamingResponse(stream, media_type="text/event-stream", headers={"cache-control": "no-store"})


_FILTER = (Field("recipient", RECIPIENT), *fields("text sender"), *fields("since outbox_id", NUMBER))
_FAULT = (
    Field("match", shape(path=TEXT, method=TEXT, sending_type=TEXT)),
    Field("fault", choice(*NAMES)),
    *fields("times after status retry_after accept", NUMBER),
    *fields("probability seconds", FIGURE),
    *fields("body message code answer"),
    Field("processed", FLAG),
    Field("state_id", STATE),
    Field("message_status", STATUS),
)
_SCHEMAS = {float: FIGURE, bool: FLAG, list: {"type": "array", "items": TEXT}}
_ACCOUNT = (
    *(Field(name, _SCHEMAS.get(kind, TEXT)) for name, kind in _ACCOUNT_FIELDS.items()),
    Field("lines", {"type": "array", "items": LINE}),
)
_FACTS = tuple(
    Field(name, choice(*fact.choices) if fact.choices else _SCHEMAS.get(type(fact.default), NUMBER))
    for name, fact in facts().items()
)
_CALLS = (
    ControlRoute("GET", "/messages", messages, (*_FILTER, *fields("offset limit", NUMBER))),
    ControlRoute("GET", "/messages/wait", wait_for_messages, (*fields("count timeout", NUMBER), *_FILTER)),
    ControlRoute("GET", "/messages/counts", counts),
    ControlRoute("POST", "/inbox", receive, (Field("from", RECIPIENT), Field("number", LINE), Field("message"))),
    ControlRoute("GET", "/clock", show_clock),
    ControlRoute("POST", "/clock", move_clock, fields("advance speed pace", FIGURE)),
    ControlRoute("GET", "/faults", list_faults),
    ControlRoute("POST", "/faults", add_fault, _FAULT),
    ControlRoute("DELETE", "/faults", remove_faults),
    ControlRoute("DELETE", "/faults/{id:int}", remove_faults),
    ControlRoute("GET", "/account", show_account),
    ControlRoute("POST", "/account", change_account, _ACCOUNT),
    ControlRoute("GET", "/profile", show_profile),
    ControlRoute("POST", "/profile", change_profile, _FACTS),
    ControlRoute("POST", "/patterns/{code}/approve", approve),
    ControlRoute("POST", "/patterns/{code}/reject", reject, fields("comment")),
    ControlRoute("POST", "/bulks/{id:int}", decide, (Field("state_id", STATE), Field("message_status", STATUS))),
    ControlRoute("DELETE", "/bulks/{id:int}", delete),
    ControlRoute("GET", "/stats", stats),
    ControlRoute("POST", "/reset", reset),
)
