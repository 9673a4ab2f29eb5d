"""Both clients over real sockets, held to one specification."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import socket
import ssl
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from ippanel_provider import __version__
from ippanel_provider.client.auth import ApiKey
from ippanel_provider.client.auth.sources import Renewal
from ippanel_provider.client.errors import (
    InvalidInput,
    IPPanelError,
    NoAnswer,
    NotSent,
    Refused,
    ServerFault,
    Throttled,
    Unauthorized,
    Unconfirmed,
    Unreachable,
    Unreadable,
)
from ippanel_provider.client.models import Receipt
from ippanel_provider.client.requests import Flow, PageRequest, Replay, Request, Sleep
from ippanel_provider.client.responses import reading, reading_nothing, reading_page
from ippanel_provider.client.retrying import Retry
from ippanel_provider.client.transport import AsyncClient, Client, Settings
from ippanel_provider.service import EDGE_URL, REST_URL, SANDBOX_API_KEY, Api

from .raw_server import NO_ANSWER, SILENCE, Arrived, Raw, RawServer, http, listening

KEY = "k3y-OF-the-panel-0123456789abcdef="
NUMBER = "+989120001234"
TEXT = "سلام، کد شما ۴۸۲۱۳ است"
DONE = http(200, {"data": {"message_outbox_ids": [7]}, "meta": {"status": True}})
RECEIPT_BODY = DONE.data.partition(b"\r\n\r\n")[2]
QUICK = Retry(attempts=3, first_delay=0.001, max_delay=0.002)

SEND: Request[Receipt] = Request(
    "send.webservice",
    "POST",
    "/api/send",
    reading(Receipt),
    body=json.dumps({"message": TEXT, "params": {"recipients": [NUMBER]}}).encode(),
    replay=Replay.IF_UNREACHED,
)
CREATE: Request[Receipt] = Request(
    "phonebook.create", "POST", "/api/phonebooks", reading(Receipt), body=SEND.body, replay=Replay.IF_NOT_SENT
)
READ: Request[Receipt] = Request(
    "report.recipients", "GET", "/api/report/recipients", reading(Receipt), query=(("number", NUMBER), ("title", TEXT))
)

Run = Callable[..., list[Any]]


@pytest.fixture
def server() -> Iterator[RawServer]:
    with listening() as listener:
        yield listener


def _settings(base_url: str, given: dict[str, Any]) -> Settings:
    return Settings(**{"base_url": base_url, "retry": QUICK, "connect_timeout": 2.0, "read_timeout": 5.0, **given})


def _run_sync(base_url: str, *calls: Any, auth: Any = KEY, **given: Any) -> list[Any]:
    with Client(auth, _settings(base_url, given)) as client:
        return [client.run(call) for call in calls]


def _run_async(base_url: str, *calls: Any, auth: Any = KEY, **given: Any) -> list[Any]:
    async def main() -> list[Any]:
        async with AsyncClient(auth, _settings(base_url, given)) as client:
            return [await client.run(call) for call in calls]

    return asyncio.run(main())


@pytest.fixture(params=[_run_sync, _run_async], ids=["sync", "async"])
def run(request: pytest.FixtureRequest) -> Run:
    """Run calls one after the other on one client: ``run(base_url, *calls, auth=…, **settings)``."""
    return request.param  # type: ignore[no-any-return]


def failure(run: Run, *given: Any, **settings: Any) -> IPPanelError:
    with pytest.raises(IPPanelError) as caught:
        run(*given, **settings)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(caught.value.details)
    assert not [secret for secret in (KEY, NUMBER, NUMBER[3:], TEXT, "%2B98912") if secret in shown]
    assert caught.value.details.operation
    return caught.value


class TestOnTheWire:
    def test_a_request_carries_the_bare_key_a_real_user_agent_and_its_body(self, run: Run, server: RawServer) -> None:
        server.script = [DONE]
        assert run(server.url, SEND)[0].outbox_ids == (7,)
        (arrived,) = server.requests
        assert arrived.line == "POST /v1/api/send HTTP/1.1"
        assert arrived.headers["authorization"] == KEY
        assert arrived.headers["user-agent"].startswith(f"airflow-provider-ippanel/{__version__} ")
        assert arrived.headers["content-type"] == "application/json"
        assert arrived.headers["accept"] == "application/json"
        assert arrived.body == SEND.body

    def test_a_read_has_a_query_with_the_plus_escaped_and_no_body(self, run: Run, server: RawServer) -> None:
        server.script = [DONE]
        query = (("number", NUMBER), ("title", "علی & رضا"), ("filter[code]", "a=b"))
        run(server.url, Request("phonebook.list", "GET", "/api/x", reading_nothing, query=query))
        (arrived,) = server.requests
        path = arrived.line.split()[1]
        assert path.startswith("/v1/api/x?number=%2B989120001234&title=%D8%B9%D9%84%DB%8C")
        assert list(httpx.URL(path).params.multi_items()) == list(query)
        assert arrived.body == b""
        assert "content-type" not in arrived.headers

    def test_the_legacy_api_takes_its_key_behind_a_word(self, run: Run, server: RawServer) -> None:
        server.script = [DONE]
        run(server.url, Request("rest.user", "GET", "/user", reading_nothing, api=Api.REST), api=Api.REST)
        assert server.requests[0].headers["authorization"] == f"AccessKey {KEY}"
        assert server.requests[0].line == "GET /v1/user HTTP/1.1"

    def test_a_request_that_needs_no_credential_carries_none(self, run: Run, server: RawServer) -> None:
        server.script = [DONE]
        run(
            server.url,
            Request("auth.login", "POST", "/api/acl/auth/login", reading_nothing, body=b"{}", authenticated=False),
        )
        assert "authorization" not in server.requests[0].headers

    @pytest.mark.parametrize("form", ["", "/", "/v1", "/v1/", "/v1/api", "/v1/api/", " /v1/api/ "])
    def test_a_base_url_is_taken_in_every_form(self, run: Run, server: RawServer, form: str) -> None:
        server.script = [DONE]
        run((server.url + form.strip()) + (" " if form.endswith(" ") else ""), READ)
        assert server.requests[0].line.startswith("GET /v1/api/report/recipients?")

    def test_a_relay_keeps_its_path(self, run: Run, server: RawServer) -> None:
        server.script = [DONE]
        run(server.url + "/relay/v1/api/", READ)
        assert server.requests[0].line.startswith("GET /relay/v1/api/report/recipients?")

    def test_requests_one_after_the_other_share_one_connection(self, run: Run, server: RawServer) -> None:
        server.script = [DONE]
        run(server.url, *[SEND] * 5)
        assert len(server.requests) == 5
        assert server.connections == 1

    @pytest.mark.parametrize(("call", "kind"), [(SEND, Unreadable), (CREATE, Refused), (READ, Refused)])
    def test_a_redirect_is_not_followed_and_whoever_made_it_may_have_passed_a_send_on(
        self, run: Run, server: RawServer, call: Request[Any], kind: type
    ) -> None:
        server.script = [http(302, b"", f"Location: {server.url}/elsewhere\r\n"), DONE]
        error = failure(run, server.url, call)
        assert type(error) is kind
        assert "base URL" in str(error)
        assert len(server.requests) == 1

    def test_a_compressed_answer_is_read(self, run: Run, server: RawServer) -> None:
        import gzip

        server.script = [http(200, gzip.compress(RECEIPT_BODY), "Content-Encoding: gzip\r\n")]
        assert run(server.url, SEND)[0].outbox_ids == (7,)


class TestFailures:
    """For each way to fail: the error, and how often a send, a create and a read reach the server."""

    @pytest.mark.parametrize(
        ("answer", "kind", "reached"),
        [
            (NO_ANSWER, NoAnswer, (1, 1, 3)),
            (Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + RECEIPT_BODY, "close"), NoAnswer, (1, 1, 3)),
            (Raw(b"HTTP/1.1 20", "close"), NoAnswer, (1, 1, 3)),
            (Raw(b"220 smtp.example ready\r\n\r\n", "close"), NoAnswer, (1, 1, 3)),
            (http(200, RECEIPT_BODY, "Content-Encoding: gzip\r\n"), Unreadable, (1, 1, 3)),
            (http(200, b"<html>One moment please</html>"), Unreadable, (1, 1, 3)),
            (http(200, RECEIPT_BODY[:-9]), Unreadable, (1, 1, 3)),
            (http(204, b""), Unreadable, (1, 1, 3)),
            (http(502, b"<html>Bad Gateway</html>"), ServerFault, (1, 1, 3)),
            (http(500, {"meta": {"status": False, "message": f"{TEXT} {NUMBER} {KEY}"}}), ServerFault, (1, 1, 3)),
            (http(429, b""), Throttled, (1, 3, 3)),
            (http(429, b"", "Retry-After: 3600\r\n"), Throttled, (1, 1, 1)),
            (http(422, {"meta": {"status": False, "errors": {"to": [NUMBER, TEXT]}}}), Refused, (1, 1, 1)),
            (http(200, {"data": None, "meta": {"status": False, "message": KEY}}), Refused, (1, 1, 1)),
            (
                http(401, {"data": {"data": None}, "meta": {"status": False, "message": "Invalid token"}}),
                Unauthorized,
                (1, 1, 1),
            ),
        ],
        ids=[
            *(
                "connection closed unanswered",
                "half an answer",
                "half a status line",
                "no HTTP",
                "broken gzip",
                "HTML",
                "truncated JSON",
            ),
            *("no content", "502", "500", "429", "429 for an hour", "422", "200 refused", "401"),
        ],
    )
    def test_after_the_request_left(
        self, run: Run, server: RawServer, answer: Raw, kind: type, reached: tuple[int, int, int]
    ) -> None:
        server.script = [answer]
        for call, times in zip((SEND, CREATE, READ), reached, strict=True):
            server.requests.clear()
            error = failure(run, server.url, call)
            assert isinstance(error, kind)
            assert len(server.requests) == times
            assert str(error).startswith(f"{call.operation}: ")

    def test_a_slow_answer_leaves_a_send_unconfirmed_and_sent_once(self, run: Run, server: RawServer) -> None:
        server.script = [SILENCE]
        error = failure(run, server.url, SEND, read_timeout=0.1)
        assert type(error) is NoAnswer
        assert "ReadTimeout" in str(error)
        assert "outbox report" in str(error)
        assert len(server.requests) == 1

    def test_a_slow_answer_is_asked_for_again_by_a_read(self, run: Run, server: RawServer) -> None:
        server.script = [SILENCE, SILENCE, DONE]
        assert run(server.url, READ, read_timeout=0.1)[0].outbox_ids == (7,)
        assert len(server.requests) == 3

    @pytest.mark.parametrize("call", [SEND, CREATE, READ], ids=["send", "create", "read"])
    def test_a_refused_connection_is_not_sent(self, run: Run, call: Request[Any]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        error = failure(run, f"http://127.0.0.1:{port}", call)
        assert type(error) is Unreachable
        assert isinstance(error, NotSent)
        assert f"no connection to 127.0.0.1:{port} (ConnectError: " in str(error)
        assert "Does the sandbox run?" in str(error)
        assert ("Nothing was sent" in str(error)) is call.is_send

    def test_httpx_s_own_error_is_left_to_the_debug_log(self, run: Run, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.DEBUG, logger="ippanel_provider"):
            error = failure(run, "http://127.0.0.1:1", SEND)
        assert "httpx" not in "".join(traceback.format_exception(error))
        assert error.__context__ is None
        assert "send.webservice failed on the wire:" in caplog.text
        assert "httpx.ConnectError: " in caplog.text
        assert not [secret for secret in (KEY, NUMBER[1:], TEXT) if secret in caplog.text]

    def test_a_host_that_does_not_exist_is_not_sent(self, run: Run) -> None:
        error = failure(run, "http://no-such-host.invalid", SEND)
        assert type(error) is Unreachable
        assert "no connection to no-such-host.invalid (" in str(error)
        assert "sandbox" not in str(error)

    def test_a_connection_that_the_service_closed_while_idle_is_replaced_even_for_a_send(
        self, run: Run, server: RawServer
    ) -> None:
        server.script = [Raw(DONE.data, "close"), DONE]

        def flow() -> Flow[Receipt]:
            yield SEND
            assert server.hung_up.wait(5)
            return (yield SEND)

        assert run(server.url, flow())[0].outbox_ids == (7,)
        assert (len(server.requests), server.connections) == (2, 2)

    def test_a_busy_pool_is_not_sent_and_says_so(self, server: RawServer) -> None:
        server.script = [SILENCE]
        settings = Settings(
            base_url=server.url, retry=Retry(attempts=1), connect_timeout=0.05, read_timeout=5, max_in_flight=1
        )
        with Client(KEY, settings) as client, ThreadPoolExecutor(1) as pool:
            first = pool.submit(client.run, SEND)
            assert server.reached.wait(5)
            error = failure(lambda: client.run(SEND))  # type: ignore[arg-type,return-value]
            server.stopped.set()
            assert isinstance(first.exception(5), Unconfirmed)
        assert type(error) is Unreachable
        assert "max_in_flight" in str(error)
        assert len(server.requests) == 1


class TestTls:
    authority = trustme.CA()

    @pytest.fixture
    def secure(self) -> Iterator[RawServer]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert("127.0.0.1").configure_cert(context)
        with listening(context) as server:
            server.script = [DONE]
            yield server

    def test_an_unknown_certificate_stops_everything_before_it_is_sent(self, run: Run, secure: RawServer) -> None:
        error = failure(run, secure.url, SEND)
        assert type(error) is Unreachable
        assert "CERTIFICATE_VERIFY_FAILED" in str(error)
        assert secure.requests == []

    def test_a_ca_bundle_makes_it_known(self, run: Run, secure: RawServer, tmp_path: Path) -> None:
        bundle = tmp_path / "ca.pem"
        self.authority.cert_pem.write_to_path(str(bundle))
        assert run(secure.url, SEND, verify=str(bundle))[0].outbox_ids == (7,)

    def test_checking_can_be_switched_off(self, run: Run, secure: RawServer) -> None:
        assert run(secure.url, SEND, verify=False)[0].outbox_ids == (7,)

    def test_a_bundle_that_cannot_be_read_is_named(self, run: Run, tmp_path: Path) -> None:
        for path in (tmp_path / "none.pem", tmp_path / "empty.pem"):
            (tmp_path / "empty.pem").write_text("")
            with pytest.raises(InvalidInput, match=r"^verify: .*\.pem"):
                run("https://127.0.0.1:1", SEND, verify=str(path))

    def test_a_directory_of_certificates_is_taken(self, tmp_path: Path) -> None:
        assert isinstance(Settings(verify=str(tmp_path)).httpx_options()["verify"], ssl.SSLContext)

    def test_all_clients_of_a_process_share_one_context(self) -> None:
        contexts = [Settings(base_url=f"https://host{number}").httpx_options()["verify"] for number in range(3)]
        assert contexts[0] is contexts[1] is contexts[2]
        assert contexts[0].verify_mode is ssl.CERT_REQUIRED
        assert Settings(verify=False).httpx_options()["verify"].verify_mode is ssl.CERT_NONE


class TestProxy:
    def test_of_the_settings_is_used(self, run: Run, server: RawServer) -> None:
        server.script = [DONE]
        run("http://service.invalid", SEND, proxy=f"http://someone:s3cret@127.0.0.1:{server.port}")
        (arrived,) = server.requests
        assert arrived.line == "POST http://service.invalid/v1/api/send HTTP/1.1"
        assert arrived.headers["proxy-authorization"].startswith("Basic ")
        assert arrived.headers["authorization"] == KEY

    def test_of_the_environment_is_used(self, run: Run, server: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", server.url)
        monkeypatch.setenv("NO_PROXY", "")
        server.script = [DONE]
        run("http://service.invalid", SEND)
        assert server.requests[0].line.startswith("POST http://service.invalid/v1/api/send ")

    def test_of_the_environment_is_left_out_for_named_hosts(
        self, run: Run, server: RawServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid:1")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        server.script = [DONE]
        run(server.url, SEND)
        assert len(server.requests) == 1

    @pytest.mark.parametrize("answer", [http(407, b"", then="close"), http(502, b"", then="close")], ids=["407", "502"])
    def test_that_refuses_a_tunnel_leaves_nothing_sent(self, run: Run, server: RawServer, answer: Raw) -> None:
        server.script = [answer]
        error = failure(run, "https://service.invalid", SEND, proxy=f"http://someone:s3cret@127.0.0.1:{server.port}")
        assert type(error) is Unreachable
        assert "s3cret" not in str(error) + repr(error.__cause__)
        assert {arrived.line for arrived in server.requests} == {"CONNECT service.invalid:443 HTTP/1.1"}

    @pytest.mark.parametrize(
        "proxy", ["someone:s3cret@127.0.0.1:80", "ftp://someone:s3cret@host", "http://someone:s3cret@host:port", "x"]
    )
    def test_that_is_none_is_refused_without_showing_its_password(self, run: Run, proxy: str) -> None:
        with pytest.raises(InvalidInput, match=r"^proxy: ") as caught:
            run("http://service.invalid", SEND, proxy=proxy)
        assert "s3cret" not in "".join(traceback.format_exception(caught.value))

    def test_over_socks_names_the_package_it_needs(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "socksio", None)
        with pytest.raises(InvalidInput, match=r"^proxy: .*socksio"):
            run("http://service.invalid", SEND, proxy="socks5://127.0.0.1:1080")

    def test_does_not_show_in_the_settings(self) -> None:
        assert "s3cret" not in repr(Settings(proxy="http://someone:s3cret@host:80"))


class TestSettings:
    @pytest.mark.parametrize(
        "url",
        [
            "edge.ippanel.com",
            "edge.ippanel.com/v1",
            "localhost:80",
            "ftp://host/v1",
            "https://",
            "https://:80/v1",
            "https://host:port",
            "https://host:0/v1",
            "https://host:65536/v1",
            f"https://{'a' * 64}.ir/v1",
            "https://a..ir/v1",
            "https://xn--a/v1",
            "https://host/\x00",
            " ",
        ],
    )
    def test_refuse_what_is_no_url(self, url: str) -> None:
        with pytest.raises(InvalidInput, match=r"^base_url: "):
            Client(KEY, Settings(base_url=url))

    @pytest.mark.parametrize(
        ("url", "wrong"),
        [
            ("127.0.0.1:8089/v1", "does not begin with http:// or https://"),
            ("HTTPS://", "names no host"),
            ("https://host:port", "is no URL"),
        ],
    )
    def test_say_what_is_wrong_with_it(self, url: str, wrong: str) -> None:
        with pytest.raises(InvalidInput, match=f"^base_url: it {wrong}; give it as https://host/v1$"):
            Client(KEY, Settings(base_url=url))

    @pytest.mark.parametrize(
        "url",
        [
            "https://someone:s3cret@host/v1",
            "https://host/v1?key=s3cret",
            "https://host/v1#s3cret",
            "https://someone:s3cret/x@host",
        ],
    )
    def test_refuse_a_url_with_more_than_a_place(self, run: Run, url: str) -> None:
        with pytest.raises(InvalidInput, match=r"^base_url: ") as caught:
            run(url, SEND)
        assert "s3cret" not in str(caught.value)

    def test_know_where_the_service_is(self) -> None:
        assert Settings().root == EDGE_URL
        assert Settings(api=Api.REST).root == REST_URL
        assert Settings(base_url="").root == EDGE_URL

    def test_refuse_a_call_of_the_other_api(self, run: Run, server: RawServer) -> None:
        with pytest.raises(InvalidInput, match=r"rest\.user: a call of the rest API"):
            run(server.url, Request("rest.user", "GET", "/user", reading_nothing, api=Api.REST))
        assert server.connections == 0


class Tokens:
    """A login that gives a new token each time it is asked."""

    renewable = True

    def __init__(self, token: str | None) -> None:
        self.renewal = Renewal()
        self.token = token

    def current(self) -> str | None:
        return self.token

    def renew(self) -> Flow[str]:
        yield Request("auth.login", "POST", "/api/login", reading_nothing, body=b"{}", authenticated=False)
        self.token = "new-token"
        return self.token


class TestCredential:
    def test_is_fetched_when_there_is_none(self, run: Run, server: RawServer) -> None:
        server.script = [DONE]
        run(server.url, SEND, SEND, auth=Tokens(None))
        assert [(arrived.line.split()[1], arrived.headers.get("authorization")) for arrived in server.requests] == [
            ("/v1/api/login", None),
            ("/v1/api/send", "new-token"),
            ("/v1/api/send", "new-token"),
        ]

    def test_is_renewed_when_it_is_refused_and_the_send_goes_out_once(self, run: Run, server: RawServer) -> None:
        def respond(arrived: Arrived) -> Raw:
            return (
                http(401, {"meta": {"status": False}}) if arrived.headers.get("authorization") == "old-token" else DONE
            )

        server.respond = respond
        run(server.url, SEND, auth=Tokens("old-token"))
        assert [arrived.headers.get("authorization") for arrived in server.requests] == ["old-token", None, "new-token"]

    def test_that_fits_no_header_is_refused_without_being_shown(self, run: Run, server: RawServer) -> None:
        for token in ("کلید-محرمانه", "two\nlines"):
            with pytest.raises(InvalidInput, match=r"^credential: ") as caught:
                run(server.url, SEND, auth=Tokens(token))
            assert token not in str(caught.value)
        assert server.connections == 0


class TestTheSandboxSKey:
    """Somebody forgot to say where the sandbox is."""

    @pytest.mark.parametrize("settings", [{}, {"api": Api.REST}, {"base_url": "http://edge.ippanel.com:8443/relay"}])
    def test_is_not_taken_to_the_service_itself(
        self, run: Run, server: RawServer, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any]
    ) -> None:
        call: Request[Any] = Request("user", "GET", "/user", reading_nothing, api=settings.get("api", Api.EDGE))
        given = {"base_url": None, "proxy": server.url, **settings}
        with pytest.raises(
            InvalidInput, match=r"^api_key: this is the sandbox's key; .*base_url; .*IPPANEL_BASE_URL .* url= "
        ):
            run(given.pop("base_url"), call, auth=SANDBOX_API_KEY, **given)
        assert server.connections == 0

    def test_is_taken_anywhere_else(self, run: Run, server: RawServer) -> None:
        server.script = [DONE]
        assert run(server.url, SEND, auth=SANDBOX_API_KEY)[0].outbox_ids == (7,)


class TestLogs:
    @pytest.fixture(autouse=True)
    def _as_in_a_new_process(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """An Airflow that ran in this process has silenced the logger."""
        monkeypatch.setattr(logging.getLogger("httpx"), "disabled", False)
        monkeypatch.setattr(logging.getLogger("httpx"), "propagate", True)

    def test_hold_nothing_of_ours_and_everything_of_others(
        self, run: Run, server: RawServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        server.script = [DONE]
        with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, logger="httpx"):
            run(server.url, READ, SEND)
            httpx.get(server.url + "/theirs")
        said = [record.getMessage() for record in caplog.records if record.name == "httpx"]
        # httpx 0.27 also tells of each context it makes.
        assert [line for line in said if not line.startswith("load_")] == [
            f'HTTP Request: GET {server.url}/theirs "HTTP/1.1 200 X"'
        ]
        assert not [secret for secret in (KEY, NUMBER, NUMBER[1:], TEXT) if secret in caplog.text]

    def test_of_others_go_on_while_one_of_ours_is_under_way(
        self, server: RawServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        theirs_done = threading.Event()

        def respond(arrived: Arrived) -> Raw:
            if "theirs" not in arrived.line:
                theirs_done.wait(5)
            return DONE

        server.respond = respond

        async def main() -> None:
            async with AsyncClient(KEY, _settings(server.url, {})) as ours, httpx.AsyncClient() as theirs:
                task = asyncio.create_task(ours.run(READ))
                assert await asyncio.to_thread(server.reached.wait, 5)
                await theirs.get(server.url + "/theirs")
                theirs_done.set()
                await task

        with caplog.at_level(logging.INFO, logger="httpx"):
            asyncio.run(main())
        assert [record.name for record in caplog.records if "theirs" in record.getMessage()] == ["httpx"]
        assert "recipients" not in caplog.text


def _page(number: int) -> PageRequest[int]:
    return PageRequest(
        "report.inbox",
        "GET",
        "/api/inbox",
        reading_page(int, number, 2),
        query=(("page", str(number)),),
        number=number,
        turn=_page,
    )


def _three_pages(arrived: Arrived) -> Raw:
    number = int(arrived.line.split()[1].rpartition("=")[2])
    meta = {"status": True, "current_page": number, "last_page": 3, "per_page": 2, "total": 5}
    return http(200, {"data": [10 * number, 10 * number + 1][: 1 if number == 3 else 2], "meta": meta})


class TestWalk:
    def test_yields_the_items_of_all_pages(self, server: RawServer) -> None:
        server.respond = _three_pages

        async def walked() -> list[int]:
            async with AsyncClient(KEY, _settings(server.url, {})) as client:
                return [item async for item in client.walk(_page(1))]

        with Client(KEY, _settings(server.url, {})) as client:
            assert list(client.walk(_page(1))) == [10, 11, 20, 21, 30]
            assert list(client.walk(_page(3))) == [30]
        assert asyncio.run(walked()) == [10, 11, 20, 21, 30]
        assert len(server.requests) == 3 + 1 + 3

    def test_asks_for_a_page_when_it_is_reached(self, server: RawServer) -> None:
        server.respond = _three_pages
        with Client(KEY, _settings(server.url, {})) as client:
            walk = client.walk(_page(1))
            assert server.requests == []
            assert list(itertools.islice(walk, 2)) == [10, 11]
            assert len(server.requests) == 1
            assert next(walk) == 20
            assert len(server.requests) == 2

    def test_asks_for_a_page_when_it_is_reached_on_an_event_loop(self, server: RawServer) -> None:
        server.respond = _three_pages

        async def main() -> None:
            async with AsyncClient(KEY, _settings(server.url, {})) as client:
                walk = client.walk(_page(1))
                assert server.requests == []
                assert [await anext(walk), await anext(walk)] == [10, 11]
                assert len(server.requests) == 1
                assert await anext(walk) == 20
                assert len(server.requests) == 2

        asyncio.run(main())

    def test_ends_where_a_service_never_turns_the_page(self, server: RawServer) -> None:
        server.script = [
            http(200, {"data": [1, 2], "meta": {"status": True, "current_page": 1, "last_page": 3, "per_page": 2}})
        ]
        with Client(KEY, _settings(server.url, {})) as client:
            walk = client.walk(_page(1))
            assert (list(walk), walk.incomplete) == ([1, 2], True)


class TestFlows:
    def test_are_sent_results_and_return_one(self, run: Run, server: RawServer) -> None:
        server.script = [DONE]

        def inner() -> Flow[int]:
            return (yield from READ).outbox_ids[0]

        def flow() -> Flow[list[int]]:
            first = yield from inner()
            yield from Sleep(0.001)
            # A bare step does the same; only its type is not known.
            assert (yield Sleep(0.001)) is None
            second = (yield SEND).outbox_ids[0]
            return [first, second]

        assert run(server.url, flow()) == [[7, 7]]
        assert len(server.requests) == 2

    def test_have_errors_thrown_in_and_may_go_on(self, run: Run, server: RawServer) -> None:
        server.script = [NO_ANSWER, DONE]

        def flow() -> Flow[tuple[str, int]]:
            try:
                yield from SEND
            except Unconfirmed as error:
                return type(error).__name__, (yield from READ).outbox_ids[0]
            return "", 0

        assert run(server.url, flow()) == [("NoAnswer", 7)]

    def test_that_let_an_error_pass_raise_it(self, run: Run, server: RawServer) -> None:
        server.script = [http(404, {})]

        def flow() -> Flow[None]:
            yield from READ

        assert isinstance(failure(run, server.url, flow()), Refused)

    def test_without_a_step_return_at_once(self, run: Run, server: RawServer) -> None:
        def flow() -> Flow[str]:
            yield from ()
            return "nothing to do"

        assert run(server.url, flow()) == ["nothing to do"]
        assert server.connections == 0

    def test_that_yield_something_else_are_told(self, run: Run, server: RawServer) -> None:
        def flow() -> Flow[None]:
            yield flow()  # type: ignore[misc]

        with pytest.raises(TypeError, match="not generator; run a flow inside a flow with 'yield from'"):
            run(server.url, flow())

    def test_are_closed_when_they_are_interrupted(self, run: Run, server: RawServer) -> None:
        server.script = [DONE]
        ended: list[str] = []

        def interrupt(answer: Any) -> None:
            raise RuntimeError("a reader broke")

        def flow() -> Flow[None]:
            try:
                yield Request("x", "GET", "/x", interrupt)
            finally:
                ended.append("tidied up")

        with pytest.raises(RuntimeError, match="a reader broke") as caught:
            run(server.url, flow())
        assert ended == ["tidied up"]
        del caught

    def test_are_closed_when_their_task_is_cancelled(self, server: RawServer) -> None:
        server.script = [SILENCE]
        ended: list[str] = []

        def flow() -> Flow[None]:
            try:
                yield from READ
            finally:
                ended.append("tidied up")

        async def main() -> None:
            async with AsyncClient(KEY, _settings(server.url, {})) as client:
                task = asyncio.create_task(client.run(flow()))
                assert await asyncio.to_thread(server.reached.wait, 5)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert ended == ["tidied up"]

        asyncio.run(main())


class TestTogether:
    def test_an_async_client_bounds_what_is_in_flight(self, server: RawServer) -> None:
        # Each answer waits for two more requests, so fewer than three at once would never end.
        together = threading.Barrier(3, timeout=5)
        under_way, most = 0, 0
        lock = threading.Lock()

        def respond(arrived: Arrived) -> Raw:
            nonlocal under_way, most
            with lock:
                under_way += 1
                most = max(most, under_way)
            together.wait()
            with lock:
                under_way -= 1
            return DONE

        server.respond = respond

        async def main() -> list[Receipt]:
            async with AsyncClient(KEY, _settings(server.url, {"max_in_flight": 3})) as client:
                return await asyncio.gather(*[client.run(SEND) for _ in range(30)])

        assert len(asyncio.run(main())) == 30
        assert most == 3
        assert server.connections <= 3

    def test_what_waits_its_turn_does_not_time_out(self, server: RawServer) -> None:
        def respond(arrived: Arrived) -> Raw:
            # The first is held longer than a connection of the pool may be waited for.
            if len(server.requests) == 1:
                server.stopped.wait(0.3)
            return DONE

        server.respond = respond
        given = {"max_in_flight": 1, "connect_timeout": 0.1, "retry": Retry(attempts=1)}

        async def main() -> list[Receipt]:
            async with AsyncClient(KEY, _settings(server.url, given)) as client:
                return await asyncio.gather(*[client.run(SEND) for _ in range(3)])

        assert len(asyncio.run(main())) == 3

    def test_threads_may_share_a_client(self, server: RawServer) -> None:
        server.respond = lambda arrived: DONE
        with Client(KEY, _settings(server.url, {"max_in_flight": 4})) as client, ThreadPoolExecutor(4) as pool:
            assert len(list(pool.map(client.run, [SEND] * 40))) == 40
        assert len(server.requests) == 40
        assert server.connections <= 4

    def test_a_client_is_told_its_key_as_text_or_as_its_source(self, run: Run, server: RawServer) -> None:
        server.script = [DONE]
        run(server.url, SEND, auth=ApiKey(KEY))
        assert server.requests[0].headers["authorization"] == KEY
