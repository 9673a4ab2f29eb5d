"""What a send is answered with, and what one costs (API: send)."""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, Field

from ippanel_provider.client.models.base import Model


class Receipt(Model):
    """What a send is answered with: one id per bulk (per message of a peer-to-peer send)."""

    outbox_ids: Annotated[
        tuple[Annotated[int, Field(gt=0)], ...],
        Field(min_length=1, validation_alias=AliasChoices("message_outbox_ids", "outbox_ids")),
    ]


class Price(Model):
    """What a text to one recipient costs, in rial, by operator, and its parts (API: send, calculate_price)."""

    mci_price: float
    other_price: float
    parts: int
