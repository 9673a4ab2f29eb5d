"""What all results have in common: how the service's several spellings of one thing become one type each."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from ippanel_provider.text.numbers import mask

Text = Annotated[str, Field(repr=False)]
"""A text of a message; never shown."""
Secret = Annotated[str, Field(min_length=1, repr=False)]
"""A credential; never shown."""


class Masked(str):
    """A phone number whose repr is masked; in every other way a str."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(mask(str(self)))


Number = Annotated[str, AfterValidator(Masked)]
"""A phone number or line as the service writes it."""

_WORD = re.compile(r"[A-Za-z]{1,20}(?:[ _-][A-Za-z]{1,20}){0,2}|\d{1,3}%?")


def _word(value: Any) -> Any:
    return value if value is None else word if _WORD.fullmatch(word := str(value).strip()) else "unknown"


Word = Annotated[str, BeforeValidator(_word)]
"""What the service calls a state: logs, events and results show it, so anything else it may have put there, as an echo,
is ``unknown``."""

PatternCode = Annotated[str, StringConstraints(pattern=r"^[\w.-]{1,64}$")]
"""What the service calls a pattern; it is shown as well."""


def _blank_is_none(value: Any) -> Any:
    return None if value == "" else value


def _moment(value: Any, parse: ValidatorFunctionWrapHandler) -> Any:
    # Zero stands for "never". The documents do not give the form of every time, and one that cannot be read must not
    # make a page unreadable, or a create that happened look as if it had not.
    if value in ("", "0", 0):
        return None
    try:
        parsed = parse(value)
    except ValueError:
        return None
    return parsed.replace(tzinfo=UTC) if isinstance(parsed, datetime) and parsed.tzinfo is None else parsed


Moment = Annotated[datetime | None, WrapValidator(_moment)]
"""A time in UTC, from epoch seconds in either spelling or an ISO text; None where there is none to be read."""
Count = Annotated[int | None, BeforeValidator(_blank_is_none)]
"""A whole number in either spelling."""
Flag = Annotated[bool | None, BeforeValidator(_blank_is_none)]
"""Yes or no, in any of the four spellings of the service."""


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdecimal() else value


# An enumeration by itself takes a text only for a number it has a name for.
Code = BeforeValidator(_number)
"""Lets the number of an enumeration come in either spelling, also one without a name."""


class Model(BaseModel):
    """Base of all results: frozen, and keeps what it does not know."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True, coerce_numbers_to_str=True)

    def model_post_init(self, _context: Any) -> None:
        """Drop what the service calls as we call something else: a bulk's ``state`` in words is no ``state_id``."""
        for name in (self.__pydantic_extra__ or {}).keys() & type(self).model_fields.keys():
            del (self.__pydantic_extra__ or {})[name]

    def __repr_args__(self) -> Any:
        # Fields the documents do not name could hold anything, so they are not shown.
        return [(name, value) for name, value in super().__repr_args__() if name in type(self).model_fields]
