"""The hook: one connection in all its forms, looked up from tasks and triggers, over the sandbox."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
from collections.abc import Callable
from urllib.parse import quote

import pytest
from airflow.providers.common.compat.sdk import AirflowNotFoundException

from ippanel_provider.client import InvalidInput, Unauthorized, edge
from ippanel_provider.hooks.ippanel import IPPanelHook
from ippanel_provider.provider_info import CONNECTION_FIELDS, FIELD_BEHAVIOUR, get_provider_info
from ippanel_provider.sandbox.runner import RunningSandbox

Command = Callable[..., subprocess.CompletedProcess[str]]
WRONG_KEY = "wrong-key-0123456789"


def test_the_connection_is_found_from_a_task_and_from_an_event_loop(sandbox: RunningSandbox) -> None:
    assert IPPanelHook().run(edge.auth.check_token()) == asyncio.run(IPPanelHook().arun(edge.auth.check_token()))
    assert IPPanelHook().account == asyncio.run(IPPanelHook().async_account())


def test_a_connection_uri_works_as_the_json_form_does(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    host = sandbox.url.removeprefix("http://")
    monkeypatch.setenv(
        "AIRFLOW_CONN_URI", f"ippanel://:{sandbox.api_key}@{host}/http?sender={quote(sandbox.sender)}&verify=false"
    )
    hook = IPPanelHook("uri")
    assert hook.sender() == sandbox.sender
    assert hook.account.settings.verify is False
    assert hook.run(edge.auth.check_token()).user_name == "ippanel"


def test_a_whole_url_in_a_connection_uri_works_too(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_URI", f"ippanel://:{sandbox.api_key}@{quote(sandbox.base_url, safe='')}")
    assert IPPanelHook("uri").run(edge.auth.check_token()).user_name == "ippanel"


def test_a_connection_survives_the_way_through_its_uri(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ``airflow connections export`` and secrets backends store it."""
    uri = IPPanelHook.get_connection("ippanel_default").get_uri()
    monkeypatch.setenv("AIRFLOW_CONN_AGAIN", uri)
    assert IPPanelHook("again").account == IPPanelHook().account


def test_a_missing_connection_is_named() -> None:
    with pytest.raises(AirflowNotFoundException, match="nowhere"):
        IPPanelHook("nowhere").run(edge.payment.credit())
    with pytest.raises(AirflowNotFoundException, match="nowhere"):
        asyncio.run(IPPanelHook("nowhere").arun(edge.payment.credit()))


def test_nothing_is_looked_up_when_a_hook_is_made() -> None:
    IPPanelHook("nowhere")


def test_an_empty_password_is_named_before_anything_is_sent(
    connect: Callable[..., str], ippanel_sandbox: RunningSandbox
) -> None:
    hook = IPPanelHook(connect(password=""))
    with pytest.raises(InvalidInput, match=r"connection 'ippanel_default', password"):
        hook.run(edge.payment.credit())
    assert ippanel_sandbox.stats()["requests"] == {}


@pytest.mark.parametrize(
    ("default", "asked_for", "chosen"),
    [
        ("+983000505", None, "+983000505"),
        ("+983000505", "+981000", "+981000"),
        (None, "+981000", "+981000"),
        ("+983000505", "", "+983000505"),
    ],
)
def test_a_tasks_sender_wins_over_the_connections(
    connect: Callable[..., str], default: str | None, asked_for: str | None, chosen: str
) -> None:
    assert IPPanelHook(connect(extra={"sender": default})).sender(asked_for) == chosen


def test_without_any_sender_both_places_are_named(connect: Callable[..., str]) -> None:
    with pytest.raises(InvalidInput, match=r"sender: the task names none and connection 'ippanel_default'"):
        IPPanelHook(connect(extra={"sender": ""})).sender()


def test_a_task_cannot_send_from_a_mobile_number_by_mistake(sandbox: RunningSandbox) -> None:
    with pytest.raises(InvalidInput, match=r"^sender: ") as refused:
        IPPanelHook().sender("09120001234")
    assert "09120001234" not in str(refused.value)


def test_the_gateway_is_that_of_the_connections_api(connect: Callable[..., str]) -> None:
    assert IPPanelHook(connect()).gateway.api == "edge"
    assert IPPanelHook(connect(extra={"api": "rest"})).gateway.api == "rest"


def test_testing_a_right_connection_says_who_what_credit_and_which_lines(sandbox: RunningSandbox) -> None:
    sandbox.account(credit=1_250_000.0, lines=["+9810001", "+9810002", "+9810003", "+9810004", "+9810005"])
    works, said = IPPanelHook().test_connection()
    assert works
    assert said == (
        "Connected as ippanel; credit 1,250,000 rial; lines +983000505, +9810001, +9810002, +9810003, +9810004 "
        "and 1 more."
    )


def test_testing_warns_of_a_strange_line_and_of_a_blocked_account(
    connect: Callable[..., str], ippanel_sandbox: RunningSandbox
) -> None:
    ippanel_sandbox.account(send_block=True)
    works, said = IPPanelHook(connect(extra={"sender": "+98999"})).test_connection()
    assert works
    assert "+98999 is not among them" in said
    assert "Sending is blocked" in said


