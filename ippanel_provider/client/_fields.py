"""How the calls write their fields, and how a list is asked for page by page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import PydanticSerializationError, to_json

from ippanel_provider.client import validation as checks
from ippanel_provider.client.errors import InvalidInput
from ippanel_provider.client.requests import PageRequest, T
from ippanel_provider.client.responses import reading_page
from ippanel_provider.client.validation import Id
from ippanel_provider.service import MAX_PAGE_SIZE

PAGE_SIZE = 100
"""Items a page where the caller does not say; the largest that every list takes."""
_MAX_PAGE = 2**31 - 1

Pairs = tuple[tuple[str, str], ...]


def pairs(**fields: Any) -> Pairs:
    """Return fields as texts, for a query or a form. One that is not used is left out, never sent empty."""
    return tuple(
        (name, checks.whole(str(value), name)) for name, value in fields.items() if value is not None and value != ""
    )


def given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


def body(**fields: Any) -> bytes:
    """Return the fields that are not None as JSON."""
    try:
        return to_json(given(fields))
    except PydanticSerializationError:
        # Its own message shows the value.
        raise InvalidInput(f"{', '.join(fields)}: a value in there cannot be written as JSON") from None


def option_values(options: Mapping[Id, Any] | None, field: str) -> dict[str, Any] | None:
    """Return a contact's values by the ids of their options, which the documents write as texts; None where there are
    none.
    """
    if options is not None and not isinstance(options, Mapping):
        raise InvalidInput(f"{field}: give a mapping of the ids of options to values")
    return {str(checks.identifier(option, field)): value for option, value in options.items()} if options else None


def spelled(flag: bool | None, field: str, yes: str = "1", no: str = "0") -> str | None:
    """Return a flag as a query writes it; None stays None."""
    return None if flag is None else yes if checks.flag(flag, field) else no


def page_bounds(page: int, per_page: int, most: int = MAX_PAGE_SIZE) -> None:
    """Refuse a page, counted from 1, or a size of it that the service does not have."""
    checks.between(page, 1, _MAX_PAGE, "page")
    checks.between(per_page, 1, most, "per_page")


def listing(
    operation: str,
    path: str,
    item: type[T],
    page: int,
    per_page: int,
    filters: Mapping[str, Any] | None = None,
    *,
    most: int = MAX_PAGE_SIZE,
    alternates: Sequence[tuple[str, str]] = (),
) -> PageRequest[T]:
    """Return the request of one page of a list that is asked for by GET."""
    page_bounds(page, per_page, most)
    fields = dict(filters or {})
    return PageRequest(
        operation,
        "GET",
        path,
        reading_page(item, page, per_page),
        query=pairs(page=page, per_page=per_page, **fields),
        alternates=tuple(alternates),
        number=page,
        turn=lambda number: listing(operation, path, item, number, per_page, fields, most=most, alternates=alternates),
    )
