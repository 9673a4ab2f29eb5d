"""Whose credential the command uses, and how a person logs in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ippanel_provider.client import FileStore, StoredToken
from ippanel_provider.sandbox.runner import RunningSandbox
from tests.client.stand_in import Reply, Seen, StandIn, serving

from .support import Run, converse, one_line


class TestCredential:
    def test_without_one_and_without_a_terminal_it_says_what_to_do(
        self, run: Run, service: RunningSandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("IPPANEL_API_KEY")
        outcome = run("credit")
        assert outcome.code == 2
        assert "set IPPANEL_API_KEY, or run `ippanel login`" in one_line(outcome.err)

    def test_can_stand_in_a_file(
        self, run: Run, service: RunningSandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """As orchestrators hand secrets to containers."""
        monkeypatch.delenv("IPPANEL_API_KEY")
        monkeypatch.setenv("IPPANEL_API_KEY_FILE", str(tmp_path / "key"))
        assert "No such file" in one_line(run("credit").err)
        for content in (b"\n", b"\xff"):
            (tmp_path / "key").write_bytes(content)
            empty = run("credit")
            assert empty.code == 2
            assert f"{tmp_path / 'key'} holds no key" in one_line(empty.err)
        (tmp_path / "key").write_text(f"{service.api_key}\n")
        assert run("credit").code == 0

    def test_a_wrong_one_is_refused_and_not_shown(
        self, run: Run, service: RunningSandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("IPPANEL_API_KEY", "nobody-knows-this-key")
        outcome = run("credit")
        assert outcome.code == 1
        assert "nobody-knows" not in one_line(outcome.err)

    def test_a_login_that_has_ended_is_told(
        self, run: Run, service: RunningSandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.delenv("IPPANEL_API_KEY")
        store = FileStore(tmp_path / "tokens", username="", base_url=service.base_url)
        store.save(StoredToken("an-old-token", datetime.now(UTC) - timedelta(minutes=1)))
        outcome = run("credit")
        assert outcome.code == 2
        assert "`ippanel login` again: the last one has ended" in one_line(outcome.err)


class TestLogin:
    """At a real terminal, against a small server that asks for a texted code."""

    @pytest.fixture
    def accounts(self, bare: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
        def edge(data: Any, status: int = 200) -> Reply:
            return status, {"data": data, "meta": {"status": status == 200, "message": "…"}}

        def login(seen: Seen) -> Reply:
            right = seen.body == {"username": "someone", "password": "correct-horse"}
            return edge({"method": "sms", "token": "s" * 32}) if right else edge(None, 401)

        def confirm(seen: Seen) -> Reply:
            return (
                edge({"method": "login", "token": "t" * 32})
                if seen.body == {"token": "s" * 32, "otp": "12345"}
                else edge(None, 401)
            )

        def known(data: Any) -> Callable[[Seen], Reply]:
            return lambda seen: edge(data) if seen.headers.get("Authorization") == "t" * 32 else edge(None, 401)

        with serving() as stand_in:
            stand_in.routes = {
                "/v1/api/acl/auth/login": login,
                "/v1/api/acl/auth/send_sms_otp": lambda _: edge({"method": "sms", "token": "s" * 32}),
                "/v1/api/acl/auth/confirm_otp": confirm,
                "/v1/api/acl/auth/check_token": known({"user_name": "someone", "user_id": 7}),
                "/v1/api/acl/auth/logout": known(None),
                "/v1/api/payment/credit/mine": known({"credit": 10}),
            }
            monkeypatch.setenv("IPPANEL_BASE_URL", stand_in.base_url)
            yield stand_in

    def test_asks_for_what_it_needs_and_keeps_the_token(self, run: Run, accounts: StandIn, tmp_path: Path) -> None:
        answers = [
            ("User name: ", "someone"),
            ("Password: ", "correct-horse"),
            ("another): ", "99999"),
            ("another): ", ""),
            ("another): ", "۱۲۳۴۵"),
        ]
        code, out, shown = converse(["login"], answers)
        assert code == 0, shown
        assert re.fullmatch(r"Logged in as someone until \d{4}-\d\d-\d\d \d\d:\d\d\.\n", out)
        assert "correct-horse" not in shown
        assert accounts.paths().count("/v1/api/acl/auth/send_sms_otp") == 1
        assert run("credit").out == "10 rial\n"
        kept = "".join(path.read_text() for path in (tmp_path / "tokens").iterdir())
        assert "correct-horse" not in kept

        assert run("logout").out == "Logged out.\n"
        assert accounts.paths()[-1] == "/v1/api/acl/auth/logout"
        assert list((tmp_path / "tokens").iterdir()) == []
        assert run("credit").code == 2
        assert run("logout").out == "There was no login to end.\n"

    def test_three_wrong_codes_are_enough(self, accounts: StandIn) -> None:
        answers = [("User name: ", "someone"), ("Password: ", "correct-horse"), *[("another): ", "99999")] * 3]
        code, out, _ = converse(["login"], answers)
        assert (code, out) == (1, "")
        assert accounts.paths().count("/v1/api/acl/auth/confirm_otp") == 3

    def test_a_wrong_password_is_told(self, run: Run, accounts: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("IPPANEL_USERNAME", "someone")
        monkeypatch.setenv("IPPANEL_PASSWORD", "battery-staple")
        outcome = run("login")
        assert outcome.code == 1
        assert "user name and password" in one_line(outcome.err)
        assert "battery-staple" not in outcome.err

    def test_nobody_to_ask_is_told(self, run: Run, accounts: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
        outcome = run("login")
        assert outcome.code == 2
        assert "IPPANEL_USERNAME" in one_line(outcome.err)

    def test_a_directory_that_cannot_be_written_is_told(
        self, run: Run, accounts: StandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "file").touch()
        monkeypatch.setenv("IPPANEL_TOKEN_DIR", str(tmp_path / "file"))
        monkeypatch.setenv("IPPANEL_USERNAME", "someone")
        monkeypatch.setenv("IPPANEL_PASSWORD", "correct-horse")
        accounts.routes["/v1/api/acl/auth/login"] = lambda _: (
            200,
            {"data": {"method": "login", "token": "t" * 32}, "meta": {"status": True}},
        )
        outcome = run("login")
        assert outcome.code == 2
        assert str(tmp_path / "file") in one_line(outcome.err)
