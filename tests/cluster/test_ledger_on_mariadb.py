"""The SQL ledger on MariaDB, whose collations take different names for one, and different servers for one another."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.chunks import Chunk, OwnTexts
from ippanel_provider.campaign.ledger.base import Claim, Outcome, Standing, Task
from ippanel_provider.campaign.ledger.decisions import open_chunks, overviews, prune, write_decision
from ippanel_provider.campaign.ledger.sql import SqlLedger
from tests.campaign.conftest import KEY, people
from tests.cluster.servers import MariaDb

NAMES = ["Promo", "promo", "promo ", "promo 🎉", "promo 🎂", "تخفیف ۱", "تخفیف 1", "کد", "كد", "x" * 5000]
_numbers = itertools.count(1)


@pytest.fixture(params=["utf8mb4_general_ci", "utf8mb4_uca1400_ai_ci", "latin1_swedish_ci"])
def engine(mariadb: MariaDb, request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    """A database of this test with that collation."""
    name, collation = f"test_{next(_numbers)}", request.param
    server = sa.create_engine(mariadb.url("mysql"))
    with server.begin() as connection:
        charset = collation.partition("_")[0]
        connection.execute(sa.text(f"CREATE DATABASE {name} CHARACTER SET {charset} COLLATE {collation}"))
    server.dispose()
    engine = sa.create_engine(mariadb.url(name))
    yield engine
    engine.dispose()


def opened(engine: sa.Engine, name: str = "sale", *, part: str = "", **task: object) -> SqlLedger:
    ledger = SqlLedger(engine, KEY, name, part=part, task=Task("dag", "send", "run", **task))  # type: ignore[arg-type]
    list(ledger.history())
    return ledger


def claimed(ledger: SqlLedger, messages: Sequence[Message]) -> list[Claim]:
    return list(ledger.intend([Claim.of(Chunk(tuple(messages), OwnTexts()), ledger.key)]))


def at_once(*steps: Callable[[], object]) -> list[object]:
    """Run steps at the same moment, each in a thread."""
    gate = threading.Barrier(len(steps))
    with ThreadPoolExecutor(len(steps)) as pool:
        return list(pool.map(lambda step: (gate.wait(), step())[1], steps))


def test_names_that_a_collation_takes_for_one_are_two_campaigns(engine: sa.Engine) -> None:
    for name in NAMES:
        ledger = opened(engine, name)
        assert list(ledger.unknown(people(1))) == people(1), name
        claims = claimed(ledger, people(1))
        ledger.settle(claims[0].intent, Outcome((1,)))
        ledger.flush()
        assert list(opened(engine, name).unknown(people(1))) == []
    assert Counter(one.name for one in overviews(engine)) == Counter(NAMES)


def test_workers_at_once_make_the_tables_once_and_share_nobody(engine: sa.Engine) -> None:
    everybody = people(400)

    def work(part: int) -> list[Message]:
        mine = everybody if part % 2 else everybody[::-1]
        ledger = opened(engine, part=str(part), map_index=part)
        blocks = (mine[start : start + 20] for start in range(0, 400, 20))
        return [message for block in blocks for claim in claimed(ledger, block) for message in claim.chunk.messages]

    got = at_once(*(lambda part=part: work(part) for part in range(4)))  # type: ignore[misc]
    assert sorted(message for part in got for message in part) == everybody  # type: ignore[attr-defined]


def test_all_that_a_ledger_is_asked_works(engine: sa.Engine) -> None:
    ledger = opened(engine)
    first, second = claimed(ledger, people(1000))[0].intent, claimed(ledger, people(2000)[1000:])[0].intent
    ledger.stand(second, Standing(left=12.5, is_broken=True))
    ledger.settle(first, Outcome(tuple(range(10**11, 10**11 + 998)), frozenset({0, 999})))
    ledger.note("before", {"ids": list(range(10**11, 10**11 + 1000)), "سلام": "🎉"})
    ledger.learn({"text": "folded"})
    ledger.tell({"state": "in doubt", "planned": 2000})
    ledger.ask({"ti_id": "a"})
    ledger.flush()
    again = opened(engine, try_number=2)
    assert ledger.is_superseded()
    assert again.standing_of(second) == Standing(left=12.5, is_broken=True)
    assert again.noted("before")["سلام"] == "🎉"
    assert (again.learnt(), again.asked()) == ({"text": "folded"}, {"ti_id": "a"})
    assert [message.line for message in again.unknown(people(2000))] == [1, 1000]
    assert len(again.claimed(0)) == 998
    assert again.pace(10) == 0
    (chunk,) = open_chunks(engine, overviews(engine)[0].id)
    assert (chunk.number, chunk.lines) == (2, (1001, 2000))
    with engine.begin() as connection:
        assert write_decision(connection, overviews(engine)[0].id, 2, "look", "مینا")
    assert again.decided() == {2: "look"}
    again.settle(second, Outcome.nothing(second))
    assert prune(engine, older_than=-1) == (1, 0)
