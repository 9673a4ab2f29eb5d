"""Reading a query row by row from any database hook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

FETCH_ROWS = 1000


def read(sql_hook: Any, sql: str, parameters: Mapping[str, Any] | Sequence[Any] | None = None) -> Iterator[dict[str, Any]]:
    """Yield each row as a mapping of column to value, fetching a thousand at a time.

    :param sql_hook: any hook with a DB-API connection (``DbApiHook``).
    """
    with closing(sql_hook.get_conn()) as connection, closing(connection.cursor()) as cursor:
        if parameters is None:
            cursor.execute(sql)
        else:
            cursor.execute(sql, parameters)
        columns = [column[0] for column in cursor.description]
        while rows := cursor.fetchmany(FETCH_ROWS):
            for row in rows:
                yield dict(zip(columns, row, strict=True))
