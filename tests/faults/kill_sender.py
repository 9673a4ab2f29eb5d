"""Kill a sending process at random moments, start it again, and let the sandbox say what people got.

``python -m tests.faults.kill_sender --kills 1000`` prints a row for each home of the ledger and each panel, and fails
if anybody got a text twice or not at all, or one that nobody sent. The sandbox's duplicate guard is off, so that
nothing but the ledger prevents it. The home ``mariadb`` needs the server of that name, and the cluster's drivers.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox
from tests.faults.tally import Tally, heading, row
from tests.faults.worker import IN_DOUBT, attempt, audience

HOMES = ("task", "sql", "variables")
ON_A_SERVER = "mariadb"
UGLY: dict[str, dict[str, Any]] = {
    "plain": {},
    "other letters": {
        "suffix_appended": True, "letters": "arabic", "half_spaces": "dropped", "line_ends": "crlf",
        "recipient_form": "0", "counts": "zero",
    },
    "hidden texts": {"text_listed": "hidden", "counts": "one_less", "recipients_lacking": 1, "ids": "blocks"},
    "odd list": {
        "page_cap": 20, "page_figures": False, "pages_shift": 1, "clock_offset": -120.0, "send_times": "minute",
        "recipient_form": "98", "recipient_texts": False,
    },
}  # fmt: skip
"""Panels by what is odd about them."""
SETTLE = 0.6
MOST_DOUBTS = 3
"""So many tries may end in doubt before a campaign counts as one that waits."""
CAMPAIGN_SECONDS = 0.7
"""About what a campaign takes that is left alone."""

# A process forked from one that has imported everything begins at once, and is killed as any other.
_processes = multiprocessing.get_context("forkserver")


def main() -> int:
    """Run the proof and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=30, help="for each home")
    parser.add_argument("--people", type=int, default=5000, help="recipients of a campaign")
    parser.add_argument("--homes", nargs="+", default=list(HOMES), choices=[*HOMES, ON_A_SERVER])
    parser.add_argument("--panels", nargs="+", default=["plain"], choices=UGLY)
    parser.add_argument("--at-once", type=int, default=2, help="campaigns side by side, each with a sandbox of its own")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    _processes.set_forkserver_preload(["tests.faults.worker", "ippanel_provider.campaign.ledger.sql"])
    bad = 0
    print(heading("home, panel", "campaigns", "recipients"), flush=True)
    for home, panel in itertools.product(options.homes, options.panels):
        with database(home) as url:
            extra = {"home": home, "panel": panel, "database": url}
            tally = run_home(extra, options.kills, options.people, options.at_once, options.seed)
        bad += tally.bad
        print(row(f"{home}, {panel}", tally), flush=True)
    return 1 if bad else 0


@contextmanager
def database(home: str) -> Iterator[str]:
    """Run the server that a home needs, if it needs one; give the URL of a database there."""
    if home != ON_A_SERVER:
        yield ""
        return
    import sqlalchemy as sa

    from tests.cluster.servers import MariaDb, ended

    with tempfile.TemporaryDirectory(prefix="ippanel-mariadb-", ignore_cleanup_errors=True) as folder:
        server = MariaDb(Path(folder))
        with ended(server):
            server.make()
            engine = sa.create_engine(server.url("mysql"))
            with engine.begin() as connection:
                connection.execute(sa.text("CREATE DATABASE kills CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"))
            engine.dispose()
            yield server.url("kills")


def run_home(extra: dict[str, Any], kills: int, people: int, at_once: int, seed: int) -> Tally:
    """Share the kills between campaigns side by side."""
    began = time.monotonic()
    shares = [(kills + stream) // at_once for stream in range(at_once)]
    # Not on threads: multiprocessing lets one thread take the exit code that another waits for.
    with ProcessPoolExecutor(at_once, mp_context=_processes) as pool:
        running = [
            pool.submit(run_stream, extra, share, people, f"{seed} {extra['home']} {stream}")
            for stream, share in enumerate(shares)
        ]
        parts = [part.result() for part in running]
    return Tally.of(parts, time.monotonic() - began)


def run_stream(extra: dict[str, Any], kills: int, people: int, seed: str) -> Tally:
    """Run campaigns one after the other until so many processes were killed, every second one with one text for all."""
    tally, chance = Tally(), random.Random(seed)
    with running_sandbox() as sandbox, tempfile.TemporaryDirectory() as folder:
        while tally.kills < kills:
            tally.rounds += 1
            sandbox.reset()
            sandbox.account(duplicate_guard=0, credit=1e15)
            sandbox.profile(**UGLY[extra["panel"]])
            sandbox.fault("latency", path="^/v1/api/send$", seconds=0.05)
            options = {
                "base_url": sandbox.base_url,
                "api_key": sandbox.api_key,
                "sender": sandbox.sender,
                "folder": folder,
                "name": seed,
                **extra,
                "campaign": tally.rounds,
                "people": people,
                "chunk_size": 100,
                "shared_text": f"پیام {tally.rounds} برای همه" if tally.rounds % 2 == 0 else None,
                "settle": SETTLE,
            }
            lost = tally.lost
            is_green = run_campaign(options, tally, kills, chance)
            judge(sandbox, options, tally)
            if not is_green:
                # Whoever has got nothing is told of, until somebody decides or the repetition's time is over.
                print(f"{extra['home']}, {extra['panel']}: a campaign waits for a person", flush=True)
                tally.lost = lost
    return tally


def run_campaign(options: dict[str, Any], tally: Tally, kills: int, chance: random.Random) -> bool:
    """Try until a try ends by itself; kill the others at a random moment after they began. Return whether it is green,
    and does not wait for a person.
    """
    number = doubts = 0
    while True:
        number += 1
        hears, tells = _processes.Pipe(duplex=False)
        process = _processes.Process(target=attempt, args=({**options, "try": number}, tells))
        process.start()
        tells.close()
        with hears:
            if has_begun(hears) and tally.kills < kills:
                process.join(chance.uniform(0, CAMPAIGN_SECONDS))
                if process.is_alive():
                    process.kill()
                    tally.kills += 1
        process.join()
        if process.exitcode == 0:
            return True
        doubts += process.exitcode == IN_DOUBT
        if doubts > MOST_DOUBTS:
            return False
        if process.exitcode not in (-9, IN_DOUBT):
            raise SystemExit(f"a try ended with {process.exitcode}; its error is above")


def has_begun(hears: Any) -> bool:
    """Wait until the process says so, or is gone."""
    try:
        return bool(hears.recv())
    except EOFError:
        return False


def judge(sandbox: RunningSandbox, options: Mapping[str, Any], tally: Tally, *, text: str | None = None) -> None:
    """Ask the sandbox who got what, and compare with who should have."""
    wanted = {
        (message.recipient, message.text)
        for message in audience(options["campaign"], options["people"], options["shared_text"])
    }
    cancelled = 7
    texts = [(got["recipient"], got["text"]) for got in sandbox.messages(text=text) if got["state_id"] != cancelled]
    tally.things += len(wanted)
    tally.doubled += len(texts) - len(set(texts))
    tally.lost += len(wanted - set(texts))
    tally.wrong += len(set(texts) - wanted)


if __name__ == "__main__":
    sys.exit(main())
