"""Reports, with the service's quirks: ids, counts and times as strings, filters, pages from 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ippanel_provider.sandbox.runner import RunningSandbox
    from tests.sandbox.conftest import Wire


def test_a_bulk_in_the_outbox_list(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    (bulk_id,) = wire.ids(wire.send("سلام", "+989120000000", "+989190000000"))
    ippanel_sandbox.settle()
    (bulk,) = wire.outbox()["data"]
    assert bulk["messages_outbox_id"] == str(bulk_id)
    assert (bulk["rcpts_count"], bulk["exit_count"], bulk["part"], bulk["state_id"]) == ("2", "2", None, 6)
    assert (bulk["state"], bulk["status"], bulk["message"], bulk["number"]) == (
        "finish",
        "پایان یافته",
        "سلام",
        "+983000505",
    )
    assert isinstance(bulk["time"], str)
    assert isinstance(bulk["cost"], float)


def test_a_single_bulk_tells_more(wire: Wire) -> None:
    (bulk_id,) = wire.ids(wire.send("a" * 161))
    bulk = wire.bulk(bulk_id)
    assert (bulk["part"], bulk["return"], bulk["reject_comment"]) == ("2", 0, None)
    other = wire.post(f"/api/report/by_bulk/{bulk_id}", {"page": 1})
    assert other.json()["data"]["messages_outbox_id"] == str(bulk_id)


def test_the_alternate_path_can_be_switched_off(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    (bulk_id,) = wire.ids(wire.send("a"))
    ippanel_sandbox.account(alternates=False)
    assert wire.post(f"/api/report/by_bulk/{bulk_id}").status_code == 404
    assert wire.bulk(bulk_id)["messages_outbox_id"] == str(bulk_id)


def test_pages_count_from_one_newest_first(wire: Wire) -> None:
    ids = wire.ids(wire.send_each(*"abcde"))
    page = wire.post("/api/report/new_list", {"page": 2, "limit": 2}).json()
    assert [int(bulk["messages_outbox_id"]) for bulk in page["data"]] == [ids[2], ids[1]]
    meta = page["meta"]
    assert (meta["current_page"], meta["from"], meta["to"], meta["last_page"], meta["per_page"], meta["total"]) == (
        2,
        3,
        4,
        3,
        2,
        5,
    )
    assert meta["path"] == "/api/report/new_list"
    assert "message_parameters" not in meta
    assert wire.post("/api/report/new_list", {"page": 9, "limit": 2}).json()["data"] == []


@pytest.mark.parametrize("body", [{"page": 0}, {"limit": 0}, {"limit": 1001}, {"page": "x"}])
def test_pages_that_are_none(wire: Wire, body: dict[str, object]) -> None:
    assert wire.post("/api/report/new_list", body).status_code == 422


def found(wire: Wire, **filters: object) -> list[int]:
    return [int(bulk["messages_outbox_id"]) for bulk in wire.outbox(**filters)["data"]]


def test_filters(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    ippanel_sandbox.account(lines=["+983000999"])
    ippanel_sandbox.speed(0)
    start = int(ippanel_sandbox.now())
    (old,) = wire.ids(wire.send("اولین پیام"))
    ippanel_sandbox.advance(100)
    (new,) = wire.ids(wire.send("second", "+989120000000", "+989190000000", from_number="+983000999"))
    assert found(wire) == [new, old]
    assert found(wire, number="+983000999") == [new]
    assert found(wire, messages_outbox_id=str(old)) == [old]
    assert found(wire, message="پیام") == [old]
    assert found(wire, create_from_date=str(start + 100)) == [new]
    assert found(wire, create_to_date=str(start + 99)) == [old]
    assert found(wire, create_from_date=start + 1, create_to_date=start + 99) == []
    assert found(wire, send_from_date=str(start + 100)) == [new]
    assert found(wire, send_to_date=str(start)) == [old]
    assert found(wire, from_exit_count=2) == [new]
    assert found(wire, to_exit_count="1") == [old]
    assert found(wire, state_id="6") == [old]
    assert found(wire, state_id=0) == [new]
    assert found(wire, username="*", message="") == [new, old]
    assert found(wire, username="somebody") == []


@pytest.mark.parametrize("state", ["10", "x", -1])
def test_a_bad_state_has_a_code_of_its_own(wire: Wire, state: object) -> None:
    response = wire.post("/api/report/new_list", {"filters": {"state_id": state}})
    assert (response.status_code, response.json()["meta"]["message_code"], response.json()["meta"]["message"]) == (
        422,
        "400-31",
        "invalid state",
    )


def test_a_filter_that_is_no_number(wire: Wire) -> None:
    assert wire.post("/api/report/new_list", {"filters": {"create_from_date": "today"}}).status_code == 422


@pytest.mark.parametrize("path", ["bulk_stats", "recipients", "by_bulk"])
def test_an_id_is_needed_and_must_be_known(wire: Wire, path: str) -> None:
    name = "messages_outbox_id" if path == "by_bulk" else "bulk_id"
    assert list(wire.get(f"/api/report/{path}").json()["meta"]["errors"]) == [name]
    assert wire.get(f"/api/report/{path}", **{name: 5}).status_code == 404


def test_recipients_and_their_way(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    (bulk_id,) = wire.ids(wire.send("سلام", "+989120000000", "+989120000993", "+989120000994"))
    page = wire.get("/api/report/recipients", bulk_id=bulk_id, page=1, per_page=2).json()
    first = {
        "recipient": "+989120000000",
        "message": "سلام",
        "is_readable": True,
        "msg_parts": "1",
        "message_status": "0",
    }
    assert page["data"][0] == first
    assert (len(page["data"]), page["meta"]["total"], page["meta"]["last_page"]) == (2, 3, 2)
    ippanel_sandbox.settle()
    assert list(wire.statuses(bulk_id).values()) == ["2", "3", "4"]


def test_stats_by_operator_and_language(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    (bulk_id,) = wire.ids(wire.send("سلام", "+989120000000", "+989350000000", "+989350000993"))
    ippanel_sandbox.settle()
    stats = wire.get("/api/report/bulk_stats", bulk_id=bulk_id).json()["data"]
    assert stats["operators_delivered"] == {"irancell": {"en": 0, "fa": "1"}, "mci": {"en": 0, "fa": "1"}}
    assert stats["operators_failed"]["irancell"] == {"en": 0, "fa": "1"}
    assert stats["operators_sent"]["mci"] == {"en": 0, "fa": 0}


@pytest.mark.parametrize(("ending", "state"), [("3", 3), ("4", 4), ("8", 8), ("9", 9)])
def test_numbers_that_decide_their_bulk_and_cost_nothing(
    wire: Wire, ippanel_sandbox: RunningSandbox, ending: str, state: int
) -> None:
    before = ippanel_sandbox.account()["credit"]
    (bulk_id,) = wire.ids(wire.send("a", "+989120000000", f"+98900000000{ending}"))
    ippanel_sandbox.settle()
    assert (wire.bulk(bulk_id)["state_id"], set(wire.statuses(bulk_id).values())) == (state, {"0"})
    assert ippanel_sandbox.account()["credit"] == before


def test_inbox_newest_first_and_only_above_an_id(wire: Wire, ippanel_sandbox: RunningSandbox) -> None:
    first = ippanel_sandbox.inbox("09120000000", "سلام")
    second = ippanel_sandbox.inbox("+989190000000", "لغو11")
    page = wire.post("/api/report/messages-inbox", {"page": 1, "per_page": 10, "filters": {"from_id": 0}}).json()
    assert [row["messages_inbox_id"] for row in page["data"]] == [second, first]
    row = page["data"][1]
    assert (row["from"], row["number"], row["message"], row["type"], row["seen"]) == (
        "+989120000000",
        "+983000505",
        "سلام",
        "normal",
        "0",
    )
    assert isinstance(row["time"], int)
    above = wire.post("/api/report/messages-inbox", {"filters": {"from_id": first}}).json()
    assert [row["messages_inbox_id"] for row in above["data"]] == [second]


def test_the_documents_examples(demo: Wire) -> None:
    assert demo.bulk(5544778899)["type"] == "sendvoice"
    assert [bulk["messages_outbox_id"] for bulk in demo.outbox(number="+98217000070")["data"]] == ["1100972179"]
    assert demo.outbox(message="متن")["meta"]["total"] == 2
    assert [row["messages_inbox_id"] for row in demo.post("/api/report/messages-inbox").json()["data"]] == [123, 122]
    assert demo.sandbox.messages() == []
