"""From records with columns to rows with a text."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from ippanel_provider.campaign.audience import Row
from ippanel_provider.client import InvalidInput
from ippanel_provider.extras import need
from ippanel_provider.tables.records import Record
from ippanel_provider.tables.values import NO_NULLS
from ippanel_provider.text.letters import fold

_NUMBERLIKE = re.compile(r"(?:\d\D?){7}")
_BETWEEN = re.compile(r"[;\t|,]")
_COLUMNS_SHOWN = 30
_LOOKED_AT = 1000
"""Records among which a column has to be seen once: those of JSON lines need not all have all of them."""


def rendered(
    records: Iterable[Record],
    template: str,
    recipient_column: str,
    nulls: Collection[str] = NO_NULLS,
    key_column: str | None = None,
) -> Iterator[Row]:
    """Yield each record with the text that ``template`` makes of it; ``row`` and every column are its variables.

    :param nulls: texts of cells that stand for nothing, as ``NULL``
    :param key_column: the column with the row's key, where it is wanted
    :raises InvalidInput: before the first row, if the template is broken, or needs a column that no record has.
    """
    # Where a text is the same for all, Jinja need not be there: it is no need of the client and its command line.
    need("jinja2", "airflow")
    from ippanel_provider.tables.row_template import RowTemplate

    compiled = RowTemplate(template, nulls)
    needed = {recipient_column: "recipient_column"} | dict.fromkeys(sorted(compiled.required), "row_message")
    for record in _with_columns(records, needed | _given(recipient_column, key_column)):
        line, values, problem = record
        key = None if key_column is None else values.get(key_column)
        if problem or recipient_column not in values:
            yield Row(line, *_recipient(record, recipient_column), key=key)
        else:
            text, problem = compiled.text(values)
            yield Row(line, values[recipient_column], text, problem, None, compiled.fallbacks, key)


def addressed(
    records: Iterable[Record], text: str, recipient_column: str, key_column: str | None = None
) -> Iterator[Row]:
    """Yield each record's recipient with one text for all.

    :param key_column: the column with the row's key, where it is wanted
    :raises InvalidInput: before the first row, if no record has such a column.
    """
    for record in _with_columns(records, _given(recipient_column, key_column)):
        recipient, _, problem = _recipient(record, recipient_column)
        key = None if key_column is None else record.values.get(key_column)
        yield Row(record.line, recipient, text, problem, key=key)


def _given(recipient_column: str, key_column: str | None) -> dict[str, str]:
    """The columns that the author names, each with its field."""
    return ({} if key_column is None else {key_column: "results.key_column"}) | {recipient_column: "recipient_column"}


def _recipient(record: Record, column: str) -> tuple[Any, str, str]:
    """The recipient, no text, and why the record makes no row."""
    if record.problem or column in record.values:
        return record.values.get(column), "", record.problem
    return None, "", f"it has no {column!r}"


def _with_columns(records: Iterable[Record], needed: Mapping[str, str]) -> Iterator[Record]:
    """A column that nobody has is a mistake of whoever names it; one that some lack is a matter of those rows.

    :param needed: the columns, each with the field that names it
    """
    stream, ahead, seen = iter(records), list[Record](), dict[str, None]()
    for record in stream:
        ahead.append(record)
        seen.update(dict.fromkeys(record.values))
        if len(ahead) == _LOOKED_AT or all(name in seen for name in needed):
            break
    absent = [name for name in needed if name not in seen]
    if absent and seen:
        raise InvalidInput(_no_column(absent[0], needed[absent[0]], list(seen)))
    yield from chain(ahead, stream)


def _no_column(name: str, field: str, columns: list[str]) -> str:
    """Name the columns there are, unless they look like data: a file without a header has a person in its first
    line."""
    said = f"{field}: the rows have no column {name!r}"
    if any(_NUMBERLIKE.search(str(column)) for column in columns):
        return (
            f"{said}; what stands where the names of columns should looks like a number, so the header seems to be "
            f"missing"
        )
    for column in map(str, columns):
        if fold(column) == fold(name):
            return f"{said}; {_visible(column)} only looks the same, as it has {_differences(column, name)}"
    shown = ", ".join(_visible(str(column)) for column in columns[:_COLUMNS_SHOWN])
    more = " and others" if len(columns) > _COLUMNS_SHOWN else ""
    if len(columns) == 1 and (between := _BETWEEN.search(columns[0])):
        return f"{said}, only {shown}; is delimiter={between[0]!r} meant?"
    meant = difflib.get_close_matches(name, map(str, columns), n=1)
    return f"{said}, only {shown}{more}" + (f". Is {meant[0]!r} meant?" if meant else "")


def _visible(name: str) -> str:
    """A name with its invisible marks shown."""
    marked = "".join(
        f"<U+{ord(char):04X}>" if unicodedata.category(char) in {"Cf", "Cc", "Zl", "Zp"} else char for char in name
    )
    return f"'{marked}'"


def _differences(there: str, asked: str) -> str:
    """Which characters a name has that another does not, and the other way round."""
    more, less = ({char for char in one if char not in other} for one, other in ((there, asked), (asked, there)))
    said = [_named(more)] if more else []
    said += [f"no {_named(less)}"] if less else []
    return " and ".join(said) or "its characters in another order or number"


def _named(chars: set[str]) -> str:
    return ", ".join(f"U+{ord(char):04X} ({unicodedata.name(char, 'unnamed').lower()})" for char in sorted(chars))
