"""The one door to sending: an order and rows go in, a summary comes out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ippanel_provider.campaign.audience import Row
from ippanel_provider.campaign.chunks import OwnTexts, Pattern, SharedText, Single
from ippanel_provider.campaign.ledger.base import Ledger
from ippanel_provider.campaign.ledger.hashes import MemberKey, secret_of
from ippanel_provider.campaign.ledger.sql import SqlLedger
from ippanel_provider.campaign.order import OncePer, Order
from ippanel_provider.campaign.results import Summary
from ippanel_provider.campaign.run import run
from ippanel_provider.client import Client, InvalidInput, IPPanelError, NotSent, Settings, edge
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.values import InvalidValue
from tests.client.raw_server import Arrived, Raw, http, listening

TEXT = "سلام به همه"


def rows(count: int, text: str = TEXT) -> list[Row]:
    return [Row(n + 1, f"0912000{n:04d}", text) for n in range(count)]


@pytest.fixture
def order(ippanel_sandbox: RunningSandbox) -> Order:
    return Order(sender=ippanel_sandbox.sender, kind=SharedText(TEXT), chunk_size=10, settle=0.3)


def test_a_summary_says_what_a_task_returns(
    order: Order, client: Client, home: Callable[[], Ledger], ippanel_sandbox: RunningSandbox
) -> None:
    source = [*rows(25), Row(26, "09120000003", TEXT), Row(27, "not a number", TEXT)]
    summary = run(order, lambda: source, client, home())
    result = summary.as_result()
    assert result.keys() == {
        *("outbox_ids", "rows", "accepted", "merged", "skipped", "suppressed", "rejected", "rejects", "parts", "cost")
    }
    assert (summary.rows, summary.accepted, summary.merged, summary.rejected) == (27, 25, 1, 1)
    assert len(summary.outbox_ids) == 3
    assert ippanel_sandbox.counts()["texts"] == 25


def test_a_retry_goes_on_and_returns_the_whole(order: Order, client: Client, home: Callable[[], Ledger]) -> None:
    first = run(order, lambda: rows(25), client, home())
    again = run(order, lambda: rows(25), client, home())
    assert again.as_result() == first.as_result()
    assert (again.accepted, again.accepted_now) == (25, 0)


def test_how_far_it_came_is_told_before_the_error_leaves(
    order: Order, client: Client, home: Callable[[], Ledger], ippanel_sandbox: RunningSandbox
) -> None:
    ippanel_sandbox.fault("unauthorized", path="^/v1/api/send$", times=9, after=1)
    told: list[Summary] = []
    with pytest.raises(IPPanelError):
        run(replace(order, concurrency=1), lambda: rows(25), client, home(), on_end=told.append)
    assert told[0].accepted == 10
    assert told[0].how_far.startswith("10 recipients had been accepted (outbox ids ")


@pytest.mark.parametrize("count", [0, 1])
def test_a_source_without_anybody_who_can_get_a_text_is_no_success(
    order: Order, client: Client, home: Callable[[], Ledger], count: int
) -> None:
    with pytest.raises(InvalidInput if count else NotSent, match=r"^recipients: "):
        run(order, lambda: [Row(1, "nobody", TEXT)] * count, client, home())


class TestASingleRequest:
    """The service chooses its recipients; it is a campaign of one chunk all the same."""

    @pytest.fixture
    def single(self, order: Order, ippanel_sandbox: RunningSandbox) -> Order:
        book = ippanel_sandbox.add_phonebook("customers", [{"number": f"0912000{n:04d}"} for n in range(3)])

        def build(send_time: datetime | None) -> Any:
            return edge.send.phonebook(TEXT, [book["id"]], sender=order.sender, send_time=send_time)

        return Order(sender=order.sender, kind=Single(build, TEXT, 3), settle=0.3)

    def test_a_second_try_sends_nothing_and_returns_the_same_ids(
        self, single: Order, client: Client, home: Callable[[], Ledger], ippanel_sandbox: RunningSandbox
    ) -> None:
        first = run(single, None, client, home())
        again = run(single, None, client, home())
        assert again.outbox_ids == first.outbox_ids
        assert ippanel_sandbox.counts()["texts"] == 3

    def test_a_refused_one_is_sent_by_the_next_try(
        self, single: Order, client: Client, home: Callable[[], Ledger], ippanel_sandbox: RunningSandbox
    ) -> None:
        ippanel_sandbox.fault("unauthorized", path="^/v1/api/send$", times=1)
        with pytest.raises(IPPanelError):
            run(single, None, client, home())
        run(single, None, client, home())
        assert ippanel_sandbox.counts()["texts"] == 3


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sender", ""),
        ("delivery", "later"),
        ("once_per", "row"),
        ("on_unconfirmed", "perhaps"),
        ("concurrency", 0),
        ("rate", 0),
        ("rate", -1),
        ("settle", -5),
        ("chunk_size", 0),
        ("first_pass", "perhaps"),
        ("send_time", datetime(2026, 1, 1)),  # noqa: DTZ001 - naive on purpose
    ],
)
def test_an_order_is_refused_by_the_name_of_its_field(field: str, value: Any) -> None:
    given = {"sender": "+983000505", "kind": OwnTexts(), field: value}
    with pytest.raises(InvalidValue, match=f"^{field}: "):
        Order(**given)


def test_as_many_patterns_as_concurrency_says_are_under_way_at_once_and_written_down_together(tmp_path: Path) -> None:
    several = 50
    # Nobody gets an answer before all have asked.
    together = threading.Barrier(several)

    def respond(arrived: Arrived) -> Raw:
        if not arrived.line.startswith("POST /v1/api/send "):
            return http(200, {"data": [], "meta": {"status": True, "total": 0, "last_page": 1}})
        place = together.wait(30)
        return http(200, {"data": {"message_outbox_ids": [1000 + place]}, "meta": {"status": True}})

    people = [Row(n + 1, f"0912000{n:04d}", f"code {n}", variables={"code": n}) for n in range(several)]
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    ledger = SqlLedger(engine, MemberKey(secret_of("key"), OncePer.RECIPIENT), "codes")
    commits: list[object] = []
    with listening() as server, Client("k" * 40, Settings(base_url=server.url, read_timeout=30)) as client:
        server.respond = respond
        order = Order(sender="+983000505", kind=Pattern("code"), concurrency=64, check_credit=False, settle=0.3)
        list(ledger.history())
        sa.event.listen(engine, "commit", commits.append)
        summary = run(replace(order, first_pass=False), lambda: people, client, ledger)
    assert summary.accepted == several
    assert len(commits) < several / 3
