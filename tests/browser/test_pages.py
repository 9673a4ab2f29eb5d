"""The pages as somebody sees them: alive, still under the eye, whole at the width of a phone and without a script."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from ippanel_provider.sandbox.runner import RunningSandbox

pytestmark = pytest.mark.browser
Open = Callable[..., "Page"]
PATHS = (
    "/",
    "/outbox/1290000001",
    "/phone",
    "/phone?number=09120000001",
    "/inbox",
    "/patterns",
    "/phonebooks",
    "/panel",
    "/switches",
    "/account",
    "/connect",
)


def send(sandbox: RunningSandbox, *texts: str) -> list[int]:
    """Send each text to a number of its own."""
    params = [{"recipients": [f"+98912{number:07d}"], "message": text} for number, text in enumerate(texts, start=1)]
    response = httpx.post(
        f"{sandbox.base_url}/api/send",
        json={"sending_type": "peer_to_peer", "from_number": sandbox.sender, "params": params},
        headers={"Authorization": sandbox.api_key},
        trust_env=False,
        timeout=20,
    )
    assert response.status_code == 200, response.text
    ids: list[int] = response.json()["data"]["message_outbox_ids"]
    return ids


def boxes(page: Page) -> Any:
    """Where each row of the outbox stands, by its id."""
    return page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('.row')].map(r => [r.id, "
        "r.getBoundingClientRect().toJSON()]))"
    )


def until(page: Page, condition: str) -> None:
    """Wait for a condition; the policy of the pages forbids the browser to do it."""
    for _ in range(500):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(20)
    raise AssertionError(f"never: {condition}")


class TestLive:
    def test_a_text_comes_and_goes_its_way_without_a_reload(self, open_page: Open, sandbox: RunningSandbox) -> None:
        sandbox.speed(10)
        page = open_page()
        page.get_by_role("heading", name="No text yet").wait_for()
        page.evaluate("window.same = true")
        [bulk_id] = send(sandbox, "سلام")
        row = page.locator(f"#bulk-{bulk_id}")
        row.wait_for()
        row.get_by_text("Delivered").wait_for()
        assert page.evaluate("window.same")
        assert page.get_by_role("link", name="Outbox", exact=False).first.inner_text().split()[-1] == "1"

    def test_nothing_moves_when_states_do(self, open_page: Open, sandbox: RunningSandbox) -> None:
        sandbox.speed(0)
        send(sandbox, "سلام", "a long text " * 30, "x")
        for width in (1280, 900, 360):
            page = open_page(width=width)
            before = boxes(page)
            sandbox.settle()
            page.get_by_text("Delivered").nth(2).wait_for()
            assert boxes(page) == before
            page.close()
            sandbox.reset()
            send(sandbox, "سلام", "a long text " * 30, "x")

    def test_the_list_stays_bounded_however_many_come(self, open_page: Open, sandbox: RunningSandbox) -> None:
        page = open_page()
        for _ in range(3):
            send(sandbox, *(f"text {number}" for number in range(1000)))
        page.get_by_text("1–50 of 3,000").wait_for()
        assert page.locator(".row").count() == 50

    def test_a_reader_keeps_their_place_and_is_told(self, open_page: Open, sandbox: RunningSandbox) -> None:
        send(sandbox, *(f"text {number}" for number in range(40)))
        sandbox.settle()
        page = open_page(height=500)
        page.mouse.move(700, 300)
        page.mouse.wheel(0, 1200)
        until(page, "scrollY > 500")
        before = boxes(page)
        [bulk_id] = send(sandbox, "new")
        page.get_by_role("button", name="1 new text").wait_for()
        assert boxes(page) == before
        page.get_by_role("button", name="1 new text").click()
        page.locator(f"#bulk-{bulk_id}").wait_for()
        until(page, "scrollY === 0")
        assert page.locator("#pill").is_hidden()

    def test_words_half_typed_stay(self, open_page: Open, sandbox: RunningSandbox) -> None:
        page = open_page("/inbox")
        text = page.get_by_label("Text", exact=True)
        text.fill("half a")
        sandbox.inbox("09120000009", "of somebody else")
        page.get_by_text("of somebody else").wait_for()
        assert text.input_value() == "half a"
        assert text.evaluate("node => node === document.activeElement")

    def test_it_says_when_the_sandbox_is_gone_for_a_while(self, open_page: Open) -> None:
        page = open_page()
        page.get_by_text("live", exact=True).wait_for()
        page.evaluate("events.dispatchEvent(new Event('error'))")
        page.get_by_text("not connected").wait_for()


class TestHands:
    def test_a_fault_is_switched_in_place(self, open_page: Open, sandbox: RunningSandbox) -> None:
        page = open_page("/switches")
        page.evaluate("window.same = true")
        switch = page.get_by_role("group", name="Down")
        switch.get_by_role("button", name="Always").click()
        page.locator("#toasts").get_by_text("The fault is set.").wait_for()
        assert switch.get_by_role("button", name="Always").get_attribute("aria-pressed") == "true"
        assert [fault["status"] for fault in sandbox.control("GET", "faults")["faults"]] == [503]
        page.get_by_role("button", name="Lift all").click()
        page.get_by_role("button", name="Lift all").wait_for(state="detached")
        assert page.evaluate("window.same")

    def test_a_recipient_answers(self, open_page: Open, sandbox: RunningSandbox) -> None:
        send(sandbox, "سلام")
        sandbox.settle()
        page = open_page("/phone")
        page.get_by_role("link", name="+989120000001").click()
        page.get_by_text("سلام").last.wait_for()
        page.get_by_placeholder("Answer as this person").fill("<b>yes</b>")
        page.get_by_role("button", name="Send").click()
        page.locator(".bubble.own").get_by_text("<b>yes</b>").wait_for()
        assert page.get_by_placeholder("Answer as this person").input_value() == ""
        page.get_by_role("link", name="Inbox").click()
        page.get_by_text("<b>yes</b>").wait_for()

    def test_a_mistake_is_told_and_the_words_stay(self, open_page: Open) -> None:
        page = open_page("/inbox")
        page.get_by_label("From").fill("12")
        page.get_by_label("Text", exact=True).fill("hi")
        page.get_by_role("button", name="Send").click()
        page.get_by_role("alert").get_by_text("This is no mobile number of Iran.").wait_for()
        assert page.get_by_label("Text", exact=True).input_value() == "hi"

    def test_a_search_goes_as_one_types(self, open_page: Open, sandbox: RunningSandbox) -> None:
        send(sandbox, "apples", "pears")
        page = open_page()
        page.get_by_role("searchbox").fill("pear")
        page.get_by_text("apples").wait_for(state="detached")
        assert page.url.endswith("?q=pear")
        page.get_by_role("searchbox").fill("")
        page.get_by_text("apples").wait_for()

    def test_a_snippet_is_copied(self, open_page: Open) -> None:
        page = open_page("/connect", permissions=["clipboard-read", "clipboard-write"])
        # The button says so for a moment only, which a busy machine may sleep through: the page's clock is stopped.
        page.clock.install()
        page.clock.pause_at(page.evaluate("Date.now()") + 60_000)
        page.get_by_role("button", name="Copy API key").click()
        page.get_by_role("button", name="Copied").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == "sandbox-key"

    def test_starting_over_asks_first(self, open_page: Open, sandbox: RunningSandbox) -> None:
        send(sandbox, "kept")
        page = open_page("/account")
        page.once("dialog", lambda dialog: dialog.dismiss())
        page.get_by_role("button", name="Empty the sandbox").click()
        assert sandbox.counts()["texts"] == 1
        page.once("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Empty the sandbox").click()
        page.get_by_role("heading", name="No text yet").wait_for()

    def test_all_by_keyboard(self, open_page: Open, sandbox: RunningSandbox) -> None:
        [bulk_id] = send(sandbox, "سلام")
        page = open_page()
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        for _ in range(4):
            page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "who"
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/outbox/{bulk_id}")


@pytest.mark.parametrize("language", ["en", "fa"])
@pytest.mark.parametrize("width", [360, 768, 1280, 1920])
def test_no_page_is_wider_than_its_window(open_page: Open, sandbox: RunningSandbox, language: str, width: int) -> None:
    send(sandbox, "سلام", "w" * 200)
    sandbox.fault("status", path="/api/" + "p" * 80, status=500)
    page = open_page(width=width, language=language)
    for path in PATHS:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
        assert page.evaluate("document.documentElement.dir") == ("rtl" if language == "fa" else "ltr")


def test_the_language_is_switched_where_one_stands(open_page: Open) -> None:
    page = open_page("/switches")
    page.get_by_role("link", name="فارسی").click()
    page.get_by_role("heading", level=1, name="خطاها و ساعت").wait_for()
    page.get_by_role("link", name="گوشی").click()
    assert page.evaluate("document.documentElement.dir") == "rtl"


def test_everything_works_without_the_script(open_page: Open, sandbox: RunningSandbox) -> None:
    page = open_page("/inbox", java_script_enabled=False)
    page.get_by_label("From").fill("09120000001")
    page.get_by_label("Text", exact=True).fill("plain")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("The text is in the inbox.").wait_for()
    page.goto("/switches")
    page.get_by_role("group", name="Slow").get_by_role("button", name="Once").click()
    page.get_by_text("1 fault is on.").wait_for()
    page.goto("/account")
    page.get_by_role("textbox", name="New credit in rial").fill("0")
    page.get_by_role("button", name="Set").first.click()
    page.get_by_text("The credit is set.").wait_for()
    assert sandbox.account()["credit"] == 0
    assert sandbox.stats()["inbox"] == 1


def test_another_site_cannot_change_anything(chromium: Any, sandbox: RunningSandbox) -> None:
    send(sandbox, "kept")
    page = chromium.new_page()
    # The same machine by another name is another site; the policy of our own pages is not in force there.
    page.route("**/elsewhere", lambda route: route.fulfill(content_type="text/html", body="<form method=post></form>"))
    page.goto(sandbox.url.replace("127.0.0.1", "localhost") + "/elsewhere")
    with page.expect_navigation():
        page.evaluate(
            "url => { document.forms[0].action = url; document.forms[0].submit(); }", sandbox.url + "/account/reset"
        )
    assert "This change comes from another site." in page.content()
    assert sandbox.counts()["texts"] == 1
    page.close()


class TestOtherSites:
    """What a page of somebody else can do to a sandbox, in a browser that is open beside it: nothing."""

    def attack(self, sandbox: RunningSandbox) -> bytes:
        query = "apikey=sandbox-key&from=%2B983000505&to=%2B989120000077&message=evil"
        return f"""
            <img src="{sandbox.base_url}/api/send/webservice?{query}">
            <form method=post action="{sandbox.url}/_sandbox/reset"></form>
            <script>
              fetch("{sandbox.base_url}/api/payment/credit/mine", {{headers: {{Authorization: "sandbox-key"}}}})
                .then(answer => answer.text()).then(text => document.title = text)
                .catch(() => document.title = "refused");
              fetch("{sandbox.base_url}/api/send", {{method: "POST", mode: "no-cors", body: JSON.stringify(
                {{sending_type: "votp", message: "1", params: {{recipients: ["+989120000078"]}}}})}});
            </script>""".encode()

    @pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
    def test_send_no_text_read_nothing_and_empty_nothing(
        self, chromium: Browser, sandbox: RunningSandbox, name: str
    ) -> None:
        content = self.attack(sandbox)
        sandbox.inbox("09120000000", "kept")

        class Site(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("content-type", "text/html")
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
        threading.Thread(target=site.serve_forever, daemon=True).start()
        page = chromium.new_page()
        try:
            page.goto(f"http://{name}:{site.server_address[1]}/")
            until(page, "document.title !== ''")
            assert page.title() == "refused"
            page.evaluate("document.forms[0].submit()")
            page.get_by_text("comes from another site").wait_for()
            assert sandbox.messages() == []
            assert sandbox.stats()["inbox"] == 1
        finally:
            page.close()
            site.shutdown()
            site.server_close()
