"""Kill a sending task under a real scheduler at random moments, and let the sandbox say what people got.

``python -m tests.faults.kill_airflow --kills 100 30 30`` runs a whole Airflow (api-server, scheduler, dag-processor)
and prints a row for each home of the ledger; it fails if anybody got a text twice or not at all, or one that nobody
sent. The sandbox's duplicate guard is off.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox
from tests.airflow.stack.airflow_stack import Stack, running_stack
from tests.faults.kill_sender import HOMES, judge
from tests.faults.tally import Tally, heading, row

DAG_ID = "faults_campaign"
DAG_FILE = Path(__file__).parent / "dags" / "faults_campaign.py"
LONGEST = 2.5
"""Seconds after which a task is killed at the latest."""
TOP = Path(__file__).parents[2]


def main() -> int:
    """Run the proof and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, nargs=3, default=[100, 30, 30], metavar=HOMES, help="for each home")
    parser.add_argument("--people", type=int, default=5000, help="recipients of a campaign")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    bad = 0
    print(heading("home, under a scheduler", "campaigns", "recipients"), flush=True)
    for home, kills in zip(HOMES, options.kills, strict=True):
        with tempfile.TemporaryDirectory(prefix="ippanel-faults-") as folder, running_sandbox() as sandbox:
            database = json.dumps({"conn_type": "sqlite", "host": str(Path(folder) / "ledger.sqlite")})
            more = {"AIRFLOW_CONN_LEDGER": database, "PYTHONPATH": str(TOP)}
            with running_stack(Path(folder) / "airflow", [DAG_FILE], sandbox, more) as stack:
                tally = run_home(stack, sandbox, home, kills, options.people, chance)
        bad += tally.bad
        print(row(home, tally), flush=True)
    return 1 if bad else 0


def run_home(stack: Stack, sandbox: RunningSandbox, home: str, kills: int, people: int, chance: random.Random) -> Tally:
    """Run campaigns until so many tasks were killed, every second one with one text for all."""
    tally = Tally()
    began = time.monotonic()
    sandbox.account(duplicate_guard=0, credit=1e15)
    # A campaign takes about as long as a task may live here, so that most tasks are killed amid their sends.
    sandbox.fault("latency", path="^/v1/api/send$", seconds=0.2)
    stack.wait_for(lambda: bool(stack.rows(f"SELECT 1 FROM dag WHERE dag_id = '{DAG_ID}'")), "the DAG is known")
    while tally.kills < kills:
        tally.rounds += 1
        number = tally.rounds
        conf = {
            "campaign": number,
            "people": people,
            "home": home,
            "begun": str(stack.home / f"begun-{number}"),
            "shared_text": f"پیام {number} برای همه" if number % 2 == 0 else None,
        }
        trigger(stack, conf)
        kill_until_done(stack, conf, tally, kills, chance)
        judge(sandbox, conf, tally, text=f"پیام {number} برای")
    tally.seconds = time.monotonic() - began
    return tally


def trigger(stack: Stack, conf: dict[str, object]) -> None:
    """Start a run."""
    command = [
        sys.executable,
        "-m",
        "airflow",
        "dags",
        "trigger",
        DAG_ID,
        "--run-id",
        f"run-{conf['campaign']}",
        "--conf",
        json.dumps(conf),
    ]
    subprocess.run(command, env=stack.environment, check=True, capture_output=True)


def kill_until_done(stack: Stack, conf: dict[str, object], tally: Tally, kills: int, chance: random.Random) -> None:
    """Kill each try at a random moment after it began, until one ends by itself."""
    begun = Path(str(conf["begun"]))
    run = f"SELECT state FROM dag_run WHERE run_id = 'run-{conf['campaign']}'"
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        (state,) = stack.rows(run)[0]
        if state == "success":
            return
        if state == "failed":
            raise SystemExit(f"the run of campaign {conf['campaign']} failed; the logs are in {stack.home}")
        if begun.exists() and tally.kills < kills:
            pid = int(begun.read_text())
            begun.unlink()
            time.sleep(chance.uniform(0, LONGEST))
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                tally.kills += 1
        time.sleep(0.05)
    raise SystemExit(f"campaign {conf['campaign']} does not come to an end; the logs are in {stack.home}")


if __name__ == "__main__":
    sys.exit(main())
