"""Sending, what became of it, patterns, and what came in. API: legacy REST."""

from __future__ import annotations

import re

from ippanel_provider.sandbox import panel
from ippanel_provider.sandbox.patterns import new_code
from ippanel_provider.sandbox.records import Bulk
from ippanel_provider.sandbox.takes import FLAG, LINE, NUMBER, RECIPIENT, RECIPIENTS, TEXT, Field, fields
from ippanel_provider.sandbox.wire import Call, Reply, Route
from ippanel_provider.service import (
    MAX_PATTERN_DESCRIPTION,
    MAX_TEXT_CHARACTERS,
    BulkState,
    DeliveryStatus,
    LegacyCode,
    LegacyStatus,
)

from .checks import line_of, pattern_recipient, pattern_text, recipients_of, refusing, submit, text_of
from .envelope import Refused, done, listing, moment, page_of

# The documents name neither these words nor their meaning; "active" stands in the vendor's own examples.
_STATUS = {
    BulkState.CREATING: "pending",
    BulkState.MONITORING: "pending",
    BulkState.SENT: "finish",
    BulkState.CANCELLED: "cancelled",
}


def send(call: Call) -> Reply:
    """One text to many: one bulk."""
    body = call.body
    if not body:
        raise Refused(LegacyCode.EMPTY_BODY, "message body is empty")
    line = line_of(call, body.get("originator"))
    text = text_of(call, body.get("message"), line)
    return done(
        {"bulk_id": submit(call, "webservice", line, text, recipients_of(call, body.get("recipients")))}, created=True
    )


def send_pattern(call: Call) -> Reply:
    """A pattern with its values to one recipient."""
    body = call.body
    text = pattern_text(call, body.get("pattern_code"), body.get("values"))
    line = line_of(call, body.get("originator"))
    return done(
        {"bulk_id": submit(call, "pattern", line, text, pattern_recipient(body.get("recipient")))}, created=True
    )


def create_pattern(call: Call) -> Reply:
    """Hand a pattern in; its variables are texts, found in it as ``%name%``."""
    body = call.body
    text, description, shared = body.get("pattern"), body.get("description") or "", body.get("is_shared") or False
    if not isinstance(text, str) or not 0 < len(text) <= MAX_TEXT_CHARACTERS:
        raise Refused(LegacyCode.UNPROCESSABLE, {"pattern": ["pattern is required"]})
    if not isinstance(description, str) or len(description) > MAX_PATTERN_DESCRIPTION:
        raise Refused(LegacyCode.UNPROCESSABLE, {"description": ["description is not valid"]})
    if not isinstance(shared, bool):
        raise Refused(LegacyCode.UNPROCESSABLE, {"is_shared": ["is_shared must be a boolean"]})
    variables = dict.fromkeys(re.findall(r"%(\w+)%", text), "string")
    pattern = call.sandbox.patterns.hand_in(new_code(), text, variables, description=description, is_share=shared)
    return done(
        {
            "pattern": {
                "code": pattern.code,
                "status": pattern.status,
                "message": pattern.message,
                "is_shared": pattern.is_share,
            }
        },
        created=True,
    )


def bulk_of(call: Call, given: str) -> Bulk:
    """The bulk with this id.

    :raises Refused: when there is none.
    """
    # Python refuses to read the longest figures, and no id has as many digits.
    bulk = call.sandbox.shown(int(given)) if given.isascii() and given.isdecimal() and len(given) < 20 else None
    if bulk is None:
        raise Refused(404, "message not found")
    return bulk


def message(call: Call) -> Reply:
    """One bulk."""
    bulk, now = bulk_of(call, call.params["bulk_id"]), call.sandbox.now()
    state = bulk.state_at(now)
    profile = call.sandbox.profile
    count = panel.count(profile, len(bulk.recipients))
    return done(
        {
            "message": {
                "bulk_id": bulk.id,
                "number": bulk.line,
                "message": panel.text(profile, bulk.text),
                "status": _STATUS.get(state, "active" if not state.is_final else "failed"),
                "type": bulk.kind,
                "confirm_state": "reject" if state is BulkState.REJECTED else "",
                "created_at": moment(bulk.accepted),
                "sent_at": moment(panel.due(profile, bulk)),
                "recipients_count": count,
                "valid_recipients_count": 0 if state is BulkState.INVALID_RECIPIENTS else count,
                "page": bulk.parts,
                "cost": bulk.cost,
                "payback_cost": 0,
                "description": "",
            }
        }
    )


def recipients(call: Call) -> Reply:
    """Where the text stands for each recipient."""
    bulk, now = bulk_of(call, call.params["bulk_id"]), call.sandbox.now()
    page, limit = page_of(call)
    listed = panel.recipients(call.sandbox.profile, bulk, now)
    rows = [recipient_row(call, bulk, each, now) for each in listed[page * limit : (page + 1) * limit]]
    return listing(call, "recipients", rows, page, limit, len(listed))


def recipient_row(call: Call, bulk: Bulk, recipient: str, now: float) -> dict[str, object]:
    """Where the text stands for one recipient, as the older APIs list it."""
    return {
        "recipient": panel.recipient(call.sandbox.profile, recipient),
        "status": recipient_status(bulk, recipient, now),
    }


def recipient_status(bulk: Bulk, recipient: str, now: float) -> LegacyStatus:
    """Where the text stands for one recipient, in the words of the older APIs."""
    state = bulk.state_at(now)
    if not state.is_good:
        return LegacyStatus.FAILED if state.is_final else LegacyStatus.PENDING
    return {
        DeliveryStatus.DELIVERED: LegacyStatus.DELIVERED,
        DeliveryStatus.NOT_DELIVERED: LegacyStatus.FAILED,
        DeliveryStatus.BLACKLISTED: LegacyStatus.DISCARDED,
    }.get(bulk.status_at(now, recipient), LegacyStatus.SEND)


def inbox(call: Call) -> Reply:
    """Texts that came in, newest first."""
    page, limit = page_of(call)
    messages = call.sandbox.inbox[::-1]
    rows = [
        {
            "number": each.number,
            "message": each.text,
            "sender": each.sender,
            "time": moment(each.time),
            "type": each.kind,
        }
        for each in messages[page * limit : (page + 1) * limit]
    ]
    return listing(call, "messages", rows, page, limit, len(messages))


_PAGES = fields("page limit", NUMBER)
_SEND = (
    Field("originator", LINE, required=True),
    Field("recipients", RECIPIENTS, required=True),
    Field("message", required=True),
)
_PATTERN = (Field("pattern", required=True), Field("description"), Field("is_shared", FLAG))
_SEND_PATTERN = (
    Field("pattern_code", required=True),
    Field("originator", LINE, required=True),
    Field("recipient", RECIPIENT, required=True),
    Field("values", {"type": "object", "additionalProperties": TEXT}),
)

routes = (
    Route("POST", "/messages", refusing(send), "send", takes=_SEND),
    Route("POST", "/messages/patterns", refusing(create_pattern), "create_pattern", takes=_PATTERN),
    Route("POST", "/messages/patterns/send", refusing(send_pattern), "send_pattern", takes=_SEND_PATTERN),
    Route("GET", "/messages/inbox", refusing(inbox), "inbox", takes=_PAGES),
    Route("GET", "/messages/{bulk_id}", refusing(message), "message"),
    Route("GET", "/messages/{bulk_id}/recipients", refusing(recipients), "recipients", takes=_PAGES),
)
