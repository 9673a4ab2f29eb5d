"""Dividing a table into parts for mapped tasks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, TypeVar

from airflow.providers.common.compat.sdk import BaseHook

from ippanel_provider.values import InvalidValue

Key = TypeVar("Key")


def plan_partitions(
    sql: str, sql_conn_id: str, *, size: int = 50_000, parameters: Mapping[str, Any] | Sequence[Any] | None = None
) -> list[dict[str, Any]]:
    """Return where each part of a table begins and ends, ``[{"first": key, "last": key}, …]``, for a mapped task.

    Call it in a task, and give what it returns to the mapped operator's ``parameters``, whose query selects the rows
    from ``first`` to ``last``, both included. Every part but the last has ``size`` rows. The keys pass through XCom and
    are shown with the task, so the key must not be the phone number.

    :param sql: a query of one column, a unique key that is not NULL, in its order, as ``SELECT id FROM customers ORDER
        BY id``
    :param sql_conn_id: the connection to the database
    :param size: rows in a part
    :raises ValueError: if the size is below 1, or the keys are not unique and in order.
    """
    from ippanel_provider.tables.sql import read

    if size < 1:
        raise InvalidValue("size", f"{size} is no number of rows")
    with closing(read(BaseHook.get_connection(sql_conn_id).get_hook(), sql, parameters)) as rows:
        return [
            {"first": first, "last": last} for first, last in bounds((next(iter(row.values())) for row in rows), size)
        ]


def bounds(keys: Iterable[Key], size: int) -> Iterator[tuple[Key, Key]]:
    """Yield first and last key of each ``size`` keys.

    :raises ValueError: if the keys are not unique and in order: a row between two parts would get nothing, or two
        texts.
    """
    first: Key | None = None
    last: Key | None = None
    count = 0
    for key in keys:
        if key is None or not _follows(key, last):
            raise InvalidValue("sql", "its keys have to be unique, not NULL, and in order (ORDER BY the same column)")
        if count == size and first is not None and last is not None:
            yield first, last
            count = 0
        if not count:
            first = key
        last = key
        count += 1
    if first is not None and last is not None:
        yield first, last


def _follows(key: Any, last: Any) -> bool:
    # How texts are ordered is the database's own affair.
    return last is None or bool(key != last if isinstance(key, str) else last < key)
