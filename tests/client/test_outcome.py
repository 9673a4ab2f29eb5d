"""Every send tells what became of it – of it, and not of another – whatever comes between."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import anyio
import pytest

from ippanel_provider.client import (
    AsyncClient,
    Client,
    InvalidInput,
    Login,
    NoAnswer,
    Receipt,
    Retry,
    Settings,
    Throttled,
    Unconfirmed,
    Unreadable,
    Upload,
    edge,
)
from ippanel_provider.client.settings import _tls

from .raw_server import SILENCE, Arrived, Raw, RawServer, http, listening

KEY = "k3y-OF-the-panel-0123456789abcdef="
NUMBER = "+989120001234"
SEND = edge.send.webservice("سلام، کد شما ۴۸۲۱۳ است", [NUMBER], sender="+983000505")
FILE = edge.send.file("کد شما 48213", Upload("a.csv", b"09120000001"), sender="+983000505", other_recipients=[NUMBER])

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

    def sync(settings: Settings, *calls: Any, auth: Any = KEY) -> list[Any]:
        def outcome(client: Client, call: Any) -> Any:
            try:
                return client.run(call)
            except Exception as error:  # noqa: BLE001 - it is what is asked about
                return error

        with Client(auth, settings) as client:
            return [outcome(client, call) for call in calls]

    def looped(settings: Settings, *calls: Any, auth: Any = KEY) -> list[Any]:
        async def main() -> list[Any]:
            async with AsyncClient(auth, settings) as client:
                return [(await asyncio.gather(client.run(call), return_exceptions=True))[0] for call in calls]

        return asyncio.run(main())

    return sync if request.param == "sync" else looped


class Stopped(BaseException):
    """What a signal's handler raises, as that of a time limit does."""


class TestAnInterruption:
    """Ctrl-C, or what else the handler of a signal raises, while a blocking client runs."""

    @pytest.fixture(autouse=True)
    def handlers(self) -> Iterator[None]:
        def stop(*_: object) -> None:
            raise Stopped

        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, stop)
        yield
        for number, handler in before.items():
            signal.signal(number, handler)

    @pytest.mark.parametrize(("number", "kind"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Stopped)])
    def test_of_a_send_on_the_wire_goes_on_and_tells_that_it_may_have_gone_out(
        self, server: RawServer, number: int, kind: type[BaseException]
    ) -> None:
        def respond(arrived: Arrived) -> Raw:
            os.kill(os.getpid(), number)
            return SILENCE

        server.respond = respond
        with Client(KEY, settings(server)) as client:
            with pytest.raises(kind) as caught:
                client.run(SEND)
            assert isinstance(caught.value.__cause__, NoAnswer)
            assert f"interrupted ({kind.__name__})" in str(caught.value.__cause__)
            assert shown(caught.value).isdisjoint({KEY, NUMBER})
            # Its connection is not used again: the answer may still come.
            server.respond = lambda arrived: done(8)
            assert client.run(SEND).outbox_ids == (8,)
        assert server.connections == 2

    def test_before_anything_left_says_nothing_of_the_kind(self, server: RawServer) -> None:
        def respond(arrived: Arrived) -> Raw:
            os.kill(os.getpid(), signal.SIGINT)
            return SILENCE

        server.respond = respond
        with Client(Login("user", "password"), settings(server)) as client, pytest.raises(KeyboardInterrupt) as caught:
            client.run(SEND)
        assert caught.value.__cause__ is None
        assert ["login" in arrived.line for arrived in server.requests] == [True]

    def test_where_a_lock_has_just_been_taken_stops_no_later_send(self, server: RawServer) -> None:
        def strike(frame: FrameType, event: str, _: object) -> None:
            code = frame.f_code
            if event == "return" and code.co_name == "__enter__" and code.co_filename.endswith("_synchronization.py"):
                sys.setprofile(None)
                raise KeyboardInterrupt

        server.script = [done(7)]
        with Client(KEY, settings(server, max_in_flight=1)) as client:
            sys.setprofile(strike)
            with pytest.raises(KeyboardInterrupt):
                client.run(SEND)
            assert client.run(SEND).outbox_ids == (7,)

    def test_of_a_read_is_itself_alone(self, server: RawServer) -> None:
        def respond(arrived: Arrived) -> Raw:
            os.kill(os.getpid(), signal.SIGINT)
            return SILENCE

        server.respond = respond
        with Client(KEY, settings(server)) as client, pytest.raises(KeyboardInterrupt) as caught:
            client.run(edge.payment.credit())
        assert caught.value.__cause__ is None


def shown(error: BaseException) -> set[str]:
    """Those of the secrets that the error, what it stands on, or a variable of its frames shows."""
    here = []
    seen: BaseException | None = error
    while seen is not None:
        frames = traceback.TracebackException.from_exception(seen, capture_locals=True, lookup_lines=False)
        here += [str(seen), repr(seen), *(str(f.locals) for f in frames.stack if "test_outcome" not in f.filename)]
        seen = seen.__cause__ or seen.__context__
    return {secret for secret in (KEY, NUMBER, "48213") if secret in "".join(here)}


