"""The look itself: a scan that finds nothing proves nothing."""

from __future__ import annotations

import base64
import json
import os
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

pytest.importorskip("cryptography", reason="Airflow is not installed")

from cryptography.fernet import Fernet

from tests.leaks.allowed import ALLOWED, unsaid
from tests.leaks.canaries import KNOWN, SECRETS, Canary, encodings
from tests.leaks.scan import Scan

ALL = [*SECRETS, *KNOWN]


def found(content: bytes) -> set[str]:
    scan = Scan(ALL)
    scan.look(content, "here")
    return {hit.canary.name for hit in scan.hits}


@pytest.mark.parametrize("canary", ALL, ids=lambda canary: canary.name)
def test_what_is_written_in_any_way_is_found(canary: Canary) -> None:
    ways = encodings(canary)
    assert len(ways) >= 10
    for written in ways.values():
        assert canary.name in found(b"before " + written + b" after")
    for written in (
        quote(f"به {canary.value} گفته شد"),
        json.dumps({"said": json.dumps(f"تا {canary.value}")}),
        f"0{canary.value}",
        f"+98{canary.value}",
    ):
        assert canary.name in found(written.encode())


@pytest.mark.parametrize("before", range(6))
def test_it_is_found_in_the_midst_of_base64(before: int) -> None:
    for canary in ALL:
        assert found(base64.b64encode(os.urandom(before) + canary.value.encode() + b"\xffend")) == {canary.name}


def test_what_is_not_there_is_not_found() -> None:
    assert found(os.urandom(100_000) + os.urandom(50_000).hex().encode()) == set()


def test_rows_are_looked_into_however_airflow_packs_them(tmp_path: Path) -> None:
    fernet, path = Fernet(Fernet.generate_key()), tmp_path / "airflow.db"
    plain, packed, hidden, kept = (f"0{canary.value}".encode() for canary in KNOWN[:4])
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE trigger (kwargs, more)")
        database.execute("CREATE TABLE connection (password)")
        database.execute("INSERT INTO trigger VALUES (?, ?)", (fernet.encrypt(hidden), zlib.compress(packed)))
        database.execute("INSERT INTO trigger VALUES (?, NULL)", (plain.decode(),))
        database.execute("INSERT INTO connection VALUES (?)", (fernet.encrypt(kept).decode(),))
    scan = Scan(ALL)
    scan.rows(path, fernet)
    assert {hit.canary.name for hit in scan.hits} == {canary.name for canary in KNOWN[:3]}
    assert scan.counts["rows"] == 3


def test_whatever_is_allowed_stands_in_the_documentation() -> None:
    assert ALLOWED
    assert unsaid() == []
