"""The outbox for people: newest first, bounded, searched, and one bulk with its fate."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.sandbox.web.conftest import plain

if TYPE_CHECKING:
    from ippanel_provider.sandbox.runner import RunningSandbox
    from tests.sandbox.conftest import Wire
    from tests.sandbox.web.conftest import Browser


def chips(page: str) -> list[str]:
    return re.findall(r'<span class="chip (\w+)"', page)


def test_an_empty_outbox_says_how_to_begin(browser: Browser, ippanel_sandbox: RunningSandbox) -> None:
    page = plain(browser.page("/"))
    assert "No text yet" in page
    assert f"curl {ippanel_sandbox.base_url}/api/send" in page
    assert "AIRFLOW_CONN_IPPANEL_DEFAULT" in page


def test_examples_do_not_stand_in_the_way_of_beginning(demo: Wire) -> None:
    import httpx

    url = demo.sandbox.url
    assert "No text yet" in httpx.get(url, trust_env=False, verify=False).text
    demo.ids(demo.send("سلام"))
    page = httpx.get(url, trust_env=False, verify=False).text
    assert len(re.findall(r'<li class="row"', page)) == 1


def test_newest_first_and_nothing_of_a_text_is_markup(browser: Browser, wire: Wire) -> None:
    wire.ids(wire.send("سلام"))
    wire.ids(wire.send("<script>alert('%s')</script>{{ 7*7 }}"))
    assert browser.words(browser.page("/")) == ["<script>alert('%s')</script>{{ 7*7 }}", "سلام"]
    assert "<script>alert" not in browser.page("/")


def test_a_row_says_state_delivery_parts_cost_and_time(browser: Browser, wire: Wire) -> None:
    wire.ids(wire.send("سلام"))
    wire.sandbox.advance(1.2)
    row = plain(browser.page("/"))
    assert "+989120000000 from +983000505" in row
    assert "State: Queued Delivery: –" in row
    assert "1 part 1,330 rial just now" in row
    wire.sandbox.advance(60)
    assert "State: Sent Delivery: Delivered 1 part 1,330 rial 1 min ago" in plain(browser.page("/"))


def test_what_went_wrong_is_told_by_word_and_by_tone(browser: Browser, wire: Wire) -> None:
    wire.ids(wire.send("a", "+989120000993"))
    wire.ids(wire.send("b", "+989000000003"))
    wire.sandbox.settle()
    page = browser.page("/")
    assert chips(page) == ["bad", "good", "bad"]
    assert "Rejected" in plain(page)
    assert "Not delivered" in plain(page)


def test_many_recipients_are_one_row_and_a_page_of_their_own(browser: Browser, wire: Wire) -> None:
    [bulk_id] = wire.ids(
        wire.send("سلام", *(f"+98912000{number:04d}" for number in range(60)), "+989120000993", "+989120000994")
    )
    wire.sandbox.settle()
    assert "62 recipients" in plain(browser.page("/"))
    assert "Delivered 60" in plain(browser.page("/"))
    first, second = browser.page(f"/outbox/{bulk_id}"), browser.page(f"/outbox/{bulk_id}", page=2)
    assert len(re.findall(r'id="recipient-', first)) == 50
    assert len(re.findall(r'id="recipient-', second)) == 12
    assert "Delivered 60 Not delivered 1 Blacklisted 1" in plain(first)
    assert "51–62 of 62" in plain(second)


class TestPages:
    def test_a_page_is_bounded_and_the_rest_is_behind_it(self, browser: Browser, wire: Wire) -> None:
        for start in range(0, 3000, 1000):
            wire.ids(wire.send_each(*(f"text {start + number}." for number in range(1000))))
        assert len(browser.words(browser.page("/"))) == 50
        assert browser.words(browser.page("/", page=2))[0] == "text 2949."
        last = browser.page("/", page=60)
        assert browser.words(last)[-1] == "text 0."
        assert "2,951–3,000 of 3,000" in plain(last)

    @pytest.mark.parametrize("page", ["0", "-1", "x", "99", "9999999999999", "١"])
    def test_a_page_there_is_not_leads_to_one_there_is(self, browser: Browser, wire: Wire, page: str) -> None:
        wire.ids(wire.send("سلام"))
        assert browser.words(browser.page("/", page=page)) == ["سلام"]

    def test_a_search_keeps_its_words_from_page_to_page(self, browser: Browser, wire: Wire) -> None:
        wire.ids(wire.send_each(*(f"a&b {number}" for number in range(60)), "other"))
        page = browser.page("/", q="a&b")
        assert "1–50 of 60" in plain(page)
        onward = re.search(r'rel="next" href="([^"]+)"', page)
        assert onward
        assert len(browser.words(browser.page("/" + onward[1].replace("&amp;", "&")))) == 10


class TestSearch:
    @pytest.fixture(autouse=True)
    def _texts(self, wire: Wire) -> None:
        wire.ids(wire.send("کد شما 48213", "+989120001111"))
        wire.ids(wire.send("hello", "+989120002222", "+989120003333"))
        wire.ids(wire.send("no", "+989000000003"))
        wire.sandbox.settle()

    @pytest.mark.parametrize(
        ("words", "found"),
        [
            ("48213", ["کد شما 48213"]),
            ("09120003333", ["hello"]),
            ("۰۹۱۲ ۰۰۰ ۳۳۳۳", ["hello"]),
            ("3333", ["hello"]),
            ("٣٣٣٣", ["hello"]),
            ("1290000001", ["کد شما 48213"]),
            ("nothing of the kind", []),
            ("12", []),
        ],
    )
    def test_by_text_number_and_id(self, browser: Browser, words: str, found: list[str]) -> None:
        page = browser.page("/", q=words)
        assert browser.words(page) == found
        assert found or "Nothing found" in page

    def test_by_state(self, browser: Browser) -> None:
        assert browser.words(browser.page("/", state=3)) == ["no"]
        assert browser.words(browser.page("/", state=6, q="hello")) == ["hello"]
        assert len(browser.words(browser.page("/", state="six"))) == 3


class TestOneBulk:
    def test_its_way(self, browser: Browser, wire: Wire) -> None:
        [bulk_id] = wire.ids(wire.send("سلام"))
        wire.sandbox.advance(1.2)
        page = browser.page(f"/outbox/{bulk_id}")
        assert re.findall(r'<li class="(past|present|future)', page) == ["past", "past", "present", "future", "future"]
        assert "+983000505" in page
        assert "1,330.1 rial" in page

    def test_somebody_decides_its_fate_and_the_price_comes_back(self, browser: Browser, wire: Wire) -> None:
        [bulk_id] = wire.ids(wire.send("سلام"))
        page = browser.post(f"/outbox/{bulk_id}/decide", fate="state:3")
        assert "The fate of the bulk is changed." in page
        wire.sandbox.settle()
        assert wire.bulk(bulk_id)["state_id"] in (3, "3")
        assert wire.sandbox.account()["credit"] == 10_000_000_000
        browser.post(f"/outbox/{bulk_id}/decide", fate="status:4")
        assert wire.statuses(bulk_id) == {"+989120000000": "4"}

    @pytest.mark.parametrize("fate", ["", "state:6", "state:x", "status:9", "state:", "nothing:3", "state:٣"])
    def test_what_is_no_fate_changes_nothing(self, browser: Browser, wire: Wire, fate: str) -> None:
        [bulk_id] = wire.ids(wire.send("سلام"))
        wire.sandbox.settle()
        assert "Choose what becomes of the bulk." in browser.post(f"/outbox/{bulk_id}/decide", status=422, fate=fate)
        assert wire.bulk(bulk_id)["state_id"] in (6, "6")

    def test_a_scheduled_bulk_is_cancelled_until_it_is_too_late(self, browser: Browser, wire: Wire) -> None:
        due = datetime.fromtimestamp(wire.sandbox.now() + 3600, UTC)
        ids = [wire.ids(wire.send(text, send_time=due.strftime("%Y-%m-%d %H:%M:%S")))[0] for text in ("a", "b")]
        assert "due in" in plain(browser.page("/"))
        assert "Cancel the scheduled bulk" in browser.page(f"/outbox/{ids[0]}")
        assert "its price is given back" in browser.post(f"/outbox/{ids[0]}/cancel")
        wire.sandbox.advance(3400)
        assert "It cannot be cancelled" in browser.post(f"/outbox/{ids[1]}/cancel", status=422)
        assert "Cancel the scheduled bulk" not in browser.page(f"/outbox/{ids[1]}")

    def test_one_there_is_not(self, browser: Browser) -> None:
        assert "There is no bulk with this id." in browser.page("/outbox/1", status=404)
        browser.post("/outbox/1/decide", status=404, fate="state:3")
        browser.post("/outbox/1/cancel", status=404)
