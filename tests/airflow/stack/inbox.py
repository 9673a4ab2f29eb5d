"""A text comes in and a DAG runs, in a whole Airflow 3.3; its triggerer is killed again and again, and no text is
missed.

``python -m tests.airflow.stack.inbox [ROUNDS]`` from the top of the project; the last line is the verdict.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox
from tests.airflow.stack.airflow_stack import Stack, running_stack

EXAMPLE = Path(__file__).parents[3] / "example_dags" / "example_ippanel_inbox.py"
DAG_ID = "example_ippanel_inbox"


def main(rounds: int = 3) -> int:
    """Run it; 0 when every text had its event and every sender an answer."""
    home = Path(tempfile.mkdtemp(prefix="ippanel-stack-"))
    with running_sandbox() as sandbox, running_stack(home / "airflow", [EXAMPLE], sandbox) as stack:
        sandbox.account(duplicate_guard=0)
        stack.wait_for(lambda: bool(stack.rows("SELECT 1 FROM asset_state_store")), "the watcher has a cursor")
        say("the watcher watches")
        texts = Texts(sandbox)
        began = time.monotonic()
        texts.come_in(1)
        stack.wait_for(lambda: runs(stack) >= 1, "the first DAG run")
        say(f"a text came in, and its DAG run was there after {time.monotonic() - began:.1f} s")
        for number in range(1, rounds + 1):
            # Some right before the kill: their events may be anywhere on the way to the database.
            texts.come_in(3)
            time.sleep(random.uniform(0, 3))
            stack.kill("triggerer")
            texts.come_in(3)
            before = events(stack)
            stack.run("triggerer")
            stack.wait_for(lambda: texts.ids <= events(stack).keys(), "the events of all texts")
            say(f"round {number}: killed with {len(before)} texts known, after its restart all {len(texts.ids)} are")
            stack.wait_for(lambda: answered(sandbox).keys() >= texts.senders, "an answer to every sender")
        answers = answered(sandbox)
        twice = sum(count - 1 for count in events(stack).values())
        missed = len(texts.ids - events(stack).keys())
        stored = json.dumps([row[0] for row in stack.rows("SELECT extra FROM asset_event")])
        personal = sum(sender[3:] in stored for sender in texts.senders)
        repeated = answers.total() - len(texts.senders)
        say(f"{len(texts.ids)} texts, {missed} missed, {twice} of them in two events, {repeated} answered twice")
        say(f"{runs(stack)} DAG runs, {personal} numbers in the database")
    if missed or personal or repeated:
        return 1
    shutil.rmtree(home)
    say("inbox stack ok")
    return 0


class Texts:
    """The texts that people sent in, each from a number of its own."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self.sandbox = sandbox
        self.ids: set[int] = set()
        self.senders: set[str] = set()

    def come_in(self, count: int) -> None:
        """Let some more come in."""
        for _ in range(count):
            sender = f"+98912{len(self.senders):07d}"
            self.senders.add(sender)
            self.ids.add(self.sandbox.inbox(sender, "Stop!"))


def events(stack: Stack) -> Counter[int]:
    """How many asset events there are for each text."""
    extras = stack.rows("SELECT extra FROM asset_event")
    return Counter(inbox_id for (extra,) in extras for inbox_id in json.loads(extra)["payload"]["inbox_ids"])


def runs(stack: Stack) -> int:
    """How many DAG runs succeeded."""
    return len(stack.rows(f"SELECT 1 FROM dag_run WHERE dag_id = '{DAG_ID}' AND state = 'success'"))


def answered(sandbox: RunningSandbox) -> Counter[str]:
    """Who got how many answers."""
    return Counter(message["recipient"] for message in sandbox.messages())


def say(line: str) -> None:
    """Print at once."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
