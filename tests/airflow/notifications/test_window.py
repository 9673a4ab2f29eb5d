"""An alert goes to a person once in a window, among processes too, and what was held back is counted."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from ippanel_provider.notifications import window as module
from ippanel_provider.notifications.window import Entry, MachineBook, Window


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "alerts.sqlite"


class Clock:
    """A clock that the test moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_800_000_000.0
        monkeypatch.setattr(module.time, "time", lambda: self.now)


class Elsewhere:
    """The book of all machines, in which other machines write."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}

    def claim(self, alert: str, people: Iterable[str], seconds: float) -> dict[str, Entry]:
        known = {person: self.entries.get(person, Entry()) for person in people}
        for person, entry in known.items():
            covered = entry.covers(module.time.time(), seconds)
            self.entries[person] = Entry(entry.sent_at, entry.held + 1) if covered else Entry(module.time.time())
        return known

    def enter(self, alert: str, entries: Mapping[str, Entry]) -> None:
        self.entries |= entries


class Broken:
    """A book that cannot be used."""

    def claim(self, alert: str, people: Iterable[str], seconds: float) -> dict[str, Entry]:
        raise PermissionError

    def enter(self, alert: str, entries: Mapping[str, Entry]) -> None:
        raise PermissionError


def test_the_second_is_held_back_and_the_next_after_the_window_tells_how_many(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    window = Window(600, [MachineBook(path)])
    assert window.claim("alert", ["a"]) == {"a": 0}
    assert [window.claim("alert", ["a"]) for _ in range(3)] == [{}, {}, {}]
    clock.now += 600
    assert window.claim("alert", ["a"]) == {"a": 3}
    clock.now += 600
    assert window.claim("alert", ["a"]) == {"a": 0}


def test_people_and_alerts_are_told_apart(path: Path) -> None:
    window = Window(600, [MachineBook(path)])
    assert window.claim("alert", ["a", "b"]) == {"a": 0, "b": 0}
    assert window.claim("alert", ["b", "c"]) == {"c": 0}
    assert window.claim("other", ["a"]) == {"a": 0}


def test_an_alert_that_did_not_go_out_opens_the_window_and_keeps_the_count(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    window = Window(600, [MachineBook(path)])
    window.claim("alert", ["a"])
    window.claim("alert", ["a"])
    clock.now += 601
    claimed = window.claim("alert", ["a"])
    window.give_back("alert", claimed)
    assert window.claim("alert", ["a"]) == {"a": 1}


def test_a_clock_that_was_set_back_closes_the_window_no_longer_than_it_lasts(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    window = Window(600, [MachineBook(path)])
    window.claim("alert", ["a"])
    clock.now -= 86_400
    assert window.claim("alert", ["a"]) == {"a": 0}


class Full(MachineBook):
    """A file in which nothing can be entered any more once it was asked."""

    def enter(self, alert: str, entries: Mapping[str, Entry]) -> None:
        raise sqlite3.OperationalError("database or disk is full")


def test_a_book_that_fails_after_it_was_asked_keeps_nobody_from_being_told(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere = Elsewhere()
    Window(600, [elsewhere]).claim("alert", ["a"])
    window = Window(600, [Full(path), elsewhere])
    assert window.claim("alert", ["a", "b"]) == {"b": 0}
    assert "cannot use its Full (OperationalError)" in caplog.text


def test_of_many_processes_at_once_one_comes_through(path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from ippanel_provider.notifications.window import MachineBook, Window\n"
        "window = Window(600, [MachineBook(Path(sys.argv[1]))])\n"
        "print(sum(len(window.claim('alert', ['a'])) for _ in range(25)))"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    assert sorted(int(process.communicate()[0]) for process in processes) == [0, 0, 0, 1]
    window = Window(600, [MachineBook(path)])
    assert sqlite3.connect(path).execute("SELECT held FROM alerts").fetchone() == (99,)
    assert window.claim("alert", ["a"]) == {}


def test_another_machine_closes_the_window_here(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    elsewhere = Elsewhere()
    here, there = Window(600, [MachineBook(path), elsewhere]), Window(600, [elsewhere])
    assert there.claim("alert", ["a"]) == {"a": 0}
    clock.now += 300
    assert here.claim("alert", ["a"]) == {}
    clock.now += 299
    assert here.claim("alert", ["a"]) == {}, "asked of the file of this machine alone, with the other's time"
    clock.now += 1
    assert here.claim("alert", ["a"]) == {"a": 2}, "one counted in each book"


def test_what_was_given_back_is_counted_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    window = Window(600, [MachineBook(path), Elsewhere()])
    window.claim("alert", ["a"])
    window.claim("alert", ["a"])
    clock.now += 600
    window.give_back("alert", window.claim("alert", ["a"]))
    assert window.claim("alert", ["a"]) == {"a": 1}


def test_where_a_book_cannot_be_used_alerts_go_out(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    window = Window(600, [Broken(), MachineBook(path)])
    assert window.claim("alert", ["a"]) == {"a": 0}
    assert window.claim("alert", ["a"]) == {}, "the other book still holds back"
    window.give_back("alert", {"a": 0})
    assert "cannot use its Broken (PermissionError)" in caplog.text
