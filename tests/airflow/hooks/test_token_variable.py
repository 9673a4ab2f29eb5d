"""A login by user name: one token for all workers, in an Airflow Variable, and never shown."""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from airflow.providers.common.compat.sdk import Variable, redact, task

from ippanel_provider.client import StoredToken, edge
from ippanel_provider.hooks import clients, token_variable
from ippanel_provider.hooks.ippanel import IPPanelHook
from ippanel_provider.hooks.token_variable import TokenVariable
from ippanel_provider.notifications.alert import impatient
from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox

PASSWORD = "sandbox-password"
TOKEN = StoredToken("t" * 40, datetime.now(UTC).replace(microsecond=0) + timedelta(hours=10))


class Variables:
    """Stands where Airflow keeps its Variables, so that a process of its own is not needed for each test."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.is_down = False

    def get(self, key: str, default: str | None = None) -> str | None:
        self._check()
        return self.kept.get(key, default)

    def set(self, key: str, value: str, description: str | None = None) -> None:
        self._check()
        self.kept[key] = value

    def delete(self, key: str) -> None:
        self._check()
        self.kept.pop(key, None)

    def _check(self) -> None:
        if self.is_down:
            raise ConnectionError("the API server does not answer")


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> Variables:
    kept = Variables()
    monkeypatch.setattr(token_variable, "Variable", kept)
    return kept


@pytest.fixture(autouse=True)
def forget_clients() -> Iterator[None]:
    """Each test is a new process, as far as logins go."""
    clients.close_all()
    clients._shared.clear()
    yield
    clients.close_all()
    clients._shared.clear()


def logins(sandbox: RunningSandbox) -> int:
    return int(sandbox.stats()["requests"].get("POST /api/acl/auth/login", 0))


def store() -> TokenVariable:
    return TokenVariable("ippanel", "https://edge.ippanel.com/v1")


def test_the_first_worker_logs_in_and_the_others_use_its_token(
    connect: Callable[..., str], ippanel_sandbox: RunningSandbox, variables: Variables
) -> None:
    connect(login="ippanel", password=PASSWORD)
    credit = IPPanelHook().run(edge.payment.credit()).credit
    clients.close_all()
    clients._shared.clear()
    assert IPPanelHook().run(edge.payment.credit()).credit == credit
    assert logins(ippanel_sandbox) == 1
    assert len(variables.kept) == 1


def test_a_token_that_the_service_ended_is_replaced_for_all(
    connect: Callable[..., str], ippanel_sandbox: RunningSandbox, variables: Variables
) -> None:
    connect(login="ippanel", password=PASSWORD)
    IPPanelHook().run(edge.payment.credit())
    (first,) = variables.kept.values()
    ippanel_sandbox.advance(11 * 3600)
    IPPanelHook().run(edge.payment.credit())
    (second,) = variables.kept.values()
    assert first != second
    assert logins(ippanel_sandbox) == 2


def test_triggers_log_in_too(
    connect: Callable[..., str], ippanel_sandbox: RunningSandbox, variables: Variables
) -> None:
    """Their event loop must not wait for Airflow, so they keep the token of their process."""
    connect(login="ippanel", password=PASSWORD)

    async def ask_twice() -> None:
        await IPPanelHook().arun(edge.payment.credit())
        await IPPanelHook().arun(edge.payment.credit())

    asyncio.run(ask_twice())
    assert logins(ippanel_sandbox) == 1
    assert variables.kept == {}


def test_who_waits_less_long_uses_the_same_login(
    connect: Callable[..., str], ippanel_sandbox: RunningSandbox, variables: Variables
) -> None:
    """As notifiers do."""
    connect(login="ippanel", password=PASSWORD)
    variables.is_down = True
    account = IPPanelHook().account
    clients.client_for(account).run(edge.payment.credit())
    clients.client_for(replace(account, settings=impatient(account.settings, timeout=1))).run(edge.payment.credit())
    assert logins(ippanel_sandbox) == 1


def test_without_variables_each_process_logs_in_itself(
    connect: Callable[..., str], ippanel_sandbox: RunningSandbox, variables: Variables
) -> None:
    variables.is_down = True
    connect(login="ippanel", password=PASSWORD)
    for _ in range(3):
        IPPanelHook().run(edge.payment.credit())
    assert logins(ippanel_sandbox) == 1


def test_a_wrong_password_is_named_and_not_shown(connect: Callable[..., str], variables: Variables) -> None:
    works, said = IPPanelHook(connect(login="ippanel", password="wrong-password")).test_connection()
    assert not works
    assert "does not know this user name and password" in said
    assert "wrong-password" not in said


def test_a_right_password_is_told_like_a_right_key(connect: Callable[..., str], variables: Variables) -> None:
    works, said = IPPanelHook(connect(login="ippanel", password=PASSWORD)).test_connection()
    assert works
    assert said.startswith("Connected as ippanel; credit ")


def test_a_task_keeps_the_token_where_the_next_one_finds_it(
    connect: Callable[..., str], ippanel_sandbox: RunningSandbox, new_dag: Callable, run_dag: Callable
) -> None:
    """In Airflow's own Variables."""
    connect(login="ippanel", password=PASSWORD)
    with new_dag() as dag:

        @task
        def ask() -> str:
            clients.close_all()
            clients._shared.clear()
            IPPanelHook().run(edge.payment.credit())
            key = TokenVariable("ippanel", IPPanelHook().account.settings.root).key
            return f"{len(json.loads(Variable.get(key))['token'])} characters"

        ask() >> ask()
    run = run_dag(dag)
    assert run.state == "success"
    assert logins(ippanel_sandbox) == 1
    assert run.results["ask"] == run.results["ask__1"] == "32 characters"


