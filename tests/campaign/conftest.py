"""Homes of a ledger that outlive the objects, and a way to run a campaign again and again as a retried task does."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from time import time as now
from typing import Any

import pytest
from pydantic import JsonValue, TypeAdapter

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.chunks import Form, OwnTexts, SharedText
from ippanel_provider.campaign.ledger.base import Ledger, Task
from ippanel_provider.campaign.ledger.hashes import MemberKey, secret_of
from ippanel_provider.campaign.ledger.task_state import TaskLedger
from ippanel_provider.campaign.ledger.variables import VariableLedger
from ippanel_provider.campaign.order import OncePer, Order
from ippanel_provider.campaign.results import Progress
from ippanel_provider.campaign.run import deliver
from ippanel_provider.campaign.schedule import Clock
from ippanel_provider.client import Client, Retry, Settings
from ippanel_provider.sandbox.runner import RunningSandbox

HOMES = ("task", "variables", "sql")
KEY = MemberKey(secret_of("a key of the tests"), OncePer.MESSAGE)


_JSON: TypeAdapter[Any] = TypeAdapter(JsonValue)


class Store:
    """A task state store: JSON by key, as Airflow keeps it."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.kept_for: dict[str, timedelta | None] = {}

    def get(self, key: str, default: Any = None) -> Any:
        """Return a copy of what is stored."""
        return json.loads(self.values[key]) if key in self.values else default

    def set(self, key: str, value: Any, *, retention: timedelta | None = None) -> None:
        """Store what JSON makes of the value."""
        self.kept_for[key] = retention
        # Airflow takes nothing that only looks like JSON, such as a tuple or a member of an enum.
        self.values[key] = json.dumps(_JSON.validate_python(value))
        assert len(self.values[key]) < 64 * 1024


class Variables:
    """Airflow's Variables: texts by key."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        """Return what is stored."""
        return self.values.get(key)

    def set(self, key: str, value: str) -> None:
        """Store a text."""
        self.values[key] = value

    def delete(self, key: str) -> None:
        """Delete it."""
        self.values.pop(key, None)


@pytest.fixture(params=HOMES)
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Ledger]:
    """Return a maker of ledgers: each call opens the same home anew, as a new try does."""
    return ledger_home(request.param, tmp_path)


def ledger_home(
    kind: str, folder: Path, campaign_id: str = "dag/task/run", key: MemberKey = KEY
) -> Callable[[], Ledger]:
    """Return a maker of ledgers over one home of this kind."""
    if kind == "task":
        store = Store()
        return lambda: TaskLedger(store, key)
    if kind == "variables":
        variables, tries = Variables(), itertools.count(1)

        def next_try() -> Ledger:
            number = next(tries)
            # Who looks on is not a later try, before which the one at work would give way.
            next_try.again = lambda: of_try(number)  # type: ignore[attr-defined]
            return of_try(number)

        def of_try(number: int) -> Ledger:
            return VariableLedger(variables, key, Task("dag", "task", campaign_id, try_number=number))

        return next_try
    sqlalchemy = pytest.importorskip("sqlalchemy")
    from ippanel_provider.campaign.ledger.sql import SqlLedger

    engine = sqlalchemy.create_engine(f"sqlite:///{folder / 'ledger.sqlite'}")
    return lambda: SqlLedger(engine, key, campaign_id)


class Ticking:
    """A clock that stands still but for the sleeps, which take no time."""

    def __init__(self) -> None:
        self.time = now()
        self.sleeps: list[float] = []
        self.clock = Clock(lambda: self.time, self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.time += seconds


@dataclass
class Campaign:
    """A campaign against the sandbox that can be tried again."""

    sandbox: RunningSandbox
    client: Client
    open_ledger: Callable[[], Ledger]
    terms: Order
    progress: Progress = field(default_factory=Progress)

    def with_terms(self, **terms: Any) -> Campaign:
        """Return the campaign on other terms."""
        return replace(self, terms=replace(self.terms, **terms))

    def attempt(
        self,
        messages: Sequence[Message],
        *,
        shared_text: str | None = None,
        form: Form | None = None,
        clock: Clock = Clock(),  # noqa: B008 - a value
        **terms: Any,
    ) -> Progress:
        """Run one try, as a task does, and return how far it came."""
        self.progress = Progress()
        order = replace(self.terms, kind=form or form_of(shared_text), **terms)
        deliver(order, messages, self.client, self.open_ledger(), self.progress, clock=clock)
        return self.progress


@pytest.fixture
def client(ippanel_sandbox: RunningSandbox) -> Iterator[Client]:
    """A client of the sandbox that repeats quickly."""
    settings = Settings(base_url=ippanel_sandbox.base_url, retry=Retry(first_delay=0.01), read_timeout=5)
    with Client(ippanel_sandbox.api_key, settings) as client:
        yield client


@pytest.fixture
def campaign(ippanel_sandbox: RunningSandbox, client: Client, home: Callable[[], Ledger]) -> Campaign:
    """A campaign in chunks of 10, with little patience."""
    terms = Order(sender=ippanel_sandbox.sender, kind=OwnTexts(), chunk_size=10, concurrency=2, settle=0.3)
    return Campaign(ippanel_sandbox, client, home, terms)


def form_of(shared_text: str | None) -> Form:
    """Return the form that sends one text to all, or to each the own."""
    return OwnTexts() if shared_text is None else SharedText(shared_text)


def people(count: int, text: str = "سلام شماره {n}") -> list[Message]:
    """Return messages of their own for so many people."""
    return [Message(f"+98912{n:07d}", text.format(n=n), n + 1) for n in range(count)]


class Time:
    """A clock that the sandbox's moves with."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        sandbox.speed(0)
        self._sandbox = sandbox
        self.now = sandbox.now()
        self.clock = Clock(lambda: self.now, self.sleep)

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self._sandbox.advance(seconds)
            self.now += seconds


@pytest.fixture
def time(ippanel_sandbox: RunningSandbox) -> Time:
    return Time(ippanel_sandbox)


@pytest.fixture
def hasty(ippanel_sandbox: RunningSandbox) -> Iterator[Client]:
    settings = Settings(base_url=ippanel_sandbox.base_url, read_timeout=0.5, retry=Retry(attempts=1))
    with Client(ippanel_sandbox.api_key, settings) as client:
        yield client
