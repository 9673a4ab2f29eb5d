"""Whom a bank of numbers holds: places, genders, trades, and how many (API: bank)."""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, Field

from ippanel_provider.client.models.base import Count, Model


class BankEntry(Model):
    """A province, county, city or gender to choose recipients by."""

    id: int
    name: str


class JobCategory(Model):
    """A trade to choose recipients by; a sub-category names the main one it belongs to."""

    id: int
    name: str
    main_id: Count = None
    main_name: str | None = None


class BankCounts(Model):
    """How many numbers a choice holds, by operator."""

    mci: Annotated[int, Field(validation_alias=AliasChoices("mci_count", "mci"))]
    irancell: Annotated[int, Field(validation_alias=AliasChoices("irancell_count", "irancell"))]
    other: Annotated[int, Field(validation_alias=AliasChoices("other_count", "other"))]
