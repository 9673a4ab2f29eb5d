"""The reviewer's desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sandbox.web.conftest import plain

if TYPE_CHECKING:
    from tests.sandbox.conftest import Wire
    from tests.sandbox.web.conftest import Browser


@pytest.fixture
def code(wire: Wire) -> str:
    body = {
        "title": "<i>bill</i>",
        "description": "d",
        "is_share": False,
        "message": "سلام %name% <b>",
        "variable": [{"name": "name", "type": "string"}],
    }
    found: str = wire.post("/api/patterns/normal", body).json()["data"]["pattern_code"]
    return found


def status(wire: Wire, code: str) -> str:
    found: str = wire.sandbox.account()["patterns"][code]
    return found


def test_a_pattern_waits_and_shows_its_variables(browser: Browser, code: str) -> None:
    page = browser.page("/patterns")
    assert "Waiting for review" in page
    assert '<var dir="ltr">%name%</var>' in page
    assert "سلام %name% <b>" in plain(page)
    assert "<i>" not in page
    assert "<b>" not in page.split("<main")[1]


def test_it_is_approved_and_can_be_decided_anew(browser: Browser, wire: Wire, code: str) -> None:
    assert "The pattern is approved." in browser.post("/patterns", code=code, verdict="approve")
    assert status(wire, code) == "active"
    page = browser.post("/patterns", code=code, verdict="reject", comment="نام شرکت را بنویسید")
    assert "نام شرکت را بنویسید" in page
    assert status(wire, code) == "inactive"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"code": "other"}, "This pattern is gone."),
        ({"verdict": ""}, "Approve the pattern or reject it."),
        ({"comment": "x" * 501}, "A text has at most 500 characters."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_decided(
    browser: Browser, wire: Wire, code: str, changes: dict[str, str], said: str
) -> None:
    assert said in browser.post("/patterns", status=422, **({"code": code, "verdict": "approve"} | changes))
    assert status(wire, code) == "pending"


def test_those_that_wait_come_first(browser: Browser, wire: Wire, code: str) -> None:
    browser.post("/patterns", code=code, verdict="approve")
    body = {
        "title": "waiting",
        "description": "d",
        "is_share": False,
        "message": "%a%",
        "variable": [{"name": "a", "type": "string"}],
    }
    wire.post("/api/patterns/normal", body)
    page = plain(browser.page("/patterns"))
    assert page.index("waiting") < page.index("Approved")
