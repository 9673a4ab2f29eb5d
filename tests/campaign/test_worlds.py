"""Small worlds of a panel with oddities, each played through the real sender on a clock that stands still.

All of those with two oddities are played by ``python -m tests.faults.worlds``; here are the worst, and some by chance.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from ippanel_provider.client import Client
from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox
from tests.faults.covering import Run, array
from tests.faults.covering import play as covered
from tests.faults.worlds import World, client_of, play, reason_of, worlds

WORST = {
    World("alert", fate="reset", neighbour="other_words"): "ok",
    World("one", fate="lost", people="late"): "ok",
    World("one", fate="lost", people="one_less"): "ok",
    World("one", fate="lost", ids="blocks"): "ok",
    World("chunks", fate="reset", neighbour="before"): "ok",
    World("one", fate="held180"): "ok",
    World("chunks", fate="lost", victim_lag=300.0): "ok",
    World("one", fate="lost", freeze=500.0): "ok",
    World("one", fate="reset", kill=True): "ok",
    World("one", fate="reset", memory="none"): "ok",
    World("chunks", kill=True, cap=2): "asks",
    World("one", fate="twice429", lag=8.0): "ok",
    World("one", fate="twicecredit"): "ok",
    World("turn", 3, kill=True, lag=400.0): "ok",
    World("one", fate="lost", freeze=500.0, second="killed"): "ok",
}
DRAWN = random.Random(7).sample([world for world in worlds(2) if not reason_of(world)], 12)


@pytest.fixture(scope="module")
def panel() -> Iterator[tuple[RunningSandbox, Client]]:
    with running_sandbox() as sandbox, client_of(sandbox) as client:
        yield sandbox, client


@pytest.mark.parametrize(("world", "verdict"), WORST.items(), ids=str)
def test_the_worst_worlds_end_as_they_must(panel: tuple[RunningSandbox, Client], world: World, verdict: str) -> None:
    assert play(*panel, world) == verdict


@pytest.mark.parametrize("world", DRAWN, ids=str)
def test_in_a_world_where_it_can_be_told_nobody_is_texted_twice_or_lost(
    panel: tuple[RunningSandbox, Client], world: World
) -> None:
    assert play(*panel, world) in {"ok", "asks"}


@pytest.mark.parametrize("run", array(1)[::27], ids=str)
def test_whatever_the_home_the_form_the_delivery_and_the_panel_nobody_is_texted_twice_or_lost(
    panel: tuple[RunningSandbox, Client], tmp_path: Path, run: Run
) -> None:
    assert covered(*panel, run, tmp_path).verdict in {"ok", "asks"}
