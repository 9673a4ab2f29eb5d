"""The rows that a phonebook is to hold: of a query, a file, or another task."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseHook

from ippanel_provider.client import InvalidInput
from ippanel_provider.operators.fields import listed
from ippanel_provider.operators.files import opened
from ippanel_provider.operators.hidden_fields import value_of
from ippanel_provider.sync.phonebooks.source import numbered
from ippanel_provider.tables import frames
from ippanel_provider.tables.formats import to_read
from ippanel_provider.tables.layout import Layout
from ippanel_provider.tables.readers import read
from ippanel_provider.tables.sql import read as read_sql

if TYPE_CHECKING:
    from ippanel_provider.operators.sync import IPPanelPhonebookSyncOperator
    from ippanel_provider.sync.phonebooks.source import Row


def rows_of(task: IPPanelPhonebookSyncOperator) -> Iterable[Row]:
    """Return the rows of the one source that the task names.

    :raises InvalidInput: if it names none, or several.
    """
    rows = value_of(task.rows)
    sources = {"sql": task.sql, "source_path": task.source_path, "rows": rows}
    if sum(value is not None for value in sources.values()) != 1:
        raise InvalidInput("sql, source_path, rows: give one of them, or with plan_path a plan that was made of one")
    if task.sql is not None:
        if not task.sql_conn_id:
            raise InvalidInput("sql_conn_id: name the connection of the query")
        return numbered(read_sql(BaseHook.get_connection(task.sql_conn_id).get_hook(), task.sql, task.parameters))
    if task.source_path is not None:
        return _records(task.source_path, task.number_column)
    return numbered(_mappings(rows, task.number_column))


def _records(path: Any, number_column: str) -> Iterator[Row]:
    kind = to_read(path)
    with opened(path) as file:
        yield from read(file, kind, Layout(number_column=number_column))


def _mappings(rows: Any, number_column: str) -> Iterator[Mapping[str, Any]]:
    if frames.is_frame(rows):
        yield from frames.rows_of(rows, number_column)
        return
    for line, row in enumerate(listed(rows, "rows"), start=1):
        if not isinstance(row, Mapping):
            raise InvalidInput(f"rows: item {line} is no mapping of column to value")
        yield row
