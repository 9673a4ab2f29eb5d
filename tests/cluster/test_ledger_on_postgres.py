"""The SQL ledger on a real PostgreSQL: claims of workers at once, and a server that breaks off."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy
from sqlalchemy.exc import OperationalError

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.chunks import Chunk, OwnTexts
from ippanel_provider.campaign.ledger.base import Claim, Outcome
from ippanel_provider.campaign.ledger.hashes import MemberKey
from ippanel_provider.campaign.ledger.sql import SqlLedger
from ippanel_provider.campaign.order import OnUnconfirmed, Order
from ippanel_provider.campaign.results import Progress
from ippanel_provider.campaign.run import deliver
from ippanel_provider.client import Client, NotSent, Retry, Settings
from ippanel_provider.sandbox.runner import RunningSandbox
from tests.campaign.conftest import KEY, people
from tests.cluster.conftest import EngineMaker
from tests.cluster.servers import Postgres

ROUNDS = 20
RETRY_DELAY = 0.1


class Worker:
    """A try of a task on a machine of its own: an engine, a ledger, a client."""

    def __init__(
        self, engine: sqlalchemy.Engine, sandbox: RunningSandbox, *, part: str = "", key: MemberKey = KEY
    ) -> None:
        self.engine = engine
        self._sandbox = sandbox
        self._part = part
        self._key = key

    def ledger(self) -> SqlLedger:
        """Open the campaign, as the beginning of a try does."""
        ledger = SqlLedger(self.engine, self._key, "sale", part=self._part)
        list(ledger.history())
        return ledger

    def send(self, messages: Sequence[Message] | Iterator[Message], **terms: object) -> Progress:
        """Run one try."""
        settings = Settings(base_url=self._sandbox.base_url, retry=Retry(first_delay=0.01), read_timeout=5)
        ledger, progress = SqlLedger(self.engine, self._key, "sale", part=self._part), Progress()
        own = {
            "chunk_size": 10,
            "concurrency": 2,
            "on_unconfirmed": OnUnconfirmed.RESEND,
            "settle": 0.3,
        }
        with Client(self._sandbox.api_key, settings) as client:
            order = Order(sender=self._sandbox.sender, kind=OwnTexts(), **own | terms)  # type: ignore[arg-type]
            deliver(order, messages, client, ledger, progress)
        return progress

    def send_until_done(self, messages: Sequence[Message]) -> int:
        """Try again after each failure of the database, as Airflow does; return how many tries it took."""
        until = time.monotonic() + 60
        for number in itertools.count(1):
            try:
                self.send(messages)
            except (OperationalError, NotSent):
                assert time.monotonic() < until, "a minute of tries was not enough"
                time.sleep(RETRY_DELAY)
            else:
                return number
        raise AssertionError


Hire = Callable[..., Worker]


@pytest.fixture
def sandbox(ippanel_sandbox: RunningSandbox) -> RunningSandbox:
    """A service that lets the same text through as often as it comes."""
    ippanel_sandbox.account(duplicate_guard=0)
    return ippanel_sandbox


@pytest.fixture
def hire(engine_of: EngineMaker, sandbox: RunningSandbox) -> Hire:
    """Return a maker of workers."""

    def make(part: str = "", **options: str) -> Worker:
        return Worker(engine_of(**options), sandbox, part=part)

    return make


def claimed(ledger: SqlLedger, messages: Sequence[Message]) -> Claim | None:
    """Claim a chunk; None if others have all of it."""
    return next(ledger.intend([Claim.of(Chunk(tuple(messages), OwnTexts()), ledger.key)]), None)


def at_once(*steps: Callable[[], object]) -> list[object]:
    """Run steps at the same moment, each in a thread, and return what they return."""
    gate = threading.Barrier(len(steps))

    def step(do: Callable[[], object]) -> object:
        gate.wait()
        return do()

    with ThreadPoolExecutor(len(steps)) as pool:
        return list(pool.map(step, steps))


def everybody_got_one(sandbox: RunningSandbox, messages: Sequence[Message]) -> bool:
    return Counter(text["recipient"] for text in sandbox.messages()) == Counter(
        {message.recipient for message in messages}
    )


def test_of_two_workers_that_claim_one_chunk_one_wins(hire: Hire) -> None:
    one, two = hire().ledger(), hire().ledger()
    everybody = people(10 * ROUNDS)
    for begin in range(0, len(everybody), 10):
        block = everybody[begin : begin + 10]
        claims = at_once(lambda b=block: claimed(one, b), lambda b=block: claimed(two, b))  # type: ignore[misc]
        assert [claim is None for claim in claims].count(True) == 1
    assert len(list(hire().ledger().history())) == ROUNDS


def test_workers_that_claim_overlapping_people_in_opposite_order_do_not_stand_in_each_others_way(hire: Hire) -> None:
    one, two = hire("0").ledger(), hire("1").ledger()
    everybody = people(100 * ROUNDS)
    for begin in range(0, len(everybody), 100):
        block = everybody[begin : begin + 100]
        claims = at_once(lambda b=block: claimed(one, b[:80]), lambda b=block: claimed(two, b[:19:-1]))  # type: ignore[misc]
        both = [message.recipient for claim in claims if isinstance(claim, Claim) for message in claim.chunk.messages]
        assert sorted(both) == sorted(message.recipient for message in block)


def test_the_tables_are_made_once_by_whoever_comes_first(hire: Hire) -> None:
    workers = [hire(str(part)) for part in range(6)]
    ledgers = at_once(*(worker.ledger for worker in workers))
    assert [ledger.unknown(people(1)) for ledger in ledgers] == [people(1)] * 6  # type: ignore[attr-defined]


def test_tries_that_overlap_at_one_part_reach_everybody_once(hire: Hire, sandbox: RunningSandbox) -> None:
    everybody = people(600)
    one, two = hire("0"), hire("0")
    at_once(lambda: one.send_until_done(everybody), lambda: two.send_until_done(everybody))
    assert everybody_got_one(sandbox, everybody)


def test_serialization_errors_cost_a_try_and_nothing_else(hire: Hire, sandbox: RunningSandbox) -> None:
    everybody = people(400)
    strict = {"options": "-c default_transaction_isolation=serializable"}
    workers = [hire("0", **strict), hire("1", **strict)]
    at_once(lambda: workers[0].send_until_done(everybody), lambda: workers[1].send_until_done(everybody[::-1]))
    assert everybody_got_one(sandbox, everybody)


def test_idle_connections_that_are_cut_midway_cost_a_try_and_nothing_else(
    hire: Hire, sandbox: RunningSandbox, postgres: Postgres, database: str
) -> None:
    everybody = people(2500)
    worker = hire()

    def cut_midway() -> Iterator[Message]:
        for message in everybody:
            if message.line == 1500:
                with postgres.connect("postgres") as connection:
                    gone = connection.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database]
                    )
                    assert gone.rowcount > 0
            yield message

    with pytest.raises(OperationalError):
        worker.send(cut_midway())
    sent = sandbox.counts()["texts"]
    assert 0 < sent < 2500
    again = worker.send(everybody)
    assert again.before + again.accepted == 2500
    assert everybody_got_one(sandbox, everybody)


@pytest.mark.parametrize("how", [Postgres.FAST, Postgres.IMMEDIATE])
def test_a_restart_of_the_server_midway_costs_tries_and_nothing_else(
    hire: Hire, sandbox: RunningSandbox, postgres: Postgres, how: int
) -> None:
    everybody = people(2000)
    worker = hire()
    restarting = threading.Thread(target=lambda: (sandbox.wait_for(500, timeout=30), postgres.restart(how)))  # type: ignore[arg-type]
    restarting.start()
    tries = worker.send_until_done(everybody)
    restarting.join()
    assert tries > 1
    assert everybody_got_one(sandbox, everybody)


def test_what_a_try_claimed_that_nobody_watches_any_more_is_not_lost(hire: Hire, sandbox: RunningSandbox) -> None:
    """A task whose supervisor was killed goes on for a while beside the next try, and then ends midway too."""
    everybody = people(100)
    left_alone = hire("0").ledger()

    def meanwhile() -> Iterator[Message]:
        for message in everybody:
            if message.line == 50:
                assert claimed(left_alone, everybody[80:90]) is not None
            yield message

    with pytest.raises(NotSent, match="did not reach 10 of its recipients; the next try sends to them"):
        hire("0").send(meanwhile())
    assert hire("0").send(everybody).accepted == 10
    assert everybody_got_one(sandbox, everybody)


def test_what_another_try_sends_at_the_same_time_is_not_sent_again(hire: Hire, sandbox: RunningSandbox) -> None:
    everybody = people(100)
    alive = hire("0")

    def meanwhile() -> Iterator[Message]:
        for message in everybody:
            if message.line == 50:
                alive.send(everybody[60:])
            yield message

    hire("0").send(meanwhile())
    assert everybody_got_one(sandbox, everybody)


def test_a_worker_that_vanishes_while_it_claims_holds_the_others_up_only_until_its_connection_ends(
    hire: Hire, sandbox: RunningSandbox, postgres: Postgres
) -> None:
    everybody = people(50)
    vanished, other = hire("0"), hire("1")
    vanished.ledger()
    with (
        postgres.connect("postgres") as watching,
        ThreadPoolExecutor(1) as pool,
        vanished.engine.connect() as connection,
    ):
        connection.execute(sqlalchemy.text("UPDATE ippanel_ledger_campaign SET name = name"))
        sending = pool.submit(other.send, everybody)
        waits = "SELECT unnest(pg_blocking_pids(pid)) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        until = time.monotonic() + 30
        while not (blocking := watching.execute(waits).fetchone()) and time.monotonic() < until:
            time.sleep(RETRY_DELAY)
        assert blocking is not None
        assert sandbox.counts()["texts"] == 0
        watching.execute("SELECT pg_terminate_backend(%s)", blocking)
        assert sending.result(timeout=30).accepted == 50
        connection.invalidate()
    assert everybody_got_one(sandbox, everybody)


def test_what_was_claimed_is_there_after_the_server_was_dropped(hire: Hire, postgres: Postgres) -> None:
    claim = claimed(hire().ledger(), people(10))
    assert claim is not None
    postgres.restart(Postgres.IMMEDIATE)
    again = hire()
    assert [intent.members for intent, outcome in again.ledger().history() if outcome is None] == [claim.intent.members]
    again.ledger().settle(claim.intent, Outcome.nothing(claim.intent))
    assert list(again.ledger().unknown(people(10))) == people(10)
