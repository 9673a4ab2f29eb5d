"""API: legacy REST, all of its calls. Run them on a client of :attr:`ippanel_provider.service.Api.REST`.

Results are those of the Edge API where both tell the same. The service counts pages from 0; here they count from 1,
as everywhere. There is no call to schedule, cancel, price or list what was sent.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, BeforeValidator, Field, model_validator

from ippanel_provider.client import validation as checks
from ippanel_provider.client._fields import PAGE_SIZE, Pairs, body, page_bounds, pairs
from ippanel_provider.client._rest_envelope import reading, reading_page
from ippanel_provider.client.models import Account, Bulk, Credit, Delivery, IncomingText, Model, Number, Receipt
from ippanel_provider.client.models.base import PatternCode, Word
from ippanel_provider.client.requests import PageRequest, Replay, Request
from ippanel_provider.service import MAX_RECIPIENTS_PER_REQUEST, Api, DeliveryStatus, LegacyStatus, legacy_bulk_state
from ippanel_provider.tracebacks import make_discreet


class RestUser(Account):
    """Who a key belongs to."""

    user_id: Annotated[int, Field(validation_alias=AliasChoices("id", "user_id"))]
    user_name: Annotated[str, Field(validation_alias=AliasChoices("username", "user_name"))]
    email: Annotated[str | None, Field(repr=False)] = None
    mobile: Number | None = None
    status: Word | None = None


class RestPattern(Model):
    """A pattern as it stands after it was handed in; a person has to approve it."""

    code: PatternCode
    status: Word | None = None
    message: Annotated[str | None, Field(repr=False)] = None
    is_shared: bool | None = None


class RestBulk(Bulk):
    """A bulk in the words of this API: ``status`` and ``confirm_state`` as they came, ``state`` as they are
    understood."""

    status: Word | None = None
    confirm_state: Word | None = None
    valid_recipients_count: int | None = None
    payback_cost: float | None = None
    description: Annotated[str | None, Field(repr=False)] = None

    @model_validator(mode="before")
    @classmethod
    def _in_common_terms(cls, said: Any) -> Any:
        if not isinstance(said, dict) or "bulk_id" not in said:
            return said
        names = {"bulk_id": "outbox_id", "number": "sender", "sent_at": "send_at", "page": "parts"}
        common = {names.get(name, name): value for name, value in said.items()}
        return common | {"state": legacy_bulk_state(said.get("status"), said.get("confirm_state"))}


class RestDelivery(Delivery):
    """What became of one recipient; ``legacy_status`` is the word of this API."""

    legacy_status: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _in_common_terms(cls, said: Any) -> Any:
        word = said.get("status") if isinstance(said, dict) else None
        return {**said, "status": _delivery_status(word), "legacy_status": word} if isinstance(word, str) else said


def _delivery_status(word: str) -> DeliveryStatus | None:
    # A word the documents do not have counts as not known, and so as not final.
    try:
        return LegacyStatus(word).delivery_status
    except ValueError:
        return None


# Where a list is empty, services of this make write null.
_Nulls = BeforeValidator(lambda value: [] if value is None else value)


class _User(BaseModel):
    user: RestUser


class _Sent(BaseModel):
    bulk_id: Annotated[int, Field(gt=0)]


class _Pattern(BaseModel):
    pattern: RestPattern


class _Message(BaseModel):
    message: RestBulk


class _Recipients(BaseModel):
    recipients: Annotated[list[RestDelivery], _Nulls]


class _Messages(BaseModel):
    messages: Annotated[list[IncomingText], _Nulls]


def user() -> Request[RestUser]:
    """Who the key belongs to."""
    return Request("rest.user", "GET", "/user", reading(_User, lambda data: data.user), api=Api.REST)


def credit() -> Request[Credit]:
    """The account's credit in rial."""
    return Request("rest.credit", "GET", "/credit", reading(Credit, lambda data: data), api=Api.REST)


def send(message: str, recipients: Iterable[str | int], *, sender: str) -> Request[Receipt]:
    """Send one text to 1 to 1000 recipients at once; one bulk.

    The documents give no limit for the recipients; that of the Edge API is the safe reading.

    :raises InvalidInput: naming the field; nothing was sent.
    """
    return _send(
        "rest.send",
        "/messages",
        originator=checks.sender(sender),
        recipients=checks.recipients(recipients, most=MAX_RECIPIENTS_PER_REQUEST),
        message=checks.text(message),
    )


def send_pattern(
    code: str, recipient: str | int, variables: Mapping[str, str | int] | None = None, *, sender: str
) -> Request[Receipt]:
    """Send an approved pattern to one recipient with the values of its variables; one bulk.

    The service takes texts as values only, so whole numbers go out as their digits.

    :raises InvalidInput: naming the field; nothing was sent.
    """
    return _send(
        "rest.send_pattern",
        "/messages/patterns/send",
        pattern_code=checks.present(code, "code"),
        originator=checks.sender(sender),
        recipient=checks.recipient(recipient),
        values={name: str(value) for name, value in checks.variables(variables).items()},
    )


def create_pattern(message: str, *, description: str | None = None, is_shared: bool = False) -> Request[RestPattern]:
    """Hand in a pattern, its variables written as ``%name%``. It can be sent once a person has approved it."""
    return Request(
        "rest.create_pattern",
        "POST",
        "/messages/patterns",
        reading(_Pattern, lambda data: data.pattern),
        body=body(pattern=checks.text(message), description=description, is_shared=checks.flag(is_shared, "is_shared")),
        replay=Replay.IF_NOT_SENT,
        api=Api.REST,
    )


def message(bulk_id: checks.Id) -> Request[RestBulk]:
    """One bulk by its id, the one in the receipt of its send."""
    path = f"/messages/{checks.identifier(bulk_id, 'bulk_id')}"
    return Request("rest.message", "GET", path, reading(_Message, lambda data: data.message), api=Api.REST)


def recipients(bulk_id: checks.Id, *, page: int = 1, per_page: int = PAGE_SIZE) -> PageRequest[RestDelivery]:
    """List the recipients of a bulk with their delivery status."""
    return PageRequest(
        "rest.recipients",
        "GET",
        f"/messages/{checks.identifier(bulk_id, 'bulk_id')}/recipients",
        reading_page(_Recipients, lambda data: data.recipients, page, per_page),
        query=_paging(page, per_page),
        api=Api.REST,
        number=page,
        turn=lambda number: recipients(bulk_id, page=number, per_page=per_page),
    )


def inbox(*, page: int = 1, per_page: int = PAGE_SIZE) -> PageRequest[IncomingText]:
    """List the texts that came in on all lines of the account."""
    return PageRequest(
        "rest.inbox",
        "GET",
        "/messages/inbox",
        reading_page(_Messages, lambda data: data.messages, page, per_page),
        query=_paging(page, per_page),
        api=Api.REST,
        number=page,
        turn=lambda number: inbox(page=number, per_page=per_page),
    )


def _send(operation: str, path: str, **fields: Any) -> Request[Receipt]:
    read = reading(_Sent, lambda data: Receipt(outbox_ids=(data.bulk_id,)))
    return Request(operation, "POST", path, read, body=body(**fields), replay=Replay.IF_UNREACHED, api=Api.REST)


def _paging(page: int, per_page: int) -> Pairs:
    page_bounds(page, per_page)
    return pairs(page=page - 1, limit=per_page)


make_discreet(sys.modules[__name__])
