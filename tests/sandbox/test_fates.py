"""What may become of one send on its way: what the client is told, what the service took, and what it lists."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.sandbox.conftest import Wire

SEND = "/api/send"


def texts(wire: Wire) -> list[str]:
    return [message["text"] for message in wire.sandbox.messages()]


def listed(wire: Wire) -> list[int]:
    return [int(bulk["messages_outbox_id"]) for bulk in wire.outbox()["data"]]


@contextmanager
def impatient(wire: Wire) -> Iterator[None]:
    """Give up on answers soon."""
    usual, wire.http.timeout = wire.http.timeout, httpx.Timeout(0.3)
    try:
        yield
    finally:
        wire.http.timeout = usual


def test_reset_before_anybody_read_it(wire: Wire) -> None:
    wire.sandbox.fault("reset", path=SEND, times=1)
    with pytest.raises(httpx.ReadError):
        wire.send("a")
    assert texts(wire) == []
    wire.ids(wire.send("a"))


def test_a_reset_is_one_and_no_orderly_end(wire: Wire) -> None:
    wire.sandbox.fault("reset", times=1)
    host, _, port = wire.sandbox.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"GET /v1/api/payment/credit/mine HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            connection.recv(100)


def test_accepted_and_never_answered(wire: Wire) -> None:
    wire.sandbox.fault("unanswered", path=SEND, times=1)
    with impatient(wire), pytest.raises(httpx.ReadTimeout):
        wire.send("a")
    assert texts(wire) == ["a"]


class TestHeld:
    def test_it_is_taken_at_its_own_time_and_not_before(self, wire: Wire) -> None:
        wire.sandbox.speed(0)
        start = wire.sandbox.now()
        wire.sandbox.fault("held", path=SEND, seconds=180, times=1)
        with impatient(wire), pytest.raises(httpx.ReadTimeout):
            wire.send("kept back")
        wire.ids(wire.send("another"))
        wire.sandbox.advance(179)
        assert texts(wire) == ["another"]
        wire.sandbox.advance(600)
        assert texts(wire) == ["another", "kept back"]
        assert wire.sandbox.messages(text="kept back")[0]["time"] == pytest.approx(start + 180, abs=0.01)

    def test_the_guard_meets_it_when_it_comes(self, wire: Wire) -> None:
        wire.sandbox.speed(0)
        wire.sandbox.fault("held", path=SEND, seconds=30, status=504, times=1)
        answer = wire.send("a")
        assert (answer.status_code, answer.headers["content-type"]) == (504, "text/html; charset=utf-8")
        wire.sandbox.advance(10)
        wire.ids(wire.send("a"))
        wire.sandbox.advance(60)
        assert texts(wire) == ["a"]

    def test_it_comes_by_itself_while_somebody_waits_for_it(self, wire: Wire) -> None:
        wire.sandbox.fault("held", path=SEND, seconds=0.3, status=504, times=1)
        wire.send("a")
        assert len(wire.sandbox.wait_for(1, timeout=10)) == 1

    def test_it_does_not_outlive_a_reset(self, wire: Wire) -> None:
        wire.sandbox.fault("held", path=SEND, seconds=30, status=504, times=1)
        wire.send("a")
        wire.sandbox.reset()
        wire.sandbox.advance(60)
        assert texts(wire) == []


class TestRepeated:
    def test_the_guard_answers_the_second(self, wire: Wire) -> None:
        wire.sandbox.fault("repeated", path=SEND, times=1)
        assert wire.send("a").status_code == 429
        assert texts(wire) == ["a"]

    def test_without_a_guard_the_person_gets_two(self, wire: Wire) -> None:
        wire.sandbox.account(duplicate_guard=0)
        wire.sandbox.fault("repeated", path=SEND, times=1)
        (bulk_id,) = wire.ids(wire.send("a"))
        assert (texts(wire), listed(wire)[0]) == (["a", "a"], bulk_id)

    @pytest.mark.parametrize(("answer", "status"), [("guard", 429), ("credit", 200)])
    def test_the_second_answer_may_be_chosen(self, wire: Wire, answer: str, status: int) -> None:
        wire.sandbox.account(duplicate_guard=0)
        wire.sandbox.fault("repeated", path=SEND, answer=answer, times=1)
        got = wire.send("a")
        assert got.status_code == status
        assert got.json()["meta"]["status"] is False
        assert len(texts(wire)) == 2

    def test_there_is_credit_for_one_only(self, wire: Wire) -> None:
        price = wire.post("/api/send/calculate-price", {"number": "+983000505", "message": "a"}).json()["data"]
        wire.sandbox.account(duplicate_guard=0, without_credit="refuse", credit=price["mci_price"] * 1.5)
        wire.sandbox.fault("repeated", path=SEND, times=1)
        assert wire.send("a").json()["meta"]["status"] is False
        assert texts(wire) == ["a"]


@pytest.mark.parametrize("processed", [False, True])
@pytest.mark.parametrize(
    ("name", "options", "status"),
    [
        ("html", {"status": 403}, 403),
        ("html", {"status": 499}, 499),
        ("redirect", {}, 302),
        ("redirect", {"status": 303}, 303),
        ("status", {"status": 422, "body": ""}, 422),
        ("status", {"status": 200, "body": ""}, 200),
    ],
)
def test_something_on_the_way_answers_before_or_after_it_was_accepted(
    wire: Wire, name: str, options: dict[str, object], status: int, processed: bool
) -> None:
    wire.sandbox.fault(name, path=SEND, processed=processed, times=1, **options)
    answer = wire.send("a")
    assert answer.status_code == status
    assert "message_outbox_ids" not in answer.text
    assert texts(wire) == (["a"] if processed else [])


def test_one_bulk_lags_behind_the_others(wire: Wire) -> None:
    wire.sandbox.speed(0)
    wire.sandbox.fault("listed_late", path=SEND, seconds=300, times=1)
    (victim,), (other,) = wire.ids(wire.send("a")), wire.ids(wire.send("b"))
    assert listed(wire) == [other]
    assert wire.bulk(victim)["message"] == "a"
    wire.sandbox.advance(300)
    assert listed(wire) == [other, victim]


def test_the_list_stands_still_for_a_while(wire: Wire) -> None:
    wire.sandbox.speed(0)
    (before,) = wire.ids(wire.send("a"))
    wire.sandbox.fault("frozen", path=SEND, seconds=500, times=1)
    (victim,) = wire.ids(wire.send("b"))
    wire.sandbox.advance(400)
    (later,) = wire.ids(wire.send("c"))
    assert listed(wire) == [before]
    wire.sandbox.advance(100)
    assert listed(wire) == [later, victim, before]


def test_somebody_deletes_it_from_the_outbox_after_a_minute(wire: Wire) -> None:
    wire.sandbox.speed(0)
    wire.sandbox.fault("deleted", path=SEND, seconds=60, times=1)
    (victim,), (other,) = wire.ids(wire.send("a")), wire.ids(wire.send("b"))
    assert listed(wire) == [other, victim]
    wire.sandbox.advance(60)
    assert listed(wire) == [other]
    assert wire.get("/api/report/by_bulk", messages_outbox_id=victim).status_code == 404
    assert texts(wire) == ["a", "b"]


def test_a_bulk_is_deleted_by_hand(wire: Wire) -> None:
    ids = wire.ids(wire.send_each("a", "b", "c"))
    wire.sandbox.delete(ids[1])
    assert listed(wire) == [ids[2], ids[0]]
    assert wire.outbox()["meta"]["total"] == 2
    assert wire.sandbox.counts()["texts"] == 3


def test_fewer_ids_than_were_accepted(wire: Wire) -> None:
    wire.sandbox.fault("fewer_ids", path=SEND, accept=2, times=1)
    ids = wire.ids(wire.send_each("a", "b", "c"))
    assert (len(ids), len(listed(wire)), len(texts(wire))) == (2, 3, 3)
