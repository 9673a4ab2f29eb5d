"""The table of results, the table of runs beside it, and a third one with the secret of their hashes."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.exc import DatabaseError, IntegrityError

from ippanel_provider.campaign.keys import MOST_CHARACTERS

VERSION = 1
_OPTIONS: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4"}
LONGEST_REASON = 500


class Unwritable(Exception):
    """A table of results cannot be written, or is none."""


@dataclass(frozen=True, slots=True)
class Tables:
    """What stands in the database under one name."""

    results: sa.Table
    runs: sa.Table
    secret: sa.Table
    shown: str
    """How people call it."""


def tables_of(name: str) -> Tables:
    """Return the tables of a name, which may be ``schema.table``."""
    schema, _, bare = name.rpartition(".")
    metadata = sa.MetaData(schema=schema or None)
    results = sa.Table(
        bare,
        metadata,
        sa.Column("campaign", _exact(MOST_CHARACTERS), primary_key=True),
        sa.Column("row_key", _exact(MOST_CHARACTERS), primary_key=True),
        sa.Column("run", sa.String(32), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("reason", _exact(LONGEST_REASON)),
        sa.Column("line", sa.BigInteger),
        sa.Column("sender", sa.String(40)),
        sa.Column("outbox_id", sa.BigInteger),
        sa.Column("parts", sa.Integer),
        sa.Column("cost", sa.Float(53)),
        sa.Column("operator", sa.String(20)),
        sa.Column("accepted_at", sa.DateTime(timezone=True)),
        sa.Column("send_at", sa.DateTime(timezone=True)),
        sa.Column("final_at", sa.DateTime(timezone=True)),
        sa.Column("recipient_hash", sa.String(24)),
        sa.Column("message_hash", sa.BigInteger),
        sa.Column("merged_into", _exact(MOST_CHARACTERS)),
        sa.Column("fate", sa.String(20)),
        sa.Column("bulk_state", sa.String(20)),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Index(f"{bare}_recipient", "campaign", "recipient_hash"),
        sa.Index(f"{bare}_bulk", "campaign", "outbox_id"),
        **_OPTIONS,
    )
    runs = sa.Table(
        f"{bare}_runs",
        metadata,
        sa.Column("run", sa.String(32), primary_key=True),
        sa.Column("campaign", _exact(MOST_CHARACTERS), nullable=False),
        *(sa.Column(each, _exact(250)) for each in ("dag_id", "task_id", "run_id", "owner", "dag_version")),
        sa.Column("map_index", sa.Integer),
        sa.Column("try_number", sa.Integer),
        sa.Column("sender", sa.String(40)),
        sa.Column("template_hash", sa.String(24)),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        *(sa.Column(each, sa.BigInteger) for each in COUNTS),
        *(sa.Column(each, sa.Float(53)) for each in ("cost_estimate", "cost", "returned")),
        sa.Index(f"{bare}_runs_campaign", "campaign"),
        **_OPTIONS,
    )
    secret = sa.Table(
        f"{bare}_secret",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        **_OPTIONS,
    )
    return Tables(results, runs, secret, name)


COUNTS = ("source_rows", "accepted", "merged", "suppressed", "rejected", "in_doubt", "skipped", "parts")
"""What a run counts: rows of the source, recipients, and parts of texts."""


def _exact(length: int) -> Any:
    """A text that is compared letter by letter, also where a database takes ``a`` and ``A`` for one."""
    exact = mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin")
    return sa.String(length).with_variant(exact, "mysql").with_variant(exact, "mariadb")


def prepare(engine: sa.Engine, tables: Tables) -> bytes:
    """Make the tables where there are none; return the salt of their hashes, which is made once and stays.

    :raises Unwritable: they cannot be made, or are others' or another version's.
    """
    with naming(tables, tells=True):
        _make(engine, tables)
        with suppress(IntegrityError), engine.begin() as connection:
            if connection.execute(sa.select(tables.secret.c.id)).first() is None:
                made = {"id": 1, "version": VERSION, "salt": secrets.token_bytes(32)}
                connection.execute(sa.insert(tables.secret).values(made))
        with engine.connect() as connection:
            row = connection.execute(sa.select(tables.secret.c.version, tables.secret.c.salt)).one()
        _check(engine, tables, row.version)
        return bytes(row.salt)


def salt_of(engine: sa.Engine, tables: Tables) -> bytes:
    """Return the salt of tables that are there.

    :raises Unwritable: they are not.
    """
    with naming(tables), engine.connect() as connection:
        return bytes(connection.execute(sa.select(tables.secret.c.salt)).scalar_one())


def _make(engine: sa.Engine, tables: Tables) -> None:
    # Another worker may make each of them between the look and the making.
    for _ in tables.results.metadata.sorted_tables:
        with suppress(DatabaseError):
            tables.results.metadata.create_all(engine)
            return
    tables.results.metadata.create_all(engine)


def _check(engine: sa.Engine, tables: Tables, version: int) -> None:
    if version != VERSION:
        raise Unwritable(f"it is of another version ({version}, not {VERSION}); name another table")
    inspector = sa.inspect(engine)
    for table in (tables.results, tables.runs):
        there = {column["name"] for column in inspector.get_columns(table.name, schema=table.schema)}
        if missing := [column.name for column in table.columns if column.name not in there]:
            raise Unwritable(f"{table.name} has no column {', '.join(map(repr, missing))}; name another table")


@contextmanager
def naming(tables: Tables, *, tells: bool = False) -> Iterator[None]:
    """Let errors of the database out as what they mean.

    :param tells: whether its sentence is repeated; it may hold a row, where there is one
    :raises Unwritable: naming the table.
    """
    try:
        yield
    except Unwritable as error:
        raise Unwritable(f"results: the table {tables.shown} cannot be used: {error}") from None
    except (sa.exc.DBAPIError, sa.exc.TimeoutError, OSError) as error:
        cause = getattr(error, "orig", None) or error
        first_line = str(cause).strip().partition("\n")[0] if tells else ""
        said = f"{type(cause).__name__}: {first_line}" if first_line else type(cause).__name__
        raise Unwritable(f"results: the table {tables.shown} cannot be written or read ({said})") from None
