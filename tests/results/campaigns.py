"""Campaigns with results, sent and followed without Airflow: a source, a ledger and a table in a database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ippanel_provider.campaign.audience import Row
from ippanel_provider.campaign.chunks import OwnTexts, SharedText
from ippanel_provider.campaign.ledger.base import Task
from ippanel_provider.campaign.ledger.hashes import MemberKey, secret_of
from ippanel_provider.campaign.ledger.sql import SqlLedger
from ippanel_provider.campaign.order import OncePer, Order
from ippanel_provider.campaign.results import Summary
from ippanel_provider.campaign.run import run
from ippanel_provider.client import Client, Retry, Settings
from ippanel_provider.results.followed import Followed
from ippanel_provider.results.following import Follower
from ippanel_provider.results.recorder import Hasher, Recorder
from ippanel_provider.results.schema import Tables, prepare, tables_of
from ippanel_provider.results.writing import try_out
from ippanel_provider.sandbox.runner import RunningSandbox

KEY = MemberKey(secret_of("a key of the tests"), OncePer.RECIPIENT)


def customers(count: int, text: str = "سلام", first: int = 0) -> list[Row]:
    """Return a row for each customer, by a key of their own."""
    return [Row(n + 1, f"0912{n:07d}", f"{text} {n}", key=n) for n in range(first, first + count)]


@dataclass
class Campaign:
    """A campaign by a name, in databases that outlive its tries.

    :param url: of the results
    :param ledger_url: of the ledger
    """

    sandbox: RunningSandbox
    url: str
    ledger_url: str
    name: str = "dues"
    table: str = "sms_results"
    tables: Tables = field(init=False)

    def __post_init__(self) -> None:
        self.tables = tables_of(self.table)

    @classmethod
    def at(cls, sandbox: RunningSandbox, folder: Path, **names: Any) -> Campaign:
        """Return one whose databases are files in a folder."""
        return cls(
            sandbox, f"sqlite:///{folder / 'warehouse.sqlite'}", f"sqlite:///{folder / 'ledger.sqlite'}", **names
        )

    @contextmanager
    def client(self, **settings: Any) -> Iterator[Client]:
        """Give a client."""
        given = {"base_url": self.sandbox.base_url, "retry": Retry(first_delay=0.01), "read_timeout": 5} | settings
        with Client(self.sandbox.api_key, Settings(**given)) as client:
            yield client

    def send(
        self,
        rows: Iterable[Row],
        *,
        part: str = "",
        try_number: int = 1,
        text: str | None = None,
        behind: bool = False,
        begun: Callable[[], None] = lambda: None,
        suppressing: Any = None,
        **terms: Any,
    ) -> Summary:
        """Run one try, as a task does."""
        engine, ledger_engine = sa.create_engine(self.url), sa.create_engine(self.ledger_url)
        rows = list(rows) if not isinstance(rows, Sequence) else rows
        salt = prepare(engine, self.tables)
        try_out(engine, self.tables, self.name)
        task = Task("dag", "send", "run", map_index=int(part or -1), try_number=try_number)
        # Of an account of its own, as a sandbox that was reset gives its ids out again.
        ledger = SqlLedger(ledger_engine, KEY, self.name, part=part, account=self.name, task=task)
        order = Order(
            sender=self.sandbox.sender,
            kind=OwnTexts() if text is None else SharedText(text),
            keyed=True,
            is_retry=try_number > 1,
            **{"settle": 0.3, "chunk_size": 10, "first_pass": False, "check_credit": False} | terms,
        )
        recorder = Recorder(
            engine,
            self.tables,
            Hasher(salt, OncePer(order.once_per)),
            ledger,
            campaign=self.name,
            run="run",
            sender=order.sender,
            behind=behind,
        )
        begun()
        try:
            with self.client() as client:
                summary = run(order, lambda: rows, client, ledger, record=recorder, suppressing=suppressing)
                ledger.finish()
                return summary
        finally:
            try:
                recorder.finish()
            finally:
                engine.dispose()
                ledger_engine.dispose()

    def rows(self) -> Followed:
        """Return what stands in the table."""
        return Followed(sa.create_engine(self.url), self.tables, self.name)

    def follow(self, *, delivery: bool = True, patience: float = 20.0, end: bool = True) -> int:
        """Follow until all is final, or the time is up; return how many rows were open then."""
        rows = self.rows()
        hasher, until = Hasher(prepare(rows.engine, self.tables), OncePer.RECIPIENT), time.monotonic() + patience
        with self.client() as client:
            follower = Follower(rows, client, hasher, delivery=delivery)
            while (left := follower.round()) and time.monotonic() < until:
                time.sleep(0.02)
            if left and end:
                follower.end()
        rows.engine.dispose()
        return left

    def asked(self, *names: str) -> dict[str, Any]:
        """Return columns of each row by its key."""
        engine = sa.create_engine(self.url)
        rows = self.tables.results.c
        found = sa.select(rows.row_key, *(rows[name] for name in names)).where(rows.campaign == self.name)
        with engine.connect() as connection:
            read = [(row[0], tuple(row[1:]) if len(names) > 1 else row[1]) for row in connection.execute(found)]
        engine.dispose()
        assert len(dict(read)) == len(read)
        return dict(read)

    def statuses(self) -> dict[str, str]:
        """Return the status of each row by its key."""
        return self.asked("status")
