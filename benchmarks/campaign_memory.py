"""What a campaign of a million texts of their own takes in memory, above the same process before it begins.

``python -m benchmarks.campaign_memory [--rows 1000000] [--source list|csv|jsonl|parquet|xlsx|sqlite|postgres] [--ledger
sql|task|none]``

The source is made beforehand, by a process of its own; the sandbox is another. ``none`` reads, screens, renders and
weighs without sending. ``--dsn`` names a PostgreSQL database for ``--source postgres``. It prints the peak of the
resident memory, and the time.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from ippanel_provider.campaign.chunks import OwnTexts
from ippanel_provider.campaign.cost import Tariff, tariff_of
from ippanel_provider.campaign.ledger.base import Ledger
from ippanel_provider.campaign.ledger.hashes import MemberKey, secret_of
from ippanel_provider.campaign.ledger.memory import MemoryLedger
from ippanel_provider.campaign.ledger.task_state import TaskLedger
from ippanel_provider.campaign.order import OncePer, Order
from ippanel_provider.campaign.results import Progress
from ippanel_provider.campaign.rows import rendered
from ippanel_provider.campaign.run import deliver
from ippanel_provider.campaign.screening import Campaign
from ippanel_provider.client import Client, Settings
from ippanel_provider.sandbox.runner import running_sandbox
from ippanel_provider.tables.readers import read
from ippanel_provider.tables.records import Record, numbered

TEXT = "{{ row.name }} عزیز، {{ row.points }} امتیاز در باشگاه مشتریان دارید"
COLUMNS = ("name", "mobile", "points")
FILES = ("csv", "jsonl", "parquet", "xlsx")


def main() -> int:
    """Measure once and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--source", choices=(*FILES, "sqlite", "postgres", "generator"), default="csv")
    parser.add_argument("--ledger", choices=("sql", "task", "none"), default="sql")
    parser.add_argument("--first-pass", action="store_true")
    parser.add_argument("--dsn", default="")
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.make:
        make(options.source, options.make, options.rows, options.dsn)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"rows.{options.source}"
        command = [sys.executable, "-m", "benchmarks.campaign_memory", "--make", str(path), "--source", options.source]
        subprocess.run([*command, "--rows", str(options.rows), "--dsn", options.dsn], check=True)
        measure(options, path, Path(folder))
    return 0


def measure(options: argparse.Namespace, path: Path, folder: Path) -> None:
    """Run the campaign and print what it took."""
    records = source(options, path)
    progress = Progress()
    with running_sandbox() as sandbox, Client(sandbox.api_key, Settings(base_url=sandbox.base_url)) as client:
        sandbox.account(credit=1e13)
        tariff = tariff_of(client, sandbox.sender)
        ledger = ledger_of(options.ledger, folder)
        for _ in ledger.history():
            pass
        next(records())
        before, began, worked = resident(), time.monotonic(), time.process_time()
        campaign = new_campaign(records, tariff, progress, first_pass=options.first_pass)
        with Peak() as highest:
            if options.ledger == "none":
                count = sum(1 for _ in campaign.messages(client, ledger))
            else:
                order = Order(sender=sandbox.sender, kind=OwnTexts())
                deliver(order, campaign.messages(client, ledger), client, ledger, progress)
                count = progress.accepted
                # What the task returns, as Airflow keeps it.
                json.dumps(progress.outbox_ids.tolist())
        seconds, cpu = time.monotonic() - began, time.process_time() - worked
    print(
        f"{options.source}, ledger {options.ledger}: {count} messages in {seconds:.0f} s ({cpu:.0f} s of CPU); ", end=""
    )
    print(
        f"{before:.0f} MB before, at most {highest():.0f} MB, {highest() - before:+.0f} MB; "
        f"{campaign.estimate.sentence()}"
    )


def new_campaign(
    records: Callable[[], Iterator[Record]], tariff: Tariff, progress: Progress, *, first_pass: bool
) -> Campaign:
    return Campaign(
        rows=lambda: rendered(records(), TEXT, "mobile"),
        once_per=OncePer.RECIPIENT,
        tariff=tariff,
        progress=progress,
        first_pass=first_pass,
    )


