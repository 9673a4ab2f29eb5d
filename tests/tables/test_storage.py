"""Files are there whole or not at all, on a disk and on object storage."""

from __future__ import annotations

import io
import stat
from pathlib import Path
from typing import Any, ClassVar

import pytest

from ippanel_provider.tables.storage import read_json, write, write_json, writing


class Bucket(type(Path())):  # type: ignore[misc]
    """A path on object storage as universal_pathlib makes it up to 0.2: a ``pathlib.Path`` that only opens and
    exists."""

    protocol = "memory"
    files: ClassVar[dict[str, bytes]] = {}

    def exists(self) -> bool:
        return str(self) in self.files

    def open(self, mode: str = "r", *_: Any, **__: Any) -> Any:
        if mode == "rb":
            return io.BytesIO(self.files[str(self)])
        where, files = str(self), self.files

        class Draft(io.BytesIO):
            def close(self) -> None:
                files[where] = self.getvalue()
                super().close()

        return Draft()


def test_a_lock_file_on_object_storage() -> None:
    path = Bucket("/bucket/ippanel.lock.json")
    write_json(path, {"patterns": {}})
    assert read_json(path, "lock file") == {"version": 1, "patterns": {}}


def test_what_ends_in_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "plan"
    write(path, b"before")

    def breaks_off() -> None:
        with writing(path) as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        breaks_off()
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_who_could_not_read_a_file_still_cannot_when_it_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    write(path, b"numbers")
    path.chmod(0o600)
    write(path, b"more numbers")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_goes_on_to_where_it_led(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere" / "state")
    write(tmp_path / "link", b"a")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "elsewhere" / "state").read_bytes() == b"a"
