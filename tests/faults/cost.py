"""What recognition costs, in requests beside the sends: when nothing goes wrong, and after a kill, by panel.

``python -m tests.faults.cost`` prints both tables, for three chunks of four people with one text and a SQL ledger. The
sandbox's clock stands still but for the sender's sleeps.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.chunks import SharedText, Single
from ippanel_provider.campaign.ledger.base import Ledger
from ippanel_provider.campaign.ledger.memory import MemoryLedger
from ippanel_provider.campaign.ledger.task_state import TaskLedger
from ippanel_provider.campaign.order import Order
from ippanel_provider.campaign.results import Progress
from ippanel_provider.campaign.run import deliver
from ippanel_provider.client import Client, edge
from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox
from tests.campaign.conftest import KEY, Store, people
from tests.faults.covering import PANELS, TEXT, Run, play
from tests.faults.worlds import client_of

SENDS = "POST /api/send"


def main() -> int:
    """Print the tables."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    logging.disable(logging.CRITICAL)
    with running_sandbox() as sandbox, client_of(sandbox) as client, tempfile.TemporaryDirectory() as folder:
        print("| when nothing goes wrong | requests beside the sends |\n|---|---:|")
        for name, count in undisturbed(sandbox, client).items():
            print(f"| {name} | {count} |")
        print("\n| killed before an answer came | requests beside the sends | until the task ends | verdict |")
        print("|---|---:|---:|---|")
        for number, panel in enumerate(PANELS):
            (home := Path(folder) / str(number)).mkdir()
            ending = play(sandbox, client, Run("sql", "one text", "direct", panel, "answer lost, killed", 0), home)
            print(f"| {panel} | {beside(sandbox)} | {ending.seconds:.0f} s | {ending.verdict} |", flush=True)
    return 0


def undisturbed(sandbox: RunningSandbox, client: Client) -> dict[str, int]:
    """Count for a first campaign of a connection, one within a day of it, and one that has nothing left to send."""
    sandbox.reset()
    sandbox.account(duplicate_guard=0)
    order = Order(sender=sandbox.sender, kind=SharedText(TEXT), chunk_size=4, concurrency=1)
    costs, before, first, store = {}, 0, MemoryLedger(KEY), Store()
    second = TaskLedger(store, KEY)

    def run(name: str, ledger: Ledger, order: Order = order, count: int = 12) -> None:
        nonlocal before
        messages = people(count, TEXT) if count else [Message("", sandbox.sender)]
        deliver(order, messages, client, ledger, Progress())
        costs[name], before = beside(sandbox) - before, beside(sandbox)

    run("the first campaign of a connection", first)
    list(second.history())
    second.learn(first.learnt())
    run("a campaign within a day of it", second)
    run("a try that has nothing left to send", TaskLedger(store, KEY))
    third = MemoryLedger(KEY)
    third.learn(first.learnt())
    book = sandbox.add_phonebook("all", [{"number": message.recipient} for message in people(3)])["id"]
    single = Single(lambda at: edge.send.phonebook(TEXT, [book], sender=sandbox.sender, send_time=at), TEXT, 3)
    run("a single request within a day of it", third, replace(order, kind=single), 0)
    return costs


def beside(sandbox: RunningSandbox) -> int:
    """How many requests were made that were no sends."""
    return (Counter(sandbox.stats()["requests"]) - Counter({SENDS: 10**6})).total()


if __name__ == "__main__":
    sys.exit(main())
