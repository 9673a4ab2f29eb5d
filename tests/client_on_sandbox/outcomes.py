"""What a client says became of each send, held against what the sandbox has on record:
``python -m tests.client_on_sandbox.outcomes`` has 8 forked processes of 8 threads make 10,000 sends on clients they got
from their parent, and cancels 1,000 sends of an event loop in every way there is, while answers are lost.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ippanel_provider.client import (
    AsyncClient,
    Client,
    IPPanelClientError,
    NotSent,
    Receipt,
    Refused,
    Request,
    Retry,
    Settings,
    edge,
)
from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox

NOTHING_SENT = (NotSent, Refused)


def send(number: int, sender: str) -> Request[Receipt]:
    """A text that no other has."""
    return edge.send.webservice(f"متن شماره {number}", [9120000000 + number % 1000], sender=sender)


@dataclass
class Told:
    """What was said of each text: its outbox id, or the name of what was raised."""

    ids: dict[int, int] = field(default_factory=dict)
    errors: dict[int, str] = field(default_factory=dict)
    nothing: set[int] = field(default_factory=set)
    """Texts of which it was said that they did not go out."""

    def take(self, number: int, outcome: Receipt | BaseException) -> None:
        if isinstance(outcome, Receipt):
            self.ids[number] = outcome.outbox_ids[0]
            return
        self.errors[number] = type(outcome).__name__
        # A send that was cancelled, or ran out of its caller's time, without telling more left nothing behind.
        if isinstance(outcome, (*NOTHING_SENT, asyncio.CancelledError, TimeoutError)):
            self.nothing.add(number)

    def merge(self, other: Told) -> None:
        self.ids |= other.ids
        self.errors |= other.errors
        self.nothing |= other.nothing


@dataclass(frozen=True)
class Verdict:
    """How many texts were sent off, how many are on record, what was said, and where that was wrong."""

    asked: int
    recorded: int
    said: Counter[str]
    wrong: list[str]
    seconds: float

    def __str__(self) -> str:
        said = ", ".join(f"{count} {word}" for word, count in self.said.most_common())
        return (
            f"{self.asked} sends in {self.seconds:.1f} s: {said}; {self.recorded} on record; "
            f"{len(self.wrong)} outcomes wrong {self.wrong[:5] or ''}"
        )


def judged(told: Told, asked: int, sandbox: RunningSandbox, seconds: float) -> Verdict:
    """Compare what was said with the record."""
    record: dict[int, list[int]] = {}
    for message in sandbox.messages():
        record.setdefault(int(message["text"].rpartition(" ")[2]), []).append(message["outbox_id"])
    wrong = []
    for number in range(asked):
        ids = record.get(number, [])
        if len(ids) > 1:
            wrong.append(f"text {number} went out {len(ids)} times")
        if number in told.ids and told.ids[number] not in ids:
            wrong.append(f"text {number} was told the id of another")
        elif number in told.nothing and ids:
            wrong.append(f"text {number} went out, and {told.errors[number]} was told")
        elif number not in told.ids and number not in told.errors:
            wrong.append(f"nothing was told of text {number}")
    return Verdict(
        asked, len(record), Counter(["sent"] * len(told.ids)) + Counter(told.errors.values()), wrong, seconds
    )


@contextmanager
def busy(client: Client) -> Iterator[None]:
    """Keep the parent's own connections in use while the children are forked and at work."""
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            client.run(edge.payment.credit())

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def forked(sandbox: RunningSandbox, asked: int, *, processes: int = 8, threads: int = 8) -> Verdict:
    """Send from forked children, each with more threads than requests may be under way, on their parent's client."""
    context = multiprocessing.get_context("fork")
    settings = Settings(base_url=sandbox.base_url, max_in_flight=max(2, threads // 2), retry=Retry(attempts=8))
    results = context.SimpleQueue()
    began = time.monotonic()
    with Client(sandbox.api_key, settings) as client:
        # The parent's connections are open when it forks, and in use.
        client.run(edge.payment.credit())

        def child(first: int) -> None:
            told = Told()
            numbers = range(first, asked, processes)

            def one(number: int) -> Receipt | IPPanelClientError:
                try:
                    return client.run(send(number, sandbox.sender))
                except IPPanelClientError as error:
                    return error

            with ThreadPoolExecutor(threads) as pool:
                for number, outcome in zip(numbers, pool.map(one, numbers), strict=True):
                    told.take(number, outcome)
            results.put(told)

        children = [context.Process(target=child, args=(first,)) for first in range(processes)]
        with busy(client):
            for process in children:
                process.start()
            told = Told()
            for _ in children:
                told.merge(results.get())
            for process in children:
                process.join()
    return judged(told, asked, sandbox, time.monotonic() - began)


def cancelled(sandbox: RunningSandbox, asked: int, *, seed: int = 0) -> Verdict:
    """Cancel sends at any moment, in the ways there are, while three answers of ten are lost and all are slow."""
    sandbox.fault("latency", path="/api/send", seconds=0.02)
    sandbox.fault("drop_after", path="/api/send", probability=0.3)
    chance = random.Random(seed)
    settings = Settings(base_url=sandbox.base_url, max_in_flight=20)
    told = Told()
    began = time.monotonic()

    async def one(client: AsyncClient, number: int) -> None:
        run, patience = client.run(send(number, sandbox.sender)), chance.random() * 0.08
        way = number % 4
        try:
            if way == 0:
                async with asyncio.timeout(patience):
                    outcome: Any = await run
            elif way == 1:
                outcome = await asyncio.wait_for(run, patience)
            else:
                task = asyncio.create_task(run)
                await asyncio.sleep(patience)
                task.cancel()
                if way == 3:
                    await asyncio.sleep(0.001)
                    task.cancel()
                outcome = await task
        except (IPPanelClientError, asyncio.CancelledError, TimeoutError) as error:
            outcome = error
        told.take(number, outcome)

    async def main() -> None:
        async with AsyncClient(sandbox.api_key, settings) as client:
            for first in range(0, asked, 40):
                await asyncio.gather(*(one(client, number) for number in range(first, min(first + 40, asked))))

    asyncio.run(main())
    # What was let go of may still be on its way into the record.
    time.sleep(0.5)
    return judged(told, asked, sandbox, time.monotonic() - began)


def main() -> None:
    """Print both verdicts."""
    ended = 0
    for run, asked in ((forked, 10_000), (cancelled, 1_000)):
        with running_sandbox() as sandbox:
            sandbox.account(credit=10**12)
            verdict = run(sandbox, asked)
            print(f"{run.__name__}: {verdict}", flush=True)
            ended |= bool(verdict.wrong)
    sys.exit(ended)


if __name__ == "__main__":
    main()
