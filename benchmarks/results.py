"""What results cost: a send with and without them in one run, and the requests of following it.

python -m benchmarks.results [--rows 100000] [--latency 0.05] [--database postgres] [--memory-rows 1000000]

A ledger and a table in one PostgreSQL (Debian's packages, or ``--database sqlite``), texts of their own, and a sandbox
of its own for each send. Ratios are of sends beside each other; limits are 1.25 (wall), 1.5 (CPU) and 1.1 (requests).
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import sqlalchemy as sa

from ippanel_provider.campaign.audience import Row
from ippanel_provider.campaign.chunks import OwnTexts
from ippanel_provider.campaign.ledger.hashes import MemberKey, secret_of
from ippanel_provider.campaign.ledger.sql import SqlLedger
from ippanel_provider.campaign.order import OncePer, Order
from ippanel_provider.campaign.run import run
from ippanel_provider.client import Client, Settings
from ippanel_provider.results.followed import Followed
from ippanel_provider.results.following import Follower
from ippanel_provider.results.recorder import Hasher, Recorder
from ippanel_provider.results.schema import prepare, tables_of
from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox
from tests.results.kills import DATABASES, database

PAGE = 1000
_processes = multiprocessing.get_context("spawn")


class Cost(NamedTuple):
    """What a send took: seconds, and megabytes at most above the process before it began."""

    wall: float
    cpu: float
    peak: float


def rows_of(count: int) -> Iterator[Row]:
    """Yield a row for each customer."""
    for n in range(count):
        text = f"مشتری گرامی، امتیاز شما {n} است و تا پایان ماه اعتبار دارد."
        yield Row(n + 1, f"0912{n % 10_000_000:07d}", text, key=n)


def send(sandbox_url: str, urls: tuple[str, str], name: str, count: int, keeps: bool, tells: Any) -> None:
    """Send in a process of its own, and tell what that took."""
    sandbox = RunningSandbox(sandbox_url)
    results, ledger_url = urls
    tables, key = tables_of("sms_results"), MemberKey(secret_of("benchmark"), OncePer.RECIPIENT)
    engine, ledger_engine = sa.create_engine(results), sa.create_engine(ledger_url)
    ledger = SqlLedger(ledger_engine, key, name, account=name)
    order = Order(sender=sandbox.sender, kind=OwnTexts(), keyed=keeps, first_pass=False, check_credit=False)
    with Client(sandbox.api_key, Settings(base_url=sandbox.base_url)) as client:
        began, worked, before = time.perf_counter(), time.process_time(), peak()
        recorder = None
        if keeps:
            hasher = Hasher(prepare(engine, tables), OncePer.RECIPIENT)
            behind = engine.dialect.name != "sqlite"
            names = {"campaign": name, "run": name, "sender": sandbox.sender, "behind": behind}
            recorder = Recorder(engine, tables, hasher, ledger, **names)  # type: ignore[arg-type]
        summary = run(order, lambda: rows_of(count), client, ledger, record=recorder)
        ledger.finish()
        if recorder:
            recorder.finish()
        took = time.perf_counter() - began, time.process_time() - worked
    assert summary.accepted == count
    tells.send(Cost(*took, peak() - before))


def peak() -> float:
    """Return the megabytes this process has taken at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def sent(sandbox: RunningSandbox, urls: tuple[str, str], name: str, count: int, *, keeps: bool) -> Cost:
    """Send in a process of its own; return what that took."""
    hears, tells = _processes.Pipe(duplex=False)
    process = _processes.Process(target=send, args=(sandbox.url, urls, name, count, keeps, tells))
    process.start()
    tells.close()
    with hears:
        cost: Cost = hears.recv()
    process.join()
    return cost


def followed(sandbox: RunningSandbox, url: str, name: str) -> int:
    """Follow the states of a campaign whose bulks are final; return how many requests that took."""
    engine, tables = sa.create_engine(url), tables_of("sms_results")
    before = sum(sandbox.stats()["requests"].values())
    with Client(sandbox.api_key, Settings(base_url=sandbox.base_url)) as client:
        rows = Followed(engine, tables, name)
        follower = Follower(rows, client, Hasher(prepare(engine, tables), OncePer.RECIPIENT), delivery=False)
        while follower.round():
            sandbox.settle()
        follower.price()
    return sum(sandbox.stats()["requests"].values()) - before


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--latency", type=float, default=0.05)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--database", choices=DATABASES, default="postgres")
    parser.add_argument("--memory-rows", type=int, default=0)
    given = parser.parse_args()
    print(f"{given.rows} rows, {given.latency * 1000:.0f} ms, {given.database}", flush=True)
    with database(given.database) as urls:
        walls, cpus = [], []
        for round_ in range(given.rounds):
            costs = {}
            for keeps in (False, True):
                with running_sandbox() as sandbox:
                    sandbox.account(credit=1e15)
                    sandbox.pace(0)
                    sandbox.fault("latency", seconds=given.latency, path="^/v1/api/send$")
                    name = f"{round_} {keeps}"
                    costs[keeps] = sent(sandbox, urls, name, given.rows, keeps=keeps)
                    said = ", ".join(f"{part} {value:.2f}" for part, value in costs[keeps]._asdict().items())
                    print(f"  {'with results' if keeps else 'without':<14} {said}", flush=True)
                    if keeps and round_ == 0:
                        asked, least = followed(sandbox, urls[0], name), -(-given.rows // PAGE)
                        print(f"following states: {asked} requests for {least} pages, ratio {asked / least:.2f}")
            walls.append(costs[True].wall / costs[False].wall)
            cpus.append(costs[True].cpu / costs[False].cpu)
        print(f"wall, with to without: {min(walls):.2f} (best of {given.rounds}), CPU: {min(cpus):.2f}", flush=True)
        if given.memory_rows:
            with running_sandbox() as sandbox:
                sandbox.account(credit=1e15)
                cost = sent(sandbox, urls, "memory", given.memory_rows, keeps=True)
                print(f"{given.memory_rows} rows: at most {cost.peak:.0f} MB more in {cost.wall:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
