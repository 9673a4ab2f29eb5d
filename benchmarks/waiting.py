"""What it costs to wait, to know, to share and to follow: ``python -m benchmarks.waiting [ROW ...]``.

Each row is a process of its own. Counts are exact; times are ratios of one run on one machine; memory is what the
process grew by at its peak. The sandbox hands out ids with gaps, and in the stretch of ours stands a second campaign of
the same size, interleaved and rejected. ``--texts`` makes all of it smaller.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks.campaign import PATTERN_TEXT, TEXT, made_pattern, post_ready, ready_chunks
from ippanel_provider.campaign.audience import Message, Row
from ippanel_provider.campaign.chunks import Chunk, Form, OwnTexts, Pattern, SharedText, filled
from ippanel_provider.campaign.delivery_report import deliveries
from ippanel_provider.campaign.flights import Flight
from ippanel_provider.campaign.ledger.base import Claim, Outcome, Task
from ippanel_provider.campaign.ledger.hashes import MemberKey, secret_of
from ippanel_provider.campaign.ledger.sql import SqlLedger
from ippanel_provider.campaign.order import OncePer, Order
from ippanel_provider.campaign.rows import rendered
from ippanel_provider.campaign.run import run
from ippanel_provider.client import Client, Settings, edge
from ippanel_provider.client.requests import Answer, Flow, Request
from ippanel_provider.client.unread import Unread
from ippanel_provider.client.watch import BulkWatch
from ippanel_provider.outbox_ids import OutboxIds, read, written
from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox
from ippanel_provider.service import BulkState
from ippanel_provider.tables.records import numbered

KEY = MemberKey(secret_of("benchmark"), OncePer.RECIPIENT)
REJECTED = "+989000000003"
LINE = "+983000505"
PEOPLE_A_PART = 1000

Figure = tuple[str, str, str]
"""What was measured, the goal, and whether it is reached."""


def figure(measured: str, goal: str, *, is_reached: bool) -> Figure:
    return measured, goal, "yes" if is_reached else "NO"


def wait(texts: int) -> list[Figure]:
    """Requests of a wait, and its looks once all are final."""
    with running_sandbox() as sandbox, Client(sandbox.api_key, Settings(base_url=sandbox.base_url)) as client:
        sandbox.account(credit=1e15, duplicate_guard=0)
        sandbox.speed(0.0001)
        ids: list[int] = []
        for start in range(0, texts, 1000):
            items = [(f"0912{n:07d}", f"ours {n}") for n in range(start, start + 1000)]
            ids += client.run(edge.send.peer_to_peer(items, sender=sandbox.sender)).outbox_ids
            items = [(REJECTED, f"theirs {n}") for n in range(start, start + 1000)]
            client.run(edge.send.peer_to_peer(items, sender=sandbox.sender))
        before = sum(sandbox.stats()["requests"].values())
        watch, looks, last = BulkWatch(ids), 0, 0
        while not watch.is_done:
            if looks == 5:
                sandbox.settle()
            client.run(watch.look())
            looks += 1
            last += looks > 5
        requests = sum(sandbox.stats()["requests"].values()) - before
    most = looks * 6 + texts // 500 + 10
    return [
        figure(f"{requests} requests, {looks} looks", f"{most}", is_reached=requests <= most),
        figure(f"{last} rounds once all are final", "2", is_reached=last <= 2),
    ]


def packed(texts: int) -> list[Figure]:
    """Bytes of ids that are five apart at random: XCom, the trigger's arguments, its event."""
    from ippanel_provider.operators.bulk_outcome import Ends, handed_over

    class Ti:
        def xcom_push(self, **_: Any) -> None:
            """Keep nothing."""

    ids = OutboxIds(far_apart(texts))
    xcom = len(json.dumps(written(ids)))
    argument = len(json.dumps(handed_over(ids, {"ti": Ti()})))  # type: ignore[typeddict-item]
    watch = BulkWatch(ids)
    for outbox_id in ids:
        watch.learn(outbox_id, BulkState.SENT)
    event = len(json.dumps(Ends.of(watch).as_event(watch)))
    return [
        figure(f"XCom {xcom / 1000:.1f} KB", "80 KB", is_reached=xcom < 0.8 * texts),
        figure(f"trigger {argument} bytes", "64 KB, a reference", is_reached=argument < 64_000),
        figure(f"event {event} bytes", "4 KB", is_reached=event < 4000),
    ]


