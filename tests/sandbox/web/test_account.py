"""Credit, the temper of the service, and how to connect."""

from __future__ import annotations

import html
import json
import re
import shlex
import subprocess
from typing import TYPE_CHECKING

import pytest

from ippanel_provider.sandbox.runner import running_sandbox
from tests.sandbox.web.conftest import Browser, plain

if TYPE_CHECKING:
    from ippanel_provider.sandbox.runner import RunningSandbox
    from tests.sandbox.conftest import Wire


def snippet(page: str, key: str) -> str:
    found = re.search(rf'<code id="code-{key}">(.*?)</code>', page, re.DOTALL)
    assert found
    return html.unescape(re.sub(r"</?bdi>", "", found[1]))


@pytest.mark.parametrize(("typed", "rial"), [("0", 0), ("25,000.5", 25_000.5), ("۲۵٬۰۰۰", 25_000), (" 7 ", 7)])
def test_credit_is_set_as_people_write_it(browser: Browser, wire: Wire, typed: str, rial: float) -> None:
    assert "The credit is set." in browser.post("/account/credit", credit=typed)
    assert wire.get("/api/payment/credit/mine").json()["data"]["credit"] == rial


@pytest.mark.parametrize("typed", ["", "-1", "much", "inf", "1e99"])
def test_what_is_no_credit_is_not_set(browser: Browser, wire: Wire, typed: str) -> None:
    browser.post("/account/credit", status=422, credit=typed)
    assert wire.sandbox.account()["credit"] == 10_000_000_000


def test_the_temper_of_the_service(browser: Browser, wire: Wire) -> None:
    browser.post(
        "/account",
        duplicate_guard="0",
        without_credit="refuse",
        unauthorized_body="documented",
        send_block="on",
        line="+981000777",
    )
    account = wire.sandbox.account()
    assert (account["duplicate_guard"], account["without_credit"], account["unauthorized_body"]) == (
        0,
        "refuse",
        "documented",
    )
    assert (account["send_block"], account["alternates"]) == (True, False)
    assert "+981000777" in account["lines"]


@pytest.mark.parametrize("fields", [{"duplicate_guard": "x"}, {"line": "123"}])
def test_a_mistake_changes_nothing_and_stays_in_its_field(browser: Browser, wire: Wire, fields: dict[str, str]) -> None:
    before = wire.sandbox.account()
    page = browser.post("/account", status=422, **fields)
    assert f'value="{next(iter(fields.values()))}"' in page
    assert wire.sandbox.account() == before


def test_starting_over(browser: Browser, wire: Wire) -> None:
    wire.ids(wire.send("سلام"))
    assert "No text yet" in browser.post("/account/reset")
    assert wire.sandbox.messages() == []


def test_requests_are_counted(browser: Browser, wire: Wire) -> None:
    wire.ids(wire.send("سلام"))
    assert "POST /api/send 1" in plain(browser.page("/account"))


class TestConnect:
    def test_curl_sends_as_it_stands(self, browser: Browser, ippanel_sandbox: RunningSandbox) -> None:
        command = snippet(browser.page("/connect", lang="fa"), "curl")
        words = shlex.split(command)
        assert words[:2] == ["curl", f"{ippanel_sandbox.base_url}/api/send"]
        subprocess.run(["bash", "-c", command + " --silent --noproxy '*'"], check=True, capture_output=True, timeout=20)
        [message] = ippanel_sandbox.messages()
        assert (message["recipient"], message["text"]) == ("+989120000000", "سلام از سندباکس")

    def test_python_sends_as_it_stands(self, browser: Browser, ippanel_sandbox: RunningSandbox) -> None:
        exec(compile(snippet(browser.page("/connect"), "python"), "snippet", "exec"), {})  # noqa: S102 - our own snippet
        assert [message["text"] for message in ippanel_sandbox.messages()] == ["Hello from the sandbox"]

    def test_the_connection_is_what_airflow_reads(self, browser: Browser, ippanel_sandbox: RunningSandbox) -> None:
        [_, assignment] = shlex.split(snippet(browser.page("/connect"), "airflow"))
        connection = json.loads(assignment.removeprefix("AIRFLOW_CONN_IPPANEL_DEFAULT="))
        assert connection == {
            "conn_type": "ippanel",
            "host": ippanel_sandbox.base_url,
            "password": ippanel_sandbox.api_key,
            "extra": {"sender": ippanel_sandbox.sender},
        }

    def test_a_key_that_a_shell_would_read_otherwise(self) -> None:
        key = 'it\'s "a" $KEY <b>/&?'
        with running_sandbox(api_key=key) as sandbox:
            visitor = Browser(sandbox)
            with visitor.http:
                page = visitor.page("/connect")
            assert f"Authorization: {key}" in shlex.split(snippet(page, "curl"))
            assert f"IPPANEL_API_KEY={key}" in shlex.split(snippet(page, "cli"))
            address = shlex.split(snippet(page, "apprise"))[-1]
            assert address.startswith(
                "ippanel://it%27s%20%22a%22%20%24KEY%20%3Cb%3E%2F%26%3F@+983000505/09120000000?url="
            )
            assert "<b>" not in page.split("<main")[1]
