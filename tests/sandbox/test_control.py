"""The controls, as the runner and any other test harness call them."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ippanel_provider.sandbox.runner import SandboxError

if TYPE_CHECKING:
    from ippanel_provider.sandbox.runner import RunningSandbox
    from tests.sandbox.conftest import Wire


@pytest.fixture
def control(ippanel_sandbox: RunningSandbox) -> Any:
    return httpx.Client(base_url=f"{ippanel_sandbox.url}/_sandbox", trust_env=False, verify=False)


def test_every_text_with_everything_known_about_it(wire: Wire, control: Any, ippanel_sandbox: RunningSandbox) -> None:
    (bulk_id,) = wire.ids(wire.send("سلام"))
    ippanel_sandbox.settle()
    answer = control.get("/messages").json()
    assert answer["total"] == 1
    (text,) = answer["messages"]
    assert 0 < text.pop("time") == text.pop("send_time")
    assert text == {
        "id": f"{bulk_id}-0",
        "outbox_id": bulk_id,
        "recipient": "+989120000000",
        "sender": "+983000505",
        "text": "سلام",
        "parts": 1,
        "type": "webservice",
        "state_id": 6,
        "message_status": 2,
    }


def test_texts_by_filter_and_page(wire: Wire, control: Any, ippanel_sandbox: RunningSandbox) -> None:
    ippanel_sandbox.account(lines=["+983000999"])
    wire.ids(wire.send("first", "+989120000000", "+989120000001", "+989120000002"))
    ippanel_sandbox.advance(10)
    since = ippanel_sandbox.now() - 1
    wire.ids(wire.send("second", from_number="+983000999"))

    def texts(**query: object) -> list[tuple[str, str]]:
        answer = control.get("/messages", params=query).json()
        assert answer["total"] >= len(answer["messages"])
        return [(text["recipient"][-1], text["text"]) for text in answer["messages"]]

    assert texts() == [("0", "first"), ("1", "first"), ("2", "first"), ("0", "second")]
    assert texts(offset=2, limit=1) == [("2", "first")]
    assert texts(limit=0) == []
    assert texts(recipient="09120000000") == [("0", "first"), ("0", "second")]
    assert texts(text="eco") == [("0", "second")]
    assert texts(sender=" 983000999") == [("0", "second")]
    assert texts(since=since) == [("0", "second")]
    assert texts(recipient="nobody") == []
    assert control.get("/messages", params={"text": "first", "limit": 1}).json()["total"] == 3


def test_waiting_ends_when_enough_texts_match(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    later = threading.Timer(0.1, lambda: wire.ids(wire.send_each("other", "wanted", "wanted too")))
    later.start()
    found = ippanel_sandbox.wait_for(2, text="wanted", timeout=10)
    later.join()
    assert [text["text"] for text in found] == ["wanted", "wanted too"]


def test_waiting_in_vain_is_408(wire: Wire, control: Any, ippanel_sandbox: RunningSandbox) -> None:
    wire.ids(wire.send("a"))
    response = control.get("/messages/wait", params={"count": 2, "timeout": 0.05})
    assert (response.status_code, response.json()["total"]) == (408, 1)
    with pytest.raises(TimeoutError, match="1 of 2"):
        ippanel_sandbox.wait_for(2, timeout=0.05)


def test_nobody_waits_for_longer_than_a_connection_holds(ippanel_sandbox: RunningSandbox) -> None:
    with pytest.raises(SandboxError, match="timeout must be at most 300 seconds"):
        ippanel_sandbox.wait_for(1, timeout=301)


def test_counts_judge(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    ippanel_sandbox.account(duplicate_guard=0)
    for _ in range(3):
        wire.ids(wire.send("a"))
    wire.ids(wire.send("a", "+989190000993", "+989000000101"))
    wire.ids(wire.send("b", "+989000000003"))
    ippanel_sandbox.settle()
    assert ippanel_sandbox.counts() == {
        "texts": 6,
        "distinct": 4,
        "duplicates": 1,
        "repeats": 2,
        "by_state": {"3": 1, "6": 5},
        "by_message_status": {"0": 1, "1": 1, "2": 3, "3": 1},
    }


def test_counts_go_on_from_where_they_were(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    ippanel_sandbox.account(duplicate_guard=0)
    first, second, _ = wire.ids(wire.send_each("a", "b", "c"))
    ippanel_sandbox.settle()
    assert ippanel_sandbox.counts()["distinct"] == 3
    wire.ids(wire.send_each("a", "b", "d"))
    wire.ids(wire.send_each("a"))
    ippanel_sandbox.decide(first, state_id=3)
    ippanel_sandbox.decide(second, message_status=4)
    ippanel_sandbox.settle()
    assert ippanel_sandbox.counts() == {
        "texts": 7,
        "distinct": 4,
        "duplicates": 2,
        "repeats": 3,
        "by_state": {"3": 1, "6": 6},
        "by_message_status": {"0": 1, "2": 5, "4": 1},
    }


def test_stats_count_requests_by_route(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    (bulk_id,) = wire.ids(wire.send("a"))
    wire.send("")
    wire.post(f"/api/report/by_bulk/{bulk_id}")
    wire.get("/api/nothing")
    stats = ippanel_sandbox.stats()
    assert stats["requests"] == {"POST /api/send": 2, "POST /api/report/by_bulk/{id}": 1, "unknown": 1}
    assert (stats["bulks"], stats["texts"], stats["inbox"]) == (1, 1, 0)


def test_reset_forgets_everything_and_shows_real_time_again(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    wire.ids(wire.send("a"))
    ippanel_sandbox.inbox("09120000000", "a")
    ippanel_sandbox.fault("status")
    ippanel_sandbox.account(credit=1, lines=["+983000999"])
    ippanel_sandbox.pace(0)
    ippanel_sandbox.advance(1000)
    ippanel_sandbox.speed(0)
    now = ippanel_sandbox.now()
    ippanel_sandbox.reset()
    stats = ippanel_sandbox.stats()
    assert (stats["texts"], stats["inbox"], stats["requests"]) == (0, 0, {})
    account = ippanel_sandbox.account()
    assert (account["credit"], account["lines"]) == (10_000_000_000.0, ["+983000505"])
    clock = ippanel_sandbox.control("GET", "clock")
    assert clock["now"] < now - 500
    assert (clock["speed"], clock["life"]) == (1, 3.5)
    wire.ids(wire.send("a"))


def test_pace_is_for_new_bulks(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    ippanel_sandbox.speed(0)
    (slow,) = wire.ids(wire.send("slow"))
    ippanel_sandbox.pace(0)
    (quick,) = wire.ids(wire.send("quick"))
    assert (wire.bulk(slow)["state_id"], wire.bulk(quick)["state_id"]) == (0, 6)


def test_a_reviewer_decides_over_a_bulk(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    before = ippanel_sandbox.account()["credit"]
    rejected, undelivered = wire.ids(wire.send_each("a", "b"))
    ippanel_sandbox.decide(rejected, state_id=3)
    ippanel_sandbox.decide(undelivered, message_status=3)
    ippanel_sandbox.settle()
    assert wire.bulk(rejected)["reject_comment"]
    assert wire.statuses(undelivered) == {"+989120000001": "3"}
    assert before - ippanel_sandbox.account()["credit"] == pytest.approx(wire.bulk(undelivered)["cost"], abs=0.01)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/clock", {}, 400),
        ("POST", "/clock", {"advance": -1}, 400),
        ("POST", "/clock", {"advance": "1"}, 400),
        ("POST", "/clock", {"pace": -1}, 400),
        ("POST", "/clock", {"year": 1405}, 400),
        ("POST", "/faults", {"fault": "gremlins"}, 400),
        ("POST", "/faults", {"fault": "outcome", "state_id": 5}, 400),
        ("POST", "/faults", {"fault": "outcome", "message_status": 9}, 400),
        ("POST", "/faults", [], 400),
        ("POST", "/faults", {"fault": ["latency"]}, 400),
        ("POST", "/faults", {"fault": "latency", "match": {"path": {}}}, 400),
        ("POST", "/faults", {"fault": "latency", "seconds": 1e300}, 400),
        ("POST", "/faults", {"fault": "status", "status": 99}, 400),
        ("POST", "/faults", {"fault": "outcome", "state_id": {}}, 400),
        ("POST", "/inbox", {"from": "09120000000", "number": [], "message": "a"}, 400),
        ("POST", "/inbox", {"from": "09120000000", "number": "+983000505"}, 400),
        ("POST", "/inbox", {"from": "021", "number": "+983000505", "message": "a"}, 400),
        ("POST", "/inbox", {"from": "09120000000", "number": "+981", "message": "a"}, 400),
        ("POST", "/account", {"shoe_size": 43}, 400),
        ("POST", "/account", {"credit": "much"}, 400),
        ("POST", "/account", {"send_block": 1}, 400),
        ("POST", "/account", {"without_credit": "shrug"}, 400),
        ("POST", "/account", {"lines": ["3000"]}, 400),
        ("POST", "/patterns/nope/approve", {}, 404),
        ("POST", "/bulks/5", {"state_id": 3}, 404),
        ("GET", "/messages?since=yesterday", None, 400),
        ("GET", "/messages?limit=-1", None, 400),
        ("GET", "/messages/wait?count=nan", None, 400),
    ],
)
def test_mistakes_are_told(control: Any, method: str, path: str, body: object, status: int) -> None:
    response = control.request(method, path, json=body)
    assert response.status_code == status
    assert response.json()["error"]


def test_a_body_that_is_not_json(control: Any) -> None:
    assert "JSON" in control.post("/account", content=b"credit=5").json()["error"]


def test_a_refused_decision_names_the_states(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    (bulk_id,) = wire.ids(wire.send("a"))
    with pytest.raises(SandboxError, match="final state"):
        ippanel_sandbox.decide(bulk_id, state_id=1)


def test_faults_are_listed_and_lifted(control: Any, ippanel_sandbox: RunningSandbox) -> None:
    fault = ippanel_sandbox.fault("status", path="/api/send", sending_type="webservice", times=3, status=503)
    listed = control.get("/faults").json()
    assert listed["faults"] == [
        {
            "id": fault,
            "fault": "status",
            "match": {"path": "/api/send", "sending_type": "webservice"},
            "times": 3,
            "after": 0,
            "probability": 1.0,
            "struck": 0,
            "status": 503,
        }
    ]
    assert {"drop_after", "outbox_lag"} <= listed["known"].keys()
    assert control.delete(f"/faults/{fault}").json() == {"removed": 1}
    assert control.delete("/faults").json() == {"removed": 0}


class TestEvents:
    @staticmethod
    def events(lines: Any) -> Any:
        """(name, data) of each event."""
        name = ""
        for line in lines:
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                yield name, json.loads(line.removeprefix("data: "))

    def test_a_change_is_told_once_and_nothing_else_is(
        self, wire: Wire, control: Any, ippanel_sandbox: RunningSandbox
    ) -> None:
        with control.stream("GET", "/events", timeout=10) as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            events = self.events(response.iter_lines())
            name, first = next(events)
            assert (name, first["texts"], first["inbox"]) == ("changed", 0, 0)
            wire.ids(wire.send("سلام"))
            assert next(events)[1]["texts"] == 1
            ippanel_sandbox.inbox("09120000000", "ok")
            told = next(events)[1]
            assert (told["texts"], told["inbox"]) == (1, 1)
            assert told["version"] > first["version"]
            ippanel_sandbox.reset()
            assert next(events)[1]["texts"] == 0

    def test_every_kind_of_change_is_told(self, wire: Wire, control: Any, ippanel_sandbox: RunningSandbox) -> None:
        pattern = {
            "description": "d",
            "is_share": False,
            "message": "کد %code%",
            "variable": [{"name": "code", "type": "string"}],
        }
        with control.stream("GET", "/events", timeout=10) as response:
            events = self.events(response.iter_lines())
            version = next(events)[1]["version"]
            for change in (
                lambda: wire.post("/api/patterns/normal", pattern),
                lambda: wire.post("/api/phonebooks", {"title": "customers"}),
                lambda: ippanel_sandbox.fault("latency", seconds=0),
                ippanel_sandbox.lift,
            ):
                change()
                before, version = version, next(events)[1]["version"]
                assert version > before