def test_what_is_kept_comes_back(variables: Variables) -> None:
    store().save(TOKEN)
    assert store().load() == TOKEN
    store().clear()
    assert store().load() is None
    assert variables.kept == {}


def test_a_token_is_masked_in_logs_from_the_moment_it_is_known(variables: Variables) -> None:
    mine, anothers = (StoredToken(secrets.token_hex(16), TOKEN.expires_at) for _ in range(2))
    variables.kept[store().key] = json.dumps({"token": anothers.value, "expires_at": anothers.expires_at.timestamp()})
    store().load()
    store().save(mine)
    assert redact(f"tokens {mine.value} and {anothers.value}", "said") == "tokens *** and ***"


def test_accounts_and_hosts_have_tokens_of_their_own() -> None:
    keys = {
        TokenVariable(user, root).key
        for user in ("one", "two")
        for root in ("https://a.example/v1", "https://b.example/v1")
    }
    assert len(keys) == 4
    assert not any("one" in key or "example" in key for key in keys)


@pytest.mark.parametrize(
    "kept", ["", "no json", "[]", "{}", '{"token": "x"}', '{"token": "x", "expires_at": "soon"}', "null"]
)
def test_what_cannot_be_read_is_no_token(variables: Variables, kept: str) -> None:
    variables.kept[store().key] = kept
    assert store().load() is None


def test_another_thread_leaves_the_variable_to_the_main_thread(variables: Variables) -> None:
    """A task process has one channel to Airflow, for its main thread alone."""
    keeping = store()
    thread = threading.Thread(target=keeping.save, args=(TOKEN,))
    thread.start()
    thread.join()
    assert variables.kept == {}
    assert keeping.load() == TOKEN
    assert len(variables.kept) == 1


def test_a_token_kept_late_does_not_push_out_a_newer_one(variables: Variables) -> None:
    keeping, newer = store(), StoredToken("n" * 40, TOKEN.expires_at + timedelta(hours=1))
    thread = threading.Thread(target=keeping.save, args=(TOKEN,))
    thread.start()
    thread.join()
    store().save(newer)
    assert keeping.load() == newer
    assert store().load() == newer


class TestSecondFactor:
    """On a sandbox of its own: codes depend on the time, and other tests move the shared one's clock."""

    @pytest.fixture
    def login(self, monkeypatch: pytest.MonkeyPatch, variables: Variables) -> Iterator[Callable[..., IPPanelHook]]:
        with running_sandbox() as own:

            def made(two_factor: str, **extra: str) -> IPPanelHook:
                own.account(two_factor=two_factor)
                given = {
                    "conn_type": "ippanel",
                    "host": own.base_url,
                    "login": "ippanel",
                    "password": PASSWORD,
                    "extra": extra,
                }
                monkeypatch.setenv("AIRFLOW_CONN_IPPANEL_DEFAULT", json.dumps(given))
                return IPPanelHook()

            yield made

    def test_the_authenticators_code_is_made_of_the_secret(self, login: Callable[..., IPPanelHook]) -> None:
        assert login("ga", totp_secret="JBSWY3DPEHPK3PXP").run(edge.auth.check_token()).user_name == "ippanel"

    @pytest.mark.parametrize("two_factor", ["ga", "sms"])
    def test_without_the_secret_an_administrator_learns_what_to_do(
        self, login: Callable[..., IPPanelHook], two_factor: str
    ) -> None:
        works, said = login(two_factor).test_connection()
        assert not works
        assert "into totp_secret, or use an API key" in said
