"""A panel becomes a directory, and never anything outside it, whatever the service calls its patterns."""

from __future__ import annotations

from pathlib import Path

import pytest

from ippanel_provider.client import Pattern
from ippanel_provider.sync.patterns.files import load
from ippanel_provider.sync.patterns.lock import Lock
from ippanel_provider.sync.patterns.pull import pull


def pattern(code: str, title: str, message: str = "کد: %code%") -> Pattern:
    # Unread: the model refuses such codes before they come as far as this.
    return Pattern.model_construct(code=code, title=title, message=message, status="active")


@pytest.mark.parametrize(
    ("code", "title"),
    [
        ("../../escaped", ""),
        ("..", "../.."),
        ("/etc/cron.d/x", "/"),
        ("..\\..\\x", "\u2215\u2024\u2024"),
        ("a/../../b", "-"),
        ("\x00", "\x00/.."),
        (".", "."),
        ("~root", "~"),
    ],
)
def test_no_code_and_no_title_leads_out_of_the_folder(tmp_path: Path, code: str, title: str) -> None:
    folder = tmp_path / "in" / "patterns"
    folder.mkdir(parents=True)
    pulled = pull(folder, [], [pattern(code, title), pattern(f"{code}x", title, "m")], Lock())
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert len(files) == 2
    assert {path.parent for path in files} == {folder}
    assert not any(path.name.startswith((".", "-")) for path in files)
    assert sorted(file.name for file in load(folder)) == sorted(row.name for row in pulled)


def test_patterns_of_one_title_get_files_of_their_own(tmp_path: Path) -> None:
    panel = [pattern(code, "ورود", code) for code in ("a/b", "a.b", "a b", "c")]
    names = [row.name for row in pull(tmp_path, [], panel, Lock())]
    assert sorted(names) == ["ورود", "ورود-a-b", "ورود-a-b-2", "ورود-c"]
