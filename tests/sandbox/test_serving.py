"""What real clients put on the wire, and what happens when things go wrong there."""

from __future__ import annotations

import json
import socket
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import httpx
import pytest

from ippanel_provider.sandbox.serving import plain_path

if TYPE_CHECKING:
    from ippanel_provider.sandbox.runner import RunningSandbox
    from tests.sandbox.conftest import Wire


def exchange(sandbox: RunningSandbox, request: bytes) -> bytes:
    """Everything that comes back over a socket until it closes."""
    host, port = sandbox.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(request)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
        return received


@pytest.mark.parametrize(
    ("path", "plain"),
    [
        ("/v1//api/phonebooks/5", "/v1/api/phonebooks/5"),
        ("//v1///api/send/", "/v1/api/send"),
        ("http://edge.ippanel.com/v1/api/send", "/v1/api/send"),
        ("https://edge.ippanel.com", "/"),
        ("/", "/"),
    ],
)
def test_plain_path(path: str, plain: str) -> None:
    assert plain_path(path) == plain


def test_an_absolute_request_line_a_null_body_on_get_and_no_charset(ippanel_sandbox: RunningSandbox) -> None:
    answer = exchange(
        ippanel_sandbox,
        b"GET http://edge.ippanel.com/v1//api/payment/credit/mine HTTP/1.1\r\nHost: "
        b"edge.ippanel.com\r\nAuthorization: sandbox-key\r\n"
        b"Content-Type: application/json\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnull",
    )
    assert answer.startswith(b"HTTP/1.1 200")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["meta"]["status"] is True


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "application/x-www-form-urlencoded", ""]
)
def test_json_escaped_or_raw_whatever_it_is_called(
    wire: Wire, ippanel_sandbox: RunningSandbox, ascii_only: bool, kind: str
) -> None:
    body = {
        "params": {"recipients": ["+989120000000"]},
        "message": "سلام ‌😀",
        "from_number": "+983000505",
        "sending_type": "webservice",
    }
    content = json.dumps(body, ensure_ascii=ascii_only).encode()
    wire.ids(wire.http.post("/api/send", content=content, headers={"Content-Type": kind} if kind else {}))
    assert ippanel_sandbox.messages()[0]["text"] == "سلام ‌😀"


@pytest.mark.parametrize(
    ("content", "status"), [(b"{broken", 400), (b"\xff\xfe", 400), (b"null", 422), (b"[]", 422), (b"", 422)]
)
def test_bodies_that_are_no_send(wire: Wire, content: bytes, status: int) -> None:
    response = wire.http.post("/api/send", content=content)
    assert response.status_code == status
    assert response.json()["meta"]["status"] is False


