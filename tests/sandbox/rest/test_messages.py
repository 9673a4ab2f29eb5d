"""All eight calls on the same state as the Edge API, refusals by code, pages from 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import Wire
    from tests.sandbox.rest.conftest import Older

RECIPIENT = "+989120000000"


def test_a_send_is_a_bulk_both_apis_know(rest: Older, wire: Wire) -> None:
    answer = rest.send("سلام", RECIPIENT, "+989190000000").json()
    assert {**answer, "data": None} == {"status": "OK", "code": "OK", "message": "Ok", "data": None}
    bulk = wire.bulk(answer["data"]["bulk_id"])
    assert (bulk["rcpts_count"], bulk["message"], bulk["number"]) == ("2", "سلام", "+983000505")
    assert [text["recipient"] for text in rest.sandbox.messages()] == [RECIPIENT, "+989190000000"]


@pytest.mark.parametrize("line", ["+983000505", "983000505"])
@pytest.mark.parametrize("recipient", [RECIPIENT, "989120000000", "09120000000"])
def test_numbers_in_any_spelling(rest: Older, line: str, recipient: str) -> None:
    rest.sent("a", recipient, originator=line)
    (text,) = rest.sandbox.messages()
    assert (text["sender"], text["recipient"]) == ("+983000505", RECIPIENT)


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"message": ""}, 400, "10002"),
        ({"message": None}, 400, "10002"),
        ({"message": 5}, 422, "422"),
        ({"message": "a" * 1401}, 422, "422"),
        ({"originator": "+981234567"}, 400, "10004"),
        ({"originator": None}, 400, "10023"),
        ({"recipients": []}, 400, "10005"),
        ({"recipients": None}, 400, "10005"),
        ({"recipients": RECIPIENT}, 422, "422"),
        ({"recipients": [RECIPIENT, "+98912"]}, 422, "422"),
        ({"recipients": [9120000000]}, 422, "422"),
        ({"recipients": [RECIPIENT] * 1001}, 400, "10009"),
    ],
)
def test_refusals_by_code(rest: Older, fields: dict[str, object], status: int, code: str) -> None:
    response = rest.send("a", **fields)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.json()["data"]["error"]
    assert rest.sandbox.messages() == []


def test_no_body_at_all(rest: Older) -> None:
    response = rest.http.post("/messages")
    assert (response.status_code, response.json()["code"]) == (400, "10002")


def test_errors_by_field(rest: Older) -> None:
    error = rest.send("a", RECIPIENT, "+98912").json()["data"]["error"]
    assert error == {"recipients.1": ["recipient is not valid"]}


@pytest.mark.parametrize(
    ("account", "code"),
    [
        ({"send_block": True}, "10003"),
        ({"document_block": True}, "10021"),
        ({"credit": 0, "without_credit": "refuse"}, "10006"),
    ],
)
def test_accounts_that_may_not_send(rest: Older, account: dict[str, object], code: str) -> None:
    rest.sandbox.account(**account)
    assert rest.send("a").json()["code"] == code
    assert rest.sandbox.messages() == []


def test_the_guard_is_the_same_for_both(rest: Older, wire: Wire) -> None:
    wire.ids(wire.send("a"))
    assert rest.send("a").status_code == 429


def test_one_bulk(rest: Older) -> None:
    bulk_id = rest.sent("a" * 161, RECIPIENT, "+989190000000")
    message = rest.http.get(f"/messages/{bulk_id}").json()["data"]["message"]
    assert (message["bulk_id"], message["page"], message["recipients_count"], message["status"]) == (
        bulk_id,
        2,
        2,
        "pending",
    )
    assert message["created_at"].endswith("Z")
    rest.sandbox.settle()
    assert rest.http.get(f"/messages/{bulk_id}").json()["data"]["message"]["status"] == "finish"


@pytest.mark.parametrize(
    ("state", "status", "confirm"), [(3, "failed", "reject"), (7, "cancelled", ""), (9, "failed", "")]
)
def test_bulks_that_end_badly(rest: Older, state: int, status: str, confirm: str) -> None:
    bulk_id = rest.sent("a")
    rest.sandbox.decide(bulk_id, state_id=state)
    rest.sandbox.settle()
    message = rest.http.get(f"/messages/{bulk_id}").json()["data"]["message"]
    assert (message["status"], message["confirm_state"]) == (status, confirm)
    rows = rest.http.get(f"/messages/{bulk_id}/recipients").json()["data"]["recipients"]
    assert rows == [{"recipient": RECIPIENT, "status": "failed"}]


@pytest.mark.parametrize("path", ["/messages/5", "/messages/x", "/messages/" + "9" * 5000, "/messages/5/recipients"])
def test_a_bulk_nobody_knows(rest: Older, path: str) -> None:
    assert rest.http.get(path).status_code == 404


def test_recipients_and_pages_from_zero(rest: Older) -> None:
    bulk_id = rest.sent("a", RECIPIENT, "+989120000993", "+989120000994", "+989000000100")
    first = rest.http.get(f"/messages/{bulk_id}/recipients?limit=3").json()
    assert [row["status"] for row in first["data"]["recipients"]] == ["pending"] * 3
    assert (first["meta"]["page"], first["meta"]["pages"], first["meta"]["total"], first["meta"]["prev"]) == (
        0,
        2,
        4,
        None,
    )
    rest.sandbox.settle()
    rows = rest.http.get(f"/messages/{bulk_id}/recipients").json()["data"]["recipients"]
    assert [row["status"] for row in rows] == ["delivered", "failed", "discarded", "send"]
    last = rest.http.get(first["meta"]["next"]).json()
    assert (last["data"]["recipients"], last["meta"]["next"]) == ([rows[3]], None)


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "page=-1", "page=x", "limit=" + "9" * 5000])
def test_pages_that_are_none(rest: Older, query: str) -> None:
    assert rest.http.get(f"/messages/inbox?{query}").status_code == 422


def test_inbox_newest_first(rest: Older) -> None:
    rest.sandbox.inbox("09120000000", "یک")
    rest.sandbox.inbox("09120000000", "دو")
    page = rest.http.get("/messages/inbox?page=0&limit=1").json()
    (message,) = page["data"]["messages"]
    assert (message["message"], message["sender"], message["number"], message["type"]) == (
        "دو",
        RECIPIENT,
        "+983000505",
        "normal",
    )
    assert page["meta"]["total"] == 2


def test_a_pattern_waits_for_approval_and_goes_out_with_its_values(rest: Older) -> None:
    made = rest.http.post(
        "/messages/patterns", json={"pattern": "کد %code% برای %name%", "description": "ورود", "is_shared": True}
    )
    pattern = made.json()["data"]["pattern"]
    assert (pattern["status"], pattern["message"], pattern["is_shared"]) == ("pending", "کد %code% برای %name%", True)
    assert rest.send_pattern(pattern["code"], {"code": "1", "name": "سارا"}).json()["code"] == "10016"
    rest.sandbox.approve(pattern["code"])
    assert rest.send_pattern(pattern["code"], {"code": "1", "name": "سارا"}).status_code == 200
    assert [text["text"] for text in rest.sandbox.messages()] == ["کد 1 برای سارا"]


@pytest.mark.parametrize(
    ("values", "fields", "code"),
    [
        ({"code": 1}, {}, "10015"),
        ({}, {}, "10015"),
        ([], {}, "10015"),
        ("code", {}, "10015"),
        ({"code": "1"}, {"recipient": "02188000000"}, "10017"),
        ({"code": "1"}, {"recipient": [RECIPIENT]}, "10017"),
        ({"code": "1"}, {"pattern_code": "nothing"}, "10014"),
        ({"code": "1"}, {"pattern_code": None}, "10014"),
        ({"code": "1"}, {"originator": "+981234567"}, "10004"),
    ],
)
def test_patterns_refused_by_code(rest: Older, values: object, fields: dict[str, object], code: str) -> None:
    assert rest.send_pattern(rest.pattern(), values, **fields).json()["code"] == code
    assert rest.sandbox.messages() == []


@pytest.mark.parametrize("fields", [{"pattern": ""}, {"pattern": 5}, {"description": 5}, {"is_shared": "yes"}])
def test_patterns_that_are_none(rest: Older, fields: dict[str, object]) -> None:
    response = rest.http.post("/messages/patterns", json={"pattern": "%a%"} | fields)
    assert (response.status_code, list(response.json()["data"]["error"])) == (422, list(fields))
