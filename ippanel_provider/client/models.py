"""What the service answers, as typed values (API: limits and formats).

The service writes one thing in several ways: ids and counts as numbers or texts, booleans in four spellings, times as
epoch seconds. Here they are one type each, and a field the service leaves out is None. Fields not named here are kept
as they came. A model shows itself without numbers and texts.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field

from ippanel_provider.service import BulkState, DeliveryStatus
from ippanel_provider.text.numbers import mask

Text = Annotated[str, Field(repr=False)]
"""A text of a message; never shown."""


class Masked(str):
    """A phone number whose repr is masked; in every other way a str."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(mask(str(self)))


Number = Annotated[str, AfterValidator(Masked)]
"""A phone number or line as the service writes it."""


def _blank_is_none(value: Any) -> Any:
    return None if value == "" else value


Moment = Annotated[datetime | None, BeforeValidator(_blank_is_none)]
"""A time in UTC, from epoch seconds in either spelling or an ISO text."""
Count = Annotated[int | None, BeforeValidator(_blank_is_none)]


class Model(BaseModel):
    """Base of all results: frozen, and keeps what it does not know."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)

    def __repr_args__(self) -> Any:
        # Fields the documents do not name could hold anything, so they are not shown.
        return [(name, value) for name, value in super().__repr_args__() if name in type(self).model_fields]


class Receipt(Model):
    """What a send is answered with: one id per bulk (per message of a peer-to-peer send)."""

    outbox_ids: Annotated[tuple[int, ...], Field(min_length=1, validation_alias=AliasChoices("message_outbox_ids", "outbox_ids"))]


class Account(Model):
    """Who a credential belongs to (API: auth, check_token)."""

    user_name: str
    user_id: int
    name: str | None = None
    is_reseller: bool | None = None
    document_block: bool | None = None
    send_block: bool | None = None


class LoginStep(Model):
    """Where a login stands (API: auth).

    ``login``: ``token`` is the credential, for 10 hours. ``sms`` and ``ga``: it only serves to confirm the code that
    was texted, or that the authenticator shows, within 6 minutes.
    """

    method: Literal["ga", "sms", "login"]
    token: Annotated[str, Field(min_length=1, repr=False)]


class RecoveryStep(Model):
    """What a forgotten password is replaced with, together with the code texted, within 2 minutes (API: auth)."""

    token: Annotated[str, Field(min_length=1, repr=False)]


class Bulk(Model):
    """One accepted text with its recipients (API: report)."""

    outbox_id: Annotated[int, Field(validation_alias=AliasChoices("messages_outbox_id", "outbox_id"))]
    state: Annotated[BulkState, Field(validation_alias=AliasChoices("state_id"))]
    sender: Annotated[str | None, Field(validation_alias=AliasChoices("number", "sender"))] = None
    type: str | None = None
    message: Annotated[str | None, Field(repr=False)] = None
    created_at: Annotated[Moment, Field(validation_alias=AliasChoices("time", "created_at"))] = None
    send_at: Annotated[Moment, Field(validation_alias=AliasChoices("time_send", "send_at"))] = None
    recipients_count: Annotated[Count, Field(validation_alias=AliasChoices("rcpts_count", "recipients_count"))] = None
    exit_count: Count = None
    parts: Annotated[Count, Field(validation_alias=AliasChoices("part", "parts"))] = None
    cost: float | None = None
    reject_comment: str | None = None


class Delivery(Model):
    """What became of one recipient of a bulk (API: report, recipients)."""

    recipient: Number
    status: Annotated[DeliveryStatus | None, Field(validation_alias=AliasChoices("message_status", "status"))] = None
    message: Annotated[str | None, Field(repr=False)] = None
    parts: Annotated[Count, Field(validation_alias=AliasChoices("msg_parts", "parts"))] = None


class InboxMessage(Model):
    """A text somebody sent to one of the account's lines (API: report, inbox)."""

    inbox_id: Annotated[int, Field(validation_alias=AliasChoices("messages_inbox_id", "inbox_id"))]
    sender: Annotated[Number, Field(validation_alias=AliasChoices("from", "sender"))]
    line: Annotated[str, Field(validation_alias=AliasChoices("number", "line"))]
    message: Text
    received_at: Annotated[Moment, Field(validation_alias=AliasChoices("time", "received_at"))] = None
    type: str | None = None
    seen: bool | None = None


class Credit(Model):
    """The money on the account, in rial (API: payment)."""

    credit: float
    yesterday_credit: float | None = None
    gift: float | None = None
    updated_at: Moment = None


class Price(Model):
    """What a text to one recipient costs, in rial, by operator, and its parts (API: send, calculate_price)."""

    mci_price: float
    other_price: float
    parts: int
