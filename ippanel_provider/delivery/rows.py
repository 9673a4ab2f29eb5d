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


class RowTemplate:
    """A template rendered once for each of many records; several times as fast as rendering it anew each time.

    :raises InvalidInput: if the template is broken.
    """

    def __init__(self, source: str) -> None:
        try:
            template = _ENVIRONMENT.from_string(source)
        except TemplateError as error:
            raise InvalidInput(f"row_message: {error}") from None
        self._root = template.root_render_func
        self._context = template.new_context()
        self._globals = dict(self._context.parent)

    def render(self, record: Mapping[str, Any]) -> str:
        """Return the text; ``row`` and every column are its variables."""
        # Making a context costs three times as much as a usual text, so one serves all, without what a text before has set.
        self._context.vars.clear()
        self._context.exported_vars.clear()
        self._context.parent = {**self._globals, **record, "row": record}
        return _ENVIRONMENT.concat(self._root(self._context))


def rendered(records: Iterable[Mapping[str, Any]], template: str, recipient_column: str) -> Iterator[Row]:
    """Yield each record with the text that ``template`` makes of it; ``row`` and every column are its variables.

    :raises InvalidInput: if the template is broken, or the records have no such column.
    """
    compiled = RowTemplate(template)
    for line, record in enumerate(records, start=1):
        if recipient_column not in record:
            raise InvalidInput(f"recipient_column: the rows have no column {recipient_column!r}, only {', '.join(map(repr, record))}")
        recipient = record[recipient_column]
        try:
            yield Row(line, recipient, compiled.render(record))
        except _Empty:
            yield Row(line, recipient, "", "a column that its text needs is empty")
        except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
            yield Row(line, recipient, "", f"its text cannot be made ({type(error).__name__})")
