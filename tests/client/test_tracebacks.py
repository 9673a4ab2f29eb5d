"""A traceback can be shown with the values of all names in it: in ours stands nothing personal or secret."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ippanel_provider.client import ApiKey, AsyncClient, Client, Login, Retry, Settings, edge, gateway, rest
from ippanel_provider.client.errors import InvalidInput, Throttled
from ippanel_provider.client.requests import Flow
from ippanel_provider.service import Api
from ippanel_provider.tracebacks import forget_values

from .raw_server import NO_ANSWER, Raw, RawServer, http, listening

KEY = "k3y-OF-the-panel-0123456789abcdef="
NUMBER = "09120007351"
TEXT = "Zephyrine9Quokka"
LINE = "+983000505"


def shown_of_ours(error: BaseException) -> str:
    """What a report of errors that shows values tells of our functions, and of causes that are hidden too."""
    shown, following = [], [error]
    while following:
        one = following.pop()
        stack = traceback.StackSummary.extract(traceback.walk_tb(one.__traceback__), capture_locals=True)
        shown += [str(frame.locals) for frame in stack if "ippanel_provider" in frame.filename]
        following += [further for further in (one.__cause__, one.__context__) if further is not None]
    assert shown
    return "\n".join(shown)


def assert_discreet(call: Callable[[], object], kind: type[BaseException] = Exception) -> None:
    with pytest.raises(kind) as caught:
        call()
    shown = shown_of_ours(caught.value)
    for secret in (KEY, NUMBER[1:], TEXT):
        assert secret not in shown


@pytest.mark.parametrize(
    "call",
    [
        lambda: edge.send.webservice(TEXT, [NUMBER, "x"], sender=LINE),
        lambda: edge.send.webservice(TEXT * 1000, [NUMBER], sender=LINE),
        lambda: edge.send.webservice(TEXT, [NUMBER], sender="x"),
        lambda: edge.send.peer_to_peer([(NUMBER, TEXT), (NUMBER, "")], sender=LINE),
        lambda: edge.send.pattern("code", NUMBER, {"name": TEXT, "more": 1.5}, sender=LINE),
        lambda: edge.phonebook.add_contacts(1, [{"number": NUMBER, "name": TEXT}, {"number": "x"}]),
        lambda: gateway(Api.EDGE).send(TEXT, [NUMBER, "x"], sender=LINE),
        lambda: gateway(Api.REST).pattern("code", NUMBER, {"name": TEXT, "more": 1.5}, sender=LINE),
        lambda: gateway(Api.REST).price(TEXT, sender=LINE),
        lambda: rest.send(TEXT, [NUMBER, "x"], sender=LINE),
        lambda: Client(f"Bearer {KEY}"),
        lambda: Client(KEY, Settings(max_in_flight=0)),
        lambda: ApiKey(f"Bearer {KEY}"),
        lambda: Login(TEXT, KEY, totp_secret=f"{KEY}!"),
        lambda: Login("", KEY),
    ],
)
def test_of_input_that_is_refused(call: Callable[[], object]) -> None:
    assert_discreet(call, Exception)


@pytest.fixture
def server() -> Iterator[RawServer]:
    with listening() as listener:
        yield listener


def flow() -> Flow[Any]:
    said = TEXT
    try:
        return (yield from edge.send.webservice(said, [NUMBER], sender=LINE))
    finally:
        del said


@pytest.mark.parametrize(
    "answer",
    [
        http(400, {"meta": {"status": False, "message": "no"}}),
        http(401, {"meta": {"status": False, "message": "no"}}),
        http(200, b"<html>"),
        http(200, json.dumps({"data": {"message_outbox_ids": TEXT}, "meta": {"status": True}}).encode()),
        http(500, b""),
        Raw(f"{TEXT}\r\n\r\n".encode(), "close"),
        NO_ANSWER,
    ],
)
def test_of_a_call_that_fails(server: RawServer, answer: Raw) -> None:
    server.script = [answer]
    settings = Settings(base_url=server.url, retry=Retry(attempts=1))

    async def sends(call: Any) -> None:
        async with AsyncClient(KEY, settings) as client:
            await client.run(call)

    send = edge.send.webservice(TEXT, [NUMBER], sender=LINE)
    with Client(KEY, settings) as client:
        for call in (send, send, flow()):
            assert_discreet(lambda call=call: client.run(call))  # type: ignore[misc]
    for call in (send, flow()):
        assert_discreet(lambda call=call: asyncio.run(sends(call)))  # type: ignore[misc]


def test_what_is_left_says_where_it_stood() -> None:
    with pytest.raises(InvalidInput) as caught:
        edge.send.webservice(TEXT, [NUMBER, "x"], sender=LINE)
    stack = traceback.extract_tb(caught.value.__traceback__)
    assert {"webservice", "recipients", "recipient"} <= {frame.name for frame in stack}
    assert all(frame.line for frame in stack)


def test_a_flow_that_caught_an_error_goes_on_though_others_forget_its_values(server: RawServer) -> None:
    server.script = [http(429, {}), http(200, {"data": {}, "meta": {"status": True}})]
    kept: list[Throttled] = []

    def patient() -> Flow[str]:
        try:
            yield from edge.payment.credit()
        except Throttled as error:
            kept.append(error)
            yield from edge.payment.credit()
        return "went on"

    patient.__globals__["__name__"], name = "ippanel_provider.flow", __name__
    try:
        with Client(KEY, Settings(base_url=server.url, retry=Retry(attempts=1))) as client:
            steps = patient()
            first = next(steps)
            with pytest.raises(Throttled) as caught:
                client.run(first)  # type: ignore[call-overload]
            second = steps.throw(caught.value)
            forget_values(kept[0])
            assert second is not None
            with pytest.raises(StopIteration, match="went on"):
                steps.send(None)
    finally:
        patient.__globals__["__name__"] = name
