"""Queries read row by row. The drivers that would fetch all at once are stood in for; what a cursor does is in a real
database.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from ippanel_provider.campaign.audience import Audience
from ippanel_provider.campaign.rows import addressed
from ippanel_provider.tables.records import numbered
from ippanel_provider.tables.sql import FETCH_ROWS, read


class Hook:
    """A hook whose connections are counted."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        self.connections: list[Any] = []
        self._connect = connect

    def get_conn(self) -> Any:
        self.connections.append(self._connect())
        return self.connections[-1]


class Cursor:
    """A cursor over SQLite that behaves as one at a server: no columns before the first rows. Counts what it gives
    out."""

    def __init__(self, cursor: sqlite3.Cursor, said: list[str]) -> None:
        self._cursor = cursor
        self._said = said
        self._fetched = False

    @property
    def description(self) -> Any:
        return self._cursor.description if self._fetched else None

    def execute(self, sql: str, *parameters: Any) -> None:
        self._said.append(sql)
        if not sql.startswith("SET"):
            self._cursor.execute(sql, *parameters)

    def fetchmany(self, size: int) -> list[Any]:
        self._fetched = True
        self._said.append(f"fetch {size}")
        return self._cursor.fetchmany(size)

    def close(self) -> None:
        self._cursor.close()


def driver(package: str, database: Path, said: list[str], monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """Return what connects as this driver does, noting which cursors are asked for."""

    class Server:
        """A subclass of the driver's connection, as hooks hand them out."""

        def __init__(self) -> None:
            self._real = sqlite3.connect(database)

        def cursor(self, kind: type | None = None, *, name: str | None = None) -> Cursor:
            said.append(f"cursor {name or (kind.__name__ if kind else '')}".strip())
            return Cursor(self._real.cursor(), said)

        def close(self) -> None:
            self._real.close()

    connection = type("Connection", (Server,), {"__module__": f"{package}.connections"})
    cursors = ModuleType(f"{package}.cursors")
    cursors.SSCursor = type("SSCursor", (), {})
    monkeypatch.setitem(sys.modules, package, ModuleType(package))
    monkeypatch.setitem(sys.modules, f"{package}.cursors", cursors)
    return type("Wrapped", (connection,), {})


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Numbers from 0 to 2499."""
    with closing(sqlite3.connect(tmp_path / "a.sqlite")) as database, database:
        database.execute("CREATE TABLE numbers (n INTEGER, half REAL)")
        database.executemany("INSERT INTO numbers VALUES (?, ?)", [(n, n / 2) for n in range(2500)])
    return tmp_path / "a.sqlite"


def test_rows_are_mappings_in_the_order_of_the_query(database: Path) -> None:
    rows = list(
        read(Hook(lambda: sqlite3.connect(database)), "SELECT n, half FROM numbers WHERE n < ? ORDER BY n DESC", [2])
    )
    assert rows == [{"n": 1, "half": 0.5}, {"n": 0, "half": 0.0}]


@pytest.mark.parametrize("package", ["psycopg2", "psycopg"])
def test_postgresql_keeps_the_result_at_the_server(
    package: str, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    rows = read(Hook(driver(package, database, said, monkeypatch)), "SELECT n FROM numbers ORDER BY n")
    assert next(rows) == {"n": 0}
    assert said == ["cursor ippanel_provider", "SELECT n FROM numbers ORDER BY n", f"fetch {FETCH_ROWS}"]
    assert [row["n"] for row in rows] == list(range(1, 2500))


@pytest.mark.parametrize("package", ["MySQLdb", "pymysql"])
def test_mysql_keeps_the_result_at_the_server_and_is_told_to_be_patient(
    package: str, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    rows = read(Hook(driver(package, database, said, monkeypatch)), "SELECT n FROM numbers WHERE n > ? ORDER BY n", [5])
    assert next(rows) == {"n": 6}
    assert said[:3] == ["cursor", "SET SESSION net_write_timeout = 86400", "cursor SSCursor"]
    rows.close()


def test_a_connection_that_gives_mappings(database: Path) -> None:
    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(database)
        connection.row_factory = lambda cursor, row: {
            column[0]: value for column, value in zip(cursor.description, row, strict=True)
        }
        return connection

    assert list(read(Hook(connect), "SELECT n, half FROM numbers WHERE n = 3")) == [{"n": 3, "half": 1.5}]


def test_an_empty_result_and_a_reader_that_stops_leave_nothing_open(database: Path) -> None:
    hook = Hook(lambda: sqlite3.connect(database))
    assert list(read(hook, "SELECT n FROM numbers WHERE n < 0")) == []
    rows = read(hook, "SELECT n FROM numbers")
    next(rows)
    rows.close()
    assert len(hook.connections) == 2
    for connection in hook.connections:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")


@pytest.mark.parametrize(
    ("package", "code", "precision", "is_small"),
    [
        ("psycopg2", 700, None, True), ("psycopg", 700, None, True), ("psycopg2", 701, None, False),
        ("pymysql", 4, None, True), ("MySQLdb", 5, None, False), ("snowflake", 1, None, False),
        ("trino", "real", None, True), ("trino", "double", None, False), ("databricks", "float", None, True),
        ("clickhouse_driver", "Nullable(Float32)", None, True), ("google", "FLOAT", None, False),
        ("oracledb", SimpleNamespace(name="DB_TYPE_BINARY_FLOAT"), None, True),
        ("oracledb", SimpleNamespace(name="DB_TYPE_BINARY_DOUBLE"), None, False),
        ("pyodbc", float, 24, True), ("pyodbc", float, 53, False), ("pyodbc", float, 7, True),
        ("sqlite3", None, None, False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("as_mappings", [False, True])
def test_a_float_of_32_bits_says_so_for_it_holds_no_phone_number(
    package: str,
    code: Any,
    precision: int | None,
    is_small: bool,
    as_mappings: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Cursor:
        description = (("mobile", code, None, None, precision, None, None), ("name", 25, *(None,) * 5))

        def __init__(self, *_: Any) -> None:
            self.left = [(9120001024.0, "آرش"), (None, "بهار")]

        def execute(self, sql: str) -> None:
            pass

        def fetchmany(self, size: int) -> list[Any]:
            rows, self.left = self.left, []
            return [dict(zip(("mobile", "name"), row, strict=True)) for row in rows] if as_mappings else rows

        def close(self) -> None:
            pass

    made = {
        "cursor": lambda self, *_, **__: Cursor(), "close": lambda self: None, "__module__": f"{package}.connections",
    }  # fmt: skip
    cursors = ModuleType(f"{package}.cursors")
    cursors.SSCursor = Cursor  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, f"{package}.cursors", cursors)
    rows = list(read(Hook(type("Connection", (), made)), "SELECT mobile, name FROM people"))
    assert rows == [{"mobile": 9120001024.0, "name": "آرش"}, {"mobile": None, "name": "بهار"}]
    audience = Audience()
    told = list(audience.screen(addressed(numbered(rows), "سلام", "mobile")))
    assert bool(told) is not is_small
    assert ("comes from a 32-bit float" in audience.rejects[0].reason) is is_small