def triggerer(texts: int) -> list[Figure]:
    """Memory and longest block of an event loop that takes up ten times as many ids and reads what each came to."""
    count = texts * 10
    # By another process, whose memory does not count.
    made = f"from benchmarks.waiting import *; print(OutboxIds(far_apart({count})).pack())"
    packed = subprocess.run([sys.executable, "-c", made], capture_output=True, text=True, check=True).stdout.strip()
    given = {"packed": packed}
    longest = 0.0

    async def beat() -> None:
        nonlocal longest
        while True:
            # Of this thread, so that a busy machine counts for nothing.
            began = time.thread_time()
            await asyncio.sleep(0.001)
            longest = max(longest, time.thread_time() - began)

    async def follow() -> None:
        beating = asyncio.create_task(beat())
        watch = await asyncio.to_thread(lambda: BulkWatch(read(given)))
        flow: Flow[None] = watch.look()
        answer: Any = None
        while True:
            try:
                request = flow.send(answer)
            except StopIteration:
                break
            assert isinstance(request, Request)
            body = await asyncio.to_thread(outbox_page, request, watch.outbox_ids)
            # What the client does on the loop: it reads the answer, and the flow takes it in.
            answer = request.read(Answer(200, {}, body, request))
        assert watch.is_done, watch.open_count
        beating.cancel()

    before = peak()
    asyncio.run(follow())
    grown = peak() - before
    return [
        figure(f"{count} ids: +{grown:.1f} MB", "+10 MB", is_reached=grown < 10),
        figure(f"longest block {longest * 1000:.0f} ms", "50 ms", is_reached=longest < 0.05),
    ]


