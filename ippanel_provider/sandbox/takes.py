"""The fields that a call takes, as its route declares them: from these it is described, and mostly checked.

A schema says what a field looks like when it is right. The document marks fields that no call goes through
without; what is wrong with them handlers say in the service's own words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ippanel_provider.service import BulkState, DeliveryStatus

Schema = Mapping[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer"}
FIGURE: Schema = {"type": "number"}
FLAG: Schema = {"type": "boolean"}
LINE: Schema = {"type": "string", "examples": ["+983000505", "+98BANK"]}
RECIPIENT: Schema = {"type": "string", "pattern": r"^\+989[0-9]{9}$", "examples": ["+989120000000"]}
RECIPIENTS: Schema = {"type": "array", "items": RECIPIENT}
NUMBERS: Schema = {"type": "array", "items": NUMBER}
VALUES: Schema = {"type": "object", "additionalProperties": {"type": ["string", "integer"]}}
FILE: Schema = {"type": "string", "format": "binary"}
MOMENT: Schema = {
    "type": "string",
    "pattern": r"^20[0-9]{2}-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-5][0-9]$",
}

STATE: Schema = {"type": "integer", "enum": [int(state) for state in BulkState]}
STATUS: Schema = {"type": "integer", "enum": [int(status) for status in DeliveryStatus]}


def choice(*values: object) -> Schema:
    """One of these."""
    return {"enum": list(values)}


def shape(**properties: Schema) -> Schema:
    """An object."""
    return {"type": "object", "properties": properties}


def many(**properties: Schema) -> Schema:
    """A list of objects."""
    return {"type": "array", "items": shape(**properties)}


@dataclass(frozen=True)
class Field:
    """One field of the query or the body. This kind is looked at by the handler alone."""

    name: str
    schema: Schema = field(default_factory=lambda: TEXT)
    required: bool = False
    """Whether the call is refused without it, whatever else is given."""


def fields(names: str, schema: Schema = TEXT, *, required: bool = False) -> tuple[Field, ...]:
    """Several of one schema."""
    return tuple(Field(name, schema, required) for name in names.split())


PAGES = fields("page per_page", NUMBER)
