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
from ippanel_provider.tables.layout import MOST_COLUMNS
from ippanel_provider.tables.records import Record
from ippanel_provider.tables.values import NO_NULLS
from ippanel_provider.text.letters import fold

_NUMBERLIKE = re.compile(r"(?:\d\D?){7}")
_BETWEEN = re.compile(r"[;\t|,]")
_COLUMNS_SHOWN = 30
_LOOKED_AT = 1000
"""Records of a table among which a column has to be seen once: it is left out where a join has it twice."""
_FIRST = frozenset("09+۰۹")
"""What almost every number begins with."""
_new = tuple.__new__  # what Row(…) does, at half the price
_HEADER = "it names the columns again, as a second header does"


def rendered(
    records: Iterable[Record],
    template: str,
    recipient_column: str,
    nulls: Collection[str] = NO_NULLS,
    key_column: str | None = None,
    *,
    is_table: bool = True,
) -> Iterator[Row]:
    """Yield each record with the text that ``template`` makes of it; ``row`` and every column are its variables.

    :param nulls: texts of cells that stand for nothing, as ``NULL``
    :param key_column: the column with the row's key, where it is wanted
    :param is_table: whether all records have the same columns, as those of JSON lines need not
    :raises InvalidInput: if the template is broken, before the first row; if it needs a column that no record has,
        before the first row of a table, and after the last of what is none.
    """
    # Where a text is the same for all, Jinja need not be there: it is no need of the client and its command line.
    need("jinja2", "airflow")
    from ippanel_provider.tables.row_template import RowTemplate

    compiled = RowTemplate(template, nulls)
    needed = {recipient_column: "recipient_column"} | dict.fromkeys(sorted(compiled.required), "row_message")
    for record in _with_columns(records, needed | _given(recipient_column, key_column), is_table):
        line, values, problem = record
        key = None if key_column is None else values.get(key_column)
        recipient = values.get(recipient_column)
        if not problem and (recipient is None or (type(recipient) is str and recipient[:1] not in _FIRST)):
            problem = _no_recipient(recipient, values, recipient_column)
        if problem:
            yield Row(line, recipient, "", problem, key=key)
        else:
            text, problem = compiled.text(values)
            yield _new(Row, (line, recipient, text, problem, None, compiled.fallbacks, key))


def addressed(
    records: Iterable[Record],
    text: str,
    recipient_column: str,
    key_column: str | None = None,
    *,
    is_table: bool = True,
) -> Iterator[Row]:
    """Yield each record's recipient with one text for all.

    :param key_column: the column with the row's key, where it is wanted
    :param is_table: as of :func:`rendered`
    :raises InvalidInput: if no record has such a column, as of :func:`rendered`.
    """
    for line, values, problem in _with_columns(records, _given(recipient_column, key_column), is_table):
        recipient = values.get(recipient_column)
        key = None if key_column is None else values.get(key_column)
        yield Row(line, recipient, text, problem or _no_recipient(recipient, values, recipient_column), key=key)


def _given(recipient_column: str, key_column: str | None) -> dict[str, str]:
    """The columns that the author names, each with its field."""
    return ({} if key_column is None else {key_column: "results.key_column"}) | {recipient_column: "recipient_column"}


def _no_recipient(recipient: Any, values: Mapping[str, Any], column: str) -> str:
    """Return why a record makes no row, before its number is looked at; empty if nothing is against it."""
    if recipient is None:
        return "" if column in values else f"it has no {column!r}"
    if not (isinstance(recipient, str) and recipient.lstrip()[:1].isalpha()):
        return ""
    return _HEADER if fold(recipient).casefold() in {fold(str(name)).casefold() for name in values} else ""


def _with_columns(records: Iterable[Record], needed: Mapping[str, str], is_table: bool) -> Iterator[Record]:
    """A column that nobody has is a mistake of whoever names it; one that some lack is a matter of those rows.

    :param needed: the columns, each with the field that names it
    """
    stream, ahead, seen, absent = iter(records), list[Record](), dict[str, None](), list(needed)
    for record in stream:
        ahead.append(record)
        if len(seen) <= MOST_COLUMNS:
            seen.update(dict.fromkeys(record.values))
        absent = [name for name in absent if name not in record.values]
        if not absent:
            yield from chain(ahead, stream)
            return
        if len(ahead) == _LOOKED_AT:
            if is_table:
                break
            yield from ahead
            ahead.clear()
    if seen:
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
