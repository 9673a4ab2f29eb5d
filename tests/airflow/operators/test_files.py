"""Paths of tasks, as authors write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import ObjectStoragePath
from fsspec.implementations.memory import MemoryFileSystem

from ippanel_provider.client import InvalidInput
from ippanel_provider.operators.files import location, opened, uploaded, write
from ippanel_provider.tables.writers import Column

try:
    from airflow.sdk.io import attach
except ImportError:
    from airflow.io.store import attach

COLUMNS = (Column("id", "int64"), Column("name"))


@pytest.mark.parametrize("kind", [str, Path, lambda path: ObjectStoragePath(f"file://{path}")])
def test_a_path_is_text_or_a_path_of_any_kind(tmp_path: Path, kind: Any) -> None:
    path = kind(tmp_path / "new" / "file.csv")
    write(path, COLUMNS, [(1, "آرش")])
    with opened(path) as file:
        assert file.read() == "id,name\r\n1,آرش\r\n".encode()
    with uploaded(path) as upload:
        assert upload == tmp_path / "new" / "file.csv"


@pytest.mark.parametrize("kind", [str, ObjectStoragePath])
def test_object_storage(kind: Any) -> None:
    attach("memory", fs=MemoryFileSystem())
    path = kind("memory://bucket/report.csv")
    write(path, COLUMNS, [(1, "آرش")])
    assert ObjectStoragePath("memory://bucket/report.csv").read_bytes().startswith(b"id,name\r\n")
    with uploaded(path) as upload:
        assert upload.filename == "report.csv"
    with pytest.raises(InvalidInput, match="path: there is no file memory://bucket/nothing"):
        uploaded("memory://bucket/nothing").__enter__()
    assert location(ObjectStoragePath("memory://bucket/a"), None).name == "a"


def test_formulas_are_texts_unless_the_deployment_keeps_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "file.csv", COLUMNS, [(1, "=cmd|' /C calc'!A0")])
    assert (tmp_path / "file.csv").read_text() == "id,name\n1,'=cmd|' /C calc'!A0\n"
    monkeypatch.setenv("AIRFLOW__IPPANEL__KEEP_FORMULAS", "True")
    write(tmp_path / "file.csv", COLUMNS, [(1, "=cmd")])
    assert (tmp_path / "file.csv").read_text() == "id,name\n1,=cmd\n"


def test_nothing_is_asked_for_that_cannot_be_written(tmp_path: Path) -> None:
    def rows() -> Any:
        pytest.fail("the rows were asked for")
        yield

    with pytest.raises(InvalidInput, match="path: let it end in"):
        write(tmp_path / "file.json", COLUMNS, rows())
