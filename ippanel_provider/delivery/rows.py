"""From records with columns to rows with a text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ippanel_provider.client import InvalidInput
from ippanel_provider.delivery.audience import Row


class _Empty(Exception):
    """A value that the text needs is NULL."""


def _refuse_none(value: Any) -> Any:
    # Without this a NULL name greets the customer as "None".
    if value is None:
        raise _Empty
    return value


_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined, finalize=_refuse_none, autoescape=False)


def rendered(records: Iterable[Mapping[str, Any]], template: str, recipient_column: str) -> Iterator[Row]:
    """Yield each record with the text that ``template`` makes of it; ``row`` and every column are its variables.

    :raises InvalidInput: if the template is broken, or the records have no such column.
    """
    try:
        compiled = _ENVIRONMENT.from_string(template)
    except TemplateError as error:
        raise InvalidInput(f"row_message: {error}") from None
    for line, record in enumerate(records, start=1):
        if recipient_column not in record:
            raise InvalidInput(f"recipient_column: the rows have no column {recipient_column!r}, only {', '.join(map(repr, record))}")
        recipient = record[recipient_column]
        try:
            yield Row(line, recipient, compiled.render(record, row=record))
        except _Empty:
            yield Row(line, recipient, "", "a column that its text needs is empty")
        except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
            yield Row(line, recipient, "", f"its text cannot be made ({type(error).__name__})")
