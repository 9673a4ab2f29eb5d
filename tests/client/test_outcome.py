"""Every send tells what became of it – of it, and not of another – whatever comes between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ippanel_provider.client import AsyncClient, Client, NoAnswer, Receipt, Retry, Settings, edge

from .raw_server import SILENCE, Raw, RawServer, http, listening

KEY = "k3y-OF-the-panel-0123456789abcdef="
NUMBER = "+989120001234"
SEND = edge.send.webservice("سلام، کد شما ۴۸۲۱۳ است", [NUMBER], sender="+983000505")

Runs = Callable[..., list[Any]]


def done(outbox_id: int) -> Raw:
    return http(200, {"data": {"message_outbox_ids": [outbox_id], "credit": 5.0}, "meta": {"status": True}})


@pytest.fixture
def server() -> Iterator[RawServer]:
    with listening() as listener:
        yield listener


def settings(server: RawServer, **given: Any) -> Settings:
    return Settings(**{"base_url": server.url, "read_timeout": 5.0, "retry": Retry(attempts=1), **given})


@pytest.fixture(params=["sync", "async"])
def runs(request: pytest.FixtureRequest) -> Runs:
    """Runs calls one after another on one client; gives what each returned or raised."""

    def sync(settings: Settings, *calls: Any) -> list[Any]:
        def outcome(client: Client, call: Any) -> Any:
            try:
                return client.run(call)
            except Exception as error:  # noqa: BLE001 - it is what is asked about
                return error

        with Client(KEY, settings) as client:
            return [outcome(client, call) for call in calls]

    def looped(settings: Settings, *calls: Any) -> list[Any]:
        async def main() -> list[Any]:
            async with AsyncClient(KEY, settings) as client:
                return [(await asyncio.gather(client.run(call), return_exceptions=True))[0] for call in calls]

        return asyncio.run(main())

    return sync if request.param == "sync" else looped


class TestAnAnswerTooMany:
    @pytest.mark.parametrize("second", [done(666), http(422, {"meta": {"status": False}})], ids=["yes", "no"])
    def test_is_not_taken_for_that_to_the_next_text(self, server: RawServer, runs: Runs, second: Raw) -> None:
        server.script = [Raw(done(7).data + second.data), SILENCE]
        outcomes = runs(settings(server, read_timeout=0.2), SEND, SEND)
        assert [type(outcome) for outcome in outcomes] == [Receipt, NoAnswer]

    def test_costs_the_next_text_nothing(self, server: RawServer, runs: Runs) -> None:
        server.script = [Raw(done(7).data + b"HTTP/1.1 5"), done(8)]
        assert [outcome.outbox_ids for outcome in runs(settings(server), SEND, SEND)] == [(7,), (8,)]

    def test_behind_a_proxy_is_found_too(self, server: RawServer, runs: Runs) -> None:
        server.script = [Raw(done(7).data + done(666).data), done(8)]
        outcomes = runs(settings(server, base_url="http://service.invalid/v1", proxy=server.url), SEND, SEND)
        assert [outcome.outbox_ids for outcome in outcomes] == [(7,), (8,)]


def test_a_client_keeps_nothing_of_the_loops_before(server: RawServer) -> None:
    server.script = [done(7)]
    client = AsyncClient(KEY, settings(server))

    async def several() -> None:
        # More than may be under way: what waits its turn ties a loop to its client, too.
        await asyncio.gather(*(client.run(SEND) for _ in range(12)))

    def opened() -> int:
        asyncio.run(several())
        return len(client._http._loops)

    assert [opened() for _ in range(3)] == [1, 1, 1]
