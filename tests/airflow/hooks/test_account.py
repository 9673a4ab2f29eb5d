"""From a connection to what a client needs, field by field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ippanel_provider.client import InvalidInput
from ippanel_provider.hooks.account import Account, account_of, meant_by
from ippanel_provider.hooks.ippanel import IPPanelHook
from ippanel_provider.provider_info import CONNECTION_FIELDS
from ippanel_provider.service import Api
from ippanel_provider.service_profile import DOCUMENTS
from tests.client.test_tracebacks import shown_of_ours

KEY = "the-api-key-0123456789"
PROXY = "http://clerk:proxy-secret@127.0.0.1:3128"


def account(**changes: Any) -> Account:
    fields: dict[str, Any] = {
        "conn_type": "ippanel",
        "host": None,
        "port": None,
        "schema": None,
        "login": None,
        "password": KEY,
    }
    extra = changes.pop("extra", {})
    return account_of("shop", **(fields | changes), extra=extra)


def test_an_api_key_is_enough() -> None:
    """Everything else has a default: the service itself, over the Edge API."""
    made = account()
    assert made.settings.root == "https://edge.ippanel.com/v1"
    assert made.settings.api is Api.EDGE
    assert made.settings.verify is True
    assert made.settings.proxy is None
    assert (made.settings.connect_timeout, made.settings.read_timeout) == (5.0, 30.0)
    assert made.sender is None
    assert made.auth().current() == KEY


@pytest.mark.parametrize(
    ("fields", "root"),
    [
        ({"host": "https://relay.example"}, "https://relay.example/v1"),
        ({"host": "https://relay.example/v1"}, "https://relay.example/v1"),
        ({"host": "https://relay.example/v1/api/"}, "https://relay.example/v1"),
        ({"host": "relay.example"}, "https://relay.example/v1"),
        ({"host": "relay.example", "port": 8443}, "https://relay.example:8443/v1"),
        ({"host": "relay.example", "schema": "http", "extra": {"allow_http": True}}, "http://relay.example/v1"),
        ({"host": "relay.example", "schema": "sms/v1"}, "https://relay.example/sms/v1"),
        ({"host": "relay.example", "schema": "sms"}, "https://relay.example/sms"),
        ({"host": "relay.example", "schema": "/sms/v1/", "port": 8443}, "https://relay.example:8443/sms/v1"),
        ({"host": "127.0.0.1", "port": 8089, "schema": "v1"}, "http://127.0.0.1:8089/v1"),
        ({"host": "relay.example", "schema": "https/sms/v1"}, "https://relay.example/sms/v1"),
        ({"host": "https://relay.example", "schema": "sms/v1/api"}, "https://relay.example/sms/v1"),
        ({"host": "https://relay.example/sms", "schema": "https"}, "https://relay.example/sms"),
        ({"host": "127.0.0.1", "port": 8089}, "http://127.0.0.1:8089/v1"),
        ({"host": "localhost", "port": 8089, "schema": "https"}, "https://localhost:8089/v1"),
        ({"host": "http://127.0.0.1", "port": 8089}, "http://127.0.0.1:8089/v1"),
        ({"host": "http://127.0.0.1:8089/v1", "port": 1}, "http://127.0.0.1:8089/v1"),
        ({"host": "https://relay.example/v1", "port": 0}, "https://relay.example/v1"),
        ({"host": "", "port": 443}, "https://edge.ippanel.com/v1"),
        ({"host": "::1", "port": 8089}, "http://[::1]:8089/v1"),
        ({"host": "relay.example/v1", "port": 8443}, "https://relay.example:8443/v1"),
        ({"host": "relay.example:8443"}, "https://relay.example:8443/v1"),
        ({"host": "127.0.0.1:8089", "port": 443}, "http://127.0.0.1:8089/v1"),
        ({"host": "localhost:8089/v1/api"}, "http://localhost:8089/v1"),
        ({"host": "[::1]:8089"}, "http://[::1]:8089/v1"),
        ({"host": "[::1]", "port": 8089}, "http://[::1]:8089/v1"),
        ({"host": "http://[::1]/v1", "port": 8089}, "http://[::1]:8089/v1"),
        ({"host": ""}, "https://edge.ippanel.com/v1"),
        ({"extra": {"api": "rest"}}, "https://rest.ippanel.com/v1"),
        ({"extra": {"api": "REST"}}, "https://rest.ippanel.com/v1"),
        ({"extra": {"api": ""}}, "https://edge.ippanel.com/v1"),
    ],
)
def test_the_base_url_is_completed(fields: dict[str, Any], root: str) -> None:
    assert account(**fields).settings.root == root


@pytest.mark.parametrize(
    ("extra", "field", "value"),
    [
        ({"connect_timeout": 2}, "connect_timeout", 2.0),
        ({"connect_timeout": "2.5"}, "connect_timeout", 2.5),
        ({"read_timeout": ""}, "read_timeout", 30.0),
        ({"read_timeout": None}, "read_timeout", 30.0),
        ({"proxy": PROXY}, "proxy", PROXY),
        ({"proxy": " "}, "proxy", None),
        ({"verify": False}, "verify", False),
        ({"verify": "false"}, "verify", False),
        ({"verify": "0"}, "verify", False),
        ({"verify": "True"}, "verify", True),
        ({"verify": ""}, "verify", True),
        ({"verify": None}, "verify", True),
        ({"ca_bundle": __file__}, "verify", __file__),
        ({"verify": False, "ca_bundle": __file__}, "verify", False),
    ],
)
def test_extra_fields_are_read_in_the_forms_that_forms_and_uris_give_them(
    extra: dict[str, Any], field: str, value: object
) -> None:
    assert getattr(account(extra=extra).settings, field) == value


@pytest.mark.parametrize("sender", ["+983000505", "+98BANK"])
def test_the_default_sender_is_checked_and_kept(sender: str) -> None:
    assert account(extra={"sender": sender}).sender == sender


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"password": None}, "password: it is empty"),
        ({"password": ""}, "password: it is empty"),
        ({"password": "   "}, "password"),
        ({"password": f"AccessKey {KEY}"}, "password: give the key alone"),
        ({"password": f"{KEY} {KEY}"}, "password"),
        ({"conn_type": "postgres"}, "its type is 'postgres'"),
        ({"host": "ftp://relay.example"}, "host"),
        ({"host": "https://"}, "host"),
        ({"host": f"https://clerk:{KEY}@relay.example"}, "host"),
        ({"host": "https://relay.example:port/v1"}, "host"),
        ({"host": "relay.example:port"}, "host"),
        ({"host": f"clerk:{KEY}@relay.example"}, "host: it holds a user name"),
        ({"host": f"https://clerk:{KEY}/more@relay.example"}, "host"),
        ({"port": 8443}, "port: 8443 belongs to no base URL"),
        ({"extra": {"sender": "no line"}}, "sender"),
        ({"extra": {"sender": "09120001234"}}, "sender"),
        ({"extra": {"api": "soap"}}, "api: 'soap' is none of edge, rest"),
        ({"extra": {"verify": "maybe"}}, "verify"),
        ({"extra": {"verify": 0}}, "verify"),
        ({"extra": {"verify": []}}, "verify"),
        ({"extra": {"verify": {}}}, "verify"),
        ({"extra": {"verify": 1.5}}, "verify"),
        ({"host": "http://relay.example"}, "host: plain http to another machine"),
        ({"host": "relay.example", "schema": "http"}, "host: plain http to another machine"),
        ({"host": "http://10.0.0.7:8089", "extra": {"allow_http": "no"}}, "host: plain http to another machine"),
        ({"host": "http://relay.example", "extra": {"allow_http": "perhaps"}}, "allow_http"),
        ({"schema": "sms/v1"}, "schema: a path belongs to no base URL"),
        ({"host": "https://relay.example/v1", "schema": "sms"}, "schema: the base URL has a path already"),
        ({"extra": {"ca_bundle": "no-such-bundle.pem"}}, "ca_bundle: there is no file no-such-bundle.pem"),
        ({"password": "sandbox-key"}, "password: this is the sandbox's key; give the sandbox's address"),
        ({"extra": {"connect_timeout": "soon"}}, "connect_timeout"),
        ({"extra": {"connect_timeout": 0}}, "connect_timeout"),
        ({"extra": {"connect_timeout": "nan"}}, "connect_timeout"),
        ({"extra": {"read_timeout": -1}}, "read_timeout"),
        ({"extra": {"read_timeout": "inf"}}, "read_timeout"),
        ({"extra": {"read_timeout": [30]}}, "read_timeout"),
        ({"extra": {"proxy": "clerk:proxy-secret@127.0.0.1:3128"}}, "proxy"),
        ({"extra": {"proxy": "ftp://clerk:proxy-secret@127.0.0.1"}}, "proxy"),
        ({"extra": {"proxy": "http://clerk:proxy-secret@[half"}}, "proxy"),
    ],
)
def test_what_cannot_be_right_is_refused_by_connection_and_field(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        account(**fields)
    message = str(refused.value)
    assert message.startswith(f"connection 'shop', {named}")
    assert KEY not in message
    assert "proxy-secret" not in message
    assert "09120001234" not in message


def test_no_secret_is_in_the_repr() -> None:
    shown = repr(account(extra={"proxy": PROXY}))
    assert KEY not in shown
    assert "proxy-secret" not in shown


def test_equal_connections_make_equal_accounts() -> None:
    """So that their hooks share one client."""
    assert account(host="https://relay.example") == account(host="https://relay.example")
    assert account() != account(password="another-key-0123456789")
    assert hash(account()) == hash(account())


@pytest.mark.parametrize(
    "field", [field for field in CONNECTION_FIELDS if field.default is not None], ids=lambda field: field.name
)
def test_the_default_the_form_shows_is_the_default(field: Any) -> None:
    assert account(extra={field.name: field.default}) == account()
    assert account(extra={field.name: str(field.default)}) == account()


def test_a_bundle_of_the_relay_is_used(tmp_path: Path) -> None:
    bundle = tmp_path / "relay.pem"
    bundle.write_text("not read before the first connection")
    assert account(extra={"ca_bundle": str(bundle)}).settings.verify == str(bundle)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("verify_ssl", "verify"),
        ("timeout", "read_timeout"),
        ("Sender", "sender"),
        ("read-timeout", "read_timeout"),
        ("ratelimit", "rate_limit"),
        ("panel_uri", "panel_url"),
        ("colour", None),
    ],
)
def test_an_extra_field_that_nothing_reads_is_known_and_so_is_what_was_meant(name: str, meant: str | None) -> None:
    assert account(extra={name: "x", "sender": "+983000505"}).unknown == (name,)
    assert meant_by(name) == meant


class TestServiceProfile:
    """How the panel of a connection really behaves, as `ippanel doctor` found out."""

    KNOWN = DOCUMENTS.learn({"letters": "arabic"})

    def test_the_path_of_a_file_or_what_stands_in_it(self, tmp_path: Path) -> None:
        self.KNOWN.write(tmp_path / "profile.json")
        text = self.KNOWN.to_json()
        for given in (str(tmp_path / "profile.json"), text, json.loads(text)):
            assert account(extra={"service_profile": given}).profile == self.KNOWN
        assert account(extra={"service_profile": ""}).profile is None
        assert len({account(extra={"service_profile": text}), account(extra={"service_profile": text})}) == 1

    @pytest.mark.parametrize(
        "given", ["nowhere.json", "{", '{"version": 1, "facts": {"letters": "greek"}}', {"version": 9}, 7, ["a"]]
    )
    def test_what_is_none_is_refused_by_field(self, given: Any) -> None:
        with pytest.raises(InvalidInput, match="connection 'shop', service_profile: "):
            account(extra={"service_profile": given})

    def test_a_sending_task_goes_by_it(self) -> None:
        from ippanel_provider.campaign.ledger.memory import MemoryLedger
        from ippanel_provider.campaign.panel import Panel
        from tests.campaign.conftest import KEY as MEMBER_KEY

        panel = Panel.of(MemoryLedger(MEMBER_KEY), self.KNOWN)
        assert (panel.facts.letters, panel.facts.known) == ("arabic", {"letters"})


@pytest.mark.parametrize(
    "changes",
    [
        {"host": "http://shop.example/v1"},
        {"host": "http://["},
        {"extra": {"sender": "x", "totp_secret": KEY}},
        {"extra": {"proxy": f"htp://clerk:{KEY}@x", "ledger_secret": KEY}},
        {"extra": {"verify": 7, "ca_bundle": "", "read_timeout": "soon"}},
    ],
)
def test_no_secret_is_in_the_traceback_of_what_cannot_be(changes: dict[str, Any], connect: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        account(**changes)
    assert KEY not in shown_of_ours(caught.value)
    with pytest.raises(InvalidInput) as caught:
        IPPanelHook(connect(password=KEY, **changes)).get_apprise_url(["x"])
    assert KEY not in shown_of_ours(caught.value)
