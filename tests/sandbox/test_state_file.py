"""The file behind ``--state``: what it refuses, and that it is the owner's alone."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from ippanel_provider.sandbox.state_file import Row, StateFile, StateFileError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


def test_changes_come_back_in_order_even_when_nobody_closed(path: Path) -> None:
    rows = [
        Row(1.5, "Sandbox.submit", b"[1]"),
        Row(0.5, "Sandbox.cancel", b"[]"),
        Row(2.0, "Sandbox.submit", "سلام".encode()),
    ]
    file = StateFile(path)
    for row in rows:
        file.append(*row)
    # Another process would find what this connection has written; the lock dies with its process.
    file.close()
    again = StateFile(path)
    assert list(again.rows()) == rows
    again.close()


def test_it_is_readable_by_its_owner_only(path: Path) -> None:
    StateFile(path).close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_clearing_leaves_nothing_behind(path: Path) -> None:
    file = StateFile(path)
    for _ in range(100):
        file.append(1.0, "Sandbox.submit", b"secret" * 1000)
    file.clear()
    assert list(file.rows()) == []
    file.close()
    assert b"secret" not in b"".join(each.read_bytes() for each in path.parent.iterdir())


def test_one_sandbox_at_a_time(path: Path) -> None:
    file = StateFile(path)
    with pytest.raises(StateFileError, match="in use by another sandbox"):
        StateFile(path)
    file.close()
    StateFile(path).close()


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(StateFileError, match="cannot be opened: No such file"):
        StateFile(tmp_path / "nowhere" / "state.db")


def test_a_file_of_another_kind_stays_as_it_is(path: Path) -> None:
    path.write_text("precious " * 100)
    with pytest.raises(StateFileError, match="no state of a sandbox"):
        StateFile(path)
    assert path.read_text() == "precious " * 100


@pytest.mark.parametrize(
    "statement", ["CREATE TABLE other (a)", "PRAGMA user_version = 7", "PRAGMA application_id = 7"]
)
def test_another_database_and_another_version(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as database:
        database.execute(statement)
    database.close()
    with pytest.raises(StateFileError, match="no state of this version"):
        StateFile(path)