def outbox_page(request: Request[Any], ids: OutboxIds) -> bytes:
    """The answer of a service in which all of them were sent."""
    if request.operation == "report.bulk":
        found = dict(request.query)["messages_outbox_id"]
        row = {"messages_outbox_id": found, "number": LINE, "time": "1744202007", "state_id": 6, "message": "x"}
        return json.dumps({"data": row, "meta": {"status": True}}).encode()
    asked = json.loads(request.body or b"{}")
    shown = ids if asked["filters"].get("state_id") in (6, "6") else []
    first = (asked["page"] - 1) * asked["limit"]
    rows = [{"messages_outbox_id": str(shown[at]), "state_id": 6} for at in range(len(shown))[first : first + 1000]]
    meta = {"status": True, "last_page": -(-len(shown) // 1000), "total": len(shown)}
    return json.dumps({"data": rows, "meta": meta}).encode()


def report(texts: int) -> list[Figure]:
    """Requests of a report where 20 texts went to a tenth as many people."""
    people = texts // 10
    with running_sandbox() as sandbox, Client(sandbox.api_key, Settings(base_url=sandbox.base_url)) as client:
        sandbox.account(credit=1e15)
        variants = OwnTexts()
        rows = [Row(n + 1, f"0912{n:07d}", f"variant {n % 20}") for n in range(people)]
        summary = send(sandbox, client, rows, variants)
        sandbox.settle()
        before = sum(sandbox.stats()["requests"].values())
        told = sum(len(each.recipients) for each in deliveries(client, summary.outbox_ids))
        requests = sum(sandbox.stats()["requests"].values()) - before
    assert told == people
    return [figure(f"{requests} requests for {people} people", f"{people // 50}", is_reached=requests <= people // 50)]


def patterns(texts: int) -> list[Figure]:
    """50 patterns at 100 ms against latency x ceil(50 / concurrency), from the first byte to the last answer."""
    found = []
    for concurrency in (4, 10, 64):
        with running_sandbox() as sandbox, Client(sandbox.api_key, Settings(base_url=sandbox.base_url)) as client:
            code = made_pattern(sandbox)
            sandbox.fault("latency", path="^/v1/api/send$", seconds=0.1)
            rows = []
            for n in range(50):
                values: dict[str, str | int] = {"code": n}
                rows.append(Row(n + 1, f"0912{n:07d}", filled(PATTERN_TEXT, values), variables=values))
            moments: list[float] = []
            with flights_timed(moments):
                send(sandbox, client, rows, Pattern(code), concurrency=concurrency)
        ratio = (max(moments) - min(moments)) / (0.1 * math.ceil(50 / concurrency))
        found.append(figure(f"{concurrency} at once: {ratio:.2f}", "1.1", is_reached=ratio <= 1.1))
    return found


@contextmanager
def flights_timed(moments: list[float]) -> Iterator[None]:
    """Take down when each request begins and ends."""
    flown = Flight.send

    def timed(*arguments: Any) -> None:
        moments.append(time.perf_counter())
        try:
            flown(*arguments)
        finally:
            moments.append(time.perf_counter())

    Flight.send = timed  # type: ignore[method-assign]
    try:
        yield
    finally:
        Flight.send = flown  # type: ignore[method-assign]


def parts(texts: int) -> list[Figure]:
    """CPU for a thousand people that a part of a campaign of 160 parts claims, against 10."""
    costs = {}
    for count in (10, 160):
        with tempfile.TemporaryDirectory() as folder:
            engine = sa.create_engine(f"sqlite:///{Path(folder) / 'ledger.sqlite'}")
            # All take part from the beginning; the last ones claim when the most is known.
            ledgers = [SqlLedger(engine, KEY, "sale", part=str(n), task=Task("d", "t", "r", n)) for n in range(count)]
            for ledger in ledgers:
                list(ledger.history())
            used = 0.0
            for place, ledger in enumerate(ledgers):
                people = [Message(f"+98912{place * PEOPLE_A_PART + n:07d}", "x", n) for n in range(PEOPLE_A_PART)]
                began = time.process_time()
                new = ledger.unknown(people)
                for claim in ledger.intend([Claim.of(Chunk(tuple(new), SharedText("x")), KEY)]):
                    ledger.settle(claim.intent, Outcome((place,)))
                ledger.flush()
                used += (time.process_time() - began) if place >= count - 10 else 0.0
            costs[count] = used / 10
    ratio = costs[160] / costs[10]
    return [figure(f"{ratio:.2f} times the CPU", "1.1", is_reached=ratio <= 1.1)]


def inbox(texts: int) -> list[Figure]:
    """Memory of reading twice as many texts that came in, and how many are read before the first is handed out."""
    count = texts * 2
    reader, first, handed, pages = Unread(0), 0, 0, 0
    before = peak()
    while reader.has_more:
        flow = reader.turn()
        answer: Any = None
        while True:
            try:
                request = flow.send(answer)
            except StopIteration as stop:
                handed += len(stop.value)
                first = first or pages
                break
            assert isinstance(request, Request)
            pages += 1
            answer = request.read(Answer(200, {}, inbox_page(request, count), request))
    assert handed == count
    grown = peak() - before
    return [
        figure(f"{count} texts: +{grown:.1f} MB", "+10 MB", is_reached=grown < 10),
        figure(f"the first after {first} pages of {pages}", "as it reads", is_reached=first <= 3),
    ]


def inbox_page(request: Request[Any], count: int) -> bytes:
    """The answer of a service in whose inbox lie so many texts with the ids from 1."""
    asked = json.loads(request.body or b"{}")
    there = count - int(asked["filters"].get("from_id", 0))
    newest = count - (asked["page"] - 1) * 1000
    rows = [
        {"messages_inbox_id": n, "from": "+989120000001", "number": LINE, "message": "پیام " * 20, "time": 1744202007}
        for n in range(newest, max(newest - 1000, count - there), -1)
    ]
    meta = {"status": True, "last_page": -(-there // 1000), "total": there}
    return json.dumps({"data": rows, "meta": meta}).encode()


def sends(texts: int) -> list[Figure]:
    """A campaign of own texts with SQL ledger and all checks, against raw httpx with ready bodies."""
    customers = [{"name": f"مشتری {n}", "points": n % 977, "mobile": f"0912{n:07d}"} for n in range(texts)]
    found = []
    for latency, goal in ((0.0, 3.5), (0.05, 1.2)):
        seconds = []
        for job in (posted, sent):
            with running_sandbox() as sandbox, Client(sandbox.api_key, Settings(base_url=sandbox.base_url)) as client:
                sandbox.account(credit=1e15)
                work = job(sandbox, client, customers)
                if latency:
                    sandbox.fault("latency", path="^/v1/api/send$", seconds=latency)
                began = time.perf_counter()
                work()
                seconds.append(time.perf_counter() - began)
        ratio = seconds[1] / seconds[0]
        found.append(figure(f"{latency * 1000:.0f} ms: {ratio:.2f} x raw", f"{goal}", is_reached=ratio <= goal))
    return found


def posted(sandbox: RunningSandbox, client: Client, customers: list[dict[str, Any]]) -> Callable[[], None]:
    return post_ready(sandbox, ready_chunks(customers, sandbox.sender))


def sent(sandbox: RunningSandbox, client: Client, customers: list[dict[str, Any]]) -> Callable[[], object]:
    rows: Callable[[], Iterator[Row]] = lambda: rendered(numbered(customers), TEXT, "mobile")  # noqa: E731
    return lambda: send(sandbox, client, rows, OwnTexts())


def send(sandbox: RunningSandbox, client: Client, rows: Any, form: Form, **options: Any) -> Any:
    """Send as an operator does, with a ledger in a database."""
    with tempfile.TemporaryDirectory() as folder:
        engine = sa.create_engine(f"sqlite:///{Path(folder) / 'ledger.sqlite'}")
        ledger = SqlLedger(engine, KEY, "benchmark")
        order = Order(sender=sandbox.sender, kind=form, **options)
        return run(order, rows if callable(rows) else lambda: rows, client, ledger)


def far_apart(count: int) -> Iterator[int]:
    """Ids that are five apart at random."""
    chance, outbox_id = random.Random(7), 1_290_000_000
    for _ in range(count):
        yield outbox_id
        outbox_id += chance.randint(1, 9)


def peak() -> float:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


ROWS: dict[str, tuple[str, str, Callable[[int], list[Figure]]]] = {
    "wait": ("a wait for 100,000 own texts", "99,004 requests, 4,400 rounds", wait),
    "packed": ("100,000 ids: XCom, trigger, event", "1.2, 1.2, 1.7 MB", packed),
    "triggerer": ("1,000,000 ids in the triggerer", "+410 MB, 2.4 s", triggerer),
    "report": ("a report where 20 texts go to 10,000", "10,000 requests", report),
    "patterns": ("50 patterns at 100 ms, against the least", "3.9", patterns),
    "parts": ("160 parts against 10", "6.7", parts),
    "inbox": ("an inbox behind 200,000", "+288 MB", inbox),
    "sends": ("100,000 own texts, against raw httpx", "4.5 and 1.37", sends),
}


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}; default is all")
    parser.add_argument("--texts", type=int, default=100_000)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(ROWS[options.measure][2](options.texts)))
        return 0
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {options.texts} texts")
    print(f"{'what':<42} {'before':<30} {'now':<34} {'goal':<20} reached")
    missed = 0
    for name in options.rows or ROWS:
        what, before, _ = ROWS[name]
        command = [sys.executable, "-m", "benchmarks.waiting", "--measure", name, "--texts", str(options.texts)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stderr)
        for now, goal, reached in json.loads(done.stdout.splitlines()[-1]):
            print(f"{what:<42} {before:<30} {now:<34} {goal:<20} {reached}", flush=True)
            what = before = ""
            missed += reached != "yes"
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
