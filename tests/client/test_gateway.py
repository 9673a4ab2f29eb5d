"""One set of names for both APIs: the same call gives the same kind of result, or says that there is none."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ippanel_provider.client import (
    Client,
    Gateway,
    InvalidInput,
    Replay,
    Request,
    Retry,
    Settings,
    Unsupported,
    edge,
    gateway,
    rest,
)
from ippanel_provider.client.models import Account, Bulk, Delivery, IncomingText, Receipt
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.service import Api, BulkState, DeliveryStatus

from .stand_in import Reply, StandIn, serving

LINE = "+983000505"
PERSON = "+989120000001"
EDGE, REST = gateway(Api.EDGE), gateway("rest")


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


# Each call once, with arguments both APIs take.
CALLS: dict[str, Callable[[Gateway], Request[Any]]] = {
    "send": lambda api: api.send("سلام", [PERSON], sender=LINE),
    "send_each": lambda api: api.send_each([(PERSON, "سلام")], sender=LINE),
    "pattern": lambda api: api.pattern("abc", PERSON, {"name": "x"}, sender=LINE),
    "cancel": lambda api: api.cancel(1),
    "price": lambda api: api.price("سلام", sender=LINE),
    "outbox": lambda api: api.outbox(sender=LINE),
    "bulk": lambda api: api.bulk(1),
    "recipients": lambda api: api.recipients(1),
    "inbox": lambda api: api.inbox(),
    "credit": lambda api: api.credit(),
    "account": lambda api: api.account(),
}


def test_every_call_of_a_gateway_is_in_the_table_above() -> None:
    assert {name for name, _ in inspect.getmembers(Gateway, inspect.isfunction)} == set(CALLS)


@pytest.mark.parametrize("name", CALLS)
def test_the_edge_api_has_every_call(name: str) -> None:
    assert CALLS[name](EDGE).api is Api.EDGE


@pytest.mark.parametrize("name", CALLS)
def test_the_legacy_api_has_it_or_says_so(name: str) -> None:
    if name in {"cancel", "price", "outbox"}:
        with pytest.raises(Unsupported, match=rf"\A{name}: the legacy REST API .* Use the Edge API, or .*\."):
            CALLS[name](REST)
    else:
        assert CALLS[name](REST).api is Api.REST


@pytest.mark.parametrize("name", ["send", "send_each", "pattern"])
@pytest.mark.parametrize("api", [EDGE, REST])
def test_a_send_is_repeated_only_when_it_reached_nobody(name: str, api: Gateway) -> None:
    assert CALLS[name](api).replay is Replay.IF_UNREACHED


def test_the_legacy_api_sends_at_once_only() -> None:
    for call in (
        lambda: REST.send("سلام", [PERSON], sender=LINE, send_time=soon()),
        lambda: REST.send_each([(PERSON, "سلام")], sender=LINE, send_time=soon()),
        lambda: REST.pattern("abc", PERSON, sender=LINE, send_time=soon()),
    ):
        with pytest.raises(Unsupported, match="at once only"):
            call()


def test_several_texts_of_their_own_are_not_quietly_made_several_sends() -> None:
    with pytest.raises(Unsupported, match="one message in each request"):
        REST.send_each([(PERSON, "یک"), ("+989120000002", "دو")], sender=LINE)


@pytest.mark.parametrize("api", [EDGE, REST])
def test_no_texts_at_all_are_refused_by_both(api: Gateway) -> None:
    with pytest.raises(InvalidInput, match="messages: it is empty"):
        api.send_each([], sender=LINE)


def test_one_text_of_its_own_is_a_send_to_its_recipients() -> None:
    for to in (PERSON, [PERSON]):
        assert REST.send_each([(to, "سلام")], sender=LINE).body == rest.send("سلام", [PERSON], sender=LINE).body


def test_the_legacy_inbox_has_no_place_to_start_after() -> None:
    with pytest.raises(Unsupported, match="compare their times"):
        REST.inbox(after_id=5)


def test_an_unknown_api_is_no_gateway() -> None:
    with pytest.raises(ValueError, match="smtp"):
        gateway("smtp")


class TestEdge:
    """Against the sandbox."""

    @pytest.fixture
    def client(self, ippanel_sandbox: RunningSandbox) -> Iterator[Client]:
        with Client(ippanel_sandbox.api_key, Settings(base_url=ippanel_sandbox.base_url)) as client:
            yield client

    def test_a_text_is_sent_seen_and_paid_for(self, client: Client, ippanel_sandbox: RunningSandbox) -> None:
        line = ippanel_sandbox.sender
        before = client.run(EDGE.credit()).credit
        receipt = client.run(EDGE.send("سلام", [PERSON, "09120000002"], sender=line))
        (outbox_id,) = receipt.outbox_ids
        assert client.run(EDGE.bulk(outbox_id)).outbox_id == outbox_id
        assert outbox_id in {bulk.outbox_id for bulk in client.walk(EDGE.outbox(sender=line))}
        assert {delivery.recipient for delivery in client.walk(EDGE.recipients(outbox_id))} == {PERSON, "+989120000002"}
        assert client.run(EDGE.credit()).credit < before

    def test_texts_of_their_own_have_an_id_each(self, client: Client, ippanel_sandbox: RunningSandbox) -> None:
        texts = [(PERSON, "یک"), ("+989120000002", "دو")]
        assert len(client.run(EDGE.send_each(texts, sender=ippanel_sandbox.sender)).outbox_ids) == 2

    def test_a_person_texts_in(self, client: Client, ippanel_sandbox: RunningSandbox) -> None:
        ippanel_sandbox.inbox(PERSON, "بله")
        (came,) = client.walk(EDGE.inbox(after_id=0))
        assert (came.sender, came.message) == (PERSON, "بله")


class TestRest:
    """Against a small server that speaks as the legacy API does."""

    @pytest.fixture
    def service(self) -> Iterator[StandIn]:
        with serving() as stand_in:
            yield stand_in

    @pytest.fixture
    def client(self, service: StandIn) -> Iterator[Client]:
        with Client("key", Settings(api=Api.REST, base_url=service.base_url, retry=Retry(attempts=1))) as client:
            yield client

    def test_results_are_of_the_common_kinds(self, client: Client, service: StandIn) -> None:
        text = {"number": LINE, "message": "بله", "sender": PERSON, "time": "2026-01-02T03:04:05Z"}
        data: dict[str, Any] = {
            "/messages": {"bulk_id": 9},
            "/messages/patterns/send": {"bulk_id": 10},
            "/messages/9": {"message": {"bulk_id": 9, "number": LINE, "status": "finish", "message": "سلام"}},
            "/messages/9/recipients": {"recipients": [{"recipient": PERSON, "status": "delivered"}]},
            "/messages/inbox": {"messages": [text]},
            "/credit": {"credit": 5},
            "/user": {"user": {"id": 7, "username": "someone"}},
        }
        service.routes = {f"/v1{path}": lambda _, said=said: ok(said) for path, said in data.items()}
        assert client.run(CALLS["send"](REST)) == Receipt(outbox_ids=(9,))
        assert client.run(CALLS["send_each"](REST)) == Receipt(outbox_ids=(9,))
        assert client.run(CALLS["pattern"](REST)) == Receipt(outbox_ids=(10,))
        bulk = client.run(REST.bulk(9))
        assert isinstance(bulk, Bulk)
        assert (bulk.outbox_id, bulk.state, bulk.sender) == (9, BulkState.SENT, LINE)
        (delivery,) = client.walk(REST.recipients(9))
        assert isinstance(delivery, Delivery)
        assert (delivery.recipient, delivery.status) == (PERSON, DeliveryStatus.DELIVERED)
        (came,) = client.walk(REST.inbox())
        assert isinstance(came, IncomingText)
        assert (came.sender, came.line) == (PERSON, LINE)
        assert client.run(REST.credit()).credit == 5
        account = client.run(REST.account())
        assert isinstance(account, Account)
        assert (account.user_id, account.user_name) == (7, "someone")


def test_a_gateway_gives_the_very_requests_of_its_api() -> None:
    assert EDGE.send("سلام", [PERSON], sender=LINE).body == edge.send.webservice("سلام", [PERSON], sender=LINE).body


def ok(data: Any) -> Reply:
    return 200, {"status": "OK", "code": 200, "message": "Ok", "data": data}
