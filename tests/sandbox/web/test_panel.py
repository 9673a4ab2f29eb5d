"""The panel as a page: every fact, what differs, and setting it; and the phonebooks."""

from __future__ import annotations

import json
import re

import pytest

from ippanel_provider.service_profile import DOCUMENTS, ServiceProfile, facts
from tests.sandbox.conftest import Wire
from tests.sandbox.web.conftest import Browser, plain


def test_every_fact_has_a_field_and_says_what_it_is(browser: Browser) -> None:
    page = browser.page("/panel")
    assert re.findall(r'id="fact-(\w+)"', page) == list(facts())
    assert all(fact.says in plain(page) for fact in facts().values())
    assert "other than in the documents" not in page


def test_what_is_changed_is_set_and_marked_and_the_rest_stays(browser: Browser, wire: Wire) -> None:
    wire.sandbox.profile(id_gaps=False)
    page = browser.post("/panel", letters="arabic", outbox_lag="2.5", page_figures="false", page_cap="7")
    profile = wire.sandbox.profile()
    assert (profile["letters"], profile["outbox_lag"], profile["page_figures"], profile["page_cap"]) == (
        "arabic",
        2.5,
        False,
        7,
    )
    assert profile["id_gaps"] is False
    assert set(re.findall(r'id="fact-(\w+)" class="on"', page)) == {
        *("letters", "outbox_lag", "page_figures", "page_cap", "id_gaps")
    }
    shown = re.search(r'id="code-file">(.*?)</code>', page, re.DOTALL)
    assert shown
    file = json.loads(shown[1].replace("&#34;", '"'))
    assert ServiceProfile.from_json(json.dumps(file)).differences(DOCUMENTS).keys() == file["facts"].keys()
    browser.post("/panel", documents="1")
    assert wire.sandbox.profile() == {name: getattr(DOCUMENTS, name) for name in facts()}


@pytest.mark.parametrize("wrong", [{"letters": "greek"}, {"page_cap": "-1"}, {"page_cap": "x"}, {"outbox_lag": "nan"}])
def test_what_is_no_value_is_named_and_nothing_is_set(browser: Browser, wire: Wire, wrong: dict[str, str]) -> None:
    page = browser.post("/panel", status=422, ids="blocks", **wrong)
    assert f"This fact cannot be set: {next(iter(wrong))}: expected" in plain(page)
    assert wire.sandbox.profile()["ids"] == "grow"


def test_an_english_reason_stays_apart_in_a_persian_sentence(browser: Browser) -> None:
    browser.http.headers["Accept-Language"] = "fa"
    assert "این مورد ثبت نشد: \u2066letters: expected" in browser.post("/panel", status=422, letters="greek")
    assert "این خطا ثبت نشد: \u2066fault must be" in browser.post("/switches/faults", status=422, fault="none")
    assert "اعتبار: عددی از صفر" in browser.post("/account/credit", status=422, credit="x")


def test_phonebooks_and_their_contacts(browser: Browser, wire: Wire) -> None:
    assert "No phonebook yet" in browser.page("/phonebooks")
    contacts = [{"number": f"0912000{n:04d}", "name": f"نفر {n}", "options": {"شهر": "یزد"}} for n in range(60)]
    book = wire.sandbox.add_phonebook("مشتریان", contacts, options={"شهر": "string"})
    page = plain(browser.page("/phonebooks"))
    assert "مشتریان" in page
    assert "60 contacts" in page
    inside = browser.page(f"/phonebooks/{book['id']}", page=2)
    assert len(re.findall(r'id="contact-', inside)) == 10
    assert "شهر : یزد" in plain(inside)
    wire.sandbox.blacklist("09120000059", send=True)
    assert "Blacklisted" in browser.page(f"/phonebooks/{book['id']}", page=2)
    assert "There is no phonebook with this id." in browser.page("/phonebooks/5", status=404)


def test_examples_of_the_documents_are_marked_and_nothing_else_is(demo: Wire) -> None:
    browser = Browser(demo.sandbox)
    with browser.http:
        for path in ("/inbox", "/patterns", "/phonebooks", "/outbox/1100972179"):
            assert "example of the documents" in browser.page(path), path
        (bulk_id,) = demo.ids(demo.send("سلام"))
        assert "example of the documents" not in browser.page(f"/outbox/{bulk_id}")


def test_who_sent_a_text_is_shown_where_the_sender_says_it(browser: Browser, wire: Wire) -> None:
    wire.http.headers["X-IPPanel-Origin"] = "daily%20report/%D8%A7%D8%B1%D8%B3%D8%A7%D9%84"
    (one,) = wire.ids(wire.send("سلام"))
    (many, _) = wire.ids(wire.send_each("a", "b"))
    del wire.http.headers["X-IPPanel-Origin"]
    (quiet,) = wire.ids(wire.send("c"))
    for bulk_id in (one, many):
        assert "Sent by daily report/ارسال" in plain(browser.page(f"/outbox/{bulk_id}"))
    assert "Sent by" not in browser.page(f"/outbox/{quiet}")


@pytest.mark.parametrize("words", ["۰۹۱۲۰۰۰۰۰۰۱", "09120000001", "لغو 11", "لغو۱۱", "كفش"])
def test_a_search_finds_whatever_the_keyboard(browser: Browser, wire: Wire, words: str) -> None:
    wire.sandbox.inbox("09120000001", "کفش لغو\u200c۱۱ لغو 11")
    wire.ids(wire.send("کفش لغو\u200c11 لغو 11", "+989120000001"))
    assert "Nothing found" not in browser.page("/inbox", q=words)
    assert "Nothing found" not in browser.page("/", q=words)
    assert "Nothing found" in browser.page("/inbox", q="چیز دیگر")
