"""Reading a query row by row from any database hook, with flat memory.

PostgreSQL's and MySQL's drivers fetch the whole result when a query is executed, unless they are told to leave it with
the server; the drivers of other databases fetch as they are asked.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from typing import Any

from ippanel_provider.tables.records import certain

FETCH_ROWS = 1000
_PATIENCE = 24 * 3600
"""Seconds MySQL is to wait for its rows to be taken, which sending takes its time for; its default is one minute."""


def read(
    sql_hook: Any, sql: str, parameters: Mapping[str, Any] | Sequence[Any] | None = None
) -> Generator[dict[str, Any], None, None]:
    """Yield each row as a mapping of column to value, fetching a thousand at a time.

    :param sql_hook: any hook with a DB-API connection (``DbApiHook``).
    A column whose name stands twice, as in a join, is left out of a row in which its values differ.

    :param sql: one query that reads; what it might change is not committed.
    """
    with closing(sql_hook.get_conn()) as connection, closing(_cursor(connection)) as cursor:
        if parameters is None:
            cursor.execute(sql)
        else:
            cursor.execute(sql, parameters)
        columns: list[str] | None = None
        while rows := cursor.fetchmany(FETCH_ROWS):
            # A cursor at the server has no columns before it has rows.
            columns = columns or [column[0] for column in cursor.description]
            for row in rows:
                # A connection can ask for cursors that give mappings.
                yield dict(row) if isinstance(row, Mapping) else certain(columns, row)


def _cursor(connection: Any) -> Any:
    """Return a cursor that leaves the result at the server."""
    match _driver(connection):
        case "psycopg2" | "psycopg":
            return connection.cursor(name="ippanel_provider")
        case "MySQLdb":
            from MySQLdb.cursors import SSCursor
        case "pymysql":
            from pymysql.cursors import SSCursor
        case _:
            return connection.cursor()
    with closing(connection.cursor()) as cursor:
        cursor.execute(f"SET SESSION net_write_timeout = {_PATIENCE}")
    return connection.cursor(SSCursor)


def _driver(connection: Any) -> str:
    """Return the package the connection is of; hooks may hand out a subclass, or a wrapper, of the driver's."""
    known = {"psycopg2", "psycopg", "MySQLdb", "pymysql"}
    packages = [base.__module__.partition(".")[0] for base in type(connection).__mro__]
    return next((package for package in packages if package in known), "")
