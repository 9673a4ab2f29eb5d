"""Each fault of the service at each step of a campaign, with what people got in the end.

``python -m tests.faults.steps`` prints a row for each fault and a column for each step: how many tries the campaign
took, and how many texts were doubled or lost. It fails if any was. The sandbox's duplicate guard is off.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from ippanel_provider.campaign.audience import Row
from ippanel_provider.campaign.chunks import OwnTexts
from ippanel_provider.campaign.cost import tariff_of
from ippanel_provider.campaign.ledger.hashes import MemberKey, secret_of
from ippanel_provider.campaign.ledger.task_state import TaskLedger
from ippanel_provider.campaign.order import OncePer, OnUnconfirmed, Order
from ippanel_provider.campaign.results import Progress
from ippanel_provider.campaign.run import deliver
from ippanel_provider.campaign.screening import Campaign
from ippanel_provider.client import Client, IPPanelError, Retry, Settings
from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox
from tests.faults.kill_sender import judge
from tests.faults.tally import Tally
from tests.faults.worker import FileStore, audience

PEOPLE, CHUNK = 30, 10
MOST_TRIES = 6
SEND = "^/v1/api/send$"
READ_TIMEOUT, LATE = 0.4, 0.8
"""An answer comes later than it is waited for; the outbox is given longer still."""


class Step(NamedTuple):
    """A request of a campaign. Reads are repeated by the client, so they meet a fault as often as fails a whole try."""

    name: str
    path: str
    after: int = 0
    times: int = 1
    in_doubt: bool = False
    """It is asked only after an answer was lost."""


STEPS = (
    Step("the price", "/api/send/calculate-price", times=3),
    Step("the credit", "/api/payment/credit/mine", times=3),
    Step("first chunk", SEND),
    Step("second chunk", SEND, after=1),
    Step("last chunk", SEND, after=2),
    Step("outbox list", "/api/report/new_list", times=3, in_doubt=True),
    Step("who got it", "/api/report/recipients", times=3, in_doubt=True),
)
FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("latency", {"seconds": LATE}),
    ("status", {"status": 429, "retry_after": 0}),
    ("status", {"status": 500}),
    ("status", {"status": 500, "processed": True}),
    ("status", {"status": 503, "retry_after": 0}),
    ("html", {}),
    ("html", {"status": 200, "processed": True}),
    ("malformed", {}),
    ("truncated", {}),
    ("refused", {}),
    ("unauthorized", {"body": "seen"}),
    ("drop_before", {}),
    ("drop_after", {}),
    ("partial", {"accept": 4}),
    ("partial", {"accept": 4, "status": 500}),
    ("outbox_lag", {"seconds": LATE}),
)
ONLY_AT = {"partial": SEND, "outbox_lag": "/api/report/new_list"}


def main() -> int:
    """Print the table."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    logging.disable(logging.CRITICAL)
    print(f"{'fault':<32}" + "".join(f"{step.name:>14}" for step in STEPS), flush=True)
    bad = 0
    with running_sandbox() as sandbox:
        for number, (fault, given) in enumerate(FAULTS):
            cells = []
            for place, step in enumerate(STEPS):
                if ONLY_AT.get(fault, step.path) != step.path:
                    cells.append("-")
                    continue
                tries, tally = meet(sandbox, fault, given, step, campaign=100 + number * len(STEPS) + place)
                bad += tally.bad
                cells.append(told(tries, tally))
            name = " ".join([fault, *(f"{name}={value}" for name, value in given.items())])
            print(f"{name:<32}" + "".join(f"{cell:>14}" for cell in cells), flush=True)
    print(f"Cells are tries until everybody has one text. Wrong: {bad}.")
    return 1 if bad else 0


def told(tries: int, tally: Tally) -> str:
    """Return a cell."""
    wrong = {"doubled": tally.doubled, "lost": tally.lost, "wrong": tally.wrong}
    return " ".join([str(tries), *(f"{count} {what}" for what, count in wrong.items() if count)])


def meet(sandbox: RunningSandbox, fault: str, given: dict[str, Any], step: Step, campaign: int) -> tuple[int, Tally]:
    """Run a campaign that meets the fault at this step, and try again until a try ends well."""
    sandbox.reset()
    sandbox.account(duplicate_guard=0, credit=1e12)
    if step.in_doubt:
        sandbox.fault("drop_after", path=SEND, times=1, after=1)
    sandbox.fault(fault, path=step.path, times=step.times, after=step.after, **given)
    tally, tries = Tally(), 0
    with tempfile.TemporaryDirectory() as folder:
        while tries < MOST_TRIES:
            tries += 1
            try:
                attempt(sandbox, FileStore(Path(folder)), campaign)
            except IPPanelError:
                continue
            break
    judge(sandbox, {"campaign": campaign, "people": PEOPLE, "shared_text": None}, tally)
    return tries, tally


def attempt(sandbox: RunningSandbox, store: FileStore, campaign: int) -> None:
    """Try once, with everything that a task does."""
    rows = [Row(message.line, message.recipient, message.text) for message in audience(campaign, PEOPLE, None)]
    settings = Settings(base_url=sandbox.base_url, read_timeout=READ_TIMEOUT, retry=Retry(attempts=3, first_delay=0.01))
    terms = Order(
        sender=sandbox.sender,
        kind=OwnTexts(),
        chunk_size=CHUNK,
        concurrency=1,
        on_unconfirmed=OnUnconfirmed.RESEND,
        settle=2 * LATE,
    )
    with Client(sandbox.api_key, settings) as client:
        ledger, progress = TaskLedger(store, MemberKey(secret_of("faults"), OncePer.MESSAGE)), Progress()
        whole = Campaign(lambda: rows, OncePer.MESSAGE, tariff_of(client, terms.sender), progress, first_pass=True)
        deliver(terms, whole.messages(client, ledger), client, ledger, progress)


if __name__ == "__main__":
    sys.exit(main())