def test_fields_of_a_form(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    fields = {
        "sending_type": "webservice",
        "from_number": "+983000505",
        "message": "a",
        "params": '{"recipients": ["+989120000000"]}',
    }
    wire.ids(wire.http.post("/api/send", files={name: (None, value) for name, value in fields.items()}))
    ippanel_sandbox.account(duplicate_guard=0)
    wire.ids(wire.http.post("/api/send", data=fields))
    assert ippanel_sandbox.counts()["texts"] == 2


def test_answers_are_dated_by_the_services_clock(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    for advance in (0, 86_400):
        ippanel_sandbox.advance(advance)
        dated = parsedate_to_datetime(wire.get("/api/number/numbers").headers["date"])
        assert abs(dated.timestamp() - ippanel_sandbox.now()) < 5


def test_unknown_paths_and_methods(wire: Wire) -> None:
    assert wire.get("/api/nothing").status_code == 404
    assert wire.get("/api/send").status_code == 405
    assert wire.get("/api/nothing").json()["meta"]["message_code"] == "404-1"


class TestFaults:
    def test_dropped_before_nothing_is_accepted(self, wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
        ippanel_sandbox.fault("drop_before", path="/api/send", times=1)
        with pytest.raises(httpx.RemoteProtocolError):
            wire.send("a")
        assert ippanel_sandbox.messages() == []
        wire.ids(wire.send("a"))

    def test_dropped_after_it_is_accepted_and_not_a_byte_comes_back(self, ippanel_sandbox: RunningSandbox) -> None:
        ippanel_sandbox.fault("drop_after", path="/api/send", times=1)
        body = (
            b'{"sending_type":"webservice","from_number":"+983000505","message":"a",'
            b'"params":{"recipients":["+989120000000"]}}'
        )
        head = (
            b"POST /v1/api/send HTTP/1.1\r\nHost: localhost\r\nAuthorization: sandbox-key\r\nContent-Length: %d\r\n\r\n"
            % len(body)
        )
        assert exchange(ippanel_sandbox, head + body) == b""
        assert len(ippanel_sandbox.messages()) == 1

    def test_truncated_in_the_middle_of_the_answer(self, wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
        ippanel_sandbox.fault("truncated", times=1)
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
            wire.send("a")
        assert len(ippanel_sandbox.messages()) == 1

    def test_malformed_json(self, wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
        ippanel_sandbox.fault("malformed", times=1)
        response = wire.send("a")
        assert response.status_code == 200
        with pytest.raises(json.JSONDecodeError):
            response.json()
        assert len(ippanel_sandbox.messages()) == 1

    @pytest.mark.parametrize(("processed", "texts"), [(False, 0), (True, 1)])
    @pytest.mark.parametrize("name", ["status", "html", "refused"])
    def test_processed_or_not(
        self, wire: Wire, ippanel_sandbox: RunningSandbox, name: str, processed: bool, texts: int
    ) -> None:
        ippanel_sandbox.fault(name, times=1, processed=processed)
        wire.send("a")
        assert len(ippanel_sandbox.messages()) == texts

    def test_try_later(self, wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
        ippanel_sandbox.fault("status", status=429, retry_after=7, times=1)
        response = wire.send("a")
        assert (response.status_code, response.headers["retry-after"]) == (429, "7")

    def test_a_page_of_the_gateway(self, wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
        ippanel_sandbox.fault("html", status=503, times=1)
        response = wire.send("a")
        assert response.status_code == 503
        assert response.headers["content-type"].startswith("text/html")

    def test_refused_with_200(self, wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
        ippanel_sandbox.fault("refused", message="نه", times=1)
        response = wire.send("a")
        assert (response.status_code, response.json()["meta"]["status"], response.json()["meta"]["message"]) == (
            200,
            False,
            "نه",
        )

    @pytest.mark.parametrize(("body", "data"), [("seen", {"data": None}), ("documented", None)])
    def test_both_401_bodies(self, wire: Wire, ippanel_sandbox: RunningSandbox, body: str, data: object) -> None:
        ippanel_sandbox.fault("unauthorized", body=body, times=1)
        response = wire.send("a")
        assert (response.status_code, response.json()["data"]) == (401, data)

    def test_latency_passes_the_request_on(self, wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
        ippanel_sandbox.fault("latency", seconds=0.2, times=1)
        started = time.monotonic()
        wire.ids(wire.send("a"))
        assert time.monotonic() - started >= 0.2

    def test_the_outbox_list_lags_but_a_bulk_is_known_at_once(
        self, wire: Wire, ippanel_sandbox: RunningSandbox
    ) -> None:
        ippanel_sandbox.fault("outbox_lag", seconds=60)
        (bulk_id,) = wire.ids(wire.send("a"))
        assert wire.outbox()["meta"]["total"] == 0
        assert wire.bulk(bulk_id)["messages_outbox_id"] == str(bulk_id)
        ippanel_sandbox.advance(61)
        assert wire.outbox()["meta"]["total"] == 1

    def test_only_the_first_items_are_accepted(self, wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
        ippanel_sandbox.fault("partial", accept=2, times=1)
        assert len(wire.ids(wire.send_each("a", "b", "c"))) == 2
        assert [text["text"] for text in ippanel_sandbox.messages()] == ["a", "b"]

    def test_the_first_items_are_accepted_and_the_answer_is_500(
        self, wire: Wire, ippanel_sandbox: RunningSandbox
    ) -> None:
        ippanel_sandbox.fault("partial", accept=1, status=500, times=1)
        assert wire.send_each("a", "b").status_code == 500
        assert [text["text"] for text in ippanel_sandbox.messages()] == ["a"]

    def test_an_outcome_is_forced(self, wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
        ippanel_sandbox.fault("outcome", state_id=3, times=1)
        ippanel_sandbox.fault("outcome", message_status=4, after=1)
        (rejected,), (blacklisted,) = wire.ids(wire.send("a")), wire.ids(wire.send("b"))
        ippanel_sandbox.settle()
        assert wire.bulk(rejected)["state_id"] == 3
        assert wire.statuses(blacklisted) == {"+989120000000": "4"}

    def test_a_fault_strikes_only_what_it_matches(self, wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
        ippanel_sandbox.fault("status", path="/api/send$", method="post", sending_type="peer_to_peer")
        wire.ids(wire.send("a"))
        assert wire.get("/api/payment/credit/mine").status_code == 200
        assert wire.send_each("b").status_code == 500

    def test_latency_and_another_fault_strike_together(self, wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
        ippanel_sandbox.fault("latency", seconds=0)
        ippanel_sandbox.fault("status", status=503)
        assert wire.send("a").status_code == 503

    def test_lifted_faults_are_gone(self, wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
        fault = ippanel_sandbox.fault("status")
        ippanel_sandbox.lift(fault)
        wire.ids(wire.send("a"))


def test_what_a_fault_holds_back_does_not_outlive_a_reset(wire: Wire) -> None:
    """Otherwise a client that stopped waiting in one test would send into the next."""
    body = {
        "sending_type": "webservice",
        "from_number": wire.sandbox.sender,
        "message": "سلام",
        "params": {"recipients": ["+989120000000"]},
    }
    wire.sandbox.fault("latency", seconds=0.6)
    with pytest.raises(httpx.ReadTimeout):
        wire.post("/api/send", body, timeout=0.1)
    wire.sandbox.reset()
    time.sleep(0.8)
    assert wire.sandbox.messages() == []
