"""The API of the vendor's own Python client, on the same state."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from ippanel_provider.sandbox.runner import RunningSandbox

SEND = "/sms/send/webservice/single"


@pytest.fixture
def http(ippanel_sandbox: RunningSandbox) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=f"{ippanel_sandbox.url}/api/v1",
        headers={"apikey": ippanel_sandbox.api_key},
        trust_env=False,
        verify=False,
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
        ("GET", "/sms/message/all?message_id=x", {}, 404),
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


def test_a_text_for_one_at_a_time_to_come(http: httpx.Client, ippanel_sandbox: RunningSandbox) -> None:
    ippanel_sandbox.speed(0)
    due = int(ippanel_sandbox.now()) + 3600
    time = datetime.fromtimestamp(due, timezone(timedelta(hours=3, minutes=30))).isoformat()
    body = {"sender": "3000505", "recipient": "09120000000", "message": "سلام", "time": time}
    message_id = http.post(SEND, json=body).json()["data"]["message_id"]
    assert ippanel_sandbox.messages()[0]["send_time"] == due
    (message,) = http.get("/sms/message/all", params={"message_id": message_id}).json()["data"]
    assert message["time_send"] == message["time_sent"]
    for wrong in ("tomorrow", "2020-01-01T00:00:00Z", 5):
        refused = http.post(SEND, json=body | {"time": wrong})
        assert (refused.status_code, list(refused.json()["meta"]["error_message"])) == (422, ["time"])


def test_all_texts_newest_first_and_pages_that_count_from_nought_or_one(
    http: httpx.Client, ippanel_sandbox: RunningSandbox
) -> None:
    sent = [
        http.post(SEND, json={"sender": "+983000505", "recipient": "09120000000", "message": text}).json()
        for text in "abc"
    ]
    ids = [each["data"]["message_id"] for each in sent]
    pages = [
        [
            each["message_id"]
            for each in http.get("/sms/message/all", params={"page": page, "per_page": 2}).json()["data"]
        ]
        for page in (0, 1, 2)
    ]
    assert pages == [ids[:0:-1], ids[:0:-1], ids[:1]]


def test_statuses_in_numbers_and_the_key_elsewhere_where_the_account_is_set_so(
    http: httpx.Client, ippanel_sandbox: RunningSandbox
) -> None:
    body = {"sender": "+983000505", "recipient": ["09120000000", "09120000993", "09120000994"], "message": "a"}
    message_id = http.post(SEND, json=body).json()["data"]["message_id"]
    ippanel_sandbox.settle()
    elsewhere = {"apikey": "", "Authorization": "AccessKey sandbox-key"}
    path = f"/sms/message/show-recipient/message-id/{message_id}"
    assert http.get(path, headers=elsewhere).status_code == 401
    ippanel_sandbox.account(api2_statuses="numbers", api2_key="either")
    assert [row["status"] for row in http.get(path, headers=elsewhere).json()["data"]["deliveries"]] == [2, 3, 4]


def test_a_pattern_takes_numbers_and_either_name_for_its_text(
    http: httpx.Client, ippanel_sandbox: RunningSandbox
) -> None:
    named = [{"name": "n", "type": "integer"}]
    made = http.post("/sms/pattern/normal/store", json={"message": "کد %n%", "is_share": True, "variable": named})
    code = made.json()["data"][0]["code"]
    ippanel_sandbox.approve(code)
    body = {"code": code, "sender": "+983000505", "recipient": "09120000000", "variable": {"n": 12}}
    assert http.post("/sms/pattern/normal/send", json=body).status_code == 200
    assert ippanel_sandbox.messages()[0]["text"] == "کد 12"


def test_what_a_part_costs(http: httpx.Client) -> None:
    prices = http.get("/sms/accounting/price-message/sender/+983000505").json()["data"]
    assert set(prices) == {"fa_mci", "fa_other", "en_mci", "en_other"}
    assert http.get("/sms/accounting/price-message/sender/+981").status_code == 422


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"sender": "+981"}, "sender"),
        ({"sender": None}, "sender"),
        ({"recipient": []}, "recipient"),
        ({"recipient": ["x"]}, "recipients.0"),
        ({"message": ""}, "message"),
        ({"message": "a" * 1401}, "message"),
    ],
)
def test_what_is_wrong_with_a_field_is_said_by_its_name(
    http: httpx.Client, wrong: dict[str, object], field: str
) -> None:
    body = {"sender": "+983000505", "recipient": ["09120000000"], "message": "a"}
    answer = http.post(SEND, json=body | wrong).json()
    assert answer["code"] == 422
    assert list(answer["error_message"]) == list(answer["meta"]["error_message"]) == [field]
