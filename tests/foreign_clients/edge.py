"""Drives ``ippanel-python-sdk``, which takes the base URL as a parameter."""

import os
from collections.abc import Callable

import requests
from ippanel import Client

URL, KEY, SENDER = os.environ["SANDBOX_URL"], os.environ["SANDBOX_KEY"], os.environ["SANDBOX_SENDER"]
RECIPIENTS = ["+989120000000", "+989120000001"]


panel = requests.Session()
panel.headers["Authorization"] = KEY


def call(path: str, body: object) -> dict:
    """What a person at the panel does."""
    answer = panel.post(f"{URL}{path}", json=body)
    answer.raise_for_status()
    return answer.json()


def refused(send: Callable[[], object]) -> requests.Response:
    """The answer a send was refused with."""
    try:
        send()
    except requests.HTTPError as error:
        return error.response
    raise AssertionError("it was accepted")


made = call(
    "/v1/api/patterns/normal",
    {
        "description": "ورود",
        "is_share": False,
        "message": "کد شما: %code%",
        "variable": [{"name": "code", "type": "string"}],
    },
)
code = made["data"]["pattern_code"]
call(f"/_sandbox/patterns/{code}/approve", {})

client = Client(KEY, f"{URL}/v1/api")
for name, answer in (
    ("send_webservice", client.send_webservice("سلام از Edge", SENDER, RECIPIENTS)),
    ("send_pattern", client.send_pattern(code, SENDER, RECIPIENTS[0], {"code": "5678"})),
    ("send_votp", client.send_votp(4321, RECIPIENTS[0])),
):
    print(f"  {name}: {answer}")
    assert answer["meta"]["status"] is True
    assert len(answer["data"]["message_outbox_ids"]) == 1

for name, wrong, status in (
    ("a wrong key", lambda: Client("wrong", f"{URL}/v1/api").send_votp(1, RECIPIENTS[0]), 401),
    ("the same again", lambda: client.send_webservice("سلام از Edge", SENDER, RECIPIENTS), 429),
    ("no text", lambda: client.send_webservice("", SENDER, RECIPIENTS), 422),
    ("an unknown pattern", lambda: client.send_pattern("nothing", SENDER, RECIPIENTS[0], {}), 404),
):
    answer = refused(wrong)
    print(f"  {name}: {answer.status_code} {answer.json()['meta']['message']}")
    assert answer.status_code == status
