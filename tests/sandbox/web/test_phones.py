"""What one person sees, and how they answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.sandbox.web.conftest import plain

if TYPE_CHECKING:
    from tests.sandbox.conftest import Wire
    from tests.sandbox.web.conftest import Browser

SARA = "+989120001111"


def bubbles(browser: Browser, number: str = SARA) -> list[str]:
    return browser.words(browser.page("/phone", number=number))


def test_a_phone_shows_what_was_delivered_to_it_oldest_first(browser: Browser, wire: Wire) -> None:
    wire.ids(wire.send("first", SARA))
    wire.ids(wire.send("second", "+989120002222", SARA))
    wire.ids(wire.send("of somebody else", "+989120002222"))
    assert bubbles(browser) == []
    assert "2 on their way, 0 did not arrive" in plain(browser.page("/phone", number=SARA))
    wire.sandbox.settle()
    assert bubbles(browser) == ["first", "second"]


def test_what_is_lost_is_told_but_not_seen(browser: Browser, wire: Wire) -> None:
    wire.ids(wire.send("lost", "+989120000993"))
    wire.ids(wire.send("rejected", "+989120000993", "+989000000003"))
    wire.sandbox.settle()
    assert bubbles(browser, "+989120000993") == []
    assert "0 on their way, 2 did not arrive" in plain(browser.page("/phone", number="+989120000993"))


def test_the_person_answers_and_the_inbox_of_the_api_has_it(browser: Browser, wire: Wire) -> None:
    wire.ids(wire.send("سلام", SARA))
    wire.sandbox.settle()
    page = browser.post("/phone", from_=SARA, line="+983000505", text="yes,\r\n<b>please</b>")
    assert browser.words(page) == ["سلام", "yes,\n<b>please</b>"]
    row = wire.post("/api/report/messages-inbox", {"page": 1, "per_page": 10}).json()["data"][0]
    assert (row["from"], row["number"], row["message"]) == (SARA, "+983000505", "yes,\n<b>please</b>")


def test_a_number_is_understood_however_it_is_spelled(browser: Browser, wire: Wire) -> None:
    wire.ids(wire.send("سلام", SARA))
    wire.sandbox.settle()
    for number in ("09120001111", "9120001111", "۰۹۱۲۰۰۰۱۱۱۱", "+98 912 000 1111"):
        assert bubbles(browser, number) == ["سلام"]
    assert browser.words(browser.http.get(f"/phone?number={SARA}").text) == ["سلام"]


def test_what_is_no_number_is_said_so(browser: Browser) -> None:
    assert "This is no mobile number of Iran." in browser.page("/phone", number="<12>", status=422)


def test_people_are_those_last_heard_of(browser: Browser, wire: Wire) -> None:
    wire.ids(wire.send("one", SARA))
    wire.sandbox.inbox("+989120002222", "two")
    assert re.findall(r'id="person-([^"]+)"', browser.page("/phone")) == ["+989120002222", SARA]


def test_the_list_of_people_is_bounded(browser: Browser, wire: Wire) -> None:
    wire.ids(wire.send("سلام", *(f"+98912000{number:04d}" for number in range(500))))
    assert len(re.findall(r'id="person-', browser.page("/phone"))) == 30


def test_a_phone_is_bounded_to_the_newest(browser: Browser, wire: Wire) -> None:
    wire.sandbox.account(duplicate_guard=0)
    params = [{"recipients": [SARA], "message": f"n{number}."} for number in range(130)]
    wire.ids(wire.post("/api/send", {"sending_type": "peer_to_peer", "from_number": "+983000505", "params": params}))
    wire.sandbox.settle()
    shown = bubbles(browser)
    assert len(shown) == 100
    assert "n129." in shown
    assert "n0." not in shown


class TestInbox:
    def test_a_person_texts_in(self, browser: Browser, wire: Wire) -> None:
        page = browser.post("/inbox", from_="09120001111", line="+983000505", text="لغو11")
        assert browser.words(page) == ["لغو11"]
        assert wire.post("/api/report/messages-inbox", {"page": 1}).json()["data"][0]["from"] == SARA

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"from_": "021"}, "This is no mobile number of Iran."),
            ({"line": "+981"}, "Choose one of the lines."),
            ({"text": "  "}, "Write a text first."),
            ({"text": "x" * 1401}, "A text has at most 1400 characters."),
            ({"text": "x" * 70_000}, "That is more than a form may hold."),
        ],
    )
    @pytest.mark.parametrize("path", ["/inbox", "/phone"])
    def test_what_is_wrong_is_said_and_nothing_comes_in(
        self, browser: Browser, changes: dict[str, str], said: str, path: str
    ) -> None:
        fields = {"from_": SARA, "line": "+983000505", "text": "hi"} | changes
        assert said in browser.post(path, status=422, **fields)
        assert "Nobody has texted in" in browser.page("/inbox")

    def test_newest_first_searched_and_in_pages(self, browser: Browser, wire: Wire) -> None:
        for number in range(52):
            wire.sandbox.inbox(f"+98912000{number:04d}", f"n{number}.")
        assert browser.words(browser.page("/inbox"))[0] == "n51."
        assert browser.words(browser.page("/inbox", page=2)) == ["n1.", "n0."]
        assert browser.words(browser.page("/inbox", q="n7.")) == ["n7."]
        assert browser.words(browser.page("/inbox", q="09120000007")) == ["n7."]
        assert "Nothing found" in browser.page("/inbox", q="zzz")
