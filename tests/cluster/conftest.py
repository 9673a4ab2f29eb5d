"""A real PostgreSQL and MariaDB for the ledger; ``make test-cluster`` and ``make test-cluster-short`` run these."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy

from tests.cluster.servers import MariaDb, Postgres, ended

EngineMaker = Callable[..., sqlalchemy.Engine]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server of this session; deadlocks are noticed after a tenth of a second."""
    # Not in pytest's own folder, into which PostgreSQL's user may not look.
    folder = Path(tempfile.mkdtemp(prefix="ippanel-postgres-"))
    folder.chmod(0o755)
    server = Postgres(folder)
    with ended(server):
        server.make()
        with server.connect("postgres") as connection:
            connection.execute("ALTER SYSTEM SET deadlock_timeout = '100ms'")
            connection.execute("SELECT pg_reload_conf()")
        yield server
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDb]:
    """A MariaDB server of this session."""
    folder = Path(tempfile.mkdtemp(prefix="ippanel-mariadb-"))
    server = MariaDb(folder)
    with ended(server):
        server.make()
        yield server
    shutil.rmtree(folder, ignore_errors=True)


_numbers = itertools.count(1)


@pytest.fixture
def database(postgres: Postgres) -> str:
    """A database of this test."""
    name = f"test_{next(_numbers)}"
    with postgres.connect("postgres") as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return name


@pytest.fixture
def engine_of(postgres: Postgres, database: str) -> Iterator[EngineMaker]:
    """A maker of engines, one a worker, as a SQL hook makes them: no look at a connection before it is used again."""
    engines = []

    def make(**options: str) -> sqlalchemy.Engine:
        engine = sqlalchemy.create_engine(postgres.url(database, "postgresql+psycopg"), connect_args=options)
        engines.append(engine)
        return engine

    yield make
    for engine in engines:
        engine.dispose()
