"""Killed wherever it can be and run again, the doctor never has more than two texts reach the phone."""

from __future__ import annotations

import contextlib
import random
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ippanel_provider.client import ApiKey
from ippanel_provider.doctor import MOST_TEXTS, Asking, Journal, examine_with_texts
from ippanel_provider.sandbox.runner import RunningSandbox
from tests.doctor.support import PHONE, Killed, Room

PAYING = ("refusals", "time", "outbox", "guard")
"""The groups that write the journal; the others only look."""
STEPS = 40
"""More than there are writes of a journal, before and after each."""
PANELS: list[dict[str, Any]] = [
    {"gateway_repeats": True, "guard_seconds": 0.0},
    {"gateway_repeats": True, "guard_seconds": 0.0, "scheduled_listed": False},
    {"gateway_repeats": True, "outbox_lag": 20.0},
    {"cancel_works": False, "guard_seconds": 0.0},
    {"cancel_works": False, "scheduled_listed": False, "guard_seconds": 0.0},
    {"guard_seconds": 0.0, "text_listed": "hidden", "recipients_listed": "never", "counts": "zero"},
    {"guard_seconds": 0.0, "scheduled_listed": False, "outbox_lag": 90.0, "bulk_lag": 20.0},
    {"guard_seconds": 0.0, "text_listed": "other", "list_cap": 1, "gateway_repeats": True},
]


class Written(Journal):
    """A journal whose writes are where the process may end; nothing else stands between two of them that matters."""

    tick: Callable[[], None] = staticmethod(lambda: None)

    def _write(self) -> None:
        type(self).tick()
        super()._write()
        type(self).tick()


def run(room: Room, place: Path, end_at: int) -> int:
    """Run the groups that send until the process ends at the write ``end_at``; return how many there were."""
    writes = 0

    def tick() -> None:
        nonlocal writes
        writes += 1
        if writes == end_at:
            raise Killed

    Written.tick = staticmethod(tick)
    case = room.case(wait=30.0)
    asking = Asking(ApiKey(room.sandbox.api_key), room.settings, case.observer, room.sleep)
    with asking, contextlib.suppress(Killed):
        examine_with_texts(case, asking, Written.at(place), PAYING)
    return writes


def texts(sandbox: RunningSandbox) -> Counter[str]:
    return Counter(text["text"] for text in sandbox.messages(recipient=PHONE))


@pytest.mark.parametrize(
    "panel",
    [pytest.param({}, id="plain", marks=pytest.mark.slow), *PANELS],
    ids=lambda panel: " ".join(f"{name}={value}" for name, value in panel.items()),
)
def test_killed_at_each_step_and_run_again(
    ippanel_sandbox: RunningSandbox, tmp_path: Path, panel: Mapping[str, Any]
) -> None:
    every = 1 if panel == {} else 16
    chance = random.Random(str(panel))
    for step in range(1, STEPS, every):
        ippanel_sandbox.reset()
        ippanel_sandbox.profile(**panel)
        room, place = Room(ippanel_sandbox, tmp_path, has_history=bool(step % 2)), tmp_path / f"{step}.json"
        died = run(room, place, step) == step
        if place.exists():
            assert place.stat().st_mode & 0o777 == 0o600
        # On the other panels the second run is killed as well.
        for end_at in (chance.randrange(1, 12), 0) if panel else (0,):
            room.sleep(chance.choice((0.0, 30.0, 3000.0, 4000.0)))
            run(room, place, end_at)
        assert room.reached() <= MOST_TEXTS, step
        if not panel:
            # The gateway is a plain one, so each step made its text once; the repetition says what the marker does.
            assert sorted(texts(ippanel_sandbox).values())[-1:] <= [2]
        if not died:
            break
    else:
        pytest.fail("there are more steps than were tried")