@pytest.mark.parametrize(
    "answer",
    [
        http(200, {}, f"X-Echo: {KEY} {NUMBER}\r\n"),
        http(307, b"", f"Location: http://elsewhere/{NUMBER}/{KEY}\r\n"),
        Raw(f"HTTP/1.1 {NUMBER} {KEY}\r\n\r\n".encode(), "close"),
        Raw(f"HTTP/1.1 200 {NUMBER}\r\nContent-Length: 900\r\n\r\n{NUMBER} {KEY}".encode(), "close"),
        http(200, f"{NUMBER} {KEY}".encode(), "Content-Encoding: gzip\r\n"),
    ],
    ids=["in a header", "in a redirect", "in the status line", "before it breaks off", "where gzip was said"],
)
@pytest.mark.parametrize("call", [SEND, FILE], ids=["json", "form"])
def test_an_echo_is_in_no_error_below_and_no_variable(server: RawServer, runs: Runs, answer: Raw, call: Any) -> None:
    server.script = [answer]
    (error,) = runs(settings(server), call)
    assert isinstance(error, Unconfirmed)
    assert shown(error) == set()


@pytest.mark.parametrize("echo", ["the word 48213 is forbidden", "کلمهٔ ۴۸۲۱۳ مجاز نیست", "=D8=AF 48213 =D8=B3"])
def test_a_code_that_is_echoed_without_its_text_is_not_shown(server: RawServer, runs: Runs, echo: str) -> None:
    server.script = [http(422, {"meta": {"status": False, "message": echo, "errors": {"message": [echo]}}})]
    (error,) = runs(settings(server), SEND)
    assert not [digits for digits in ("48213", "۴۸۲۱۳") if digits in f"{error}{error.details}"]
    assert "422" in str(error)


def test_a_bundle_of_the_environment_that_is_not_there_is_named(
    server: RawServer, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/bundle.pem")
    _tls.cache_clear()
    with pytest.raises(InvalidInput, match=r"^verify: .* SSL_CERT_FILE"):
        runs(settings(server), SEND)


@pytest.mark.parametrize("ids", [[0], [-1], [7, 0]])
def test_an_id_that_is_none_is_no_receipt(server: RawServer, runs: Runs, ids: list[int]) -> None:
    server.script = [http(200, {"data": {"message_outbox_ids": ids}, "meta": {"status": True}})]
    (error,) = runs(settings(server), SEND)
    assert isinstance(error, Unreadable)


@pytest.mark.parametrize("value", ["9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_no_wait_that_is_asked_for_is_longer_than_a_program_can_sleep(
    server: RawServer, runs: Runs, value: str
) -> None:
    server.script = [http(429, {"meta": {"status": False}}, f"Retry-After: {value}\r\n")]
    (error,) = runs(settings(server), SEND)
    assert isinstance(error, Throttled)
    assert error.retry_after == 365 * 86_400


def test_cookies_make_no_request_larger(server: RawServer, runs: Runs) -> None:
    answer = done(7).data.replace(b"\r\n", b"\r\nSet-Cookie: a=" + b"x" * 4000 + b"\r\n", 1)
    server.script = [Raw(answer)]
    runs(settings(server), SEND, SEND)
    assert ["cookie" in arrived.headers for arrived in server.requests] == [False, False]


@pytest.mark.parametrize("value", [b'"a"', b"{}", b"7"])
@pytest.mark.parametrize("call", [SEND, edge.report.outbox()], ids=["send", "page"])
def test_an_answer_of_a_million_values_is_not_taken_apart(
    server: RawServer, runs: Runs, value: bytes, call: Any
) -> None:
    """Each would become a kilobyte, whether it is read or found wrong."""
    many = b"[" + b",".join([value] * 1_000_000) + b"]"
    data = many if call is not SEND else b'{"message_outbox_ids":' + many + b"}"
    server.script = [http(200, b'{"meta":{"status":true},"data":' + data + b"}")]
    (error,) = runs(settings(server), call)
    assert isinstance(error, Unreadable)
    assert "holds more than 200000 values" in str(error)


def test_commas_in_texts_are_no_values(server: RawServer, runs: Runs) -> None:
    server.script = [
        http(200, {"data": {"message_outbox_ids": [7], "note": ',"\\' * 250_000}, "meta": {"status": True}})
    ]
    assert [outcome.outbox_ids for outcome in runs(settings(server), SEND)] == [(7,)]


def test_a_page_that_says_401_sends_nothing_twice(server: RawServer, runs: Runs) -> None:
    token = http(200, {"data": {"method": "login", "token": "t" * 40}, "meta": {"status": True}})
    page = http(401, b"<html>Sign in to the network</html>")
    server.respond = lambda arrived: token if "login" in arrived.line else page
    (error,) = runs(settings(server), SEND, auth=Login("user", "password"))
    assert isinstance(error, Unreadable)
    assert "API key" in str(error)
    assert ["login" in arrived.line for arrived in server.requests] == [True, False]


def test_a_scope_of_anyio_that_ends_before_anything_left_ends_by_itself(server: RawServer) -> None:
    server.script = [SILENCE]

    async def main() -> bool:
        async with AsyncClient(KEY, settings(server, max_in_flight=1)) as client:
            first = asyncio.create_task(client.run(SEND))
            assert await asyncio.to_thread(server.reached.wait, 5)
            with anyio.move_on_after(0.01) as scope:
                await client.run(SEND)
            server.stopped.set()
            await asyncio.wait([first])
            return scope.cancelled_caught

    assert asyncio.run(main())
    assert len(server.requests) == 1


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
