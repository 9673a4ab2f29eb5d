"""The tools that are in this environment, as they are; ``make test-hosts`` runs the others too, on two Apprises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ippanel_provider.sandbox.runner import RunningSandbox

from .hosts.table import SITUATIONS, reported, somebodys_home

# Airflow's notifier stands in tests/airflow/test_apprise.py.
HERE = ("uptime-kuma", "log-handler")
BY_DAY = ("lost answer", "half refused")
"""Those in which a tool is told less than it was; what a plugin says otherwise has tests of its own."""


@pytest.fixture(scope="module")
def a_home() -> Iterator[Path]:
    with somebodys_home() as home:
        yield home


@pytest.mark.parametrize(
    "situation",
    [pytest.param(name, marks=[] if name in BY_DAY else [pytest.mark.nightly]) for name in SITUATIONS],
)
@pytest.mark.parametrize("tool", HERE)
def test_what_a_tool_reports_is_what_became_of_the_text(
    ippanel_sandbox: RunningSandbox, a_home: Path, tool: str, situation: str
) -> None:
    told = reported(tool, SITUATIONS[situation], ippanel_sandbox, a_home, None)
    assert told.is_right(SITUATIONS[situation]), told
