"""The API at ``api2.ippanel.com``: the calls its own Python client makes. The project's client does not speak it;
others do.

There is no document of it: what is asked and read here is what the vendor's published client asks and reads.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from ippanel_provider.service import LegacyCode

from . import panel
from .patterns import new_code
from .rest.checks import line_of, pattern_recipient, pattern_text, recipients_of, refusal, refusing, submit, text_of
from .rest.envelope import Refused, moment, page_of
from .rest.messages import bulk_of, recipient_row
from .wire import Api, Call, Reply, Route


def _done(data: object, meta: object = None) -> Reply:
    content = {"status": "OK", "code": 200, "error_message": "", "data": data}
    return Reply.json(content if meta is None else content | {"meta": meta})


def _failed(status: int, error: str, http_status: int | None = None) -> Reply:
    content = {"status": HTTPStatus(status).phrase, "code": status, "error_message": error, "data": None}
    return Reply.json(content, http_status or status)


def _refusal(refused: Refused) -> Reply:
    error = (
        refused.error
        if isinstance(refused.error, str)
        else next(text for texts in refused.error.values() for text in texts)
    )
    return _failed(refused.code if refused.code in (404, 429) and isinstance(refused.code, int) else 422, error)


def _unknown(status: int) -> Reply:
    return _failed(status, "not found")


def _unreadable() -> Reply:
    return _failed(422, "request body is not valid json")


def _refused(message: str | None, code: str | None) -> Reply:
    return _failed(422, message or "request refused", 200)


def _unauthorized(body: str) -> Reply:
    return _failed(401, "api key is not valid")


def _authorize(call: Call, route: Route) -> Reply | None:
    credential = call.sandbox.credential(call.header(b"apikey").strip())
    if credential is None or credential.kind != "key":
        return _failed(401, "api key is not valid")
    call.credential = credential
    return None


def credit(call: Call) -> Reply:
    """What is left, in rial."""
    return _done({"credit": float(round(call.sandbox.account.credit, 1))})


def send(call: Call) -> Reply:
    """One text to many."""
    body = call.body
    line = line_of(call, body.get("sender"))
    text = text_of(call, body.get("message"), line)
    return _done({"message_id": submit(call, "webservice", line, text, recipients_of(call, body.get("recipient")))})


def send_pattern(call: Call) -> Reply:
    """A pattern to one recipient."""
    body = call.body
    text = pattern_text(call, body.get("code"), body.get("variable"))
    return _done(
        {
            "message_id": submit(
                call, "pattern", line_of(call, body.get("sender")), text, pattern_recipient(body.get("recipient"))
            )
        }
    )


def create_pattern(call: Call) -> Reply:
    """Hand a pattern in; its variables are named with their types, and stand in it between ``delimiter``."""
    body = call.body
    text, named, delimiter = body.get("pattern"), body.get("variable"), body.get("delimiter") or "%"
    if not isinstance(text, str) or not text or not isinstance(delimiter, str):
        raise Refused(LegacyCode.UNPROCESSABLE, "pattern is required")
    variables: dict[str, str] = {}
    for each in named if isinstance(named, list) else []:
        name, kind = (each.get("name"), each.get("type")) if isinstance(each, dict) else (None, None)
        if not isinstance(name, str) or kind not in ("string", "integer"):
            raise Refused(LegacyCode.UNPROCESSABLE, "variable takes a name and a type, string or integer")
        variables[name] = str(kind)
        text = text.replace(f"{delimiter}{name}{delimiter}", f"%{name}%")
    description, shared = str(body.get("description") or ""), body.get("is_shared") is True
    made = call.sandbox.patterns.hand_in(new_code(), text, variables, description=description, is_share=shared)
    return _done([{"code": made.code}])


def message(call: Call) -> Reply:
    """One text by its id, in a list of one."""
    bulk = bulk_of(call, call.query.get("message_id", ""))
    state = bulk.state_at(call.sandbox.now())
    profile = call.sandbox.profile
    count = panel.count(profile, len(bulk.recipients))
    return _done(
        [
            {
                "message_id": bulk.id,
                "number": bulk.line,
                "message": panel.text(profile, bulk.text),
                "state": state.name.lower(),
                "type": bulk.kind,
                "valid": "approve" if state.is_good else "",
                "time": moment(bulk.accepted),
                "time_send": moment(panel.due(profile, bulk)),
                "recipient_count": count,
                "exit_count": count,
                "part": bulk.parts,
                "cost": bulk.cost,
                "return_cost": 0,
                "summary": "",
            }
        ]
    )


def recipients(call: Call) -> Reply:
    """Where a text stands for each recipient."""
    bulk, now = bulk_of(call, call.params["bulk_id"]), call.sandbox.now()
    page, limit = page_of(call, "per_page")
    listed = panel.recipients(call.sandbox.profile, bulk, now)
    rows = [recipient_row(call, bulk, each, now) for each in listed[page * limit : (page + 1) * limit]]
    return _done({"deliveries": rows}, _meta(page, limit, len(listed)))


def inbox(call: Call) -> Reply:
    """Texts that came in, newest first."""
    page, limit = page_of(call, "per_page")
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
    return _done(rows, _meta(page, limit, len(messages)))


def _meta(page: int, limit: int, total: int) -> dict[str, object]:
    return {"total": total, "pages": -(-total // limit), "limit": limit, "page": page, "prev": None, "next": None}


def _route(method: str, path: str, handler: Callable[[Call], Reply]) -> Route:
    return Route(method, f"/api/v1{path}", refusing(handler, _refusal), handler.__name__)


API2 = Api(
    name="api2",
    title="api2",
    prefix="/api/v1/",
    routes=(
        _route("GET", "/sms/accounting/credit/show", credit),
        _route("POST", "/sms/send/webservice/single", send),
        _route("POST", "/sms/pattern/normal/send", send_pattern),
        _route("POST", "/sms/pattern/normal/store", create_pattern),
        _route("GET", "/sms/message/all", message),
        _route("GET", "/sms/message/show-recipient/message-id/{bulk_id}", recipients),
        _route("GET", "/inbox", inbox),
    ),
    authorize=_authorize,
    unknown=_unknown,
    unreadable=_unreadable,
    refused=_refused,
    unauthorized=_unauthorized,
    repeated=lambda why: _refusal(refusal(why)),
)
