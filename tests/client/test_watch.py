"""Asking after many bulks: what it costs, over the sandbox, and that nothing is guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from ippanel_provider.client import Client, Flow, IPPanelError, Request, Settings, edge, watch
from ippanel_provider.client.watch import BulkWatch, Tally
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.service import BulkState


@pytest.fixture
def client(ippanel_sandbox: RunningSandbox) -> Iterator[Client]:
    ippanel_sandbox.account(duplicate_guard=0)
    with Client(ippanel_sandbox.api_key, Settings(base_url=ippanel_sandbox.base_url)) as running:
        yield running


@pytest.fixture
def send(client: Client, ippanel_sandbox: RunningSandbox) -> Callable[[int], list[int]]:
    """Send so many texts, a bulk each."""

    def send_each(count: int) -> list[int]:
        texts = [(f"0912{number:07d}", f"text {number}") for number in range(count)]
        return client.run(edge.send.peer_to_peer(texts, sender=ippanel_sandbox.sender)).outbox_ids

    return send_each


def counted(flow: Flow[object], counts: list[str]) -> Flow[object]:
    """The same flow, its requests written down."""
    go_on = partial(flow.send, None)
    while True:
        try:
            step = go_on()
        except StopIteration as stop:
            return stop.value
        assert isinstance(step, Request)
        counts.append(step.operation)
        try:
            go_on = partial(flow.send, (yield step))
        except IPPanelError as error:
            go_on = partial(flow.throw, error)


def test_a_thousand_take_one_page(
    client: Client, ippanel_sandbox: RunningSandbox, send: Callable[[int], list[int]]
) -> None:
    ids = send(1000)
    ippanel_sandbox.settle()
    asked: list[str] = []
    found = client.run(counted(watch.states(ids), asked))
    assert found == dict.fromkeys(ids, BulkState.SENT)
    assert asked == ["report.outbox"]


def test_a_few_are_asked_for_one_by_one(client: Client, send: Callable[[int], list[int]]) -> None:
    asked: list[str] = []
    client.run(counted(watch.states(send(watch.FEW)), asked))
    assert asked == ["report.bulk"] * watch.FEW


def test_old_ones_bring_their_neighbours_along(
    client: Client, ippanel_sandbox: RunningSandbox, send: Callable[[int], list[int]]
) -> None:
    old = send(500)
    for _ in range(3):
        ippanel_sandbox.advance(60)
        send(1000)
    ippanel_sandbox.settle()
    asked: list[str] = []
    assert client.run(counted(watch.states(old), asked)) == dict.fromkeys(old, BulkState.SENT)
    assert len(asked) <= 5


def test_a_limit_is_kept_and_what_it_is_not_enough_for_left_out(
    client: Client, ippanel_sandbox: RunningSandbox, send: Callable[[int], list[int]]
) -> None:
    ids = send(40)
    ippanel_sandbox.fault("outbox_lag", path="/api/report/new_list", seconds=3600)
    asked: list[str] = []
    found = client.run(counted(watch.states(ids, most_requests=20), asked))
    assert len(asked) == 20
    assert isinstance(found, dict)
    assert set(found) < set(ids)
    assert next(iter(found)) == ids[0], "those that come first are asked for first"


def test_one_that_nobody_knows_counts_as_being_created(client: Client) -> None:
    assert client.run(watch.states([1])) == {1: BulkState.CREATING}


def test_recipients_are_counted_by_what_became_of_them(client: Client, ippanel_sandbox: RunningSandbox) -> None:
    numbers = ["09120000001", "09120000002", "09120000993", "09120000994", "+989000000100"]
    receipt = client.run(edge.send.webservice("سلام", numbers, sender=ippanel_sandbox.sender))
    assert client.run(watch.tally(receipt.outbox_ids[0])) == Tally(0, 5, 0)
    ippanel_sandbox.settle()
    assert client.run(watch.tally(receipt.outbox_ids[0])) == Tally(2, 1, 2)


@pytest.mark.parametrize(
    ("tallies", "share", "done"),
    [
        ({}, 0.5, False),
        ({1: Tally(1, 9, 0)}, 0.5, False),
        ({1: Tally(5, 5, 0)}, 0.5, True),
        ({1: Tally(0, 4, 6)}, 0.5, True),
        ({1: Tally(9, 0, 1)}, 1.0, True),
        ({1: Tally(0, 0, 0)}, 0.5, False),
    ],
)
def test_deliveries_are_enough_hopeless_or_open(tallies: dict[int, Tally], share: float, done: bool) -> None:
    waiting = BulkWatch((1,), min_delivered=share)
    waiting.learn(1, BulkState.SENT)
    waiting.tallies = tallies
    assert waiting.is_done is done


def test_what_came_in_is_read_over_pages_oldest_first(client: Client, ippanel_sandbox: RunningSandbox) -> None:
    assert client.run(watch.newest_inbox_id()) == 0
    ids = [ippanel_sandbox.inbox("+989120000001", f"text {number}") for number in range(120)]
    assert client.run(watch.newest_inbox_id()) == ids[-1]
    assert [text.inbox_id for text in client.run(watch.received(0))] == ids
    assert [text.inbox_id for text in client.run(watch.received(ids[99]))] == ids[100:]
