"""A page of somebody else's, open in the same browser, against a sandbox that runs on the machine: it tries all that a
page can, under foreign names, under names that lead back here, and in frames. Nothing is sent, nothing is read.
"""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ippanel_provider.sandbox.runner import RunningSandbox
from tests.browser.conftest import CHROMIUM_FLAGS, find_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
SECRET = "کد محرمانه"
PAGES = ("http://127.0.0.1", "http://localhost", "http://evil.example")
"""Where the page lies: the same machine at another port, another name of it, somebody else's."""
TARGETS = ("http://127.0.0.1", "http://localhost", "http://rebound.example")
"""Under what it asks for the sandbox; of the last an attacker decides where it leads."""

ATTACK = """
async (root) => {
  const key = "sandbox-key", seen = [];
  const send = `${root}/v1/api/send/webservice?apikey=${key}&from=%2B983000505&to=%2B989120000000&message=a`;
  const body = JSON.stringify({sending_type: "webservice", from_number: "+983000505", message: "a",
                               params: {recipients: ["+989120000000"]}});
  const note = (how, what) => { seen.push([how, String(what)]); };
  const ask = async (how, path, options) => {
    try {
      const answer = await fetch(path, options);
      note(how, answer.type === "opaque" ? "opaque" : `${answer.status} ${await answer.text()}`);
    } catch (error) { note(how, "blocked"); }
  };
  const load = (how, tag, name, value) => new Promise(done => {
    const made = document.createElement(tag);
    const ended = what => { note(how, what + " " + (made.naturalWidth || "")); done(); };
    made.onload = () => ended("loaded"); made.onerror = () => ended("blocked");
    setTimeout(() => ended("silent"), 700);
    made[name] = value; document.body.append(made);
  });
  const form = (how, action, kind, fields, target) => {
    const made = document.createElement("form");
    Object.assign(made, {action, method: "POST", enctype: kind, target});
    for (const [name, value] of fields) {
      const field = document.createElement("input");
      Object.assign(field, {name, value}); made.append(field);
    }
    document.body.append(made); made.submit(); note(how, "submitted");
  };
  const frame = document.createElement("iframe"); frame.name = "hole"; document.body.append(frame);
  form("a form", `${root}/v1/api/send?apikey=${key}`, "application/x-www-form-urlencoded", [["message", "a"]], "hole");
  form("JSON in a form", `${root}/v1/api/send?apikey=${key}`, "text/plain", [[body.slice(0, -1) + ', "x": "', '"}']],
       "hole");
  form("a form of a page", `${root}/account/reset`, "application/x-www-form-urlencoded", [], "hole");
  form("a control", `${root}/_sandbox/reset`, "text/plain", [], "hole");
  await ask("no-cors", `${root}/v1/api/send?apikey=${key}`,
            {method: "POST", mode: "no-cors", headers: {"Content-Type": "text/plain"}, body});
  await ask("with the key", `${root}/v1/api/send`, {method: "POST", headers: {Authorization: key}, body});
  await ask("a GET that sends", send, {mode: "no-cors"});
  await ask("a GET that reads", `${root}/v1/api/report/by_bulk?apikey=${key}`);
  await ask("a control that reads", `${root}/_sandbox/messages`);
  await ask("a control that writes", `${root}/_sandbox/inbox`, {method: "POST", mode: "no-cors", body: "{}"});
  await ask("a page", `${root}/`);
  navigator.sendBeacon(`${root}/v1/api/send?apikey=${key}`, body);
  await Promise.all([
    load("an image", "img", "src", send), load("a script", "script", "src", `${root}/_sandbox/messages`),
    load("a style", "link", "href", send), load("a video", "video", "src", send),
    load("a frame", "iframe", "src", `${root}/switches`), load("a sending frame", "iframe", "src", send),
    new Promise(done => {
      const socket = new WebSocket(root.replace("http", "ws") + "/_sandbox/events");
      socket.onopen = () => { note("a socket", "open"); done(); };
      socket.onerror = () => { note("a socket", "blocked"); done(); };
    }),
    new Promise(done => {
      const events = new EventSource(`${root}/_sandbox/events`);
      events.onopen = () => { note("events", "open"); done(); };
      events.onerror = () => { note("events", "blocked"); done(); };
    }),
  ]);
  return seen;
}
"""


