"""What holds for every page: languages, headers, nothing from elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import Wire
    from tests.sandbox.web.conftest import Browser

PAGES = [
    "/",
    "/outbox/1290000001",
    "/phone",
    "/phone?number=09120000000",
    "/inbox",
    "/patterns",
    "/phonebooks",
    "/phonebooks/900001",
    "/panel",
    "/switches",
    "/account",
    "/connect",
]


@pytest.fixture
def filled(wire: Wire) -> Wire:
    wire.ids(wire.send("سلام"))
    wire.sandbox.inbox("09120000000", "ok")
    body = {
        "title": "t",
        "description": "d",
        "is_share": False,
        "message": "%a%",
        "variable": [{"name": "a", "type": "string"}],
    }
    assert wire.post("/api/patterns/normal", body).status_code == 200
    wire.sandbox.fault("latency", path="/nowhere", seconds=1)
    wire.sandbox.add_phonebook(
        "مشتریان", [{"number": "09120000000", "name": "سارا", "options": {"شهر": "یزد"}}], options={"شهر": "string"}
    )
    return wire


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("fa", "rtl")])
def test_every_page_in_both_languages(browser: Browser, filled: Wire, path: str, language: str, direction: str) -> None:
    browser.http.headers["Accept-Language"] = f"{language}-XX,de;q=0.5"
    page = browser.page(path)
    assert f'<html lang="{language}" dir="{direction}">' in page
    assert page.count("<h1") == 1
    assert page.count('aria-current="page"') == 1


@pytest.mark.parametrize("path", PAGES)
def test_nothing_comes_from_elsewhere_and_no_script_stands_in_a_page(browser: Browser, filled: Wire, path: str) -> None:
    page = browser.page(path)
    for link in re.findall(r'(?:src|href|action)="([^"]*)"', page):
        assert link.startswith(("/", "?", "#"))
        assert not link.startswith("//")
        if link.startswith("/static/"):
            assert browser.http.get(link).status_code == 200
    assert re.findall(r"<script[^>]*>(.*?)</script>", page, re.DOTALL) == [""]
    assert not re.search(r"\son\w+=|\sstyle=", page)


def test_a_policy_that_lets_nothing_else_run(browser: Browser) -> None:
    headers = browser.http.get("/").headers
    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'; script-src 'self'")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_a_language_once_chosen_stays(browser: Browser) -> None:
    assert 'lang="fa"' in browser.page("/", lang="fa")
    assert '<html lang="fa"' in browser.page("/account")
    assert '<html lang="en"' in browser.page("/account", lang="en")
    assert '<html lang="en"' in browser.page("/account", lang="xx")


def test_every_label_belongs_to_a_field(browser: Browser, filled: Wire) -> None:
    for path in PAGES:
        page = browser.page(path)
        fields = re.findall(r"<(?:input|select|textarea)(?![^>]*(?:hidden|type=\"hidden\"))", page)
        assert len(fields) == len(re.findall(r"<label", page)), path


def test_figures_beside_the_pages(browser: Browser, filled: Wire) -> None:
    navigation = browser.page("/connect").split("<main")[0]
    badges = [int(number) for number in re.findall(r'class="badge[^"]*">(\d+)<', navigation)]
    assert badges == [1, 1, 1, 1]
    assert "9,999,998,670 rial" in navigation


def test_unknown_pages_are_none(browser: Browser) -> None:
    assert browser.http.get("/nothing").status_code == 404
    assert browser.http.get("/static/../pages.py").status_code == 404
    assert browser.http.get("/static/%2e%2e/pages.py").status_code == 404


def test_the_stream_says_when_to_look_again(browser: Browser, wire: Wire) -> None:
    with browser.http.stream("GET", "/_sandbox/events") as stream:
        lines = stream.iter_lines()
        assert next(lines) == "event: changed"
        assert '"texts":0' in next(lines)
        wire.ids(wire.send("سلام"))
        assert next(line for line in lines if line == "event: changed")
        assert '"texts":1' in next(lines)


def test_no_page_when_it_is_asked_for_in_another_way(browser: Browser) -> None:
    assert httpx.put(browser.sandbox.url, trust_env=False, verify=False).status_code == 405
