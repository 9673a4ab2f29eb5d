"""What stays as it is, is counted: it is written into no plan, no report and no memory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ippanel_provider.client import Client, InvalidInput
from ippanel_provider.sync.phonebooks.plan import PhonebookPlan

from .books import Syncing, row
from .conftest import Run

ROWS = [row(n) for n in range(50)]


@pytest.fixture
def syncing(run: Run, client: Client, tmp_path: Path) -> Syncing:
    syncing = Syncing(run, client, tmp_path)
    assert syncing.sync(ROWS) == {"created": 50}
    return syncing


def test_a_plan_holds_no_row_of_it_and_comes_back_from_its_file(syncing: Syncing, tmp_path: Path) -> None:
    changed = [*ROWS[:49], row(49, name="نام تازه")]
    plan = syncing.plan(changed)
    assert [(change.line, change.action) for change in plan.rows()] == [(50, "update")]
    assert plan.head.counts["unchanged"] == 49
    plan.save(tmp_path / "plan.jsonl")
    loaded = PhonebookPlan.load(tmp_path / "plan.jsonl")
    assert list(loaded.kept()) == list(plan.kept())
    assert loaded.head == plan.head
    counts = syncing.apply(loaded, check_panel=True)
    assert (counts["unchanged"], counts["updated"]) == (49, 1)
    assert [(told.line, told.action) for told in syncing.told] == [(50, "updated")]


def test_what_was_remembered_of_it_is_still_known_after_others_change(syncing: Syncing) -> None:
    for points in range(3):
        assert syncing.sync([*ROWS[:49], row(49, points=1000 + points)]) == {"unchanged": 49, "updated": 1}
    syncing.run.calls.clear()
    assert syncing.sync([*ROWS[:49], row(49, points=1002)]) == {"unchanged": 50}
    assert "phonebook.get_contact" not in syncing.run.calls


def test_the_memory_is_written_once_more_and_then_left_alone(syncing: Syncing) -> None:
    """The second run sees when the panel dated what the first has written; the third learns nothing."""
    assert syncing.sync(ROWS) == {"unchanged": 50}
    before = syncing.state.stat()
    assert syncing.sync(ROWS) == {"unchanged": 50}
    after = syncing.state.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_plan_of_another_version_or_changed_by_hand_is_refused(syncing: Syncing, tmp_path: Path) -> None:
    path = tmp_path / "plan.jsonl"
    syncing.plan(ROWS).save(path)
    head, _, rest = path.read_bytes().partition(b"\n")
    path.write_bytes(json.dumps(json.loads(head) | {"version": 1}).encode() + b"\n" + rest)
    with pytest.raises(InvalidInput, match="another version of this package made it; make a new one"):
        PhonebookPlan.load(path)
    path.write_bytes(head + b"\n" + bytes([rest[0] ^ 1]) + rest[1:])
    with pytest.raises(InvalidInput, match="it was changed after it was made; make a new one"):
        PhonebookPlan.load(path)