def test_testing_tells_what_in_the_connection_is_ignored_or_unsafe(connect: Callable[..., str]) -> None:
    works, said = IPPanelHook(connect(extra={"verify": False, "verify_ssl": "x", "colour": "red"})).test_connection()
    assert works
    assert "TLS certificates are not verified" in said
    assert "The extra field 'verify_ssl' is not known and ignored; verify may be meant." in said
    assert "The extra field 'colour' is not known and ignored." in said


def test_a_path_in_a_connection_uri_is_the_relays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_RELAYED", "ippanel://:a-key-of-twenty-letters@relay.example.com/sms/v1")
    assert IPPanelHook("relayed").account.settings.root == "https://relay.example.com/sms/v1"


def test_testing_with_a_wrong_key_says_what_to_do(connect: Callable[..., str]) -> None:
    works, said = IPPanelHook(connect(password=WRONG_KEY)).test_connection()
    assert not works
    assert "Check the API key" in said
    assert WRONG_KEY not in said


def test_testing_while_the_service_is_down_says_what_to_do(connect: Callable[..., str]) -> None:
    works, said = IPPanelHook(connect(host="http://127.0.0.1:9/v1")).test_connection()
    assert not works
    assert "no connection to 127.0.0.1" in said
    assert "Check the base URL, network and proxy" in said


def test_testing_does_not_wait_for_a_service_that_fails(sandbox: RunningSandbox) -> None:
    sandbox.fault("status", path="/api/acl/auth/check_token", status=503)
    assert not IPPanelHook().test_connection()[0]
    assert sum(sandbox.stats()["requests"].values()) == 1


def test_testing_a_connection_with_a_wrong_field_names_it(connect: Callable[..., str]) -> None:
    works, said = IPPanelHook(connect(extra={"read_timeout": "soon"})).test_connection()
    assert not works
    assert said.startswith("connection 'ippanel_default', read_timeout:")


def test_the_key_is_in_no_error_and_no_log(connect: Callable[..., str], caplog: pytest.LogCaptureFixture) -> None:
    hook = IPPanelHook(connect(password=WRONG_KEY))
    with caplog.at_level(logging.DEBUG), pytest.raises(Unauthorized) as refused:
        hook.run(edge.payment.credit())
    assert WRONG_KEY not in f"{refused.value!r} {refused.value} {hook!r} {hook.get_conn()!r} {caplog.text}"


def test_the_apprise_url_leads_to_the_same_place(sandbox: RunningSandbox) -> None:
    url = IPPanelHook().get_apprise_url()
    assert url.startswith(f"ippanel://{sandbox.api_key}@{sandbox.sender}?")
    assert quote(sandbox.base_url, safe="") in url or sandbox.base_url in url


def test_a_login_has_no_apprise_url(connect: Callable[..., str]) -> None:
    with pytest.raises(InvalidInput, match="login: Apprise takes an API key"):
        IPPanelHook(connect(login="ippanel", password="sandbox-password")).get_apprise_url()


class TestForm:
    """Airflow 3.3 makes the form of the metadata alone."""

    METADATA = get_provider_info()["connection-types"][0]

    def test_every_field_of_the_table_is_in_the_metadata(self) -> None:
        fields = self.METADATA["conn-fields"]
        assert list(fields) == [field.name for field in CONNECTION_FIELDS]
        for field in CONNECTION_FIELDS:
            assert fields[field.name]["label"] == field.label
            assert fields[field.name]["schema"]["type"] == [field.type, "null"]
            assert (fields[field.name]["schema"].get("format") == "password") is field.secret

    def test_the_metadata_is_json(self) -> None:
        assert json.loads(json.dumps(self.METADATA)) == self.METADATA

    def test_secret_fields_are_masked_by_their_names(self) -> None:
        """Airflow masks an extra when its name holds a sensitive word; a proxy's does not, so its form hides it."""
        assert all(field.secret for field in CONNECTION_FIELDS if "secret" in field.name or field.name == "proxy")

    def test_the_standard_fields_behave_alike(self) -> None:
        behaviour = self.METADATA["ui-field-behaviour"]
        assert IPPanelHook.get_ui_field_behaviour() == FIELD_BEHAVIOUR
        assert {name.replace("-", "_"): value for name, value in behaviour.items()} == FIELD_BEHAVIOUR


class TestCommands:
    """What an administrator types."""

    def test_airflow_lists_the_hook(self, airflow: Command) -> None:
        listed = airflow("providers", "hooks", "--output", "json")
        hooks = json.loads(listed.stdout[listed.stdout.index("[") :])
        assert [hook for hook in hooks if hook["connection_type"] == "ippanel"] == [
            {
                "connection_type": "ippanel",
                "class": "ippanel_provider.hooks.ippanel.IPPanelHook",
                "conn_id_attribute_name": "ippanel_conn_id",
                "package_name": "airflow-provider-ippanel",
                "hook_name": "IPPanel",
            }
        ]

    def test_airflow_tests_the_connection(self, airflow: Command, sandbox: RunningSandbox) -> None:
        tested = airflow("connections", "test", "ippanel_default")
        assert "Connection success!" in tested.stdout

    def test_airflow_tells_why_a_connection_fails(self, airflow: Command, connect: Callable[..., str]) -> None:
        tested = airflow("connections", "test", connect(password=WRONG_KEY))
        assert "Check the API key" in tested.stdout
        assert WRONG_KEY not in tested.stdout + tested.stderr
