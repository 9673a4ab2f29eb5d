"""Reading a query row by row from any database hook, with flat memory.

PostgreSQL's and MySQL's drivers fetch the whole result when a query is executed, unless they are told to leave it with
the server; the drivers of other databases fetch as they are asked.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from typing import Any

from ippanel_provider.tables.records import certain, is_small_float

FETCH_ROWS = 1000
_PATIENCE = 24 * 3600
"""Seconds MySQL is to wait for its rows to be taken, which sending takes its time for; its default is one minute."""
_CODES = {
    **dict.fromkeys(("psycopg2", "psycopg", "pg8000", "redshift_connector"), 700),
    **dict.fromkeys(("MySQLdb", "pymysql", "mysql"), 4),
}
"""What drivers call the type of floats of 32 bits where they call it by a number."""
_OTHER_FLOATS = frozenset({"google", "teradatasql"})
"""Drivers to which "float" is one of 64 bits."""
_PRECISIONS = range(6, 10), range(24, 25)
"""What ODBC says of them, in digits or in bits."""


def read(
    sql_hook: Any, sql: str, parameters: Mapping[str, Any] | Sequence[Any] | None = None
) -> Generator[dict[str, Any], None, None]:
    """Yield each row as a mapping of column to value, fetching a thousand at a time.

    A column whose name stands twice, as in a join, is left out of a row in which its values differ. Of a column of
    floats of 32 bits (``REAL``, ``float4``) the values say so, for they hold no phone number.

    :param sql_hook: any hook with a DB-API connection (``DbApiHook``).
    :param sql: one query that reads; what it might change is not committed.
    """
    with closing(sql_hook.get_conn()) as connection, closing(_cursor(connection)) as cursor:
        if parameters is None:
            cursor.execute(sql)
        else:
            cursor.execute(sql, parameters)
        columns: list[str] = []
        small: frozenset[str] = frozenset()
        while rows := cursor.fetchmany(FETCH_ROWS):
            if not columns:
                # A cursor at the server has no columns before it has rows.
                columns = [column[0] for column in cursor.description]
                small = _small_floats(_driver(connection), cursor.description)
            for row in rows:
                # A connection can ask for cursors that give mappings.
                names, values = (list(row), list(row.values())) if isinstance(row, Mapping) else (columns, row)
                yield certain(names, values, small)


def _small_floats(driver: str, description: Sequence[Sequence[Any]]) -> frozenset[str]:
    """Return the columns that hold floats of 32 bits, as far as the driver tells."""
    return frozenset(column[0] for column in description if _is_small_float(driver, column))


def _is_small_float(driver: str, column: Sequence[Any]) -> bool:
    code = column[1]
    if isinstance(code, int):
        return code == _CODES.get(driver)
    if code is float:
        return any(column[4] in precisions for precisions in _PRECISIONS)
    return driver not in _OTHER_FLOATS and is_small_float(getattr(code, "name", code))


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
    known = {*_CODES, *_OTHER_FLOATS}
    packages = [base.__module__.partition(".")[0] for base in type(connection).__mro__]
    return next((package for package in packages if package in known), "")
