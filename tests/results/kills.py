"""Kill whoever sends and whoever follows, at random and at each write, and let the sandbox say what the table should.

``python -m tests.results.kills --kills 200 --database postgres`` prints a row for each way of killing, and fails if a
key has no row, or one that says something else than the sandbox's own record. The sandbox's duplicate guard is off.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import logging
import multiprocessing
import os
import random
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ippanel_provider.campaign.audience import Row
from ippanel_provider.campaign.doubts import InDoubt
from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox
from ippanel_provider.service import BulkState, DeliveryStatus
from tests.results.campaigns import Campaign

DATABASES = ("sqlite", "postgres", "mariadb")
WORDS = {
    DeliveryStatus.DELIVERED: "delivered",
    DeliveryStatus.NOT_DELIVERED: "not_delivered",
    DeliveryStatus.BLACKLISTED: "blacklisted",
}
SECONDS = 0.5
"""About what a try takes that is left alone."""

_IN_DOUBT = 3
_processes = multiprocessing.get_context("forkserver")
# A process forked from one that has imported everything begins at once, and is killed as any other.
_processes.set_forkserver_preload(["tests.results.campaigns"])
_numbers = itertools.count(1)


class Suppressed:
    """Every seventh customer has opted out."""

    def reason(self, recipient: str) -> str | None:
        """Say so."""
        return "has opted out" if int(recipient) % 7 == 0 else None


def source(people: int, text: str | None) -> list[Row]:
    """Return customers, some of whom share a phone, have none, or one whose texts are not delivered."""
    rows = []
    for n in range(people):
        number = f"0912{n - 1 if n % 10 == 9 else n:07d}"
        number = {3: f"0912{n:04d}993", 4: f"0912{n:04d}994", 5: "0912"}.get(n % 10, number)
        rows.append(Row(n + 1, number, text or f"سلام {int(number)}", key=f"customer {n}"))
    return rows


@dataclass
class Blow:
    """When a process is killed: after some seconds, or at its nth commit, before or after."""

    seconds: float | None = None
    commit: int = 0
    before: bool = True

    def arm(self) -> None:
        """Be killed at that commit, of whichever database."""
        if not self.commit:
            return
        left = itertools.count(self.commit, -1)

        def strike(*_: object) -> None:
            if next(left) == 1:
                os.kill(os.getpid(), signal.SIGKILL)

        sa.event.listen(sa.engine.Engine, "commit", strike)


@dataclass
class Tally:
    """What was seen."""

    kills: int = 0
    campaigns: int = 0
    keys: int = 0
    missing: int = 0
    wrong: int = 0
    texts_doubled: int = 0
    statuses: Counter[str] = field(default_factory=Counter)

    @property
    def bad(self) -> int:
        """How many keys or texts are not as they should be."""
        return self.missing + self.wrong + self.texts_doubled


def step(what: str, options: dict[str, Any], blow: Blow, begun: Connection) -> None:
    """Run one try of sending or of following, in a process of its own."""
    blow.arm()
    sandbox = RunningSandbox(options["url"])
    campaign = Campaign(sandbox, options["results"], options["ledger"], name=options["name"])
    begun.send(True)
    if what == "follow":
        campaign.follow()
        return
    told = {"try_number": options["try"], "behind": options["behind"], "suppressing": Suppressed()}
    try:
        campaign.send(source(options["people"], options["text"]), text=options["text"], settle=0.6, **told)
    except InDoubt:
        # As a task that is tried again.
        sys.exit(_IN_DOUBT)


def run(what: str, options: dict[str, Any], blow: Blow | None, tally: Tally) -> bool:
    """Run a try until it ends or is killed; return whether it ended."""
    hears, tells = _processes.Pipe(duplex=False)
    process = _processes.Process(target=step, args=(what, options, blow or Blow(), tells))
    process.start()
    tells.close()
    with hears, contextlib.suppress(EOFError):
        hears.recv()
        if blow and blow.seconds is not None:
            process.join(blow.seconds)
            if process.is_alive():
                process.kill()
    process.join()
    if process.exitcode == -9:
        tally.kills += 1
        return False
    if process.exitcode == _IN_DOUBT:
        return False
    if process.exitcode != 0:
        raise SystemExit(f"a try ended with {process.exitcode}; its error is above")
    return True


def campaign_with(
    sandbox: RunningSandbox, options: dict[str, Any], blows: Sequence[tuple[str, Blow]], tally: Tally
) -> int:
    """Send and follow one campaign under some blows, then undisturbed; judge it; return how many struck."""
    sandbox.reset()
    sandbox.account(duplicate_guard=0, credit=1e15)
    sandbox.pace(0)
    options, before = options | {"name": f"campaign {next(_numbers)}", "try": 0}, tally.kills
    for what in ("send", "follow"):
        for _, blow in (each for each in blows if each[0] == what):
            options["try"] += 1
            if run(what, options, blow, tally):
                break
        ended = False
        while not ended:
            options["try"] += 1
            ended = run(what, options, None, tally)
        # What could not be found at once was sent again for a time to come.
        sandbox.advance(3600)
    judge(sandbox, options, tally)
    return tally.kills - before


def judge(sandbox: RunningSandbox, options: dict[str, Any], tally: Tally) -> None:
    """Compare the table with the sandbox's own record, key by key."""
    campaign = Campaign(sandbox, options["results"], options["ledger"], name=options["name"])
    told = campaign.asked("status", "outbox_id", "merged_into", "fate")
    texts = {
        (text["outbox_id"], text["recipient"]): DeliveryStatus(text["message_status"])
        for text in sandbox.messages()
        if text["state_id"] == BulkState.SENT
    }
    tally.texts_doubled += len(texts) - len({recipient for _, recipient in texts})
    rows = source(options["people"], options["text"])
    first: dict[str, str] = {}
    for row in rows:
        tally.keys += 1
        number = "+98" + str(row.recipient)[1:]
        status, outbox_id, merged_into, fate = told.pop(row.key, (None,) * 4)
        if status is None:
            tally.missing += 1
            continue
        tally.statuses[status] += 1
        if len(number) < 13:
            expected: Any = ("rejected", None, None, None)
        elif Suppressed().reason(number):
            expected = ("suppressed", None, None, None)
        else:
            became = WORDS.get(texts.get((outbox_id, number)), "nothing")  # type: ignore[arg-type]
            of = first.setdefault(number, row.key)
            expected = (became, outbox_id, None, None) if of == row.key else ("merged", outbox_id, of, became)
        tally.wrong += (status, outbox_id, merged_into, fate) != expected
    tally.wrong += len(told)


