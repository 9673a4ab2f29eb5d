"""Whatever processes, threads and tasks do with a client, each send's outcome is told, and is the one on record."""

from __future__ import annotations

import multiprocessing

import pytest

from ippanel_provider.sandbox.runner import RunningSandbox
from tests.client_on_sandbox.outcomes import cancelled, forked


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork")
def test_forked_children_with_threads_are_told_of_their_own_texts(ippanel_sandbox: RunningSandbox) -> None:
    verdict = forked(ippanel_sandbox, 400, processes=4, threads=6)
    assert verdict.wrong == []
    assert (verdict.recorded, dict(verdict.said)) == (400, {"sent": 400})


def test_sends_that_are_cancelled_are_told_of_all_the_same(ippanel_sandbox: RunningSandbox) -> None:
    verdict = cancelled(ippanel_sandbox, 160)
    assert verdict.wrong == []
    # How many of each there are is the machine's affair: carried through, without an answer, stopped before it left.
    assert len(+verdict.said) >= 2
