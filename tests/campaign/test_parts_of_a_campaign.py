"""Several workers send parts of one campaign: nobody is reached by two, and each keeps books of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy.pool import StaticPool

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.chunks import Chunk, OwnTexts
from ippanel_provider.campaign.ledger.base import Claim, Outcome, Task
from ippanel_provider.campaign.ledger.sql import SqlLedger
from ippanel_provider.campaign.order import Order
from ippanel_provider.campaign.results import Progress
from ippanel_provider.campaign.run import deliver
from ippanel_provider.client import Client, IPPanelError
from ippanel_provider.sandbox.runner import RunningSandbox
from tests.campaign.conftest import KEY, people

Send = Callable[..., Progress]


@pytest.fixture
def send(ippanel_sandbox: RunningSandbox, client: Client, tmp_path: Path) -> Send:
    """Send a part, as a try of a mapped task does."""
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path / 'ledger.sqlite'}")

    def run(part: str, messages: list[Message]) -> Progress:
        progress = Progress()
        ledger = SqlLedger(engine, KEY, "sale", part=part)
        order = Order(sender=ippanel_sandbox.sender, kind=OwnTexts(), chunk_size=10, settle=0.3)
        deliver(order, messages, client, ledger, progress)
        return progress

    return run


def test_who_is_in_two_parts_is_reached_once_and_each_part_counts_its_own(
    ippanel_sandbox: RunningSandbox, send: Send
) -> None:
    everybody = people(40)
    first, second = send("0", everybody[:25]), send("1", everybody[15:])
    assert (first.accepted, first.known) == (25, 0)
    assert (second.accepted, second.known, second.before) == (15, 10, 0)
    assert not set(first.outbox_ids) & set(second.outbox_ids)
    assert ippanel_sandbox.counts()["texts"] == ippanel_sandbox.counts()["distinct"] == 40


def test_a_part_that_is_tried_again_finds_what_it_sent(ippanel_sandbox: RunningSandbox, send: Send) -> None:
    everybody = people(40)
    send("0", everybody[:20])
    ippanel_sandbox.fault("refused", path="/api/send$", times=1, after=1)
    with pytest.raises(IPPanelError):
        send("1", everybody[20:])
    again = send("1", everybody[20:])
    assert again.before + again.accepted == 20
    assert again.before > 0
    assert ippanel_sandbox.counts()["texts"] == ippanel_sandbox.counts()["distinct"] == 40


def test_without_parts_a_campaign_knows_all_of_them(send: Send) -> None:
    everybody = people(20)
    send("0", everybody[:10])
    assert send("", everybody).accepted == 10
    assert send("1", everybody).accepted == 0


def test_a_part_knows_whom_a_task_alone_has_reached_and_the_other_way_round(tmp_path: Path) -> None:
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path / 'ledger.sqlite'}")

    def opened(part: str) -> SqlLedger:
        ledger = SqlLedger(engine, KEY, "sale", part=part)
        list(ledger.history())
        return ledger

    def claim(ledger: SqlLedger, messages: list[Message]) -> list[Message]:
        drafts = [Claim.of(Chunk(tuple(messages), OwnTexts()), ledger.key)]
        return [message for claim in ledger.intend(drafts) for message in claim.chunk.messages]

    everybody = people(100)
    alone, early = opened(""), opened("0")
    assert claim(alone, everybody[:40]) == everybody[:40]
    assert claim(early, everybody[30:60]) == everybody[40:60]
    assert claim(alone, everybody[50:70]) == everybody[60:70]
    late = opened("1")
    assert late.unknown(everybody) == everybody[70:]
    (first, _), *_ = opened("").history()
    alone.settle(first, Outcome.nothing(first))
    assert claim(late, everybody[:10]) == everybody[:10]
    assert claim(alone, everybody[:20]) == everybody[10:20]


def test_a_campaign_has_a_name_of_any_length(tmp_path: Path) -> None:
    engine = sqlalchemy.create_engine("sqlite://")
    with pytest.raises(ValueError, match="campaign_id: "):
        SqlLedger(engine, KEY, "")
    ledger = SqlLedger(engine, KEY, "تخفیف" * 1000, part="1" * 1000)
    assert list(ledger.history()) == []


def test_what_a_part_costs_the_database_does_not_grow_with_the_parts_before_it(tmp_path: Path) -> None:
    """Counted in steps of SQLite's virtual machine, not in seconds."""
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path / 'ledger.sqlite'}", poolclass=StaticPool)
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    with engine.connect() as connection:
        connection.connection.driver_connection.set_progress_handler(step, 100)  # type: ignore[union-attr]
    costs, everybody = [], people(50 * 61)
    for part in range(61):
        steps = 0
        task = Task("dag", "send", "run", part)
        ledger = SqlLedger(engine, KEY, "sale", part=str(part), task=task)
        list(ledger.history())
        mine = everybody[50 * part : 50 * part + 50]
        for start in (0, 25):
            new = ledger.unknown(mine[start : start + 25])
            for claim in ledger.intend([Claim.of(Chunk(tuple(new), OwnTexts()), ledger.key)]):
                ledger.settle(claim.intent, Outcome(tuple(range(25))))
        assert list(ledger.beside()) == []
        ledger.finish()
        costs.append(steps)
    assert sum(costs[50:61]) < 1.5 * sum(costs[5:16]), (costs[5:16], costs[50:61])


def test_what_another_part_found_listed_is_still_found_by_the_part_whose_it_is(
    ippanel_sandbox: RunningSandbox, send: Send
) -> None:
    everybody = people(20)
    ippanel_sandbox.account(duplicate_guard=0)
    ippanel_sandbox.fault("drop_after", path="^/v1/api/send$", times=1)
    lag = ippanel_sandbox.fault("outbox_lag", seconds=3600)
    with pytest.raises(IPPanelError):
        send("0", everybody[:10])
    ippanel_sandbox.lift(lag)
    send("1", everybody[10:])
    assert send("0", everybody[:10]).before == 10
    ippanel_sandbox.advance(7200)
    ippanel_sandbox.settle()
    assert [text["state_id"] for text in ippanel_sandbox.messages()].count(6) == 20
