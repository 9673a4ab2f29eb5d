"""What became of many bulks, and taking them back: what it costs, and that a list that broke off is told of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from ippanel_provider.campaign import delivery_report
from ippanel_provider.campaign.cancelling import cancel
from ippanel_provider.campaign.delivery_report import deliveries
from ippanel_provider.client import Client, Settings, edge
from ippanel_provider.client.watch import BulkWatch
from ippanel_provider.sandbox.runner import RunningSandbox
from tests.client.raw_server import Arrived, Raw, http, listening

PEOPLE = [{"recipient": f"+98912000000{n}", "message_status": 2} for n in range(2)]


def test_a_list_that_shows_its_first_page_for_ever_is_reported_as_incomplete() -> None:
    def respond(arrived: Arrived) -> Raw:
        last = 3 if "bulk_id=7" in arrived.line else 1
        return http(200, json.dumps({"data": PEOPLE, "meta": {"status": True, "last_page": last}}).encode())

    with listening() as server:
        server.respond = respond
        with Client("k" * 40, Settings(base_url=server.url)) as client:
            broken, whole = deliveries(client, [7, 8])
    assert (broken.outbox_id, len(broken.recipients), broken.incomplete) == (7, 2, True)
    assert (whole.outbox_id, len(whole.recipients), whole.incomplete) == (8, 2, False)


@pytest.fixture
def client(ippanel_sandbox: RunningSandbox) -> Iterator[Client]:
    ippanel_sandbox.account(duplicate_guard=0, credit=10**9)
    with Client(ippanel_sandbox.api_key, Settings(base_url=ippanel_sandbox.base_url)) as running:
        yield running


def send_variants(client: Client, sandbox: RunningSandbox, people: int, variants: int = 20) -> list[int]:
    """Send so many texts to many people, as a campaign does: those who get the same one share an item of a request."""
    ids: list[int] = []
    for start in range(0, people, 1000):
        numbers = [f"0912{number:07d}" for number in range(start, start + 1000)]
        items = [(numbers[variant::variants], f"variant {variant}") for variant in range(variants)]
        ids += client.run(edge.send.peer_to_peer(items, sender=sandbox.sender)).outbox_ids
    return ids


def test_twenty_texts_to_ten_thousand_people_are_two_hundred_requests(
    client: Client, ippanel_sandbox: RunningSandbox
) -> None:
    ids = send_variants(client, ippanel_sandbox, 10_000)
    ippanel_sandbox.settle()
    before = ippanel_sandbox.stats()["requests"]
    found = list(deliveries(client, ids))
    after = ippanel_sandbox.stats()["requests"]
    assert sum(len(report.recipients) for report in found) == 10_000
    assert [report.outbox_id for report in found] == ids
    assert sum(after.values()) - sum(before.values()) == 200


def test_recipients_are_asked_for_once_all_bulks_are_final(
    client: Client, ippanel_sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_report, "_PAUSES", (0.01, 0.01))
    ippanel_sandbox.speed(0.001)
    ids = send_variants(client, ippanel_sandbox, 1000, variants=250)
    told: list[int] = []

    def tell(watch: BulkWatch) -> None:
        told.append(watch.open_count)
        if len(told) == 3:
            ippanel_sandbox.settle()

    found = list(deliveries(client, ids, settle_until=4e9, tell=tell))
    asked = ippanel_sandbox.stats()["requests"]
    assert told == [250] * 3
    assert sum(len(report.recipients) for report in found) == 1000
    assert asked["GET /api/report/recipients"] == len(ids)
    assert asked["POST /api/report/new_list"] <= 4 * 6 + 1


def test_what_is_not_final_when_the_time_is_up_is_told_as_it_is(
    client: Client, ippanel_sandbox: RunningSandbox
) -> None:
    ippanel_sandbox.speed(0.001)
    (report,) = deliveries(client, send_variants(client, ippanel_sandbox, 1000, variants=1))
    assert len(report.recipients) == 1000


def test_many_are_taken_back_and_a_second_try_looks_at_all_of_them_together(
    client: Client, ippanel_sandbox: RunningSandbox
) -> None:
    texts = [(f"0912{number:07d}", f"text {number}") for number in range(600)]
    due = datetime.fromtimestamp(ippanel_sandbox.now(), UTC) + timedelta(hours=2)
    ids = client.run(edge.send.peer_to_peer(texts, sender=ippanel_sandbox.sender, send_time=due)).outbox_ids
    assert cancel(client, ids[:400]) == {}
    assert cancel(client, [*ids, 1]).keys() == {1}
    asked = ippanel_sandbox.stats()["requests"]
    assert asked["POST /api/send/cancel"] == 400 + 601
    assert sum(asked.values()) - asked["POST /api/send/cancel"] - 1 <= 6
