"""An answer has a limit in time, size and depth, and so has what a client may be told."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import traceback
import zlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from ippanel_provider.client import (
    AsyncClient,
    Client,
    InvalidInput,
    IPPanelClientError,
    NoAnswer,
    Receipt,
    Retry,
    Settings,
    Unreachable,
    Unreadable,
    edge,
)
from ippanel_provider.values import InvalidValue

from .raw_server import SILENCE, Arrived, Raw, RawServer, http, listening

KEY = "k3y-OF-the-panel-0123456789abcdef="
SEND = edge.send.webservice("سلام", ["09120001234"], sender="+983000505")
BODY = json.dumps({"data": {"message_outbox_ids": [7]}, "meta": {"status": True}}).encode()
Run = Callable[..., Receipt]


@pytest.fixture
def server() -> Iterator[RawServer]:
    with listening() as listener:
        yield listener


def _settings(url: str, read_timeout: float) -> Settings:
    return Settings(base_url=url, read_timeout=read_timeout, retry=Retry(attempts=1))


def _run_sync(url: str, read_timeout: float = 30) -> Receipt:
    with Client(KEY, _settings(url, read_timeout)) as client:
        return client.run(SEND)


def _run_async(url: str, read_timeout: float = 30) -> Receipt:
    async def main() -> Receipt:
        async with AsyncClient(KEY, _settings(url, read_timeout)) as client:
            return await client.run(SEND)

    return asyncio.run(main())


@pytest.fixture(params=[_run_sync, _run_async], ids=["sync", "async"])
def run(request: pytest.FixtureRequest) -> Run:
    return request.param  # type: ignore[no-any-return]


def failure(run: Run, url: str, **given: float) -> IPPanelClientError:
    with pytest.raises(IPPanelClientError) as caught:
        run(url, **given)
    return caught.value


def gzipped(*parts: bytes) -> bytes:
    packer = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    return b"".join([*map(packer.compress, parts), packer.flush()])


class TestTime:
    @pytest.mark.parametrize(
        "dripping",
        [
            pytest.param(b"HTTP/1.1 200 OK\r\nX-Pad: " + b"x" * 100 + b"\r\n", id="headers"),
            pytest.param(
                b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(BODY) + 100) + b" " * 100, id="a body"
            ),
            pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 100, id="chunks"),
            pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" * 5, id="a status of what is to come"),
        ],
    )
    def test_bounds_the_whole_answer_however_it_drips(self, run: Run, server: RawServer, dripping: bytes) -> None:
        server.script = [Raw(dripping + b"\r\n" + BODY, "close", drips=True)]
        error = failure(run, server.url, read_timeout=0.4)
        assert type(error) is NoAnswer
        assert "ReadTimeout" in str(error)
        assert "outbox report" in str(error)

    def test_of_a_proxy_that_does_not_connect_is_over_before_anything_is_sent(self, server: RawServer) -> None:
        server.script = [SILENCE]
        given = Settings(base_url="https://sms.invalid", proxy=server.url, read_timeout=0.3, retry=Retry(attempts=1))
        with Client(KEY, given) as client, pytest.raises(Unreachable, match="Nothing was sent"):
            client.run(SEND)
        assert [arrived.line for arrived in server.requests] == ["CONNECT sms.invalid:443 HTTP/1.1"]

    def test_of_connecting_is_shared_by_all_addresses_of_a_host(
        self, server: RawServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Three that lead nowhere and take their time over it stand before the one that is meant.
        nowhere = ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
        real = socket.getaddrinfo

        def addresses(host: str, *args: Any, **options: Any) -> Any:
            if host != "many.invalid":
                return real(host, *args, **options)
            return [(2, 1, 6, "", (place, server.port)) for place in (*nowhere, "127.0.0.1")]

        monkeypatch.setattr(socket, "getaddrinfo", addresses)
        server.script = [http(200, BODY)]
        url = f"http://many.invalid:{server.port}"
        with Client(KEY, Settings(base_url=url, connect_timeout=1, retry=Retry(attempts=1))) as client:
            assert client.run(SEND).outbox_ids == (7,)

    def test_is_that_of_each_answer_and_not_of_the_connection(self, server: RawServer) -> None:
        def respond(arrived: Arrived) -> Raw:
            server.stopped.wait(0.3)
            return http(200, BODY)

        server.respond = respond
        with Client(KEY, _settings(server.url, 2.0)) as client:
            for _ in range(7):
                assert client.run(SEND).outbox_ids == (7,)
        assert server.connections == 1


class TestSize:
    def test_of_a_body_that_unfolds_a_thousandfold(self, run: Run, server: RawServer) -> None:
        bomb = gzipped(*[b" " * 2**20] * 160)
        assert len(bomb) < 2**18
        server.script = [http(200, bomb, "Content-Encoding: gzip\r\n")]
        assert "is larger than 16 MB, so it is not read" in str(failure(run, server.url))

    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 17000000\r\n\r\n", "close"), id="announced"),
            pytest.param(Raw(b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 17_000_000, "close"), id="endless"),
            pytest.param(
                http(200, gzipped(*[b" " * 2**20] * 17), "Content-Encoding: gzip\r\n"), id="a little, compressed"
            ),
        ],
    )
    def test_beyond_what_a_page_can_have_is_not_read(self, run: Run, server: RawServer, answer: Raw) -> None:
        server.script = [answer]
        error = failure(run, server.url)
        assert type(error) is Unreadable
        assert "is larger than 16 MB" in str(error)

    @pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress", "gzip, br"])
    def test_of_a_compression_that_was_not_asked_for_is_not_found_out(
        self, run: Run, server: RawServer, encoding: str
    ) -> None:
        server.script = [http(200, gzip.compress(gzip.compress(BODY, mtime=0)), f"Content-Encoding: {encoding}\r\n")]
        assert "compressed in a way that was not asked for" in str(failure(run, server.url))
        assert server.requests[0].headers["accept-encoding"] == "gzip, deflate"

    @pytest.mark.parametrize(
        ("encoding", "body"),
        [
            ("gzip", gzip.compress(BODY, mtime=0)),
            ("x-gzip", gzip.compress(BODY, mtime=0)),
            ("deflate", zlib.compress(BODY)),
            ("identity", BODY),
        ],
    )
    def test_that_is_usual_is_read_in_every_usual_compression(
        self, run: Run, server: RawServer, encoding: str, body: bytes
    ) -> None:
        server.script = [http(200, body, f"Content-Encoding: {encoding}\r\n")]
        assert run(server.url).outbox_ids == (7,)

    def test_of_a_page_of_a_thousand_of_the_longest_texts_fits(self, server: RawServer) -> None:
        rows = [{"messages_outbox_id": n, "state_id": 6, "message": "س" * 1400} for n in range(1000)]
        server.script = [http(200, {"data": rows, "meta": {"status": True, "last_page": 1}})]
        with Client(KEY, Settings(base_url=server.url)) as client:
            assert len(client.run(edge.report.outbox(per_page=1000)).items) == 1000

    @pytest.mark.parametrize("opened", [b"[", b'{"a":'])
    @pytest.mark.parametrize("status", [200, 422, 500])
    def test_of_depth_is_bounded_too(self, run: Run, server: RawServer, opened: bytes, status: int) -> None:
        server.script = [http(status, opened * 1_000_000)]
        error = failure(run, server.url)
        if status == 200:
            assert type(error) is Unreadable
            assert "nested too deep" in str(error)


class TestWhatAClientMayBeTold:
    @pytest.mark.parametrize(
        ("field", "values"),
        [
            ("max_in_flight", [0, -1, 1001, 2.5, None, "many", True, float("nan")]),
            (
                "connect_timeout",
                [0, -1, float("inf"), float("nan"), None, "soon", timedelta(0), timedelta(days=2), True],
            ),
            ("read_timeout", [0, -0.5, float("inf"), "", [], timedelta(seconds=-1), 1e9]),
            ("verify", [0, 1, None, "", [], {}, b"ca.pem"]),
            ("proxy", [7, b"http://127.0.0.1"]),
            ("base_url", [7, b"http://127.0.0.1"]),
        ],
    )
    @pytest.mark.parametrize("kind", [Client, AsyncClient])
    def test_is_looked_at_when_it_is_made(self, kind: type, field: str, values: list[Any]) -> None:
        for value in values:
            with pytest.raises(InvalidInput, match=f"^{field}: ") as caught:
                kind(KEY, Settings(**{field: value}))
            assert isinstance(caught.value, InvalidValue)
            assert caught.value.field == field

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("attempts", 0),
            ("attempts", 1e9),
            ("first_delay", -1),
            ("max_delay", "x"),
            ("max_retry_after", float("inf")),
        ],
    )
    def test_of_retries_too(self, field: str, value: Any) -> None:
        with pytest.raises(InvalidInput, match=rf"^retry\.{field}: "):
            Client(KEY, Settings(retry=Retry(**{field: value})))

    def test_may_be_spans_of_time_and_texts_of_numbers(self, server: RawServer) -> None:
        given: dict[str, Any] = {"connect_timeout": timedelta(seconds=2), "read_timeout": "3.5", "max_in_flight": "4"}
        with Client(KEY, Settings(base_url=server.url, **given)) as client:
            settings = client.settings
        assert (settings.connect_timeout, settings.read_timeout, settings.max_in_flight) == (2.0, 3.5, 4)

    def test_shows_no_key_when_something_else_is_wrong(self) -> None:
        for call in (
            lambda: Client(KEY, Settings(max_in_flight=0)),
            lambda: Client(f"Bearer {KEY}"),
            lambda: Client(KEY + "ی"),
        ):
            with pytest.raises(InvalidInput) as caught:
                call()
            shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
            ours = [frame for frame in shown.stack if "ippanel_provider" in frame.filename]
            assert ours
            assert KEY not in str([frame.locals for frame in ours])
