"""Whatever processes, threads and tasks do with a client, each send's outcome is told, and is the one on record."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from ippanel_provider.sandbox.runner import RunningSandbox
from tests.client_on_sandbox.outcomes import cancelled

FORKED = """
import json, sys
from ippanel_provider.sandbox.runner import RunningSandbox
from tests.client_on_sandbox.outcomes import forked
url, key, line = sys.argv[1:]
verdict = forked(RunningSandbox(url, api_key=key, sender=line), 400, processes=4, threads=6)
print(json.dumps([verdict.wrong, verdict.recorded, dict(verdict.said)]))
"""


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork")
def test_forked_children_with_threads_are_told_of_their_own_texts(ippanel_sandbox: RunningSandbox) -> None:
    # In a process of its own: the one of the tests has threads and locks of others when it would be forked.
    alone = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    ended = subprocess.run(
        [sys.executable, "-c", FORKED, ippanel_sandbox.url, ippanel_sandbox.api_key, ippanel_sandbox.sender],
        cwd=Path(__file__).parents[2],
        env=alone,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == [[], 400, {"sent": 400}]


def test_sends_that_are_cancelled_are_told_of_all_the_same(ippanel_sandbox: RunningSandbox) -> None:
    said: Counter[str] = Counter()
    # How many of each there are is the machine's affair, so a busy one may take several rounds to meet all.
    for _ in range(6):
        ippanel_sandbox.reset()
        verdict = cancelled(ippanel_sandbox, 160)
        assert verdict.wrong == []
        said += verdict.said
        if said["sent"] and said["NoAnswer"]:
            break
    # All three happened: carried through, without an answer, and stopped before it left.
    assert said["sent"] > 0
    assert said["NoAnswer"] > 0
