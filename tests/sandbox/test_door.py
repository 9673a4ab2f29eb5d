"""Other web sites are kept out of pages, controls and wire APIs; programs and the pages themselves are not."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import httpx
import pytest

from ippanel_provider.sandbox.door import MOST_BYTES, Door
from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox

HTTP = httpx.Client(trust_env=False, verify=False)
CREDIT = "/v1/api/payment/credit/mine"
SEND_BY_IMAGE = "/v1/api/send/webservice?apikey=sandbox-key&from=%2B983000505&to=%2B989120000000&message=a"
ELSEWHERE: list[dict[str, str]] = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "http://["},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
    {"Host": "evil.example", "Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"},
]
OURS: list[dict[str, str]] = [
    {},
    {"Origin": "{own}"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "{own}"},
    {"Sec-Fetch-Site": "none"},
    {"User-Agent": "Mozilla/5.0", "Referer": "{own}/connect"},
    {"User-Agent": "shop/1.0", "Referer": "https://shop.example/cart"},
]


def ask(sandbox: RunningSandbox, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    headers = {name: value.replace("{own}", sandbox.url) for name, value in headers.items()}
    return HTTP.request(method, sandbox.url + path, headers=headers)


@pytest.mark.parametrize("path", ["/account/reset", "/_sandbox/reset"])
@pytest.mark.parametrize("headers", ELSEWHERE)
def test_a_change_from_another_site_is_refused(
    ippanel_sandbox: RunningSandbox, path: str, headers: dict[str, str]
) -> None:
    ippanel_sandbox.inbox("09120000000", "kept")
    assert ask(ippanel_sandbox, "POST", path, headers).status_code == 403
    assert ippanel_sandbox.stats()["inbox"] == 1


@pytest.mark.parametrize("headers", [*ELSEWHERE, {"User-Agent": "Mozilla/5.0", "Referer": "http://evil.example/"}])
def test_no_other_site_makes_a_browser_send_a_text_or_read_one(
    ippanel_sandbox: RunningSandbox, headers: dict[str, str]
) -> None:
    for method, path in (("GET", SEND_BY_IMAGE), ("POST", SEND_BY_IMAGE), ("GET", CREDIT), ("OPTIONS", "/v1/api/send")):
        answer = ask(ippanel_sandbox, method, path, {"Authorization": "sandbox-key", **headers})
        assert answer.status_code == 403
        assert not any(name.startswith("access-control") for name in answer.headers)
    assert ippanel_sandbox.messages() == []
    assert ippanel_sandbox.stats()["requests"] == {}


@pytest.mark.parametrize("headers", OURS)
def test_our_own_forms_and_programs_are_taken(ippanel_sandbox: RunningSandbox, headers: dict[str, str]) -> None:
    for path in ("/account/reset", "/_sandbox/reset"):
        assert ask(ippanel_sandbox, "POST", path, headers).status_code in (200, 303)
    assert ask(ippanel_sandbox, "GET", SEND_BY_IMAGE, headers).status_code == 200


@pytest.mark.parametrize("path", ["/", "/connect", "/_sandbox/account", CREDIT, "/v1/credit", "/api/v1/inbox"])
def test_a_name_of_somebody_elses_reads_nothing_and_the_answer_says_what_to_do(
    ippanel_sandbox: RunningSandbox, path: str
) -> None:
    answer = ask(ippanel_sandbox, "GET", path, {"Host": "rebound.example", "Authorization": "sandbox-key"})
    assert answer.status_code == 403
    assert "--allow-host rebound.example" in answer.text


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LOCALHOST:8089", "localhost.", "a.localhost", "127.0.0.1", "127.0.0.1:8089", "[::1]:8089"),
        *("192.0.2.7", "edge.ippanel.com", "EDGE.ippanel.com.", "rest.ippanel.com:443", "ippanel.com", ""),
    ],
)
def test_names_that_no_site_can_own(host: str) -> None:
    for wire in (True, False):
        assert Door().refusal("GET", "/", {b"host": host.encode()}, wire=wire) is None


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.local", "router", "sandbox:8089", "host.docker.internal", "a.test", "evil-ippanel.com"),
        *(
            "ippanel.com.evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "evillocalhost",
            "2130706433",
        ),
        *(
            "localhost@evil.example",
            "evil.example#localhost",
            "localhost, evil.example",
            "[::1",
            "localhost:x",
            "/",
            ".",
        ),
    ],
)
def test_names_that_a_site_could_own_and_what_is_no_name(host: str) -> None:
    for wire in (True, False):
        assert Door().refusal("GET", "/", {b"host": host.encode()}, wire=wire) is not None
    assert Door().refusal("GET", f"http://{host}/v1/credit", {b"host": b"localhost"}, wire=True) is not None


def test_other_names_are_allowed_one_by_one() -> None:
    door = Door(["sandbox", "Box.Example."])
    for host in (b"sandbox:8089", b"box.example"):
        assert door.refusal("GET", "/", {b"host": host}, wire=True) is None
    assert door.refusal("GET", "/", {b"host": b"a.box.example"}, wire=True) is not None
    assert door.refusal("POST", "/", {b"host": b"sandbox", b"origin": b"http://evil.example"}, wire=False) is not None


@pytest.fixture(scope="module")
def open_sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox("--allow-origin", TestScriptsOfAnAllowedSite.SITE, "--allow-host", "sandbox") as sandbox:
        yield sandbox


class TestScriptsOfAnAllowedSite:
    SITE = "https://shop.example"

    def test_are_told_that_they_may_and_served(self, open_sandbox: RunningSandbox) -> None:
        headers = {"Origin": self.SITE, "Sec-Fetch-Site": "cross-site", "Host": "sandbox"}
        asked = {
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        }
        before = ask(open_sandbox, "OPTIONS", "/v1/api/send", headers | asked)
        assert before.status_code == 204
        assert before.headers["access-control-allow-headers"] == "authorization,content-type"
        assert "POST" in before.headers["access-control-allow-methods"]
        answer = ask(open_sandbox, "GET", CREDIT, headers | {"Authorization": "sandbox-key"})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, self.SITE)
        assert answer.headers["vary"] == "Origin"

    def test_change_nothing_behind_the_counter(self, open_sandbox: RunningSandbox) -> None:
        headers = {"Origin": self.SITE, "Sec-Fetch-Site": "cross-site"}
        answer = ask(open_sandbox, "GET", "/_sandbox/messages", headers)
        assert "access-control-allow-origin" not in answer.headers
        assert ask(open_sandbox, "GET", CREDIT, {"Origin": "https://other.example"}).status_code == 403


@pytest.mark.parametrize("host", ["*", "*.example", "http://sandbox", "a b", ""])
def test_what_is_no_name_is_not_allowed_in(host: str) -> None:
    with pytest.raises(ValueError, match="expected a name"):
        Door([host])


@pytest.mark.parametrize("site", ["*", "shop.example", "https://shop.example/cart", "https://*.example", "null", ""])
def test_what_is_no_site_is_not_allowed_in(site: str) -> None:
    with pytest.raises(ValueError, match="expected a site"):
        Door([], [site])


def test_a_port_or_a_slash_at_the_end_does_not_matter_to_the_options() -> None:
    door = Door(["Sandbox:8089"], ["https://Shop.example:8443/"])
    assert door.hosts == {"sandbox"}
    assert door.origins == {"https://shop.example:8443"}


class TestLargeBodies:
    def test_are_refused_before_they_are_read_and_the_key_is_looked_at(self, ippanel_sandbox: RunningSandbox) -> None:
        host = ippanel_sandbox.url.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=10)
        connection.putrequest("POST", "/v1/api/send")
        connection.putheader("Content-Length", str(MOST_BYTES + 1))
        connection.endheaders()
        assert connection.getresponse().status == 413
        connection.close()

    def test_are_cut_off_when_their_size_was_not_announced(self, ippanel_sandbox: RunningSandbox) -> None:
        chunk = b"x" * (1 << 20)
        with httpx.Client(trust_env=False, verify=False) as client:
            for path, status in (("/v1/api/send", 413), ("/_sandbox/faults", 400)):
                body = (chunk for _ in range((MOST_BYTES >> 20) + 1))
                try:
                    assert client.post(ippanel_sandbox.url + path, content=body).status_code == status
                except (httpx.WriteError, httpx.ReadError):
                    continue
        assert ippanel_sandbox.stats()["requests"] == {}
