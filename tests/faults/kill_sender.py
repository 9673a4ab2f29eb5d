"""Kill a sending process at random moments, start it again, and let the sandbox say what people got.

``python -m tests.faults.kill_sender --kills 1000`` prints a row for each home of the ledger and form of sending, and fails
if anybody got a text twice or not at all. The sandbox's duplicate guard is off, so that nothing but the ledger prevents it.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import Any

from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox
from tests.faults.worker import BEGUN, audience

HOMES = ("task", "sql", "none")
SETTLE = 0.6


@dataclass
class Tally:
    """What one home came to."""

    kills: int = 0
    campaigns: int = 0
    recipients: int = 0
    duplicates: int = 0
    lost: int = 0
    seconds: float = 0.0


def main() -> int:
    """Run the proof and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=30, help="for each home")
    parser.add_argument("--people", type=int, default=5000, help="recipients of a campaign")
    parser.add_argument("--homes", nargs="+", default=list(HOMES), choices=HOMES)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    bad = 0
    print(heading(), flush=True)
    for home in options.homes:
        tally = run_home(home, options.kills, options.people, chance)
        bad += tally.duplicates + tally.lost
        print(row(home, tally), flush=True)
    return 1 if bad else 0


def heading() -> str:
    """Return the heading of the table."""
    return f"{'home':<6} {'kills':>6} {'campaigns':>9} {'recipients':>10} {'duplicates':>10} {'lost':>6} {'seconds':>8}"


def row(home: str, tally: Tally) -> str:
    """Return a row of the table."""
    counts = f"{tally.kills:>6} {tally.campaigns:>9} {tally.recipients:>10} {tally.duplicates:>10} {tally.lost:>6}"
    return f"{home:<6} {counts} {tally.seconds:>8.0f}"


def run_home(home: str, kills: int, people: int, chance: random.Random) -> Tally:
    """Run campaigns until so many processes were killed, every second one with one text for all."""
    tally = Tally()
    began = time.monotonic()
    with running_sandbox() as sandbox, tempfile.TemporaryDirectory() as folder:
        sandbox.account(duplicate_guard=0, credit=1e15)
        sandbox.fault("latency", path="^/v1/api/send$", seconds=0.02)
        while tally.kills < kills:
            tally.campaigns += 1
            shared_text = f"پیام {tally.campaigns} برای همه" if tally.campaigns % 2 == 0 else None
            options = {
                "base_url": sandbox.base_url,
                "api_key": sandbox.api_key,
                "sender": sandbox.sender,
                "folder": folder,
                "home": home,
                "campaign": tally.campaigns,
                "people": people,
                "chunk_size": 100,
                "shared_text": shared_text,
                "settle": SETTLE,
                "since": sandbox.now() - 1,
            }
            run_campaign(options, tally, kills, chance)
            judge(sandbox, options, tally)
            sandbox.reset()
            sandbox.account(duplicate_guard=0, credit=1e15)
            sandbox.fault("latency", path="^/v1/api/send$", seconds=0.02)
    tally.seconds = time.monotonic() - began
    return tally


def run_campaign(options: dict[str, Any], tally: Tally, kills: int, chance: random.Random) -> None:
    """Try until a try ends by itself; kill the others at a random moment after they began."""
    number = 0
    while True:
        number += 1
        command = [sys.executable, "-m", "tests.faults.worker", json.dumps({**options, "try": number})]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            if process.stdout.readline().strip() == BEGUN and tally.kills < kills:
                try:
                    process.wait(chance.uniform(0, 0.9))
                except subprocess.TimeoutExpired:
                    process.kill()
                    tally.kills += 1
        if process.returncode == 0:
            return
        if process.returncode != -9:
            raise SystemExit(f"a try ended with {process.returncode}; its error is above")


def judge(sandbox: RunningSandbox, options: dict[str, Any], tally: Tally, *, text: str | None = None) -> None:
    """Ask the sandbox who got what, and compare with who should have."""
    wanted = {(message.recipient, message.text) for message in audience(options["campaign"], options["people"], options["shared_text"])}
    texts = [(got["recipient"], got["text"]) for got in sandbox.messages(text=text)]
    tally.recipients += len(wanted)
    tally.duplicates += len(texts) - len(set(texts))
    tally.lost += len(wanted - set(texts))


if __name__ == "__main__":
    sys.exit(main())
