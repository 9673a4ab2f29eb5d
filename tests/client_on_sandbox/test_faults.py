"""Under every fault, both clients say the same of three things: it did not go out, it was refused, or nobody can
tell."""

from __future__ import annotations

import pytest

from ippanel_provider.sandbox.runner import RunningSandbox
from tests.client_on_sandbox.faults import CASES, Case, outcome, running

_REPEATED = {"NoAnswer", "ServerFault", "Unreadable", "Throttled"}


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_read_is_repeated_and_a_send_leaves_once(ippanel_sandbox: RunningSandbox, case: Case, kind: str) -> None:
    got = outcome(ippanel_sandbox, case, running(ippanel_sandbox, kind))
    assert (got.read, got.send) == (case.read, case.send)
    assert got.reads == (3 if case.read in _REPEATED else 1)
    assert got.sends == 1
    assert got.texts == (1 if case.went_out else 0)
