"""What a URL says, what it cannot say, and how it is written again."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
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
            ("ippanel://key@+983000505/09120000001?verify=y0", "'verify' is expected to be yes or no"),
            ("ippanel://key@+983000505/09120000001?rto=nan", "^rto: "),
            ("ippanel://key@+983000505/09120000001?cto=-1", "^cto: "),
            ("ippanel://key@+983000505/09120000001?rto=soon", "^rto: "),
            ("ippanel://key@+983000505/09120000001?tz=Asia/Teheran", "time ?zone"),
            ("ippanel://key@+983000505/09120000001?pattern=abc&+Name=x", "written :name=value"),
            ("ippanel://_?from=3000505&to=09120000001&key=ab&s3cr3tkey", "not shown"),
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


class TestOptionsOfHosts:
    """Hosts append options of their own to every URL, and none of them knows who else reads them."""

    @pytest.mark.parametrize(
        "appended",
        [
            "?avatar_url=https%3A%2F%2Fexample.com%2Flogo.png&format=text",
            "?&image=no&footer=yes",
            "??avatar_url=https://example.com/logo.png",
            "?max_parts=3&thumbnail=no&tts=no&batch=yes&priority=high&sound=x&icon=y&link=z",
        ],
    )
    def test_are_none_of_ours_and_cost_no_text(
        self, ippanel_sandbox: RunningSandbox, address: Address, notify: Notify, appended: str
    ) -> None:
        url, _, ours = address().partition("?")
        assert notify(f"{url}{appended}&{ours}").ok
        assert len(ippanel_sandbox.messages()) == 1

    def test_after_a_phonebook_that_was_not_quoted_begin_a_query_of_their_own(self, plugin: Plugin) -> None:
        made = plugin("ippanel://key@+983000505/#12?max_parts=3?avatar_url=https://example.com/a.png&format=text")
        assert (made.targets.phonebooks, made.max_parts) == ((12,), 3)

    def test_are_said_once_and_as_no_warning(self, plugin: Plugin, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level("INFO"):
            for _ in range(3):
                plugin("ippanel://key@+983000505/09120000001?quite_unheard_of=1")
        said = [record for record in caplog.records if "quite_unheard_of" in record.getMessage()]
        assert [record.levelname for record in said] == ["INFO"]

    def test_whose_name_may_be_a_piece_of_a_key_are_not_shown(
        self, plugin: Plugin, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level("INFO"):
            plugin("ippanel://_?from=3000505&to=09120000001&key=ab&s3cr3tkey==")
        assert "option (not shown) is none" in caplog.text
        assert "s3cr3tkey" not in caplog.text

    @pytest.mark.parametrize(
        ("name", "meant"),
        [
            ("paterns", "pattern"),
            ("form", "from"),
            ("too", "to"),
            ("max-parts", "max_parts"),
            ("shedule", "schedule"),
            ("send_time", "schedule"),
            ("recipients", "to"),
            ("api_key", "key"),
            ("verfy", "verify"),
            ("bodyvar", "body_var"),
        ],
    )
    def test_that_are_nearly_ours_are_refused_with_the_one_that_is_meant(
        self, plugin: Plugin, name: str, meant: str
    ) -> None:
        with pytest.raises(TypeError, match=f"is '{meant}' meant"):
            plugin(f"ippanel://key@+983000505/09120000001?{name}=1")


class TestWhatAppriseAsksOfEveryService:
    @pytest.mark.parametrize("nothing", [None, object(), 42])
    def test_what_is_no_url_is_none(self, nothing: object) -> None:
        assert NotifyIPPanel.parse_url(nothing) is None

    def test_each_option_of_the_templates_is_a_parameter_and_each_parameter_an_option(self) -> None:
        """Apprise reads the names of parameters by position, so that none may be for keywords only."""
        spec = inspect.getfullargspec(NotifyIPPanel.__init__)
        ours, everyones = (
            {**of.template_tokens, **of.template_args, **of.template_kwargs} for of in (NotifyIPPanel, NotifyBase)
        )
        own = [(name, entry) for name, entry in ours.items() if name not in everyones and "alias_of" not in entry]
        mapped = {entry.get("map_to", name) for name, entry in own}
        assert mapped == set(spec.args) - {"self"}
        assert spec.kwonlyargs == []
