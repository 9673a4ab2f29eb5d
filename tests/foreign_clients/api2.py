"""Drives ``ippanel`` 2.x, and a stranger's copy of it. Not a byte is changed: they speak to https://api2.ippanel.com,
which the tunnel beside this file leads to the sandbox and its throw-away authority vouches for.

``fetch_inbox`` is left out: it leaves its own API for a path at the root of the host, where nothing is.
"""

import importlib
import os
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
