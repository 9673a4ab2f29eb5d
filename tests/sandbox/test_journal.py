"""Changes are written down as calls, and making the calls again gives the same service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ippanel_provider.sandbox.clock import Clock
from ippanel_provider.sandbox.journal import Journal, Store, change
from ippanel_provider.sandbox.state_file import StateFile, StateFileError


class Ledger(Store):
    """A store with every kind of change the rules speak of."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal)
        self.entries: list[tuple[float, str]] = []
        self.options: dict[int, str] = {}

    @change
    def note(self, text: str) -> float:
        self.entries.append((self.now(), text))
        return self.now()

    @change
    def note_twice(self, text: str, *, again: str = "again") -> None:
        self.note(text)
        self.note(again)

    @change
    def choose(self, options: dict[int, str]) -> None:
        self.options.update(options)

    @change
    def refuse(self) -> None:
        raise LookupError


class Lent:
    """A journal with one store, and the same from the file once more."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files: list[StateFile] = []

    def open(self) -> Ledger:
        ledger = Ledger(Journal(Clock()))
        file = StateFile(self.path)
        self.files.append(file)
        ledger.journal.open(file)
        return ledger

    def close(self) -> None:
        for file in self.files:
            file.close()
        self.files.clear()

    def reopen(self) -> Ledger:
        self.close()
        return self.open()

    def rows(self) -> list[str]:
        return [row.change for row in self.files[-1].rows()]


@pytest.fixture
def lent(tmp_path: Path) -> Iterator[Lent]:
    lent = Lent(tmp_path / "state.db")
    yield lent
    lent.close()


def test_changes_are_made_again_at_their_own_time(lent: Lent) -> None:
    ledger = lent.open()
    first = ledger.note("سلام")
    ledger.journal.clock.advance(1000)
    second = ledger.note("b")
    assert second >= first + 1000
    assert lent.reopen().entries == [(first, "سلام"), (second, "b")]


def test_the_clock_does_not_fall_behind_what_happened(lent: Lent) -> None:
    ledger = lent.open()
    ledger.journal.clock.advance(1000)
    at = ledger.note("a")
    assert lent.reopen().now() >= at


def test_a_change_within_a_change_is_part_of_it(lent: Lent) -> None:
    ledger = lent.open()
    ledger.note_twice("a", again="b")
    assert lent.rows() == ["Ledger.note_twice"]
    assert [text for _, text in lent.reopen().entries] == ["a", "b"]


def test_time_stands_still_within_a_change(lent: Lent) -> None:
    ledger = lent.open()
    ledger.note_twice("a")
    (first, _), (second, _) = ledger.entries
    assert first == second


def test_a_change_that_was_refused_is_not_written_down(lent: Lent) -> None:
    ledger = lent.open()
    with pytest.raises(LookupError):
        ledger.refuse()
    ledger.note("after")
    assert lent.rows() == ["Ledger.note"]


def test_arguments_come_back_with_their_types(lent: Lent) -> None:
    lent.open().choose({7: "a"})
    assert lent.reopen().options == {7: "a"}


def test_cleared_is_forgotten(lent: Lent) -> None:
    ledger = lent.open()
    ledger.note("a")
    ledger.journal.clear()
    assert lent.reopen().entries == []


def test_without_a_file_changes_are_just_made() -> None:
    ledger = Ledger(Journal(Clock()))
    ledger.note("a")
    ledger.journal.clear()
    ledger.journal.close()
    assert len(ledger.entries) == 1


@pytest.mark.parametrize("name", ["Ledger.unheard_of", "Ledger.now", "Other.note", "nonsense"])
def test_a_change_nobody_knows(lent: Lent, name: str) -> None:
    lent.open()
    lent.files[-1].append(1.0, name, b"[[], {}]")
    with pytest.raises(StateFileError, match="does not know"):
        lent.reopen()


@pytest.mark.parametrize("arguments", [b"[[5], {}]", b'[[], {"wrong": 1}]', b"{", b"[[], {}]", b"[[1, 2, 3], {}]"])
def test_arguments_nobody_can_read(lent: Lent, arguments: bytes) -> None:
    lent.open()
    lent.files[-1].append(1.0, "Ledger.note", arguments)
    with pytest.raises(StateFileError, match="cannot make"):
        lent.reopen()
