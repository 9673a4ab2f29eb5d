"""Drives ``ippanel`` 2.x, and a stranger's copy of it. Not a byte is changed: they speak to https://api2.ippanel.com,
which the tunnel beside this file leads to the sandbox and its throw-away authority vouches for.

``fetch_inbox`` is left out: it leaves its own API for a path at the root of the host, where nothing is.
"""

import importlib
import importlib.metadata
import os
import re
from collections.abc import Callable

import requests

ippanel = importlib.import_module(os.environ["FOREIGN_MODULE"])

URL, KEY, SENDER = os.environ["SANDBOX_URL"], os.environ["SANDBOX_KEY"], os.environ["SANDBOX_SENDER"]
RECIPIENT = "+989120000000"


def refused(call: Callable[[], object]) -> ippanel.Error:
    """The error a call ends in."""
    try:
        call()
    except ippanel.Error as error:
        return error
    raise AssertionError("it was accepted")


client = ippanel.Client(KEY)
credit = client.get_credit()
print("  get_credit:", credit)
assert credit > 0

message_id = client.send(SENDER, [RECIPIENT], "سلام از api2", "summary")
print("  send:", message_id)

message = client.get_message(message_id)
print("  get_message:", message)
assert (message.message_id, message.message, message.recipient_count) == (message_id, "سلام از api2", 1)

statuses, page = client.fetch_statuses(message_id)
print("  fetch_statuses:", statuses, page)
assert [(each.recipient, each.status) for each in statuses] == [(RECIPIENT, "delivered")]

code = client.create_pattern("کد شما: %code%", "ورود", {"code": "integer"})
print("  create_pattern:", code)
requests.post(f"{URL}/_sandbox/patterns/{code}/approve", json={}, timeout=30).raise_for_status()
print("  send_pattern:", client.send_pattern(code, SENDER, RECIPIENT, {"code": "91"}))

for name, wrong, status in (
    ("a wrong key", lambda: ippanel.Client("wrong").get_credit(), 401),
    ("nobody", lambda: client.send(SENDER, [], "a", ""), 422),
    ("an unknown message", lambda: client.get_message(5), 404),
):
    error = refused(wrong)
    print(f"  {name}: {error.code} {error}")
    assert error.code == status
    if error.code == ippanel.ResponseCode.ErrUnprocessableEntity.value:
        # As the vendor's own page reads it.
        for field in error.message:
            print(f"  Field: {field} , Errors: {error.message[field]}")


def examples() -> dict[str, str]:
    """The examples of the vendor's own page, as the package brings them, by their headings."""
    page = importlib.metadata.metadata("ippanel").get_payload()
    return dict(re.findall(r"^### (.+?)$.*?^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE))


def run(name: str, example: str, names: dict[str, object]) -> str:
    """What came of an example, with what a reader puts in the place of its stand-ins."""
    for stand_in, value in (
        ('"+9810001"', repr(SENDER)),
        ('"9810001"', repr(SENDER)),
        ('"message-tracking-code"', repr(message_id)),
        ('"t2cfmnyo0c"', repr(names.get("code"))),
    ):
        example = example.replace(stand_in, value)
    example = re.sub(r"98912x+", "989120000001", example)
    try:
        exec(compile(example, name, "exec"), names)  # noqa: S102 - the vendor's examples
    except ippanel.Error as error:
        return f"{error.code} {error.message}"
    except (SyntaxError, TypeError) as error:
        return f"a mistake of its own, {type(error).__name__}: {error}"
    return "it ran"


if ippanel.__name__ == "ippanel":
    shared: dict[str, object] = {"sms": client}
    came = {}
    for name, example in examples().items():
        came[name] = run(name, example, shared)
        print(f"  its example {name.lower()}: {came[name]}")
        if name == "Pattern create":
            requests.post(f"{URL}/_sandbox/patterns/{shared['code']}/approve", json={}, timeout=30).raise_for_status()
    ran = {name for name, what in came.items() if what == "it ran"}
    assert ran == {"Credit check", "Get message summery", "Pattern create"}, came
    # It names one of the two variables that its pattern has.
    assert came["Send with pattern"].startswith("422 "), came
