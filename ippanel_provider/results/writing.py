"""Rows into the table of results: each new, or over what stands there unless that would be a step back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite

from ippanel_provider.results.schema import Tables, naming


class ResultRow(NamedTuple):
    """A row of the table, in the order of its columns. Times are UTC."""

    campaign: str
    row_key: str
    run: str
    status: str
    reason: str | None = None
    line: int | None = None
    sender: str | None = None
    outbox_id: int | None = None
    parts: int | None = None
    cost: float | None = None
    operator: str | None = None
    accepted_at: datetime | None = None
    send_at: datetime | None = None
    final_at: datetime | None = None
    recipient_hash: str | None = None
    message_hash: int | None = None
    merged_into: str | None = None
    fate: str | None = None
    bulk_state: str | None = None
    revision: int = 0


_COLUMNS = ResultRow._fields
_WRITTEN_OVER = tuple(name for name in _COLUMNS if name not in ("campaign", "row_key", "revision"))
_STAGING = "ippanel_results_staging"


def moment(at: float | None) -> datetime | None:
    """Return epoch seconds as a time, in whole seconds, as every database keeps them."""
    return None if at is None else datetime.fromtimestamp(round(at), UTC)


def upsert(connection: sa.Connection, tables: Tables, rows: Sequence[ResultRow]) -> None:
    """Write rows in the transaction of a connection."""
    if not rows:
        return
    # In one order, so that no two workers wait for each other.
    ordered = sorted(rows, key=lambda row: (row.row_key, row.revision))
    if copies(connection):
        upsert_lines(connection, tables, _COLUMNS, "".join(map(line_of, ordered)))
        return
    connection.execute(_statement(connection.dialect.name, tables.results), [row._asdict() for row in ordered])


def _statement(dialect: str, table: sa.Table) -> Any:
    if dialect in ("mysql", "mariadb"):
        made = mysql.insert(table)
        is_newer = made.inserted.revision >= table.c.revision
        # They are set in turn, so what is compared comes last.
        taken = {name: sa.func.if_(is_newer, made.inserted[name], table.c[name]) for name in _WRITTEN_OVER}
        newest = sa.func.greatest(made.inserted.revision, table.c.revision)
        return made.on_duplicate_key_update([*taken.items(), ("revision", newest)])
    insert: Any = sqlite.insert if dialect == "sqlite" else postgresql.insert
    made = insert(table)
    taken = {name: made.excluded[name] for name in (*_WRITTEN_OVER, "revision")}
    return made.on_conflict_do_update(
        index_elements=["campaign", "row_key"], set_=taken, where=made.excluded.revision >= table.c.revision
    )


# ---- PostgreSQL -----------------------------------------------------------------------------------------------------


def copies(connection: sa.Connection) -> bool:
    """Whether the database and its driver take rows by COPY."""
    return _copying(connection) is not None


def _copying(connection: sa.Connection) -> Any:
    """Return the driver's connection if it can COPY, and None otherwise."""
    if connection.dialect.name != "postgresql":
        return None
    driver: Any = connection.connection.driver_connection
    package = next((base.__module__.partition(".")[0] for base in type(driver).__mro__), "")
    return driver if package in ("psycopg", "psycopg2") else None


def upsert_lines(connection: sa.Connection, tables: Tables, columns: Sequence[str], lines: str) -> None:
    """Write rows, as COPY takes them, in the transaction of a connection that :func:`copies`.

    :param columns: what stands in a line; the others are NULL
    """
    table = connection.dialect.identifier_preparer.format_table(tables.results)
    named = ", ".join(columns)
    connection.exec_driver_sql(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {_STAGING} (LIKE {table} INCLUDING DEFAULTS) ON COMMIT DELETE ROWS"
    )
    connection.exec_driver_sql(f"TRUNCATE {_STAGING}")
    _copy(_copying(connection), f"COPY {_STAGING} ({named}) FROM STDIN", lines)
    taken = ", ".join(f"{name} = excluded.{name}" for name in (*_WRITTEN_OVER, "revision"))
    # In one order, so that no two workers wait for each other.
    connection.exec_driver_sql(
        f"INSERT INTO {table} AS there ({named}) "  # noqa: S608 - names of our own
        f"SELECT DISTINCT ON (campaign, row_key) {named} FROM {_STAGING} ORDER BY campaign, row_key, revision DESC "
        f"ON CONFLICT (campaign, row_key) DO UPDATE SET {taken} WHERE excluded.revision >= there.revision"
    )


def _copy(driver: Any, statement: str, lines: str) -> None:
    with driver.cursor() as cursor:
        if hasattr(cursor, "copy_expert"):
            import io

            cursor.copy_expert(statement, io.StringIO(lines))
            return
        with cursor.copy(statement) as copy:
            copy.write(lines)


_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


NOTHING = "\\N"
"""How COPY writes NULL."""


def line_of(row: Sequence[Any]) -> str:
    """Return values as a line that COPY takes."""
    return "\t".join([field_of(value) for value in row]) + "\n"


def field_of(value: Any) -> str:
    """Return a value as COPY takes it."""
    if value is None:
        return NOTHING
    if isinstance(value, str):
        return value.translate(_ESCAPED) if not value.isalnum() else value
    return str(value)


def try_out(engine: sa.Engine, tables: Tables, campaign: str) -> None:
    """Write a row, and take it back.

    :raises Unwritable: it cannot be written.
    """
    with naming(tables, tells=True), engine.connect() as connection, connection.begin() as transaction:
        upsert(connection, tables, [ResultRow(campaign, "a row that is tried out", "", "rejected")])
        transaction.rollback()


def update_by_person(
    connection: sa.Connection,
    tables: Tables,
    campaign: str,
    reports: Sequence[Any],
    stays: Sequence[str],
    values: dict[str, Any],
) -> None:
    """Give the rows of recipients of bulks their status, where it is one of those that may change.

    :param reports: outbox id, hash of the recipient, and status
    :param values: what else they get
    """
    table = tables.results
    rows, driver = table.c, _copying(connection)
    may_change = sa.or_(*(rows.status == status for status in stays))
    if driver is None:
        named = (rows.outbox_id == sa.bindparam("of_bulk"), rows.recipient_hash == sa.bindparam("of_person"))
        update = sa.update(table).where(rows.campaign == campaign, *named, may_change)
        update = update.values(status=sa.bindparam("became"), **values)
        connection.execute(
            update, [{"of_bulk": one, "of_person": two, "became": status} for one, two, status in reports]
        )
        return
    staged = sa.table("ippanel_reports_staging", *map(sa.column, ("outbox_id", "recipient_hash", "status")))
    connection.exec_driver_sql(
        f"CREATE TEMPORARY TABLE IF NOT EXISTS {staged.name} (outbox_id bigint, recipient_hash text, status text) "
        f"ON COMMIT DELETE ROWS"
    )
    _copy(driver, f"COPY {staged.name} FROM STDIN", "".join(map(line_of, reports)))
    is_same = (rows.outbox_id == staged.c.outbox_id, rows.recipient_hash == staged.c.recipient_hash)
    update = sa.update(table).where(rows.campaign == campaign, *is_same, may_change)
    connection.execute(update.values(status=staged.c.status, **values))
