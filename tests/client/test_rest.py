"""The legacy REST API against a real server that speaks as it does (API: legacy REST)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ippanel_provider.client import (
    Client,
    Invalid,
    InvalidInput,
    IPPanelError,
    NotFound,
    Refused,
    Replay,
    Retry,
    ServerFault,
    Settings,
    Throttled,
    Unauthorized,
    Unconfirmed,
    Unreadable,
    edge,
    rest,
)
from ippanel_provider.client.requests import Answer
from ippanel_provider.service import Api, BulkState, DeliveryStatus

from .stand_in import Reply, Seen, StandIn, serving

LINE = "+983000505"
PERSON = "+989120000001"


def ok(data: Any, **meta: Any) -> Reply:
    return 200, {"status": "OK", "code": 200, "message": "Ok", "data": data, **({"meta": meta} if meta else {})}


def no(status: int, code: Any, error: Any, word: str = "Bad Request") -> Reply:
    return status, {"status": word, "code": code, "message": word, "data": {"error": error}}


@pytest.fixture
def service() -> Iterator[StandIn]:
    with serving() as stand_in:
        yield stand_in


@pytest.fixture
def client(service: StandIn) -> Iterator[Client]:
    settings = Settings(api=Api.REST, base_url=f"{service.base_url}/v1/", retry=Retry(attempts=1))
    with Client("the-legacy-key", settings) as client:
        yield client


def answers(service: StandIn, path: str, reply: Reply) -> None:
    service.routes[f"/v1{path}"] = lambda _: reply


class TestCalls:
    def test_the_key_goes_with_its_scheme(self, service: StandIn, client: Client) -> None:
        answers(service, "/credit", ok({"credit": 1234.5}))
        assert client.run(rest.credit()).credit == 1234.5
        (seen,) = service.seen
        assert (seen.method, seen.path, seen.headers["Authorization"]) == (
            "GET",
            "/v1/credit",
            "AccessKey the-legacy-key",
        )

    def test_code_ok_is_a_success_too(self, service: StandIn, client: Client) -> None:
        answers(service, "/credit", (200, {"status": "OK", "code": "OK", "data": {"credit": 1}}))
        assert client.run(rest.credit()).credit == 1.0

    def test_user(self, service: StandIn, client: Client) -> None:
        someone = {
            "id": 7,
            "username": "someone",
            "name": "S",
            "mobile": PERSON,
            "email": "s@example.com",
            "document_block": False,
        }
        answers(service, "/user", ok({"user": someone}))
        user = client.run(rest.user())
        assert (user.user_id, user.user_name, user.mobile, user.document_block) == (7, "someone", PERSON, False)
        assert PERSON not in repr(user)
        assert "s@example.com" not in repr(user)

    def test_send(self, service: StandIn, client: Client) -> None:
        answers(service, "/messages", ok({"bulk_id": 5_000_000_000}))
        receipt = client.run(rest.send("سلام", ["09120000001", "9120000002"], sender=LINE))
        assert receipt.outbox_ids == (5_000_000_000,)
        (seen,) = service.seen
        assert seen.method == "POST"
        assert seen.body == {"originator": LINE, "recipients": [PERSON, "+989120000002"], "message": "سلام"}

    def test_send_pattern_sends_values_as_texts(self, service: StandIn, client: Client) -> None:
        answers(service, "/messages/patterns/send", ok({"bulk_id": 9}))
        receipt = client.run(
            rest.send_pattern("t2cfmnyo0c", "09120000001", {"name": "سارا", "code": 1234}, sender=LINE)
        )
        assert receipt.outbox_ids == (9,)
        assert service.seen[0].body == {
            "pattern_code": "t2cfmnyo0c",
            "originator": LINE,
            "recipient": PERSON,
            "values": {"name": "سارا", "code": "1234"},
        }

    def test_create_pattern(self, service: StandIn, client: Client) -> None:
        made = {"code": "abc", "status": "pending", "message": "سلام %name%", "is_shared": False}
        answers(service, "/messages/patterns", ok({"pattern": made}))
        pattern = client.run(rest.create_pattern("سلام %name%", description="greets"))
        assert (pattern.code, pattern.status) == ("abc", "pending")
        assert service.seen[0].body == {"pattern": "سلام %name%", "description": "greets", "is_shared": False}

    def test_message(self, service: StandIn, client: Client) -> None:
        said = {
            "bulk_id": 9,
            "number": LINE,
            "message": "سلام",
            "status": "finish",
            "type": "webservice",
            "confirm_state": "",
            "created_at": "2026-01-02T03:04:05Z",
            "sent_at": "2026-01-02T03:05:05Z",
            "recipients_count": 2,
            "valid_recipients_count": 1,
            "page": 1,
            "cost": 410.5,
            "payback_cost": 0,
            "description": "",
        }
        answers(service, "/messages/9", ok({"message": said}))
        bulk = client.run(rest.message("9"))
        assert (bulk.outbox_id, bulk.state, bulk.sender, bulk.parts, bulk.cost) == (9, BulkState.SENT, LINE, 1, 410.5)
        assert (bulk.status, bulk.valid_recipients_count) == ("finish", 1)
        assert bulk.send_at is not None
        assert bulk.send_at.isoformat() == "2026-01-02T03:05:05+00:00"
        assert "سلام" not in repr(bulk)

    def test_recipients_are_walked_from_page_0_of_the_wire(self, service: StandIn, client: Client) -> None:
        words = ["delivered", "send", "discarded", "pending", "failed", "unheard-of"]

        def route(seen: Seen) -> Reply:
            page = int(seen.path.partition("page=")[2].partition("&")[0])
            rows = [{"recipient": f"+98912000000{page * 2 + n}", "status": words[page * 2 + n]} for n in range(2)]
            return ok({"recipients": rows}, total=6, pages=3, limit=2, page=page, prev=None, next=None)

        service.routes["/v1/messages/9/recipients"] = route
        request = rest.recipients(9, per_page=2)
        deliveries = list(client.walk(request))
        assert [seen.path.partition("?")[2] for seen in service.seen] == [f"page={page}&limit=2" for page in range(3)]
        assert [delivery.status for delivery in deliveries] == [
            DeliveryStatus.DELIVERED,
            DeliveryStatus.SENT_TO_OPERATOR,
            DeliveryStatus.NOT_DELIVERED,
            None,
            DeliveryStatus.NOT_DELIVERED,
            None,
        ]
        assert [delivery.legacy_status for delivery in deliveries] == words
        page = client.run(request)
        assert (page.number, page.last_page, page.total) == (1, 3, 6)
        assert PERSON not in repr(deliveries)

    def test_without_page_figures_a_short_page_is_the_last(self, service: StandIn, client: Client) -> None:
        answers(service, "/messages/9/recipients", ok({"recipients": [{"recipient": PERSON, "status": "send"}]}))
        assert len(list(client.walk(rest.recipients(9, per_page=2)))) == 1
        assert len(service.seen) == 1

    def test_inbox(self, service: StandIn, client: Client) -> None:
        text = {"number": LINE, "message": "بله", "sender": PERSON, "time": "2026-01-02T03:04:05Z", "type": "normal"}
        answers(service, "/messages/inbox", ok({"messages": [text]}, total=1, pages=1, limit=100, page=0))
        (came,) = client.run(rest.inbox()).items
        assert (came.sender, came.line, came.message) == (PERSON, LINE, "بله")
        assert "بله" not in repr(came)
        assert PERSON not in repr(came)

    def test_an_empty_list_may_come_as_null(self, service: StandIn, client: Client) -> None:
        answers(service, "/messages/inbox", ok({"messages": None}))
        assert list(client.walk(rest.inbox())) == []


class TestInput:
    @pytest.mark.parametrize(
        ("build", "field"),
        [
            (lambda: rest.send("", [PERSON], sender=LINE), "message"),
            (lambda: rest.send("x", [], sender=LINE), "recipients"),
            (lambda: rest.send("x", ["02112345678"], sender=LINE), r"recipients\[0\]"),
            (lambda: rest.send("x", [PERSON] * 1001, sender=LINE), "recipients"),
            (lambda: rest.send("x", [PERSON], sender="here"), "sender"),
            (lambda: rest.send_pattern("", PERSON, sender=LINE), "code"),
            (lambda: rest.send_pattern("abc", PERSON, {"name": True}, sender=LINE), r"variables\[name\]"),
            (lambda: rest.send_pattern("abc", PERSON, {"name": None}, sender=LINE), r"variables\[name\]"),
            (lambda: rest.send_pattern("abc", PERSON, {"name": "half \ud83d"}, sender=LINE), r"variables\[name\]"),
            (lambda: rest.create_pattern(""), "message"),
            (lambda: rest.create_pattern("x", description="half \ud83d"), "pattern, description, is_shared"),
            (lambda: rest.message(0), "bulk_id"),
            (lambda: rest.message("../credit"), "bulk_id"),
            (lambda: rest.inbox(page=0), "page"),
            (lambda: rest.inbox(per_page=1001), "per_page"),
        ],
    )
    def test_what_is_wrong_is_refused_by_its_field(self, build: Any, field: str) -> None:
        with pytest.raises(InvalidInput, match=rf"\A{field}: "):
            build()

    def test_what_may_be_repeated(self) -> None:
        assert rest.send("x", [PERSON], sender=LINE).replay is Replay.IF_UNREACHED
        assert rest.send_pattern("abc", PERSON, sender=LINE).replay is Replay.IF_UNREACHED
        assert rest.create_pattern("x").replay is Replay.IF_NOT_SENT
        reads = (rest.user(), rest.credit(), rest.message(1), rest.recipients(1), rest.inbox())
        assert {request.replay for request in reads} == {Replay.ALWAYS}

    def test_no_call_has_an_alternate(self) -> None:
        assert rest.user().alternates == ()

    def test_a_call_of_one_api_does_not_run_on_a_client_of_the_other(self, client: Client, service: StandIn) -> None:
        with pytest.raises(InvalidInput, match="cannot run on a client"):
            client.run(edge.payment.credit())
        with (
            Client("key", Settings(base_url=service.base_url)) as other,
            pytest.raises(InvalidInput, match="cannot run on a client"),
        ):
            other.run(rest.credit())
        assert service.seen == []


class TestErrors:
    @pytest.mark.parametrize(
        ("reply", "kind", "code"),
        [
            (no(401, "1401", "unauthorized", "Unauthorized"), Unauthorized, "1401"),
            (no(400, "10001", "api key scheme is not valid"), Unauthorized, "10001"),
            (no(403, "1403", "revoked"), Unauthorized, "1403"),
            (no(200, "10006", "اعتبار کافی نیست"), Refused, "10006"),
            (no(400, "10019", "8-23"), Refused, "10019"),
            (no(422, "422", {"recipients": ["bad"]}), Invalid, "422"),
            (no(400, "422", {"recipients": ["bad"]}), Invalid, "422"),
            (no(404, "10014", "pattern"), NotFound, "10014"),
            (no(400, "10022", "internal"), ServerFault, "10022"),
            (no(500, "10006", "no credit"), ServerFault, "10006"),
            (no(429, "429", "slow down"), Throttled, "429"),
            (no(400, "99999", "not in any document"), Refused, "99999"),
            ((502, b"<html>bad gateway</html>"), ServerFault, None),
            ((200, b"<html>welcome</html>"), Unreadable, None),
            ((200, b'{"status": "OK", "co'), Unreadable, None),
            ((200, {"value": {}}), Unreadable, None),
            ((200, {"status": "OK", "code": 200, "data": {}}), Unreadable, "200"),
            ((200, {"status": "OK", "code": 200, "data": {"bulk_id": 0}}), Unreadable, "200"),
            ((200, {"status": "OK", "code": "10006", "data": {"error": "odd"}}), Unreadable, "10006"),
            ((200, {"status": "Error", "code": "77", "data": None}), Unreadable, "77"),
            ((200, b'{"status": "Error", "code": 1e999}'), Unreadable, "inf"),
        ],
    )
    def test_each_answer_is_told_apart(
        self, service: StandIn, client: Client, reply: Reply, kind: type[IPPanelError], code: str | None
    ) -> None:
        answers(service, "/messages", reply)
        with pytest.raises(IPPanelError) as caught:
            client.run(rest.send("متن محرمانه", [PERSON], sender=LINE))
        assert type(caught.value) is kind
        assert caught.value.details.code == code
        assert caught.value.details.operation == "rest.send"

    def test_a_code_says_what_it_means(self, service: StandIn, client: Client) -> None:
        answers(service, "/messages", no(400, "10006", "اعتبار کافی نیست"))
        with pytest.raises(
            Refused,
            match=r"code 10006\): اعتبار کافی نیست\. The credit does not suffice\. .* outbox report",
        ):
            client.run(rest.send("x", [PERSON], sender=LINE))

    def test_what_may_have_gone_out_says_so(self, service: StandIn, client: Client) -> None:
        answers(service, "/messages", no(500, "10022", "oops"))
        with pytest.raises(Unconfirmed, match="may have gone out"):
            client.run(rest.send("x", [PERSON], sender=LINE))

    def test_refused_fields_are_named_and_nothing_sent_is_shown(self, service: StandIn, client: Client) -> None:
        answers(service, "/messages", no(422, "422", {"recipients": [f"{PERSON} is bad", "متن محرمانه"]}))
        with pytest.raises(Invalid) as caught:
            client.run(rest.send("متن محرمانه", [PERSON], sender=LINE))
        assert list(caught.value.details.field_errors) == ["recipients"]
        shown = f"{caught.value!s}{caught.value.details!r}"
        assert "9120000001" not in shown
        assert "متن محرمانه" not in shown
        assert "the-legacy-key" not in shown

    def test_a_read_is_repeated_and_a_send_is_not(self, service: StandIn) -> None:
        replies = {"/v1/credit": [(502, b""), ok({"credit": 1})], "/v1/messages": [(502, b""), ok({"bulk_id": 1})]}
        for path in replies:
            service.routes[path] = lambda _, left=replies[path]: left.pop(0)
        settings = Settings(api=Api.REST, base_url=service.base_url, retry=Retry(attempts=2, first_delay=0))
        with Client("key", settings) as client:
            assert client.run(rest.credit()).credit == 1
            with pytest.raises(Unconfirmed):
                client.run(rest.send("x", [PERSON], sender=LINE))
        assert service.paths() == ["/v1/credit", "/v1/credit", "/v1/messages"]

    @given(
        status=st.integers(200, 599),
        body=st.one_of(
            st.binary(max_size=60),
            st.builds(
                lambda **fields: json.dumps(fields).encode(),
                status=st.sampled_from(["OK", "ok", "Error", None, 1]),
                code=st.one_of(
                    st.none(),
                    st.sampled_from([200, "OK", "10006", "10022", "1401"]),
                    st.integers(),
                    st.text(max_size=5),
                ),
                message=st.one_of(st.none(), st.text(max_size=9), st.dictionaries(st.text(max_size=3), st.integers())),
                data=st.one_of(
                    st.none(),
                    st.lists(st.integers()),
                    st.builds(
                        lambda error: {"error": error},
                        st.one_of(st.text(max_size=9), st.integers(), st.lists(st.text())),
                    ),
                    st.builds(
                        lambda bulk_id: {"bulk_id": bulk_id}, st.one_of(st.none(), st.integers(), st.text(max_size=4))
                    ),
                ),
            ),
        ),
    )
    def test_whatever_comes_a_send_is_a_receipt_or_an_error_of_the_tree(self, status: int, body: bytes) -> None:
        request = rest.send("x", [PERSON], sender=LINE)
        try:
            receipt = request.read(Answer(status, {}, body, request))
        except IPPanelError:
            return
        assert 200 <= status < 300
        assert all(outbox_id > 0 for outbox_id in receipt.outbox_ids)
