"""The tables of a SQL ledger. They carry a version; records of another one are refused, never read as empty.

Whatever a person may have named (campaign, part, DAG) is kept byte for byte, and looked for by its hash: a database
that takes ``Promo`` and ``promo``, or ``promo 🎉`` and ``promo 🎂``, for one name shall not make one campaign of two.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, IntegrityError

from ippanel_provider.campaign.ledger.base import OlderRecords

VERSION = 2
_PREFIX = "ippanel_ledger"
_OLDER = (f"{_PREFIX}_campaign", f"{_PREFIX}_chunk")
"""The first version had these, and no table that says its version."""
_DROP = (
    f"End its campaigns with that version, then drop the tables {_PREFIX}_…, "
    "or name another database in ledger_conn_id."
)

OPEN, CONFIRMED, VOID, GIVEN_UP = "open", "confirmed", "void", "given up"
"""States of a chunk."""
UNFINISHED = ("sending", "waiting", "in doubt", "failed")
"""States of a task that may have left something open; the other is ``done``."""
Moment = sa.Float(53)
"""Epoch seconds."""


class Exact(sa.types.TypeDecorator[str]):
    """A text of any length that comes back as it went in, whatever charset and collation the database has."""

    impl = sa.LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> bytes | None:
        """Return its UTF-8."""
        return None if value is None else value.encode()

    def process_result_value(self, value: bytes | None, dialect: Any) -> str | None:
        """Return the text."""
        return None if value is None else bytes(value).decode()


def name_key(*names: str) -> str:
    """Return the hash under which names are looked for; no two lists of names have the same."""
    return hashlib.sha256("".join(f"{len(name)}:{name}" for name in names).encode()).hexdigest()


metadata = sa.MetaData()
# MariaDB's own default for a database may be unable to hold what JSON writes, and its default engine may not roll back.
_options: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4"}

ledger = sa.Table(
    _PREFIX,
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("secret", sa.LargeBinary, nullable=False),
    **_options,
)
campaigns = sa.Table(
    f"{_PREFIX}_campaign",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name_key", sa.String(64), nullable=False),
    sa.Column("name", Exact, nullable=False),
    sa.Column("generation", sa.String(20), nullable=False),
    sa.Column("fingerprint", sa.String(16), nullable=False),
    sa.Column("last_number", sa.Integer, nullable=False),
    # Up to which chunk the members have rows of their own.
    sa.Column("last_member", sa.Integer, nullable=False),
    sa.Column("next_turn", Moment),
    sa.Column("begun_at", Moment, nullable=False),
    sa.Column("touched_at", Moment, nullable=False),
    sa.Column("keep_for", Moment),
    sa.Column("pruned_at", Moment),
    sa.UniqueConstraint("name_key", "generation", name=f"{_PREFIX}_campaign_once"),
    **_options,
)
runs = sa.Table(
    f"{_PREFIX}_run",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("campaign", sa.Integer, nullable=False),
    sa.Column("who_key", sa.String(64), nullable=False, index=True),
    sa.Column("part_key", sa.String(64), nullable=False),
    # To Oracle an empty text is NULL.
    *(sa.Column(name, Exact) for name in ("part", "dag_id", "task_id", "run_id", "conn_id", "sender", "form")),
    sa.Column("map_index", sa.Integer, nullable=False),
    sa.Column("try_number", sa.Integer, nullable=False),
    sa.Column("mark", sa.String(20), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("began_at", Moment, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),
    sa.Column("report", sa.Text),
    sa.Column("question", sa.Text),
    sa.UniqueConstraint("campaign", "who_key", name=f"{_PREFIX}_run_once"),
    sa.Index(f"{_PREFIX}_run_part", "campaign", "part_key"),
    sa.Index(f"{_PREFIX}_run_state", "campaign", "state", "seen_at"),
    **_options,
)
chunks = sa.Table(
    f"{_PREFIX}_chunk",
    metadata,
    sa.Column("campaign", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("run", sa.Integer, nullable=False, index=True),
    sa.Column("try_number", sa.Integer, nullable=False),
    sa.Column("account", sa.String(64), nullable=False),
    sa.Column("intended_at", Moment, nullable=False),
    sa.Column("first_line", sa.Integer, nullable=False),
    sa.Column("last_line", sa.Integer, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("members", sa.LargeBinary, nullable=False),
    sa.Column("texts", sa.LargeBinary),
    sa.Column("send_at", Moment),
    sa.Column("details", sa.Text, nullable=False),
    sa.Column("standing", sa.Text),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("outcome", sa.Text),
    sa.Column("settled_at", Moment),
    sa.Index(f"{_PREFIX}_chunk_register", "account", "intended_at"),
    # Who lists campaigns reads counts alone, and never past the hashes.
    sa.Index(f"{_PREFIX}_chunk_state", "campaign", "state", "size"),
    **_options,
)
members = sa.Table(
    f"{_PREFIX}_member",
    metadata,
    sa.Column("campaign", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("member", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
    **_options,
)
notes = sa.Table(
    f"{_PREFIX}_note",
    metadata,
    sa.Column("campaign", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    **_options,
)
facts = sa.Table(
    f"{_PREFIX}_fact",
    metadata,
    sa.Column("account", sa.String(64), primary_key=True),
    sa.Column("facts", sa.Text, nullable=False),
    sa.Column("learnt_at", Moment, nullable=False),
    **_options,
)
pending = sa.Table(
    f"{_PREFIX}_pending",
    metadata,
    # What a table of results does not say yet of a chunk's members; the row goes when it does.
    sa.Column("campaign", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("members", sa.LargeBinary(2**24 - 1), nullable=False),
    **_options,
)
decisions = sa.Table(
    f"{_PREFIX}_decision",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("campaign", sa.Integer, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("decision", sa.String(20), nullable=False),
    sa.Column("decided_by", Exact, nullable=False),
    sa.Column("decided_at", Moment, nullable=False),
    sa.Index(f"{_PREFIX}_decision_of", "campaign", "number"),
    **_options,
)


def prepare(engine: sa.Engine) -> bytes:
    """Make the tables where there are none, and return the secret of this ledger, made once.

    :raises OlderRecords: if the tables are of another version.
    """
    if not is_there(engine):
        _make(engine)
        with suppress(IntegrityError), engine.begin() as connection:
            connection.execute(sa.insert(ledger).values(id=1, version=VERSION, secret=secrets.token_bytes(32)))
    with engine.connect() as connection:
        return bytes(connection.execute(sa.select(ledger.c.secret)).scalar_one())


def _make(engine: sa.Engine) -> None:
    # Another worker may make each of them between the look and the making.
    for _ in metadata.sorted_tables:
        with suppress(DatabaseError):
            metadata.create_all(engine)
            return
    metadata.create_all(engine)


def is_there(engine: sa.Engine) -> bool:
    """Return whether the database holds a whole ledger of this version.

    :raises OlderRecords: if it holds one of another version.
    """
    there = set(sa.inspect(engine).get_table_names())
    if ledger.name not in there:
        # It is made first, so what is there without it was made before it existed.
        if older := [name for name in _OLDER if name in there]:
            raise OlderRecords(f"the table {older[0]}", _DROP)
        return False
    with engine.connect() as connection:
        version = connection.execute(sa.select(ledger.c.version)).scalar()
    if version not in {None, VERSION}:
        raise OlderRecords(f"the table {ledger.name} (version {version}, not {VERSION})", _DROP)
    return version is not None and all(table.name in there for table in metadata.sorted_tables)


def touch(connection: sa.Connection, campaign: int) -> None:
    """Make others who write to the campaign wait until this transaction ends."""
    connection.execute(sa.update(campaigns).where(campaigns.c.id == campaign).values(touched_at=time.time()))


def put(engine: sa.Engine, table: sa.Table, key: dict[str, Any], values: dict[str, Any]) -> None:
    """Write a row of a table, new or over what stands there."""
    there = [table.c[name] == value for name, value in key.items()]
    # Another worker may put it in between the two.
    for _ in range(2):
        with engine.begin() as connection:
            if connection.execute(sa.update(table).where(*there).values(values)).rowcount:
                return
        with suppress(IntegrityError), engine.begin() as connection:
            connection.execute(sa.insert(table).values(key | values))
            return
