"""The API of the vendor's own Python client, on the same state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from ippanel_provider.sandbox.runner import RunningSandbox

SEND = "/sms/send/webservice/single"


@pytest.fixture
def http(ippanel_sandbox: RunningSandbox) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=f"{ippanel_sandbox.url}/api/v1", headers={"apikey": ippanel_sandbox.api_key}, trust_env=False
    ) as client:
        yield client


def test_a_send_and_what_became_of_it(http: httpx.Client, ippanel_sandbox: RunningSandbox) -> None:
    sent = http.post(
        SEND, json={"sender": "+983000505", "recipient": ["09120000000"], "message": "سلام", "description": {}}
    ).json()
    assert (sent["status"], sent["code"], sent["error_message"]) == ("OK", 200, "")
    message_id = sent["data"]["message_id"]
    ippanel_sandbox.settle()
    (message,) = http.get("/sms/message/all", params={"message_id": message_id}).json()["data"]
    assert (message["message_id"], message["state"], message["recipient_count"]) == (message_id, "sent", 1)
    page = http.get(f"/sms/message/show-recipient/message-id/{message_id}", params={"page": 0, "per_page": 10}).json()
    assert page["data"]["deliveries"] == [{"recipient": "+989120000000", "status": "delivered"}]
    assert page["meta"]["total"] == 1


def test_a_pattern_with_delimiters_of_its_own(http: httpx.Client, ippanel_sandbox: RunningSandbox) -> None:
    made = {
        "pattern": "کد #n#",
        "description": "",
        "delimiter": "#",
        "variable": [{"name": "n", "type": "integer"}],
        "is_shared": False,
    }
    code = http.post("/sms/pattern/normal/store", json=made).json()["data"][0]["code"]
    body = {"code": code, "sender": "+983000505", "recipient": "+989120000000", "variable": {"n": "12"}}
    assert http.post("/sms/pattern/normal/send", json=body).status_code == 422
    ippanel_sandbox.approve(code)
    assert http.post("/sms/pattern/normal/send", json=body).status_code == 200
    assert ippanel_sandbox.messages()[0]["text"] == "کد 12"


@pytest.mark.parametrize("variable", [["n"], [{"name": "n"}], [{"name": "n", "type": "date"}]])
def test_a_pattern_that_is_none(http: httpx.Client, variable: object) -> None:
    assert http.post("/sms/pattern/normal/store", json={"pattern": "%n%", "variable": variable}).status_code == 422
    assert http.post("/sms/pattern/normal/store", json={"variable": variable}).status_code == 422


def test_inbox_and_credit(http: httpx.Client, ippanel_sandbox: RunningSandbox) -> None:
    ippanel_sandbox.inbox("09120000000", "سلام")
    ippanel_sandbox.account(credit=7)
    (message,) = http.get("/inbox").json()["data"]
    assert (message["from"], message["to"], message["message"]) == ("+989120000000", "+983000505", "سلام")
    assert http.get("/sms/accounting/credit/show").json()["data"] == {"credit": 7.0}


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/inbox", {"apikey": "wrong"}, 401),
        ("GET", "/nothing", {}, 404),
        ("GET", SEND, {}, 405),
        ("GET", "/sms/message/all?message_id=5", {}, 404),
        ("GET", "/sms/message/all", {}, 404),
        ("POST", SEND, {}, 422),
    ],
)
def test_refusals_carry_their_reason(
    http: httpx.Client, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    answer = http.request(method, path, headers=headers)
    assert answer.status_code == status
    assert answer.json()["code"] == status
    assert answer.json()["error_message"]


def test_faults_speak_this_api(http: httpx.Client, ippanel_sandbox: RunningSandbox) -> None:
    ippanel_sandbox.fault("refused", times=1, message="no")
    assert http.get("/inbox").json()["error_message"] == "no"
    ippanel_sandbox.fault("unauthorized", times=1)
    assert http.get("/inbox").status_code == 401
    assert http.post(SEND, content=b"{broken").json()["code"] == 422
