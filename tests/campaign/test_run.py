"""The one door to sending: an order and rows go in, a summary comes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from ippanel_provider.campaign.audience import Row
from ippanel_provider.campaign.chunks import OwnTexts, SharedText, Single
from ippanel_provider.campaign.ledger.base import Ledger
from ippanel_provider.campaign.order import Order
from ippanel_provider.campaign.results import Summary
from ippanel_provider.campaign.run import run
from ippanel_provider.client import Client, InvalidInput, IPPanelError, NotSent, edge
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.values import InvalidValue

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
