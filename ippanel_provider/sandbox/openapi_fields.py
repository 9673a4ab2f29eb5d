"""What each call takes, for the OpenAPI document: field names by method and path, and one schema a field name.

Schemas say what a field looks like when it is right. Nothing is marked as required and nothing else as wrong: the
handlers say no in the service's own words, and the document must not keep anybody from asking.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ippanel_provider.service import BulkState, DeliveryStatus, SendingType

Schema = Mapping[str, Any]

_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "integer"}
_FLAG: Schema = {"type": "boolean"}
_FIGURE: Schema = {"type": "number"}
_LINE: Schema = {"type": "string", "examples": ["+983000505", "+98BANK"]}
_RECIPIENT: Schema = {"type": "string", "pattern": r"^\+989[0-9]{9}$", "examples": ["+989120000000"]}
_RECIPIENTS: Schema = {"type": "array", "items": _RECIPIENT}
_NUMBERS: Schema = {"type": "array", "items": _NUMBER}
_VALUES: Schema = {"type": "object", "additionalProperties": {"type": ["string", "integer"]}}
_RANGE: Schema = {"type": "object", "properties": {"start": _NUMBER, "size": _NUMBER}}
_FILE: Schema = {"type": "string", "format": "binary"}


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties}


def _list(**properties: Schema) -> Schema:
    return {"type": "array", "items": _object(**properties)}


_PARAMS: Schema = {
    "anyOf": [
        _object(recipients=_RECIPIENTS),
        _list(recipients=_RECIPIENTS, message=_TEXT),
        _list(
            type={"enum": ["all", "detail"]},
            phonebook_id=_NUMBER,
            phonebook_ids=_NUMBERS,
            number_ids=_NUMBERS,
            start=_NUMBER,
            size=_NUMBER,
        ),
        _list(
            bank={"enum": ["all", "white"]},
            postal_code=_TEXT,
            gender=_NUMBER,
            age_from=_NUMBER,
            age_to=_NUMBER,
            mci=_RANGE,
            other=_RANGE,
        ),
        _list(
            province_id=_NUMBER,
            county_id=_NUMBER,
            city_id=_NUMBER,
            pre=_TEXT,
            operator=_list(id=_NUMBER, start=_NUMBER, size=_NUMBER),
        ),
        _list(
            main_category_id=_NUMBER, sub_category_id=_NUMBER, operator=_list(id=_NUMBER, start=_NUMBER, size=_NUMBER)
        ),
        _VALUES,
    ]
}

FIELDS: Mapping[str, Schema] = {
    "sending_type": {"type": "string", "enum": list(SendingType)},
    "params": _PARAMS,
    "from_number": _LINE,
    "from": {"type": "string", "examples": ["+983000505", "09120000000"]},
    "originator": _LINE,
    "sender": _LINE,
    "number": _LINE,
    "recipients": _RECIPIENTS,
    "other_recipients": _RECIPIENTS,
    "recipient": {"anyOf": [_RECIPIENT, _RECIPIENTS]},
    "to": _RECIPIENT,
    "mobile": _RECIPIENT,
    "send_time": {"type": "string", "pattern": r"^20[0-9]{2}-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-5][0-9]$"},
    "files": {"type": "array", "items": _FILE},
    "file": _FILE,
    "phonebook": _object(id=_NUMBER, name=_TEXT, pre=_TEXT, email=_TEXT, options=_VALUES),
    "values": _VALUES,
    "variable": {"anyOf": [_list(name=_TEXT, type={"enum": ["string", "integer"]}), _VALUES]},
    "filters": _object(
        username=_TEXT,
        number=_LINE,
        messages_outbox_id=_NUMBER,
        create_from_date=_TEXT,
        create_to_date=_TEXT,
        send_from_date=_TEXT,
        send_to_date=_TEXT,
        from_exit_count=_NUMBER,
        to_exit_count=_NUMBER,
        message=_TEXT,
        state_id={"type": "integer", "enum": [int(state) for state in BulkState]},
        from_id=_NUMBER,
    ),
    "list": _list(number=_RECIPIENT, phonebook_id=_NUMBER, pre=_TEXT, name=_TEXT, email=_TEXT, options=_VALUES),
    "listPhonebooks": _NUMBERS,
    "listNumbers": _NUMBERS,
    "listOptions": _NUMBERS,
    "draft_ids": _NUMBERS,
    "options": {"anyOf": [_NUMBERS, _VALUES]},
    "contacts": _list(number=_RECIPIENT, name=_TEXT, options=_VALUES),
    "lines": {"type": "array", "items": _LINE},
    "is_share": _FLAG,
    "is_shared": _FLAG,
    "send": _FLAG,
    "gets": _FLAG,
    "match": _object(path=_TEXT, method=_TEXT, sending_type=_TEXT),
    "state_id": {"type": "integer", "enum": [int(state) for state in BulkState]},
    "message_status": {"type": "integer", "enum": [int(status) for status in DeliveryStatus]},
    **dict.fromkeys(("advance", "speed", "pace", "seconds", "probability", "credit", "duplicate_guard"), _FIGURE),
    **dict.fromkeys(
        (
            *(
                "page",
                "per_page",
                "limit",
                "offset",
                "bulk_id",
                "message_id",
                "message_outbox_id",
                "messages_outbox_id",
            ),
            *(
                "phonebook_id",
                "draft_id",
                "draft_group_id",
                "ticket_id",
                "user_id",
                "category_id",
                "sub_category_id",
                "number_id",
            ),
            *(
                "target_user_id",
                "province_id",
                "county_id",
                "city_id",
                "main_category_id",
                "operator_id",
                "start",
                "size",
                "gender_id",
            ),
            *("times", "after", "status", "accept", "retry_after", "from_created_at", "outbox_id", "since"),
        ),
        _NUMBER,
    ),
}
"""The schema of a field by its name; a name that is not here is a text."""

_PAGE = "page per_page"
_PATTERN = "title description is_share message website variable"
_CONTACT = "number phonebook_id pre name email options"

# Method and path as in the documents -> the fields of its query (GET) or of its body.
TAKES: Mapping[str, str] = {
    "POST /v1/api/acl/auth/login": "username password",
    "POST /v1/api/acl/auth/send_sms_otp": "token",
    "POST /v1/api/acl/auth/confirm_otp": "token otp",
    "POST /v1/api/acl/auth/forgot_password": "username mobile",
    "POST /v1/api/acl/auth/change_password_by_token": "token otp password",
    "POST /v1/api/send": "sending_type from_number message params send_time code recipients files "
    "other_recipients phonebook",
    "GET /v1/api/send/webservice": "from to message apikey username password",
    "POST /v1/api/send/webservice": "from to message apikey username password",
    "POST /v1/api/send/cancel": "message_outbox_id",
    "POST /v1/api/send/calculate-price": "number message",
    "GET /v1/api/send/banks/counties": "province_id",
    "GET /v1/api/send/banks/cities": "county_id",
    "GET /v1/api/send/banks/counts": "province_id county_id city_id birth_year_from birth_year_to gender_id "
    "number_prefix",
    "GET /v1/api/send/jobs/sub-categories": "main_category_id",
    "GET /v1/api/send/jobs/number-count": "main_category_id sub_category_id operator_id start size",
    "POST /v1/api/report/new_list": "page limit filters",
    "GET /v1/api/report/by_bulk": "messages_outbox_id",
    "GET /v1/api/report/bulk_stats": "bulk_id",
    "GET /v1/api/report/recipients": f"bulk_id {_PAGE}",
    "POST /v1/api/report/messages-inbox": f"{_PAGE} filters",
    "GET /v1/api/number/numbers": _PAGE,
    "POST /v1/api/numbers/assign": "number_id number target_user_id target_user send gets",
    "POST /v1/api/numbers/unassign": "number_id number target_user_id target_user",
    "GET /v1/api/user/parents_tree": "user_id",
    "GET /v1/api/user/list": f"{_PAGE} username name add_status national_id acl_role_id tell mobile is_reseller "
    f"document_block "
    "created_from created_to expire_from expire_to is_bought_panel login_status sub_reseller",
    "GET /v1/api/acl/package/list": _PAGE,
    "POST /v1/api/ticket": "subject category_id description sms_notification file",
    "GET /v1/api/ticket": f"{_PAGE} username ticket_id category_id sub_category_id state_id",
    "GET /v1/api/ticket/show": "ticket_id",
    "POST /v1/api/ticket/interaction": "ticket_id description file",
    "POST /v1/api/user/draft/group": "title",
    "PUT /v1/api/user/draft/group": "draft_group_id title",
    "POST /v1/api/user/draft/group/delete": "draft_group_id",
    "GET /v1/api/user/draft/group/list": _PAGE,
    "POST /v1/api/user/draft": "draft_group_id message",
    "PUT /v1/api/user/draft": "draft_id message",
    "POST /v1/api/user/draft/delete": "draft_ids",
    "GET /v1/api/user/draft/list": f"{_PAGE} draft_group_id",
    "POST /v1/api/patterns/normal": _PATTERN,
    "PUT /v1/api/patterns/normal/{code}": _PATTERN,
    "GET /v1/api/patterns": f"{_PAGE} filter[code] filter[title] filter[is_share] filter[state] filter[type]",
    "GET /v1/api/phonebooks/list-new": f"{_PAGE} title id",
    "POST /v1/api/phonebooks": "title options",
    "PUT /v1/api/phonebooks/{id}": "title options",
    "POST /v1/api/phonebooks/delete-list": "listPhonebooks",
    "POST /v1/api/phonebooks/{id}/import": "file",
    "POST /v1/api/phonebooks/numbers/add-list-new": "list",
    "POST /v1/api/phonebooks/numbers/delete-list": "listNumbers",
    "GET /v1/api/phonebooks/numbers/contact-list": f"{_PAGE} from_created_at number phonebook_title phonebook_id",
    "GET /v1/api/phonebooks/numbers/contact-list/export": "from_created_at number phonebook_title phonebook_id",
    "PUT /v1/api/phonebooks/numbers/update-new/{id}": _CONTACT,
    "POST /v1/api/phonebooks/options": "type title",
    "GET /v1/api/phonebooks/options/list-new": f"{_PAGE} type title",
    "PUT /v1/api/phonebooks/options/{id}": "title",
    "POST /v1/api/phonebooks/options/delete-list": "listOptions",
    "POST /v1/messages": "originator recipients message",
    "POST /v1/messages/patterns": "pattern description is_shared",
    "POST /v1/messages/patterns/send": "pattern_code originator recipient values",
    "GET /v1/messages/inbox": "page limit",
    "GET /v1/messages/{bulk_id}/recipients": "page limit",
    "POST /api/v1/sms/send/webservice/single": "sender recipient message",
    "POST /api/v1/sms/pattern/normal/send": "code sender recipient variable",
    "POST /api/v1/sms/pattern/normal/store": "pattern description delimiter variable is_shared",
    "GET /api/v1/sms/message/all": "message_id",
    "GET /api/v1/sms/message/show-recipient/message-id/{bulk_id}": _PAGE,
    "GET /api/v1/inbox": _PAGE,
    "GET /_sandbox/messages": "recipient text sender since outbox_id offset limit",
    "GET /_sandbox/messages/wait": "count timeout recipient text sender",
    "POST /_sandbox/inbox": "from number message",
    "POST /_sandbox/clock": "advance speed pace",
    "POST /_sandbox/faults": "match fault times after probability seconds status retry_after accept state_id "
    "message_status",
    "POST /_sandbox/account": "credit lines duplicate_guard name",
    "POST /_sandbox/patterns/{code}/reject": "comment",
    "POST /_sandbox/bulks/{id}": "state_id message_status",
    "POST /_sandbox/phonebooks": "title options contacts",
    "POST /_sandbox/blacklist": "number send receive",
}
