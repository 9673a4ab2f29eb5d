"""The plugin as Apprise uses it: URLs understood, notifications sent, and nothing shown that is nobody's business."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import apprise
import pytest

from ippanel_provider.apprise_plugin import NotifyIPPanel
from ippanel_provider.sandbox.runner import RunningSandbox

Address = Callable[..., str]
Notify = Callable[..., Any]
Plugin = Callable[[str], NotifyIPPanel]
ONE, TWO = "+989120000001", "+989120000002"


def sends(sandbox: RunningSandbox) -> int:
    return int(sandbox.stats()["requests"].get("POST /api/send", 0))


class TestSending:
    def test_all_recipients_of_a_text_go_in_one_request(
        self, ippanel_sandbox: RunningSandbox, address: Address, notify: Notify
    ) -> None:
        before = sends(ippanel_sandbox)
        assert notify(address(*(f"0912000{number:04}" for number in range(900))), "سلام").ok
        assert ippanel_sandbox.counts()["distinct"] == 900
        assert sends(ippanel_sandbox) - before == 1

    def test_more_than_a_thousand_go_in_chunks(
        self, ippanel_sandbox: RunningSandbox, address: Address, plugin: Plugin
    ) -> None:
        made = plugin(address(*(f"0912000{number:04}" for number in range(2001))))
        assert len(made) == 3
        assert made.notify("سلام")
        assert ippanel_sandbox.counts()["distinct"] == 2001

    def test_spellings_of_one_number_are_one_recipient(
        self, ippanel_sandbox: RunningSandbox, address: Address, notify: Notify
    ) -> None:
        spelled = ("09120000001", "9120000001", "+98 912 000 0001", "۰۹۱۲۰۰۰۰۰۰۱", "0098-912-000-0001")
        assert notify(address(*spelled, to="0912 000 0002, 989120000001")).ok
        assert [message["recipient"] for message in ippanel_sandbox.messages()] == [ONE, TWO]

    def test_title_and_body_are_one_text(
        self, ippanel_sandbox: RunningSandbox, address: Address, notify: Notify
    ) -> None:
        assert notify(address(overflow="split"), "دیسک می‌شکند", "هشدار").ok
        assert [message["text"] for message in ippanel_sandbox.messages()] == ["هشدار\nدیسک می‌شکند"]

    @pytest.mark.parametrize(
        ("written", "body_format", "shown"),
        [
            ("# سر\n**مهم**: [بخوان](https://example.com/a_b)", "markdown", "سر\nمهم: بخوان https://example.com/a_b"),
            ("<p>می‌شود &amp; <b>شد</b></p>", "html", "می‌شود & شد"),
            ("2*3*4 **x** <b>", "text", "2*3*4 **x** <b>"),
            ("snake_case_name **x**", None, "snake_case_name **x**"),
        ],
    )
    def test_markup_is_made_plain_where_the_caller_declares_it(
        self,
        ippanel_sandbox: RunningSandbox,
        address: Address,
        notify: Notify,
        written: str,
        body_format: str | None,
        shown: str,
    ) -> None:
        assert notify(address(), written, body_format=body_format).ok
        assert [message["text"] for message in ippanel_sandbox.messages()] == [shown]

    def test_outbox_ids_are_told(self, ippanel_sandbox: RunningSandbox, address: Address, notify: Notify) -> None:
        done = notify(address())
        assert f"outbox ids {ippanel_sandbox.messages()[0]['outbox_id']}" in done.log

    def test_a_long_text_is_cut_to_max_parts(
        self, ippanel_sandbox: RunningSandbox, address: Address, notify: Notify
    ) -> None:
        done = notify(address(max_parts=2), "سلام " * 100)
        (message,) = ippanel_sandbox.messages()
        assert done.ok
        assert message["parts"] == 2
        assert message["text"].endswith("…")
        # Some tools take any warning for a failure.
        assert "was cut to 2 parts" in done.log
        assert "WARNING" not in done.log

    def test_split_loses_nothing(self, ippanel_sandbox: RunningSandbox, address: Address, notify: Notify) -> None:
        words = [f"واژه{number}" for number in range(60)]
        assert notify(address(max_parts=1, overflow="split"), " ".join(words), "عنوان").ok
        texts = [message["text"] for message in ippanel_sandbox.messages()]
        assert " ".join(texts).split() == ["عنوان", *words]
        assert {message["parts"] for message in ippanel_sandbox.messages()} == {1}

    def test_async_callers(self, ippanel_sandbox: RunningSandbox, address: Address) -> None:
        import asyncio

        service = apprise.Apprise()
        service.add(address("09120000001"))
        service.add(address("09120000002"))
        assert asyncio.run(service.async_notify("سلام"))
        assert {message["recipient"] for message in ippanel_sandbox.messages()} == {ONE, TWO}


class TestKindsOfSends:
    @pytest.fixture
    def code(self, ippanel_sandbox: RunningSandbox) -> str:
        from ippanel_provider.client import Client, Settings, edge

        with Client(ippanel_sandbox.api_key, Settings(base_url=ippanel_sandbox.base_url)) as client:
            made = client.run(
                edge.pattern.create(
                    "سلام %Name%، %what%", variables={"Name": "string", "what": "string"}, description="آزمون"
                )
            )
        ippanel_sandbox.approve(made.code)
        return made.code

    def test_a_pattern_with_values_and_the_body_in_a_variable(
        self, ippanel_sandbox: RunningSandbox, address: Address, notify: Notify, code: str
    ) -> None:
        done = notify(
            address("09120000001", "09120000002", pattern=code, __Name="علی+رضا", body_var="what"), "بار رسید"
        )
        assert done.ok, done.log
        assert {message["text"] for message in ippanel_sandbox.messages()} == {"سلام علی+رضا، بار رسید"}
        assert len(ippanel_sandbox.messages()) == 2

    def test_an_unknown_pattern_is_an_error(self, address: Address, notify: Notify) -> None:
        done = notify(address(pattern="nowhere"))
        assert not done.ok
        assert "404" in done.log

    def test_a_voice_code(self, ippanel_sandbox: RunningSandbox, address: Address, notify: Notify) -> None:
        done = notify(address(sender="votp", mode="votp"), "۱۲۳۴۵", "Your code")
        assert done.ok, done.log
        (message,) = ippanel_sandbox.messages()
        assert (message["recipient"], message["text"]) == (ONE, "12345")

    def test_a_voice_code_is_made_of_digits(
        self, ippanel_sandbox: RunningSandbox, address: Address, notify: Notify
    ) -> None:
        assert not notify(address(mode="votp"), "کد شما ۱۲۳۴۵").ok
        assert ippanel_sandbox.messages() == []

    def test_a_phonebook(self, ippanel_sandbox: RunningSandbox, address: Address, notify: Notify) -> None:
        from ippanel_provider.client import Client, Settings, edge

        with Client(ippanel_sandbox.api_key, Settings(base_url=ippanel_sandbox.base_url)) as client:
            book = client.run(edge.phonebook.create("همه"))
            client.run(
                edge.phonebook.add_contacts([{"number": number, "phonebook_id": book.id} for number in (ONE, TWO)])
            )
        assert notify(address(f"#{book.id}")).ok
        assert {message["recipient"] for message in ippanel_sandbox.messages()} == {ONE, TWO}

    def test_a_scheduled_text(self, ippanel_sandbox: RunningSandbox, address: Address, notify: Notify) -> None:
        due = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=3)
        assert notify(address("09120000001", schedule=due.isoformat())).ok
        assert notify(address("09120000002", schedule="3h")).ok
        first, second = (message["send_time"] for message in ippanel_sandbox.messages())
        assert first == due.timestamp()
        assert abs(second - first) < 60

    def test_a_time_that_is_past_sends_nothing(
        self, ippanel_sandbox: RunningSandbox, address: Address, notify: Notify
    ) -> None:
        done = notify(address(schedule="2024-03-20T09:00:00+03:30"))
        assert not done.ok
        assert "at least 5 minutes ahead" in done.log
        assert ippanel_sandbox.messages() == []

    def test_the_legacy_api(self, ippanel_sandbox: RunningSandbox, address: Address, notify: Notify) -> None:
        before = sends(ippanel_sandbox)
        done = notify(address("09120000001", "09120000002", api="rest"))
        assert done.ok, done.log
        assert sends(ippanel_sandbox) == before
        assert {message["recipient"] for message in ippanel_sandbox.messages()} == {ONE, TWO}
