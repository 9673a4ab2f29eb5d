"""From records with columns to rows with a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ippanel_provider.campaign.audience import Row
from ippanel_provider.client import InvalidInput
from ippanel_provider.extras import need
from ippanel_provider.tables.records import Record

_NUMBERLIKE = re.compile(r"(?:\d\D?){7}")
_COLUMNS_SHOWN = 30


def rendered(records: Iterable[Record], template: str, recipient_column: str) -> Iterator[Row]:
    """Yield each record with the text that ``template`` makes of it; ``row`` and every column are its variables.

    :raises InvalidInput: if the template is broken, or the records have no such column.
    """
    # Where a text is the same for all, Jinja need not be there: it is no need of the client and its command line.
    need("jinja2", "airflow")
    from ippanel_provider.tables.row_template import RowTemplate

    compiled = RowTemplate(template)
    for record in _with_recipient(records, recipient_column):
        recipient = record.values.get(recipient_column)
        text, problem = ("", record.problem) if record.problem else compiled.text(record.values)
        yield Row(record.line, recipient, text, problem)


def addressed(records: Iterable[Record], text: str, recipient_column: str) -> Iterator[Row]:
    """Yield each record's recipient with one text for all.

    :raises InvalidInput: if the records have no such column.
    """
    for record in _with_recipient(records, recipient_column):
        yield Row(record.line, record.values.get(recipient_column), text, record.problem)


def _with_recipient(records: Iterable[Record], column: str) -> Iterator[Record]:
    """A first record without the column is a mistake of whoever names it; a later one is a row like any other bad
    one."""
    is_first = True
    for record in records:
        if record.problem or column in record.values:
            is_first = is_first and bool(record.problem)
            yield record
        elif is_first:
            raise InvalidInput(f"recipient_column: the rows have no column {column!r}{_instead(record.values)}")
        else:
            yield record._replace(problem=f"it has no {column!r}")


def _instead(values: Mapping[str, Any]) -> str:
    """Name the columns there are, unless they look like data: a file without a header has a person in its first
    line."""
    if any(_NUMBERLIKE.search(str(name)) for name in values):
        return "; what stands where the names of columns should looks like a number, so the header seems to be missing"
    names = [repr(name) for name in values]
    shown = ", ".join(names[:_COLUMNS_SHOWN])
    return f", only {shown}{' and others' if len(names) > _COLUMNS_SHOWN else ''}"
