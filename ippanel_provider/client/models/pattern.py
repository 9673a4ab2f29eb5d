"""Texts with variables that a person has approved (API: pattern)."""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field

from ippanel_provider.client.models.base import Count, Flag, Model, Moment, PatternCode, Word


class PatternVariable(Model):
    """A variable of a pattern; ``type`` is ``string`` or ``integer``."""

    name: str
    type: str
    length: Annotated[Count, Field(validation_alias=AliasChoices("len", "length"))] = None


class Pattern(Model):
    """A pattern. Only an ``active`` one can be sent; ``pending`` waits for a person, ``inactive`` was rejected."""

    code: Annotated[PatternCode, Field(validation_alias=AliasChoices("pattern_code", "code"))]
    status: Annotated[Word, Field(validation_alias=AliasChoices("pattern_status", "status"))]
    message: Annotated[str | None, Field(repr=False, validation_alias=AliasChoices("pattern_message", "message"))] = (
        None
    )
    title: str | None = None
    description: Annotated[str | None, Field(validation_alias=AliasChoices("pattern_description", "description"))] = (
        None
    )
    website: str | None = None
    is_share: Annotated[Flag, Field(validation_alias=AliasChoices("pattern_is_share", "is_share"))] = None
    variables: Annotated[
        tuple[PatternVariable, ...],
        BeforeValidator(lambda value: value or ()),
        Field(validation_alias=AliasChoices("variable", "variables")),
    ] = ()
    admin_comment: str | None = None
    """What the person who reviewed it says; the reason of a rejection stands here or in ``reject_text``."""
    reject_text: str | None = None
    kind: Annotated[str | None, Field(validation_alias=AliasChoices("pattern_type", "kind"))] = None
    """``normal`` or ``systemic``."""
    created_at: Annotated[Moment, Field(validation_alias=AliasChoices("time", "created_at"))] = None
    updated_at: Moment = None

    @property
    def is_active(self) -> bool:
        """Whether it can be sent now."""
        return self.status == "active"
