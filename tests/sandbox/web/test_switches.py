"""Faults and the clock, turned by hand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ippanel_provider.sandbox.faults import NAMES
from tests.sandbox.web.conftest import plain

if TYPE_CHECKING:
    from tests.sandbox.conftest import Wire
    from tests.sandbox.web.conftest import Browser


def faults(wire: Wire) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = wire.sandbox.control("GET", "faults")["faults"]
    return found


def position(page: str, key: str) -> str:
    switch = page[page.index(f'id="fault-{key}"') :].split("</form>")[0]
    [found] = re.findall(r'value="(\w+)" aria-pressed="true"', switch)
    return found


def test_off_once_always_and_off_again(browser: Browser, wire: Wire) -> None:
    assert position(browser.page("/switches"), "lost") == "off"
    assert position(browser.post("/switches/ready-made", fault="lost", position="once"), "lost") == "once"
    with pytest.raises(httpx.RemoteProtocolError):
        wire.send("سلام")
    assert len(wire.sandbox.messages()) == 1
    assert position(browser.page("/switches"), "lost") == "off"
    assert position(browser.post("/switches/ready-made", fault="lost", position="always"), "lost") == "always"
    assert len(faults(wire)) == 1
    assert position(browser.post("/switches/ready-made", fault="lost", position="off"), "lost") == "off"
    assert faults(wire) == []


@pytest.mark.parametrize("path", ["/switches"])
def test_every_switch_sets_a_fault_and_is_seen_as_on(browser: Browser, wire: Wire, path: str) -> None:
    keys = re.findall(r'id="fault-(\w+)"', browser.page(path))
    assert len(keys) == 17
    for key in keys:
        assert position(browser.post("/switches/ready-made", fault=key, position="always"), key) == "always"
    assert len(faults(wire)) == len(keys)
    assert "17 faults are on." in browser.page(path)
    browser.post("/switches/lift")
    assert faults(wire) == []


def test_a_switch_shows_a_fault_a_test_has_set(browser: Browser, wire: Wire) -> None:
    wire.sandbox.fault("status", status=503)
    wire.sandbox.fault("status", status=418, path="/api/<x>", times=3)
    page = browser.page("/switches")
    assert position(page, "down") == "always"
    assert "match: path /api/<x> · times: 3 · status: 418 struck 0 times" in plain(page)
    browser.post("/switches/lift", id=faults(wire)[1]["id"])
    assert [fault["status"] for fault in faults(wire)] == [503]


def test_one_with_all_its_options(browser: Browser, wire: Wire) -> None:
    assert all(f'value="{name}"' in browser.page("/switches") for name in NAMES)
    browser.post(
        "/switches/faults", fault="status", path="/api/send", method="post", sending_type="webservice",
        times="۲", after="1", probability="50", status_="429", retry_after="7",
    )  # fmt: skip
    [fault] = faults(wire)
    assert fault["match"] == {"path": "/api/send", "method": "POST", "sending_type": "webservice"}
    assert (fault["times"], fault["after"], fault["probability"], fault["retry_after"]) == (2, 1, 0.5, 7)


@pytest.mark.parametrize(
    ("path", "fields", "said"),
    [
        ("/switches/ready-made", {"fault": "no"}, "Choose a fault"),
        ("/switches/ready-made", {"fault": "slow", "position": "twice"}, "Choose a fault"),
        ("/switches/faults", {"fault": "no"}, "fault must be one of"),
        ("/switches/faults", {"fault": "latency", "seconds": "soon"}, "seconds: give a number from 0."),
        ("/switches/faults", {"fault": "latency", "times": "0"}, "times must be a whole number from 1"),
        ("/switches/faults", {"fault": "outcome", "state_id": "2"}, "state_id must be a final state"),
        ("/switches/clock", {}, "Say how far the clock shall jump."),
        ("/switches/clock", {"minutes": "nan"}, "Minutes: give a number from 0."),
        ("/switches/clock", {"advance": "-1"}, "advance: give a number from 0."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_set(
    browser: Browser, wire: Wire, path: str, fields: dict[str, str], said: str
) -> None:
    assert said in browser.http.post(path, data=fields).text
    assert faults(wire) == []


class TestClock:
    def test_it_jumps(self, browser: Browser, wire: Wire) -> None:
        before = wire.sandbox.now()
        browser.post("/switches/clock", advance=3600)
        browser.post("/switches/clock", minutes="1,440")
        assert 90_000 <= wire.sandbox.now() - before < 90_060

    def test_it_stops_and_runs(self, browser: Browser, wire: Wire) -> None:
        assert "stopped" in browser.post("/switches/clock", speed=0)
        assert wire.sandbox.now() == wire.sandbox.now()
        assert "×60" in browser.post("/switches/clock", speed=60)
        browser.post("/switches/clock", speed=1)

    def test_texts_become_final_at_once(self, browser: Browser, wire: Wire) -> None:
        browser.post("/switches/clock", pace=0)
        [bulk_id] = wire.ids(wire.send("سلام"))
        assert wire.statuses(bulk_id) == {"+989120000000": "2"}

    def test_everything_under_way_becomes_final(self, browser: Browser, wire: Wire) -> None:
        [bulk_id] = wire.ids(wire.send("سلام"))
        browser.post("/switches/clock", settle=1)
        assert wire.statuses(bulk_id) == {"+989120000000": "2"}
