"""The plugin as Apprise uses it: URLs understood, notifications sent, and nothing shown that is nobody's business."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import apprise
import pytest
from apprise.plugins import NotifyBase

from ippanel_provider.apprise_plugin import NotifyIPPanel, options
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


class TestUrls:
    def test_where_the_parts_can_stand(self, plugin: Plugin) -> None:
        for url in (
            "ippanel://a%2Fb+c%3D%3D@+983000505/09120000001",
            "ippanel://a%2Fb+c==@3000505/%2B989120000001",
            "ippanel://_?key=a%2Fb%2Bc%3D%3D&from=983000505&to=09120000001",
            "ippanel://a%2Fb+c==?from=+983000505&to=09120000001",
            "ippanel://+983000505/09120000001?key=a%2Fb+c==",
        ):
            made = plugin(url)
            assert (made.apikey, made.sender, made.targets.numbers) == ("a/b+c==", "+983000505", (ONE,)), url

    def test_nothing_is_unquoted_twice(self, plugin: Plugin) -> None:
        made = plugin("ippanel://a%252Fb@+983000505/09120000001?pattern=x%2525&:Wer=100%2525")
        assert (made.apikey, made.pattern, made.variables) == ("a%2Fb", "x%25", {"Wer": "100%25"})

    @pytest.mark.parametrize("line", ["+98BANK", "BANK", "bank"])
    def test_bank_lines(self, plugin: Plugin, line: str) -> None:
        assert plugin(f"ippanel://key@{line}/09120000001").sender == "+98BANK"

    @pytest.mark.parametrize(
        "url",
        [
            "ippanel://a%2Fb+c==@+983000505/09120000001/%2312?max_parts=3&overflow=split&rto=5&cto=1&verify=no",
            "ippanel://key@+983000505/09120000001?pattern=code&:Name=%D8%B9%D9%84%DB%8C&body_var=b&title_var=t",
            "ippanel://key@votp/09120000001?mode=votp&schedule=2h",
            "ippanel://key@+983000505/09120000001?api=rest&url=https://relay.example/v1&proxy=http://u:p@proxy.example:3128",
            "ippanel://key@+983000505/09120000001?schedule=2099-03-20T09:00:00&tz=Asia/Tehran",
        ],
    )
    def test_a_url_comes_back_as_it_went_in(self, plugin: Plugin, url: str) -> None:
        made = plugin(url)
        again = plugin(made.url())
        assert again.url() == made.url()
        for name in (
            "apikey",
            "sender",
            "targets",
            "mode",
            "pattern",
            "variables",
            "body_var",
            "max_parts",
            "settings",
        ):
            assert getattr(again, name) == getattr(made, name), name

    def test_a_private_url_shows_neither_key_nor_numbers_nor_values(self, plugin: Plugin) -> None:
        made = plugin(
            "ippanel://s3cr3tkey@+983000505/09120000001?pattern=code&:Name=%D8%B9%D9%84%DB%8C&proxy=http://u:hush@p.example:1"
        )
        shown = made.url(privacy=True)
        for secret in ("s3cr3tkey", "9120000001", "%D8%B9%D9%84%DB%8C", "hush"):
            assert secret not in shown
            assert secret in made.url()

    def test_the_same_service_whatever_its_targets(self, plugin: Plugin) -> None:
        one, two = (
            plugin("ippanel://key@+983000505/09120000001"),
            plugin("ippanel://key@+983000505/09120000002?max_parts=2"),
        )
        assert one.url_id() == two.url_id() != plugin("ippanel://other@+983000505/09120000001").url_id()

    @pytest.mark.parametrize(
        ("url", "why"),
        [
            ("ippanel://+983000505/09120000001", "key: the URL names no API key"),
            ("ippanel://a/b@+983000505/09120000001", "%2F"),
            ("ippanel://key@+983000505", "names no one to send to"),
            ("ippanel://key@+983000505/0912", "too few digits"),
            ("ippanel://key@9/09120000001", "sender"),
            ("ippanel://key@+983000505/09120000001?mode=fax", "mode"),
            ("ippanel://key@+983000505/09120000001?mode=pattern", "pattern"),
            ("ippanel://key@+983000505/09120000001?:Name=x", "variables"),
            ("ippanel://key@+983000505/%2312?pattern=code", "phonebooks"),
            ("ippanel://key@+983000505/09120000001?max_parts=21", "max_parts"),
            ("ippanel://key@+983000505/09120000001?schedule=soon", "schedule"),
            ("ippanel://key@+983000505/09120000001?schedule=2099-01-01T00:00:00", "tz=Asia/Tehran"),
            ("ippanel://key@+983000505/09120000001?api=rest&schedule=2h", "legacy REST API"),
            ("ippanel://key@+983000505/09120000001?api=soap", "api"),
            (
                "ippanel://key@+983000505/09120000001?url=ftp://example.com",
                "^url: it does not begin with http:// or https://",
            ),
            (
                "ippanel://key@+983000505/09120000001?ur=http://127.0.0.1:8089",
                "^options: there is no 'ur'; is 'url' meant",
            ),
            ("ippanel://key@+983000505/09120000001?Patern=abc", "no 'patern'; is 'pattern' meant"),
            ("ippanel://key@+983000505/09120000001?sender=3000", "no 'sender'; is 'from' meant"),
            ("ippanel://key@+983000505/09120000001?zzz", "no 'zzz'; there are api, body_var,"),
            ("ippanel://key@+983000505/09120000001?pattern=abc&+Name=x", "written :name=value"),
            ("ippanel://s3cr?3tkey@+983000505/09120000001=", "not shown"),
            ("ippanel://sandbox-key@+983000505/09120000001", "^key: this is the sandbox's key; .* url= "),
            ("ippanel://sandbox-key@+983000505/09120000001?api=rest", "^key: this is the sandbox's key; .* url= "),
        ],
    )
    def test_what_cannot_be_is_refused_at_once(
        self, plugin: Plugin, caplog: pytest.LogCaptureFixture, url: str, why: str
    ) -> None:
        with pytest.raises(TypeError, match=why):
            plugin(url)
        assert "ERROR" in caplog.text
        assert "9120000001" not in caplog.text
        assert "3tkey" not in caplog.text

    def test_apprise_s_own_options_are_taken_whatever_its_version(self, plugin: Plugin) -> None:
        own = "verify=no&redirect=no&format=text&overflow=split&rto=1&cto=1&store=no&emojis=no"
        own += "&retry=1&wait=0&optional=no&tz=UTC"
        assert set(NotifyBase.template_args) <= options.APPRISE_S
        for url in (
            "ippanel://key@+983000505/09120000001?" + own,
            "ippanel://key@+983000505/09120000001?&:Name=x&pattern=y",
        ):
            assert plugin(url).apikey == "key", url

    def test_apprise_can_describe_it(self) -> None:
        (described,) = [
            schema for schema in apprise.Apprise().details()["schemas"] if schema["service_name"] == "IPPanel"
        ]
        assert {"apikey", "sender", "targets"} <= described["details"]["tokens"].keys()
        assert {"mode", "pattern", "schedule", "max_parts", "api", "url"} <= described["details"]["args"].keys()
        assert json.dumps(described, default=str)

    def test_from_a_configuration_file(self, ippanel_sandbox: RunningSandbox, address: Address, tmp_path: Any) -> None:
        file = tmp_path / "apprise.yml"
        file.write_text(
            f"urls:\n  - {address('09120000009')}:\n"
            "      - to: 09120000001\n        tag: one\n"
            "      - to: [09120000002]\n        tag: two\n"
        )
        config = apprise.AppriseConfig()
        assert config.add(str(file))
        service = apprise.Apprise()
        service.add(config)
        assert service.notify("سلام", tag="one")
        assert ONE in {message["recipient"] for message in ippanel_sandbox.messages()}

    def test_a_slip_in_a_configuration_file_is_named_too(self, tmp_path: Any, caplog: pytest.LogCaptureFixture) -> None:
        file = tmp_path / "apprise.yml"
        file.write_text("urls:\n  - ippanel://key@+983000505:\n      - to: 09120000001\n        patern: abc\n")
        config = apprise.AppriseConfig()
        assert config.add(str(file))
        service = apprise.Apprise()
        service.add(config)
        assert len(service) == 0
        assert "there is no 'patern'; is 'pattern' meant?" in caplog.text


class TestFailures:
    def test_a_target_that_is_none_is_told_each_time_and_the_others_are_sent(
        self, ippanel_sandbox: RunningSandbox, address: Address, notify: Notify
    ) -> None:
        done = notify(address("09120000001", "02112345678"))
        assert not done.ok
        assert "landline" in done.log
        assert [message["recipient"] for message in ippanel_sandbox.messages()] == [ONE]

    def test_neither_key_nor_number_nor_text_is_logged(
        self, ippanel_sandbox: RunningSandbox, address: Address, notify: Notify
    ) -> None:
        logs = [
            notify(address("09120000001"), "راز").log,
            notify(address("09120000001", key="s3cr3tkey"), "راز").log,
            notify(address("09120000001", pattern="code", __v="راز"), "راز").log,
            notify(address("0912000000"[:10] + "1", "0912345"), "راز").log,
        ]
        for log in logs:
            assert not any(secret in log for secret in (ippanel_sandbox.api_key, "s3cr3tkey", "9120000001", "راز")), log

    @pytest.mark.parametrize(
        "url",
        [
            "ippanel://s3cr3tkey@+983000505/0912 000 0001/0912 000 0002?mode=fax",
            'ippanel://"s3cr3tkey@+983000505/09120000001?mode=fax',
            "ippanel:/s3cr3tkey@+983000505/09120000001",
            "IPPanel//s3cr3tkey@+983000505/09120000001",
        ],
    )
    def test_nor_is_a_url_that_was_mistyped(self, caplog: pytest.LogCaptureFixture, url: str) -> None:
        with caplog.at_level(1):
            assert not apprise.Apprise().add(url)
            apprise.AppriseConfig().add_config(f"urls:\n - '{url}'\n")
        assert "ippanel://****" in caplog.text
        assert not any(secret in caplog.text for secret in ("s3cr3tkey", "000 0001", "000 0002", "9120000001")), (
            caplog.text
        )

    @pytest.mark.parametrize(
        ("fault", "options", "said"),
        [
            ("unauthorized", {}, "Check the API key"),
            ("refused", {}, "Nothing was sent"),
            ("status", {"status": 500}, "may have gone out"),
            ("status", {"status": 429}, "come later"),
            ("drop_after", {}, "may have gone out"),
            ("html", {"status": 200}, "may have gone out"),
        ],
    )
    def test_each_failure_is_an_error_that_says_whether_it_may_have_gone_out(
        self,
        ippanel_sandbox: RunningSandbox,
        address: Address,
        notify: Notify,
        fault: str,
        options: dict[str, Any],
        said: str,
    ) -> None:
        ippanel_sandbox.fault(fault, path="/api/send", **options)
        done = notify(address())
        assert not done.ok
        assert "ERROR" in done.log
        assert said in done.log

    def test_part_of_a_batch(self, ippanel_sandbox: RunningSandbox, address: Address, notify: Notify) -> None:
        ippanel_sandbox.fault("refused", path="/api/send", after=1, times=1)
        done = notify(address(*(f"0912000{number:04}" for number in range(2500))))
        assert not done.ok
        assert ippanel_sandbox.counts()["distinct"] == 1500
        assert "accepted for 1500 targets" in done.log
        assert "not accepted for 1000 of 2500 targets" in done.log

    def test_after_a_wrong_key_the_rest_is_held_back(
        self, ippanel_sandbox: RunningSandbox, address: Address, notify: Notify
    ) -> None:
        before = sends(ippanel_sandbox)
        done = notify(address(*(f"0912000{number:04}" for number in range(2500)), key="wrong"))
        assert not done.ok
        assert sends(ippanel_sandbox) - before == 1
        assert "Held back" in done.log

    def test_what_would_outlast_apprise_is_held_back(
        self, ippanel_sandbox: RunningSandbox, address: Address, notify: Notify
    ) -> None:
        # A read timeout that uses up all of the time leaves room for the first request only.
        done = notify(address(*(f"0912000{number:04}" for number in range(1500)), rto=58))
        assert not done.ok
        assert ippanel_sandbox.counts()["distinct"] == 1000
        assert "no time was left" in done.log