def people(rows: int) -> Iterator[tuple[str, str, int]]:
    """Customers; the numbers spread over the whole range, as real ones do."""
    for n in range(rows):
        yield f"مشتری شماره {n}", f"09{12 + n % 8}{n * 7 % 10_000_000:07d}", n % 977


def make(kind: str, path: Path, rows: int, dsn: str) -> None:
    """Write the source."""
    if kind == "csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([COLUMNS, *people(rows)])
    elif kind == "jsonl":
        with path.open("w", encoding="utf-8") as file:
            file.writelines(
                json.dumps(dict(zip(COLUMNS, person, strict=True)), ensure_ascii=False) + "\n"
                for person in people(rows)
            )
    elif kind == "parquet":
        import pyarrow
        from pyarrow import parquet

        names, mobiles, points = zip(*people(rows), strict=True)
        parquet.write_table(pyarrow.table({"name": names, "mobile": mobiles, "points": points}), path)
    elif kind == "xlsx":
        import openpyxl

        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet()
        sheet.append(COLUMNS)
        for person in people(rows):
            sheet.append(person)
        book.save(path)
    elif kind == "sqlite":
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("CREATE TABLE people (name TEXT, mobile TEXT, points INTEGER)")
            database.executemany("INSERT INTO people VALUES (?, ?, ?)", people(rows))
    elif kind == "postgres":
        import psycopg2

        with closing(psycopg2.connect(dsn)) as database, database, database.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS people")
            cursor.execute(
                "CREATE TABLE people AS SELECT 'مشتری شماره ' || n AS name, "
                "'09' || (12 + n % 8) || lpad((n::bigint * 7 % 10000000)::text, 7, '0') AS mobile, n % 977 AS points "
                f"FROM generate_series(0, {rows - 1}) AS n"
            )


def source(options: argparse.Namespace, path: Path) -> Callable[[], Iterator[Record]]:
    """Return what reads the source from its beginning."""
    if options.source == "generator":
        return lambda: numbered(dict(zip(COLUMNS, person, strict=True)) for person in people(options.rows))
    if options.source in FILES:
        return lambda: read(path.open("rb"), options.source)
    from ippanel_provider.tables.sql import read as read_query

    connect: Callable[[], Any] = lambda: sqlite3.connect(path)  # noqa: E731
    if options.source == "postgres":
        import psycopg2

        connect = lambda: psycopg2.connect(options.dsn)  # noqa: E731
    hook = type("Hook", (), {"get_conn": staticmethod(connect)})
    return lambda: numbered(read_query(hook, "SELECT * FROM people"))


def ledger_of(kind: str, folder: Path) -> Ledger:
    """Return a new ledger; the task's store is a folder, so that it takes no memory here."""
    key = MemberKey(secret_of("benchmark"), OncePer.RECIPIENT)
    if kind == "sql":
        import sqlalchemy

        from ippanel_provider.campaign.ledger.sql import SqlLedger

        return SqlLedger(sqlalchemy.create_engine(f"sqlite:///{folder / 'ledger.sqlite'}"), key, "campaign")
    return TaskLedger(_FolderStore(folder / "store"), key) if kind == "task" else MemoryLedger(key)


class _FolderStore:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()

    def get(self, key: str, default: Any = None) -> Any:
        path = self._folder / key
        return json.loads(path.read_text()) if path.exists() else default

    def set(self, key: str, value: Any, *, retention: object = None) -> None:
        (self._folder / key).write_text(json.dumps(value))


def resident() -> float:
    """MB of this process now."""
    with Path("/proc/self/statm").open() as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1e6


class Peak:
    """The highest resident memory within the block, looked at every 20 ms."""

    def __enter__(self) -> Callable[[], float]:
        self._highest, self._ended = resident(), threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()
        return lambda: self._highest

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._ended.wait(0.02):
            self._highest = max(self._highest, resident())


if __name__ == "__main__":
    sys.exit(main())
