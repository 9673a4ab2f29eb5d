"""A warehouse with customers."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ippanel_provider.sandbox.runner import RunningSandbox


@pytest.fixture
def fill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Make a table in a database that the connection ``warehouse`` leads to."""
    path = tmp_path / "warehouse.sqlite"
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": str(path)}))

    def make(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Path:
        with closing(sqlite3.connect(path)) as database, database:
            database.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
            database.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})", rows)
        return path

    return make


@pytest.fixture
def given(sandbox: RunningSandbox) -> Callable[[], list[tuple[str, str]]]:
    """Return who was given which text."""
    return lambda: sorted((text["recipient"], text["text"]) for text in sandbox.messages())
