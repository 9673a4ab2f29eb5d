"""Waiting for many bulks: what a look costs, whoever else sends between, and that nothing is taken for granted."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ippanel_provider.client import Client, Settings, edge
from ippanel_provider.client.watch import FAILURES, BulkWatch, states
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.service import BulkState

from .test_watch import counted

Send = Callable[..., list[int]]
MANY = 3000
REJECTED = "+989000000003"
"""A bulk to this number is rejected."""
BY_SPAN = 200
"""More are asked after by where they stand."""


@pytest.fixture
def client(ippanel_sandbox: RunningSandbox) -> Iterator[Client]:
    ippanel_sandbox.account(duplicate_guard=0, credit=10**9)
    with Client(ippanel_sandbox.api_key, Settings(base_url=ippanel_sandbox.base_url)) as running:
        yield running


@pytest.fixture
def send(client: Client, ippanel_sandbox: RunningSandbox) -> Send:
    """Send so many texts, a bulk each, a thousand a request."""

    def send_each(count: int, words: str = "text", to: str | None = None, line: str | None = None) -> list[int]:
        texts = [(to or f"0912{number:07d}", f"{words} {number}") for number in range(count)]
        return [
            outbox_id
            for start in range(0, count, 1000)
            for outbox_id in client.run(
                edge.send.peer_to_peer(texts[start : start + 1000], sender=line or ippanel_sandbox.sender)
            ).outbox_ids
        ]

    return send_each


def look(client: Client, watch: BulkWatch) -> list[str]:
    """Look once; return what was asked."""
    asked: list[str] = []
    client.run(counted(watch.look(), asked))
    return asked


def test_a_look_costs_six_requests_and_one_a_thousand_that_are_open(
    client: Client, ippanel_sandbox: RunningSandbox, send: Send
) -> None:
    ippanel_sandbox.speed(0.001)
    watch = BulkWatch(send(MANY))
    first = look(client, watch)
    assert first[:2] == ["report.bulk", "report.bulk"], "where the first and the last of them stand"
    again = look(client, watch)
    assert set(again) == {"report.outbox"}
    assert len(again) <= 6 + MANY / 1000
    assert not watch.is_done
    assert watch.open_count == MANY


def test_the_last_look_costs_a_request_a_thousand(client: Client, ippanel_sandbox: RunningSandbox, send: Send) -> None:
    watch = BulkWatch(send(MANY))
    look(client, watch)
    ippanel_sandbox.settle()
    assert len(look(client, watch)) <= 4 + 5 + MANY / 1000 + 1
    assert watch.is_done
    assert watch.counts == {BulkState.SENT: MANY}


def test_a_campaign_of_others_between_ours_never_counts_whatever_becomes_of_it(
    client: Client, ippanel_sandbox: RunningSandbox, send: Send
) -> None:
    ours: list[int] = []
    strangers: list[int] = []
    for number in range(3):
        ours += send(500, f"ours {number}")
        strangers += send(300, f"theirs {number}")
    for outbox_id in strangers[:20]:
        ippanel_sandbox.decide(outbox_id, state_id=BulkState.REJECTED)
    watch = BulkWatch(ours)
    look(client, watch)
    assert not watch.failed
    ippanel_sandbox.settle()
    look(client, watch)
    assert watch.is_done
    assert watch.counts == {BulkState.SENT: len(ours)}


def test_one_that_failed_ends_the_wait_within_three_looks_while_the_others_are_open(
    client: Client, ippanel_sandbox: RunningSandbox, send: Send
) -> None:
    [rejected] = send(1, "to be rejected")
    ippanel_sandbox.decide(rejected, state_id=BulkState.REJECTED)
    ippanel_sandbox.settle()
    ippanel_sandbox.speed(0.001)
    watch = BulkWatch([rejected, *send(BY_SPAN)])
    for _ in range(3):
        look(client, watch)
    assert watch.is_done
    assert watch.failed == {rejected: BulkState.REJECTED}
    assert watch.open_count == BY_SPAN


def test_each_end_is_told_of_each_bulk(client: Client, ippanel_sandbox: RunningSandbox, send: Send) -> None:
    ids = send(BY_SPAN + 50)
    ends = dict(zip(ids[::40], sorted(FAILURES), strict=False))
    for outbox_id, state in ends.items():
        ippanel_sandbox.decide(outbox_id, state_id=state)
    ippanel_sandbox.settle()
    watch = BulkWatch(ids, fail_on=frozenset())
    look(client, watch)
    assert watch.states == dict.fromkeys(ids, BulkState.SENT) | ends


def test_a_list_that_lags_leaves_them_open_until_it_shows_them(
    client: Client, ippanel_sandbox: RunningSandbox, send: Send
) -> None:
    ids = send(BY_SPAN + 1)
    ippanel_sandbox.settle()
    fault = ippanel_sandbox.fault("outbox_lag", path="/api/report/new_list", seconds=3600)
    watch = BulkWatch(ids)
    look(client, watch)
    assert watch.open_count == len(ids)
    ippanel_sandbox.lift(fault)
    look(client, watch)
    assert watch.is_done


def test_a_list_that_never_shows_them_is_not_relied_on(
    client: Client, ippanel_sandbox: RunningSandbox, send: Send
) -> None:
    ids = send(BY_SPAN + 1)
    ippanel_sandbox.fault("outbox_lag", path="/api/report/new_list", seconds=3600)
    ippanel_sandbox.settle()
    watch = BulkWatch(ids)
    for _ in range(3):
        look(client, watch)
    assert watch.is_done, "each was asked for by its id"
    assert watch.counts == {BulkState.SENT: len(ids)}


def test_bulks_that_nobody_knows_yet_are_waited_for(client: Client) -> None:
    watch = BulkWatch(range(10**12, 10**12 + BY_SPAN + 1))
    assert look(client, watch) == ["report.bulk"]
    assert watch.open_count == BY_SPAN + 1


def test_a_whole_wait_costs_six_requests_a_look_beside_a_rejected_campaign_of_the_same_size(
    client: Client, ippanel_sandbox: RunningSandbox, send: Send
) -> None:
    ippanel_sandbox.speed(0.001)
    ours: list[int] = []
    for number in range(MANY // 1000):
        ours += send(1000, f"ours {number}")
        send(1000, f"theirs {number}", to=REJECTED)
    watch = BulkWatch(ours)
    looks = [look(client, watch) for _ in range(6)]
    assert watch.open_count == MANY
    ippanel_sandbox.settle()
    looks.append(look(client, watch))
    assert watch.counts == {BulkState.SENT: MANY}
    assert sum(map(len, looks)) <= 6 * len(looks) + MANY / 1000 + 10
    assert max(map(len, looks[1:-1])) <= 6


def test_ids_of_two_ranges_are_found_though_the_lowest_and_highest_are_not_the_first_and_last(
    client: Client, ippanel_sandbox: RunningSandbox, send: Send
) -> None:
    ippanel_sandbox.profile(ids="blocks")
    ours: list[int] = []
    for _ in range(6):
        ours += send(100)
        ippanel_sandbox.advance(600)
    # Neither end of the order of ids is an end of the order of time.
    ours = sorted(ours)[100:-100]
    ippanel_sandbox.settle()
    watch = BulkWatch(ours)
    asked = [request for _ in range(4) for request in look(client, watch) if not watch.is_done or request]
    assert watch.is_done
    assert len(asked) < 80


def test_one_that_was_deleted_at_an_end_holds_up_no_other(
    client: Client, ippanel_sandbox: RunningSandbox, send: Send
) -> None:
    ids = send(BY_SPAN + 2)
    ippanel_sandbox.delete(ids[0])
    ippanel_sandbox.settle()
    watch = BulkWatch(ids)
    for _ in range(2):
        look(client, watch)
    assert watch.unfinal == [ids[0]], "which may be on its way, for all that is known"


def test_bulks_of_two_lines_are_waited_for_together(
    client: Client, ippanel_sandbox: RunningSandbox, send: Send
) -> None:
    second = "+983000506"
    ippanel_sandbox.account(lines=[second])
    ids = [*send(BY_SPAN), *send(50, line=second), *send(50)]
    ippanel_sandbox.settle()
    watch = BulkWatch(ids)
    for _ in range(3):
        look(client, watch)
    assert watch.counts == {BulkState.SENT: len(ids)}


@pytest.mark.parametrize("facts", [{"page_cap": 100}, {"page_figures": False}, {"filter_zone": "tehran"}])
def test_what_panels_do_otherwise_only_costs_requests(
    client: Client, ippanel_sandbox: RunningSandbox, send: Send, facts: dict[str, object]
) -> None:
    ids = send(BY_SPAN + 50)
    ippanel_sandbox.profile(**facts)
    ippanel_sandbox.settle()
    watch = BulkWatch(ids)
    asked = [request for _ in range(3) for request in look(client, watch)]
    assert watch.is_done
    assert len(asked) < 60


def test_states_of_many_old_ones_are_read_where_they_stand(
    client: Client, ippanel_sandbox: RunningSandbox, send: Send
) -> None:
    ours = send(MANY)
    bad = send(20, to=REJECTED)
    ippanel_sandbox.advance(3600)
    send(1000, "later")
    ippanel_sandbox.settle()
    asked: list[str] = []
    found = client.run(counted(states(ours + bad), asked))
    assert found == dict.fromkeys(ours, BulkState.SENT) | dict.fromkeys(bad, BulkState.REJECTED)
    assert len(asked) <= MANY / 1000 + 15