def at_random(sandbox: RunningSandbox, options: dict[str, Any], kills: int, seed: int) -> Tally:
    """Kill at random moments, every second campaign with one text for all."""
    tally, chance = Tally(), random.Random(seed)
    while tally.kills < kills:
        tally.campaigns += 1
        text = "سلام به همه" if tally.campaigns % 2 == 0 else None
        moments = [(what, Blow(seconds=chance.uniform(0, SECONDS))) for what in ("send", "follow") for _ in range(5)]
        campaign_with(sandbox, options | {"text": text}, moments, tally)
    return tally


def at_each_write(sandbox: RunningSandbox, options: dict[str, Any]) -> Tally:
    """Kill once at each commit of a send, and of a follow, until one gets through."""
    tally = Tally()
    for what in ("send", "follow"):
        for number in itertools.count(1):
            tally.campaigns += 1
            blows = [(what, Blow(commit=number))]
            if not campaign_with(sandbox, options | {"text": None}, blows, tally):
                break
    return tally


@contextlib.contextmanager
def database(kind: str) -> Iterator[tuple[str, str]]:
    """Give the URLs of a database of results and of one for the ledger."""
    with tempfile.TemporaryDirectory(prefix="ippanel-results-") as name:
        folder = Path(name)
        if kind == "sqlite":
            yield f"sqlite:///{folder / 'results.sqlite'}", f"sqlite:///{folder / 'ledger.sqlite'}"
            return
        from tests.cluster.servers import MariaDb, Postgres, ended

        folder.chmod(0o755)
        server: Any = Postgres(folder) if kind == "postgres" else MariaDb(folder)
        with ended(server):
            if kind == "postgres":
                server.make("results")
                yield (server.url("results", "postgresql+psycopg"),) * 2
                return
            server.make()
            engine = sa.create_engine(server.url("mysql"))
            with engine.begin() as connection:
                connection.execute(sa.text("CREATE DATABASE results"))
            engine.dispose()
            yield (server.url("results"),) * 2


def main() -> int:
    """Run the proof and print its table."""
    logging.disable(logging.WARNING)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    bad = 0
    print(
        f"{'killed':<14} {'kills':>6} {'campaigns':>10} {'keys':>7} {'missing':>8} {'wrong':>6} {'doubled':>8}",
        flush=True,
    )
    with database(given.database) as (results, ledger), running_sandbox() as sandbox:
        options = {"url": sandbox.url, "results": results, "ledger": ledger, "people": given.people}
        options["behind"] = given.database != "sqlite"
        ways = {
            "at each write": partial(at_each_write, sandbox, options | {"people": 40}),
            "at random": partial(at_random, sandbox, options, given.kills, given.seed),
        }
        for name, way in ways.items():
            tally = way()
            bad += tally.bad
            counts = f"{tally.kills:>6} {tally.campaigns:>10} {tally.keys:>7} {tally.missing:>8} {tally.wrong:>6}"
            print(f"{name:<14} {counts} {tally.texts_doubled:>8}  {dict(tally.statuses)}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
