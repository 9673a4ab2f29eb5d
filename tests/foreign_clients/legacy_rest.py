"""Drives ``ippanel`` 1.x. Not a byte of it is changed: it speaks to http://rest.ippanel.com, and the sandbox is its
proxy.
"""

import os
from collections.abc import Callable

import ippanel
import requests
from ippanel import ResponseCode

URL, KEY, SENDER = os.environ["SANDBOX_URL"], os.environ["SANDBOX_KEY"], os.environ["SANDBOX_SENDER"]
RECIPIENTS = ["+989120000000", "989120000993"]


people = requests.Session()
people.trust_env = False


def control(path: str, body: object) -> None:
    """What a person at the service does."""
    people.post(f"{URL}/_sandbox/{path}", json=body).raise_for_status()


def refused(call: Callable[[], object]) -> ippanel.Error:
    """The error a call ends in."""
    try:
        call()
    except ippanel.Error as error:
        return error
    raise AssertionError("it was accepted")


control("inbox", {"from": "09120000000", "number": SENDER, "message": "پاسخ"})
os.environ["HTTP_PROXY"] = URL

client = ippanel.Client(KEY)
credit = client.get_credit()
print("  get_credit:", credit)
assert credit > 0

bulk_id = client.send(SENDER, RECIPIENTS, "سلام از REST")
print("  send:", bulk_id)

message = client.get_message(bulk_id)
print("  get_message:", message)
assert (message.bulk_id, message.message, message.recipients_count) == (bulk_id, "سلام از REST", 2)

statuses, page = client.fetch_statuses(bulk_id, 0, 10)
print("  fetch_statuses:", statuses, page)
assert [each.status for each in statuses] == ["delivered", "failed"]
assert page.total == 2

messages, page = client.fetch_inbox(0, 10)
print("  fetch_inbox:", messages)
assert [each.message for each in messages] == ["پاسخ"]

pattern = client.create_pattern("کد شما: %code%", is_shared=False)
print("  create_pattern:", pattern)
assert pattern.status == "pending"
early = refused(lambda: client.send_pattern(pattern.code, SENDER, RECIPIENTS[0], {"code": "1234"}))
print("  send_pattern before approval:", early.code, early)
assert early.code == ResponseCode.ErrPatternIsInactive.value
control(f"patterns/{pattern.code}/approve", {})
print("  send_pattern:", client.send_pattern(pattern.code, SENDER, RECIPIENTS[0], {"code": "1234"}))

for name, wrong, code in (
    ("a wrong key", lambda: ippanel.Client("wrong").get_credit(), ResponseCode.ErrKeyNotValid),
    ("nobody", lambda: client.send(SENDER, [], "a"), ResponseCode.ErrRecipientsEmpty),
    ("no text", lambda: client.send(SENDER, RECIPIENTS, ""), ResponseCode.ErrMessageBodyIsEmpty),
    ("another's line", lambda: client.send("+981234567", RECIPIENTS, "a"), ResponseCode.ErrNumberNotAssignedToYou),
    ("a bad recipient", lambda: client.send(SENDER, ["1"], "a"), ResponseCode.ErrUnprocessableEntity),
    (
        "a number as a value",
        lambda: client.send_pattern(pattern.code, SENDER, RECIPIENTS[0], {"code": 1}),
        ResponseCode.ErrPatternParamettersInvalid,
    ),
):
    error = refused(wrong)
    print(f"  {name}: {error.code} {error}")
    assert error.code == code.value, code
