"""What became of what was sent, and what came in (API: report)."""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field

from ippanel_provider.client.models.base import Code, Count, Flag, Model, Moment, Number, Text
from ippanel_provider.service import BulkState, DeliveryStatus


class Bulk(Model):
    """One accepted text with its recipients."""

    outbox_id: Annotated[int, Field(validation_alias=AliasChoices("messages_outbox_id", "outbox_id"))]
    state: Annotated[BulkState, Code, Field(validation_alias=AliasChoices("state_id"))]
    sender: Annotated[str | None, Field(validation_alias=AliasChoices("number", "sender"))] = None
    type: str | None = None
    message: Annotated[str | None, Field(repr=False)] = None
    created_at: Annotated[Moment, Field(validation_alias=AliasChoices("time", "created_at"))] = None
    send_at: Annotated[Moment, Field(validation_alias=AliasChoices("time_send", "send_at"))] = None
    recipients_count: Annotated[Count, Field(validation_alias=AliasChoices("rcpts_count", "recipients_count"))] = None
    exit_count: Count = None
    parts: Annotated[Count, Field(validation_alias=AliasChoices("part", "parts"))] = None
    cost: float | None = None
    returned: Annotated[float | None, Field(validation_alias=AliasChoices("return", "returned"))] = None
    """Rial that were given back; only one bulk alone tells it."""
    reject_comment: str | None = None


# PHP writes an empty object as an empty list.
Tally = Annotated[dict[str, dict[str, int]] | None, BeforeValidator(lambda value: {} if value == [] else value)]
"""Recipients by operator (``mci``, ``irancell``) and language of the text (``fa``, ``en``)."""


class BulkStats(Model):
    """How many recipients of a bulk are where, by operator and language (API: report, bulk_stats)."""

    pending: Annotated[Tally, Field(validation_alias=AliasChoices("operators_pending", "pending"))] = None
    sent: Annotated[Tally, Field(validation_alias=AliasChoices("operators_sent", "sent"))] = None
    delivered: Annotated[Tally, Field(validation_alias=AliasChoices("operators_delivered", "delivered"))] = None
    failed: Annotated[Tally, Field(validation_alias=AliasChoices("operators_failed", "failed"))] = None
    blacklist: Annotated[Tally, Field(validation_alias=AliasChoices("operators_blacklist", "blacklist"))] = None


class Delivery(Model):
    """What became of one recipient of a bulk (API: report, recipients)."""

    recipient: Number
    status: Annotated[DeliveryStatus | None, Code, Field(validation_alias=AliasChoices("message_status", "status"))] = (
        None
    )
    message: Annotated[str | None, Field(repr=False)] = None
    parts: Annotated[Count, Field(validation_alias=AliasChoices("msg_parts", "parts"))] = None


class IncomingText(Model):
    """A text somebody sent to one of the account's lines, as both APIs tell it."""

    sender: Annotated[Number, Field(validation_alias=AliasChoices("from", "sender"))]
    line: Annotated[str, Field(validation_alias=AliasChoices("number", "line"))]
    message: Text
    received_at: Annotated[Moment, Field(validation_alias=AliasChoices("time", "received_at"))] = None
    type: str | None = None


class InboxMessage(IncomingText):
    """The same with the id that the next question can start from (API: report, inbox)."""

    inbox_id: Annotated[int, Field(validation_alias=AliasChoices("messages_inbox_id", "inbox_id"))]
    seen: Flag = None
