"""API: pattern. Texts with variables that a person approves; what was created or changed is ``pending`` until then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from ippanel_provider.client import validation as checks
from ippanel_provider.client._fields import PAGE_SIZE, body, listing, spelled
from ippanel_provider.client.errors import InvalidInput
from ippanel_provider.client.models import Pattern
from ippanel_provider.client.requests import PageRequest, Replay, Request
from ippanel_provider.client.responses import reading, reading_nothing
from ippanel_provider.service import (
    MAX_PATTERN_DESCRIPTION,
    MAX_PATTERN_PAGE_SIZE,
    MAX_PATTERN_TITLE,
    MAX_PATTERN_VARIABLE_NAME,
    MAX_PATTERN_VARIABLES,
)

VariableType = Literal["string", "integer"]
_VARIABLE_TYPES = ("string", "integer")
_STATES = ("active", "inactive", "pending")
_KINDS = ("normal", "systemic")


def create(
    message: str,
    *,
    description: str,
    variables: Mapping[str, VariableType] | None = None,
    title: str | None = None,
    is_share: bool = False,
    website: str | None = None,
) -> Request[Pattern]:
    """Hand in a pattern for approval.

    Each of the ``variables`` stands in ``message`` as ``%name%``: at most 30, of names of at most 50 characters.
    ``description`` is for the person who approves it. ``is_share`` lets the users under a reseller send it.

    :raises InvalidInput: naming the field; nothing was sent.
    """
    fields = _fields(message, description, variables, title, is_share, website)
    return Request(
        "pattern.create", "POST", "/api/patterns/normal", reading(Pattern), body=fields, replay=Replay.IF_NOT_SENT
    )


def list(
    *,
    page: int = 1,
    per_page: int = PAGE_SIZE,
    code: str | None = None,
    title: str | None = None,
    is_share: bool | None = None,
    state: Literal["active", "inactive", "pending"] | None = None,
    kind: Literal["normal", "systemic"] | None = None,
) -> PageRequest[Pattern]:
    """List patterns, at most 100 a page; all filters are optional and hold together."""
    filters = {
        "filter[code]": code,
        "filter[title]": title,
        "filter[is_share]": spelled(is_share, "is_share", "true", "false"),
        "filter[state]": None if state is None else checks.one_of(state, _STATES, "state"),
        "filter[type]": None if kind is None else checks.one_of(kind, _KINDS, "kind"),
    }
    return listing("pattern.list", "/api/patterns", Pattern, page, per_page, filters, most=MAX_PATTERN_PAGE_SIZE)


def get(code: str) -> Request[Pattern]:
    """One pattern by its code.

    :raises NotFound: there is none.
    """
    return Request("pattern.get", "GET", f"/api/patterns/{checks.in_path(code, 'code')}", reading(Pattern))


def update(
    code: str,
    message: str,
    *,
    description: str,
    variables: Mapping[str, VariableType] | None = None,
    title: str | None = None,
    is_share: bool = False,
    website: str | None = None,
) -> Request[Pattern]:
    """Replace a pattern; the new one waits for approval again. Fields as in :func:`create`.

    :raises InvalidInput: naming the field; nothing was sent.
    :raises NotFound: there is none.
    """
    fields = _fields(message, description, variables, title, is_share, website)
    return Request(
        "pattern.update", "PUT", f"/api/patterns/normal/{checks.in_path(code, 'code')}", reading(Pattern), body=fields
    )


def delete(code: str) -> Request[None]:
    """Delete a pattern.

    :raises NotFound: there is none (also where a first answer was lost and the call repeated).
    """
    return Request("pattern.delete", "DELETE", f"/api/patterns/normal/{checks.in_path(code, 'code')}", reading_nothing)


def _fields(
    message: str,
    description: str,
    variables: Mapping[str, VariableType] | None,
    title: str | None,
    is_share: bool,
    website: str | None,
) -> bytes:
    return body(
        title=title and checks.short(title, MAX_PATTERN_TITLE, "title"),
        description=checks.short(description, MAX_PATTERN_DESCRIPTION, "description"),
        is_share=checks.flag(is_share, "is_share"),
        message=checks.text(message),
        website=website,
        variable=_variables(message, variables or {}),
    )


def _variables(message: str, variables: Mapping[str, VariableType]) -> tuple[dict[str, str], ...]:
    if len(variables) > MAX_PATTERN_VARIABLES:
        raise InvalidInput(f"variables: {len(variables)} are too many; at most {MAX_PATTERN_VARIABLES} are taken")
    for name, kind in variables.items():
        checks.short(name, MAX_PATTERN_VARIABLE_NAME, "variables")
        checks.one_of(kind, _VARIABLE_TYPES, f"variables[{name}]")
        if f"%{name}%" not in message:
            raise InvalidInput(f"variables[{name}]: the message does not hold %{name}%")
    return tuple({"name": name, "type": kind} for name, kind in variables.items())
