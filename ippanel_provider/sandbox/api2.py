"""The API at ``api2.ippanel.com``, as its clients speak it. Ours does not; a quarter of all others do.

There is no document of it: what is asked and read here is what published clients ask and read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus

from ippanel_provider.service import (
    MAX_SCHEDULE_AHEAD,
    MIN_SCHEDULE_AHEAD,
    DeliveryStatus,
    LegacyCode,
    LegacyStatus,
)
from ippanel_provider.text.parts import Encoding

from . import panel
from .edge.sending.checks import listed
from .patterns import new_code
from .prices import text_price
from .records import Bulk
from .rest.checks import line_of, pattern_recipient, pattern_text, recipients_of, refusal, refusing, submit, text_of
from .rest.envelope import Error, Refused, figured, moment, page_of
from .rest.messages import bulk_of, recipient_row
from .takes import FLAG, LINE, NUMBER, PAGES, RECIPIENT, RECIPIENTS, TEXT, VALUES, Field, choice, fields, many
from .wire import Api, Call, Reply, Route, with_plus

_STATUS_NUMBERS = {
    LegacyStatus.PENDING: DeliveryStatus.SENT_TO_OPERATOR,
    LegacyStatus.SEND: DeliveryStatus.OPERATOR_RECEIVED,
    LegacyStatus.DELIVERED: DeliveryStatus.DELIVERED,
    LegacyStatus.FAILED: DeliveryStatus.NOT_DELIVERED,
    LegacyStatus.DISCARDED: DeliveryStatus.BLACKLISTED,
}


_FIELDS: Mapping[int | str, str] = {
    LegacyCode.EMPTY_BODY: "message",
    LegacyCode.NUMBER_NOT_FOUND: "sender",
    LegacyCode.NUMBER_NOT_ASSIGNED: "sender",
    LegacyCode.RECIPIENTS_EMPTY: "recipient",
    LegacyCode.TOO_MANY_RECIPIENTS: "recipient",
    LegacyCode.PATTERN_INVALID: "code",
    LegacyCode.PATTERN_INACTIVE: "code",
    LegacyCode.PATTERN_PARAMS_INVALID: "variable",
    LegacyCode.PATTERN_RECIPIENT_INVALID: "recipient",
}
"""The field of this API that a refusal of the older one, by its code, is about."""


def _done(data: object, meta: Mapping[str, object] | None = None) -> Reply:
    return Reply.json({"status": "OK", "code": 200, "error_message": "", "data": data, "meta": meta or {}})


def _failed(status: int, error: Error, http_status: int | None = None) -> Reply:
    """A refusal, in words or, where a field is wrong, in texts by field. Some clients read it here, others in
    ``meta``.
    """
    content = {
        "status": HTTPStatus(status).phrase,
        "code": status,
        "error_message": error,
        "data": None,
        "meta": {"status": False, "error_message": error},
    }
    return Reply.json(content, http_status or status)


def _refusal(refused: Refused) -> Reply:
    if refused.code in (404, 429) and isinstance(refused.code, int):
        return _failed(refused.code, refused.error)
    field = _FIELDS.get(refused.code)
    return _failed(422, {field: [refused.error]} if field and isinstance(refused.error, str) else refused.error)


def _unknown(status: int) -> Reply:
    return _failed(status, "not found")


def _unreadable() -> Reply:
    return _failed(422, "request body is not valid json")


def _refused(message: str | None, code: str | None) -> Reply:
    return _failed(422, message or "request refused", 200)


def _unauthorized(body: str) -> Reply:
    return _failed(401, "you are not allowed to access this route")


def _authorize(call: Call, route: Route) -> Reply | None:
    given = call.header(b"apikey")
    if not given and call.sandbox.account.api2_key == "either":
        given = call.header(b"authorization").removeprefix("AccessKey ")
    credential = call.sandbox.credential(given.strip())
    if credential is None or credential.kind != "key":
        return _unauthorized("")
    call.credential = credential
    return None


def credit(call: Call) -> Reply:
    """What is left, in rial."""
    return _done({"credit": float(round(call.sandbox.account.credit, 1))})


def send(call: Call) -> Reply:
    """One text to many, at once or at a ``time``."""
    body = call.body
    line = line_of(call, body.get("sender"))
    text = text_of(call, body.get("message"), line)
    recipients = recipients_of(call, listed(body.get("recipient")))
    return _done({"message_id": submit(call, "webservice", line, text, recipients, _due(call, body.get("time")))})


def _due(call: Call, given: object) -> float | None:
    """A time of ISO 8601, in UTC unless it says otherwise, as epoch seconds; None is at once."""
    if given is None or given == "":
        return None
    try:
        time = datetime.fromisoformat(str(given))
    except ValueError:
        raise Refused(LegacyCode.UNPROCESSABLE, {"time": ["time is not valid"]}) from None
    due = (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    if not MIN_SCHEDULE_AHEAD <= due - int(call.sandbox.now()) <= MAX_SCHEDULE_AHEAD:
        raise Refused(LegacyCode.UNPROCESSABLE, {"time": ["time must be 5 minutes to 3 months ahead"]})
    return due


def send_pattern(call: Call) -> Reply:
    """A pattern to one recipient; its values may be numbers here."""
    body = call.body
    text = pattern_text(call, body.get("code"), body.get("variable"), numbers=True)
    line = line_of(call, body.get("sender"))
    return _done({"message_id": submit(call, "pattern", line, text, pattern_recipient(body.get("recipient")))})


def price(call: Call) -> Reply:
    """What a part costs from a line, in rial, by operator and letters."""
    line_of(call, with_plus(call.params["line"]))
    factor = call.sandbox.profile.price_factor
    return _done(
        {
            f"{language}_{operator}": round(text_price(encoding, 1, operator == "mci") * factor, 1)
            for language, encoding in (("fa", Encoding.UCS2), ("en", Encoding.GSM7))
            for operator in ("mci", "other")
        }
    )


def create_pattern(call: Call) -> Reply:
    """Hand a pattern in; its variables are named with their types, and stand in it between ``delimiter``."""
    body = call.body
    text, named = body.get("pattern") or body.get("message"), body.get("variable")
    delimiter = body.get("delimiter") or "%"
    if not isinstance(text, str) or not text or not isinstance(delimiter, str):
        raise Refused(LegacyCode.UNPROCESSABLE, "pattern is required")
    variables: dict[str, str] = {}
    for each in named if isinstance(named, list) else []:
        name, kind = (each.get("name"), each.get("type")) if isinstance(each, dict) else (None, None)
        if not isinstance(name, str) or kind not in ("string", "integer"):
            raise Refused(LegacyCode.UNPROCESSABLE, "variable takes a name and a type, string or integer")
        variables[name] = str(kind)
        text = text.replace(f"{delimiter}{name}{delimiter}", f"%{name}%")
    description, shared = str(body.get("description") or ""), True in (body.get("is_shared"), body.get("is_share"))
    made = call.sandbox.patterns.hand_in(new_code(), text, variables, description=description, is_share=shared)
    return _done([{"code": made.code}])


def messages(call: Call) -> Reply:
    """One text by its id, in a list of one; or without an id all, newest first."""
    if message_id := call.query.get("message_id"):
        return _done([_render(call, bulk_of(call, message_id))])
    page, limit = _page(call)
    wanted = panel.listed(call.sandbox.profile, call.effects.lag)
    bulks, total = call.sandbox.outbox.report(wanted, call.sandbox.now(), offset=page * limit, limit=limit)
    return _done([_render(call, bulk) for bulk in bulks], _meta(call, page, limit, total))


def _render(call: Call, bulk: Bulk) -> dict[str, object]:
    state, profile = bulk.state_at(call.sandbox.now()), call.sandbox.profile
    count = panel.count(profile, len(bulk.recipients))
    due = moment(panel.due(profile, bulk))
    return {
        "message_id": bulk.id,
        "number": bulk.line,
        "message": panel.text(profile, bulk.text),
        "state": state.name.lower(),
        "type": bulk.kind,
        "valid": "approve" if state.is_good else "",
        "time": moment(bulk.accepted),
        "time_send": due,
        "time_sent": due,
        "recipient_count": count,
        "exit_count": count,
        "part": bulk.parts,
        "cost": bulk.cost,
        "return_cost": 0,
        "summary": "",
    }


def recipients(call: Call) -> Reply:
    """Where a text stands for each recipient."""
    bulk, now = bulk_of(call, call.params["bulk_id"]), call.sandbox.now()
    page, limit = _page(call)
    listed_ones = panel.recipients(call.sandbox.profile, bulk, now)
    rows = [recipient_row(call, bulk, each, now) for each in listed_ones[page * limit : (page + 1) * limit]]
    if call.sandbox.account.api2_statuses == "numbers":
        rows = [row | {"status": int(_STATUS_NUMBERS[LegacyStatus(str(row["status"]))])} for row in rows]
    return _done({"deliveries": rows}, _meta(call, page, limit, len(listed_ones)))


def _page(call: Call) -> tuple[int, int]:
    """The page asked for and its size; the first one is 0, and 1 too, for clients count from either."""
    page, limit = page_of(call, "per_page")
    return max(0, page - 1), limit


def inbox(call: Call) -> Reply:
    """Texts that came in, newest first."""
    page, limit = _page(call)
    messages = call.sandbox.inbox[::-1]
    rows = [
        {
            "to": each.number,
            "message": each.text,
            "from": each.sender,
            "created_at": moment(each.time),
            "type": each.kind,
        }
        for each in messages[page * limit : (page + 1) * limit]
    ]
    return _done(rows, _meta(call, page, limit, len(messages)))


def _meta(call: Call, page: int, limit: int, total: int) -> dict[str, object]:
    pages = -(-total // limit)
    return figured(call, {"total": total, "pages": pages, "limit": limit, "page": page, "prev": None, "next": None})


def _route(method: str, path: str, handler: Callable[[Call], Reply], *takes: Field) -> Route:
    return Route(method, f"/api/v1{path}", refusing(handler, _refusal), handler.__name__, takes=takes)


_SENDER = Field("sender", LINE, required=True)
_RECIPIENT = Field("recipient", {"anyOf": [RECIPIENT, RECIPIENTS]}, required=True)
_SEND = (_SENDER, _RECIPIENT, Field("message", required=True), Field("time"))
_NAMED = many(name=TEXT, type=choice("string", "integer"))
_PATTERN = (
    *fields("pattern message description delimiter"),
    *fields("is_shared is_share", FLAG),
    Field("variable", _NAMED),
)

API2 = Api(
    name="api2",
    title="api2",
    prefix="/api/v1/",
    routes=(
        _route("GET", "/sms/accounting/credit/show", credit),
        _route("GET", "/sms/accounting/price-message/sender/{line}", price),
        _route("POST", "/sms/send/webservice/single", send, *_SEND),
        _route("POST", "/sms/send/panel/single", send, *_SEND),
        _route(
            "POST",
            "/sms/pattern/normal/send",
            send_pattern,
            Field("code", required=True),
            _SENDER,
            _RECIPIENT,
            Field("variable", VALUES),
        ),
        _route("POST", "/sms/pattern/normal/store", create_pattern, *_PATTERN),
        _route("GET", "/sms/message/all", messages, Field("message_id", NUMBER), *PAGES),
        _route("GET", "/sms/message/show-recipient/message-id/{bulk_id}", recipients, *PAGES),
        _route("GET", "/inbox", inbox, *PAGES),
    ),
    authorize=_authorize,
    unknown=_unknown,
    unreadable=_unreadable,
    refused=_refused,
    unauthorized=_unauthorized,
    repeated=lambda why: _refusal(refusal(why)),
)
