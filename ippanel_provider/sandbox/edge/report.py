"""What became of what was sent, and what came in. API: report. Polling these is all there is: the service calls nobody
back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from ippanel_provider.sandbox import panel
from ippanel_provider.sandbox.outbox_report import OutboxFilter
from ippanel_provider.sandbox.prices import operator_of
from ippanel_provider.sandbox.records import Bulk, InboxMessage
from ippanel_provider.sandbox.state import Sandbox
from ippanel_provider.sandbox.takes import LINE, NUMBER, PAGES, STATE, TEXT, Field, fields, shape
from ippanel_provider.sandbox.wire import Call, Denied, Reply, Route
from ippanel_provider.service import BulkState, DeliveryStatus
from ippanel_provider.text.parts import Encoding, measure

from .envelope import ListStyle, Problems, as_int, done, failed, listing, missing, not_found, pages_of

NO_BULK = "پیام مورد نظر یافت نشد"

# state_id -> the two other names the report has for it
_STATE_NAMES = {
    BulkState.CREATING: ("create", "در حال ایجاد"),
    BulkState.MONITORING: ("monitoring", "در صف نظارت"),
    BulkState.SENDING: ("sending", "در حال ارسال"),
    BulkState.REJECTED: ("reject", "رد شده"),
    BulkState.INVALID_RECIPIENTS: ("invalid", "گیرندگان نامعتبر"),
    BulkState.QUEUED: ("queue", "در صف ارسال"),
    BulkState.SENT: ("finish", "پایان یافته"),
    BulkState.CANCELLED: ("cancel", "لغو شده"),
    BulkState.NO_CREDIT: ("no_credit", "اعتبار ناکافی"),
    BulkState.SYSTEM_ERROR: ("error", "خطای سیستمی"),
}
_STAT_OF_STATUS = {
    DeliveryStatus.SENT_TO_OPERATOR: "operators_pending",
    DeliveryStatus.OPERATOR_RECEIVED: "operators_sent",
    DeliveryStatus.DELIVERED: "operators_delivered",
    DeliveryStatus.NOT_DELIVERED: "operators_failed",
    DeliveryStatus.BLACKLISTED: "operators_blacklist",
}


def outbox(call: Call) -> Reply:
    """Bulks, newest first, by filters. The size of a page is called ``limit`` here."""
    pages = pages_of(call, size_key="limit")
    wanted = _outbox_filter(call)
    # What slides in before this page shows once more what the one before showed last.
    offset = max(0, pages.offset - call.sandbox.profile.pages_shift * (pages.page - 1))
    bulks, total = (
        ([], 0)
        if wanted is None
        else call.sandbox.outbox.report(wanted, call.sandbox.now(), offset=offset, limit=pages.size)
    )
    return listing(call, [_render(call.sandbox, bulk) for bulk in bulks], total, pages)


def _outbox_filter(call: Call) -> OutboxFilter | None:
    """The filters read, or None when nothing can match (another user's name)."""
    given = call.body.get("filters")
    filters = (
        {key: value for key, value in given.items() if value not in (None, "")} if isinstance(given, Mapping) else {}
    )
    problems = Problems()

    def number(field: str) -> int | None:
        value = as_int(filters.get(field))
        if value is None and field in filters:
            problems.add(f"filters.{field}")
        return value

    state = as_int(filters.get("state_id"))
    if "state_id" in filters and state not in set(BulkState):
        raise Denied(failed(422, "400-31", "invalid state"))
    profile = call.sandbox.profile
    wanted = replace(
        panel.listed(profile, call.effects.lag),
        number=call.sandbox.line(filters["number"]) or str(filters["number"]) if "number" in filters else None,
        bulk_id=number("messages_outbox_id"),
        created_from=panel.moment(profile, number("create_from_date")),
        created_to=panel.moment(profile, number("create_to_date")),
        due_from=panel.moment(profile, number("send_from_date")),
        due_to=panel.moment(profile, number("send_to_date")),
        recipients_from=number("from_exit_count"),
        recipients_to=number("to_exit_count"),
        finds=panel.finds(profile, str(filters["message"])) if "message" in filters else None,
        state=state,
    )
    problems.check()
    name = str(filters.get("username", "*"))
    return wanted if not name.strip("*") or name == call.sandbox.account.user_name else None


def _render(sandbox: Sandbox, bulk: Bulk) -> dict[str, object]:
    """A bulk as the service prints it: ids, counts and times as strings, no parts in a list."""
    state = bulk.state_at(sandbox.now())
    name, status = _STATE_NAMES[state]
    line, profile = sandbox.lines.get(bulk.line), sandbox.profile
    count = str(panel.count(profile, len(bulk.recipients)))
    return {
        "username": sandbox.account.user_name,
        "number_color": "#95E871",
        "number": bulk.line,
        "number_id": str(line.id) if line else None,
        "messages_outbox_id": str(bulk.id),
        "state": name,
        "type": bulk.kind,
        "time_send": str(int(panel.due(profile, bulk))),
        "time": str(int(bulk.accepted)),
        "rcpts_count": count,
        "exit_count": count,
        "status": status,
        "partner_id": None,
        "in_delivery_line": 0,
        "valid": _valid(state),
        "message": panel.text(profile, bulk.text),
        "part": None,
        "cost": bulk.cost,
        "summary": None,
        "user_ip": None,
        "user_id": None,
        "files_path": None,
        "parent_id": None,
        "state_id": int(state),
    }


def _valid(state: BulkState) -> str | None:
    if state in (BulkState.CREATING, BulkState.MONITORING):
        return None
    return "reject" if state is BulkState.REJECTED else "approve"


def _bulk_of(call: Call, field: str, given: object) -> Bulk:
    """The bulk a report asks for."""
    if given is None or given == "":
        raise missing(field)
    bulk_id = as_int(given)
    bulk = None if bulk_id is None else call.sandbox.shown(bulk_id)
    if bulk is None:
        raise not_found(NO_BULK)
    return bulk


def by_bulk(call: Call) -> Reply:
    """One bulk, with its parts, who sent it, and the reviewer's comment."""
    bulk = _bulk_of(call, "messages_outbox_id", call.params.get("id") or call.query.get("messages_outbox_id"))
    data = _render(call.sandbox, bulk)
    rejected = data["state_id"] == BulkState.REJECTED
    data |= {
        "number_color": None,
        "return": 0,
        "part": str(bulk.parts),
        "user_ip": "127.0.0.1",
        "user_id": str(call.sandbox.account.user_id),
        "reject_comment": "متن پیام تایید نشد" if rejected else None,
    }
    return done(data, parameters=False)


def bulk_stats(call: Call) -> Reply:
    """How many texts stand where, by operator and language. A count that is not zero is a string."""
    bulk = _bulk_of(call, "bulk_id", call.query.get("bulk_id"))
    counts: Counter[tuple[str, str, str]] = Counter()
    now = call.sandbox.now()
    for index, recipient in enumerate(bulk.recipients):
        operator = "mci" if operator_of(recipient) == "mci" else "irancell"
        language = "en" if measure(bulk.text_for(index)).encoding is Encoding.GSM7 else "fa"
        stat = _STAT_OF_STATUS[bulk.status_at(now, recipient)]
        counts[stat, operator, language] += 1
    return done(
        {
            stat: {
                operator: {
                    language: str(count) if (count := counts[stat, operator, language]) else 0
                    for language in ("en", "fa")
                }
                for operator in ("irancell", "mci")
            }
            for stat in (
                "operators_blacklist",
                "operators_failed",
                "operators_pending",
                "operators_sent",
                "operators_delivered",
            )
        }
    )


def recipients(call: Call) -> Reply:
    """Each recipient of a bulk with what it got and where that stands."""
    bulk = _bulk_of(call, "bulk_id", call.query.get("bulk_id"))
    pages = pages_of(call)
    now, parts, profile = call.sandbox.now(), str(bulk.parts), call.sandbox.profile
    listed = panel.recipients(profile, bulk, now)
    rows = [
        {
            "recipient": panel.recipient(profile, recipient),
            "message": panel.text(profile, bulk.text_for(index)) if profile.recipient_texts else None,
            "is_readable": True,
            "msg_parts": parts if bulk.texts is None else str(call.sandbox.size(bulk.text_for(index), bulk.line).parts),
            "message_status": str(int(bulk.status_at(now, recipient))),
        }
        for index, recipient in enumerate(listed[pages.offset : pages.offset + pages.size], start=pages.offset)
    ]
    return listing(call, rows, len(listed), pages)


def inbox(call: Call) -> Reply:
    """Texts that came in, newest first; with ``from_id`` only those above it."""
    pages = pages_of(call)
    filters = call.body.get("filters")
    above = as_int(filters.get("from_id")) if isinstance(filters, Mapping) else None
    messages = [message for message in reversed(call.sandbox.inbox) if above is None or message.id > above]
    rows = [_render_inbox(message) for message in messages[pages.offset : pages.offset + pages.size]]
    return listing(call, rows, len(messages), pages, ListStyle(path="absolute"))


def _render_inbox(message: InboxMessage) -> dict[str, object]:
    return {
        "messages_inbox_id": message.id,
        "from": message.sender,
        "number": message.number,
        "message": message.text,
        "type": message.kind,
        "time": message.time,
        "seen": "1" if message.seen else "0",
    }


_FILTERS = shape(
    username=TEXT,
    number=LINE,
    messages_outbox_id=NUMBER,
    **dict.fromkeys(("create_from_date", "create_to_date", "send_from_date", "send_to_date"), TEXT),
    from_exit_count=NUMBER,
    to_exit_count=NUMBER,
    message=TEXT,
    state_id=STATE,
)
_BULK = Field("bulk_id", NUMBER, required=True)

routes = (
    Route(
        "POST",
        "/api/report/new_list",
        outbox,
        "outbox",
        takes=(*fields("page limit", NUMBER), Field("filters", _FILTERS)),
    ),
    Route("GET", "/api/report/by_bulk", by_bulk, "bulk", takes=(Field("messages_outbox_id", NUMBER, required=True),)),
    Route("POST", "/api/report/by_bulk/{id}", by_bulk, "bulk", alternate=True),
    Route("GET", "/api/report/bulk_stats", bulk_stats, "bulk_stats", takes=(_BULK,)),
    Route("GET", "/api/report/recipients", recipients, "recipients", takes=(_BULK, *PAGES)),
    Route(
        "POST",
        "/api/report/messages-inbox",
        inbox,
        "inbox",
        takes=(*PAGES, Field("filters", shape(from_id=NUMBER))),
    ),
)
