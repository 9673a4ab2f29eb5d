"""A campaign of 100,000 personalised texts: this package against the vendor's SDK in a loop and raw httpx with ready
bodies.

``python -m benchmarks.campaign`` prints ratios of one run. Ours does all of its work: it renders each text from its
row, cleans each number, keeps its ledger in SQLite and reads the answers. Raw httpx posts the same chunks made
beforehand at equal concurrency. The SDK sends one text a request; it is timed over 500 and multiplied up. Pattern sends
(one request each) are compared with raw httpx as well.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy
from pydantic_core import to_json

from ippanel_provider.campaign.audience import Audience, Message, Row
from ippanel_provider.campaign.chunks import Form, OwnTexts, Pattern, filled
from ippanel_provider.campaign.ledger.hashes import MemberKey, secret_of
from ippanel_provider.campaign.ledger.sql import SqlLedger
from ippanel_provider.campaign.order import OncePer, Order
from ippanel_provider.campaign.results import Progress
from ippanel_provider.campaign.rows import rendered
from ippanel_provider.campaign.run import deliver
from ippanel_provider.client import Client, Settings, edge
from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox
from ippanel_provider.tables.records import numbered

TEXT = "{{ row.name }} عزیز، {{ row.points }} امتیاز در باشگاه مشتریان دارید"
PATTERN_TEXT = "کد ورود شما %code% است"
CONCURRENCY = 4
SDK_SAMPLE = 500


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--patterns", type=int, default=3_000)
    options = parser.parse_args()
    print(f"{options.people} personalised texts, {options.patterns} patterns, {CONCURRENCY} requests at once")
    print(f"{'latency':>8} {'what':<28} {'seconds':>9} {'texts/s':>9}  ratio")
    for latency in (0.0, 0.05):
        campaign(options.people, latency)
        patterns(options.patterns if latency == 0 else options.patterns // 5, latency)
    return 0


def campaign(people: int, latency: float) -> None:
    """Compare a campaign of texts of their own."""
    customers = [{"name": f"مشتری {n}", "points": n % 977, "mobile": f"0912{n:07d}"} for n in range(people)]
    raw = timed(latency, lambda sandbox: post_ready(sandbox, ready_chunks(customers, sandbox.sender)))
    ours = timed(latency, lambda sandbox: ours_from(sandbox, rendered(numbered(customers), TEXT, "mobile"), OwnTexts()))
    sample = min(people, SDK_SAMPLE)
    sdk = timed(latency, lambda sandbox: sdk_loop(sandbox, customers[:sample]))
    report(latency, "raw httpx, ready bodies", raw, people, "1")
    report(latency, "ours, SQL ledger", ours, people, f"{ours / raw:.2f} x raw httpx")
    if sdk is None:
        print(f"{latency:>8.2f} the vendor's SDK is not installed (pip install ippanel)")
        return
    whole = sdk * people / sample
    report(latency, f"vendor's SDK (from {sample})", whole, people, f"ours is {whole / ours:.0f} times as fast")


def patterns(count: int, latency: float) -> None:
    """Compare pattern sends, one request each."""

    def rows() -> Iterator[Row]:
        for n in range(count):
            values: dict[str, str | int] = {"code": 10_000 + n}
            yield Row(n + 1, f"0912{n:07d}", filled(PATTERN_TEXT, values), variables=values)

    def bodies(sandbox: RunningSandbox, code: str) -> list[bytes]:
        return [
            to_json(
                {
                    "sending_type": "pattern",
                    "from_number": sandbox.sender,
                    "code": code,
                    "recipients": [f"+98912{n:07d}"],
                    "params": {"code": n},
                }
            )
            for n in range(count)
        ]

    raw = timed(latency, lambda sandbox: post_ready(sandbox, bodies(sandbox, made_pattern(sandbox))))
    ours = timed(latency, lambda sandbox: ours_from(sandbox, rows(), Pattern(made_pattern(sandbox))))
    report(latency, "patterns, raw httpx", raw, count, "1")
    report(latency, "patterns, ours", ours, count, f"{raw / ours:.0%} of raw httpx's rate")


def timed(latency: float, work: Callable[[RunningSandbox], Callable[[], None] | None]) -> Any:
    """Return the seconds that the prepared work takes on a fresh sandbox."""
    with running_sandbox() as sandbox:
        sandbox.account(credit=1e15)
        job = work(sandbox)
        if job is None:
            return None
        if latency:
            sandbox.fault("latency", seconds=latency)
        began = time.perf_counter()
        job()
        return time.perf_counter() - began


def ready_chunks(customers: list[dict[str, Any]], sender: str) -> list[bytes]:
    """Return the bodies of all chunks."""
    messages = list(Audience(OncePer.RECIPIENT).screen(rendered(numbered(customers), TEXT, "mobile")))
    return [
        to_json({
            "sending_type": "peer_to_peer",
            "from_number": sender,
            "params": [{"recipients": [message.recipient],
            "message": message.text} for message in messages[start : start + 1000]],
        })
        for start in range(0, len(messages), 1000)
    ]  # fmt: skip


def post_ready(sandbox: RunningSandbox, bodies: list[bytes]) -> Callable[[], None]:
    """Return a job that posts ready bodies."""

    def job() -> None:
        headers = {"Authorization": sandbox.api_key, "Content-Type": "application/json"}
        with httpx.Client(headers=headers, timeout=60) as client, ThreadPoolExecutor(CONCURRENCY) as pool:
            for response in pool.map(lambda body: client.post(f"{sandbox.base_url}/api/send", content=body), bodies):
                assert response.json()["meta"]["status"] is True

    return job


def ours_from(sandbox: RunningSandbox, rows: Iterator[Row], form: Form) -> Callable[[], None]:
    """Return a job that runs the rows through all of this package."""

    def job() -> None:
        with (
            tempfile.TemporaryDirectory() as folder,
            Client(sandbox.api_key, Settings(base_url=sandbox.base_url)) as client,
        ):
            engine = sqlalchemy.create_engine(f"sqlite:///{Path(folder) / 'ledger.sqlite'}")
            ledger = SqlLedger(engine, MemberKey(secret_of("benchmark"), OncePer.RECIPIENT), "benchmark")
            messages: Iterator[Message] = Audience(OncePer.RECIPIENT).screen(rows)
            order = Order(sender=sandbox.sender, kind=form, concurrency=CONCURRENCY)
            deliver(order, messages, client, ledger, Progress())

    return job


def sdk_loop(sandbox: RunningSandbox, customers: list[dict[str, Any]]) -> Callable[[], None] | None:
    """Return a job that sends the texts one by one through the vendor's SDK; None where it is not installed."""
    try:
        from ippanel import Client as SdkClient
        from ippanel import HTTPClient
    except ImportError:
        return None
    messages = list(Audience(OncePer.RECIPIENT).screen(rendered(numbered(customers), TEXT, "mobile")))

    def job() -> None:
        client = SdkClient(sandbox.api_key, HTTPClient(sandbox.api_key, f"{sandbox.url}/api/v1/", 30, "2.0.7"))
        for message in messages:
            client.send(sandbox.sender, [message.recipient], message.text, "benchmark")

    return job


def made_pattern(sandbox: RunningSandbox) -> str:
    """Return the code of an approved pattern."""
    with Client(sandbox.api_key, Settings(base_url=sandbox.base_url)) as client:
        code = client.run(
            edge.pattern.create(PATTERN_TEXT, variables={"code": "integer"}, description="benchmark")
        ).code
    sandbox.approve(code)
    return code


def report(latency: float, what: str, seconds: float, texts: int, ratio: str) -> None:
    """Print a row."""
    print(f"{latency:>8.2f} {what:<28} {seconds:>9.2f} {texts / seconds:>9.0f}  {ratio}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