@pytest.fixture(scope="module")
def victim() -> Iterator[Browser]:
    """A browser that finds every foreign name on this machine, as an attacker's name server would have it."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: make test-browser")
    found = find_chromium()
    if found is None:
        pytest.skip("no Chromium found: install it, or name it in CHROMIUM")
    rules = "--host-resolver-rules=MAP *.example 127.0.0.1, MAP *.local 127.0.0.1, MAP *.localhost 127.0.0.1"
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=[*CHROMIUM_FLAGS, rules])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def evil() -> Iterator[int]:
    """The port of a server with an empty page."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>kittens</title><body>")

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture
def page(victim: Browser) -> Iterator[Page]:
    """A page whose scripts may do what any page's may."""
    context = victim.new_context()
    yield context.new_page()
    context.close()


def kept(sandbox: RunningSandbox) -> Callable[[], bool]:
    """Put something into a sandbox; return what says whether it is all there is, and nothing was asked of the APIs."""
    sandbox.inbox("09120000000", SECRET)
    before = sandbox.stats()

    def untouched() -> bool:
        after = sandbox.stats()
        return bool(
            sandbox.messages() == [] and after["inbox"] == before["inbox"] and after["requests"] == before["requests"]
        )

    return untouched


@pytest.mark.parametrize("place", PAGES)
def test_a_page_of_somebody_elses_sends_nothing_and_reads_nothing(
    page: Page, evil: int, sandbox: RunningSandbox, place: str
) -> None:
    untouched, port = kept(sandbox), httpx.URL(sandbox.url).port
    for target in TARGETS:
        page.goto(f"{place}:{evil}/")
        seen: list[list[Any]] = page.evaluate(ATTACK, f"{target}:{port}")
        told = dict(seen)
        assert len(told) >= 19
        reading = ("with the key", "a GET that reads", "a control that reads", "a page", "a socket", "events")
        assert {told[how] for how in reading} == {"blocked"}
        assert SECRET not in str(seen)
        page.wait_for_load_state("networkidle")
        assert [frame.content().count("<form") for frame in page.frames if frame != page.main_frame] == [0] * 3
        assert untouched()


def test_a_name_that_leads_back_here_gets_no_page_and_no_answer(page: Page, sandbox: RunningSandbox) -> None:
    untouched, port = kept(sandbox), httpx.URL(sandbox.url).port
    for name in ("rebound.example", "sandbox.local"):
        root = f"http://{name}:{port}"
        answer = page.goto(root)
        assert answer is not None
        assert answer.status == 403
        # The page that says so is of the same origin now, and may read whatever is answered.
        seen: list[list[str]] = page.evaluate(
            """async (root) => Promise.all(["/",
                   "/_sandbox/messages", "/v1/api/payment/credit/mine"].map(async path => {
                 const answer = await fetch(root + path, {headers: {Authorization: "sandbox-key"}});
                 return [answer.status, await answer.text()]; }))""",
            root,
        )
        assert [status for status, _ in seen] == [403] * 3
        assert SECRET not in str(seen)
        assert untouched()


def test_a_link_that_somebody_follows_sends_nothing(page: Page, evil: int, sandbox: RunningSandbox) -> None:
    untouched = kept(sandbox)
    send = f"{sandbox.url}/v1/api/send/webservice?apikey=sandbox-key&from=%2B983000505&to=%2B989120000000&message=a"
    for policy in ("no-referrer", "unsafe-url"):
        page.goto(f"http://evil.example:{evil}/")
        page.set_content(f'<meta name="referrer" content="{policy}"><a href="{send.replace("&", "&amp;")}">kittens</a>')
        with page.expect_navigation() as followed:
            page.click("a")
        assert followed.value.status == 403
        assert untouched()
