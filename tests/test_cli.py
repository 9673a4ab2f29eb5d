"""The command line: as a person types it, as a script reads it, and what it must never show."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ippanel_provider.cli import main
from ippanel_provider.client import FileStore, StoredToken
from ippanel_provider.sandbox.runner import RunningSandbox

from .client.stand_in import Reply, Seen, StandIn, serving

PERSON, OTHER = "+989120000001", "+989120000002"


class Outcome(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Outcome]


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment that knows nothing of the service."""
    for name in [name for name in os.environ if name.startswith("IPPANEL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("IPPANEL_TOKEN_DIR", str(tmp_path / "tokens"))


@pytest.fixture
def run(bare: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str, stdin: bytes = b"") -> Outcome:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        try:
            code = main(arguments)
        except SystemExit as end:  # argparse
            code = int(end.code or 0)
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return run


@pytest.fixture
def service(bare: None, ippanel_sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> RunningSandbox:
    """The sandbox, and an environment that points to it."""
    monkeypatch.setenv("IPPANEL_BASE_URL", ippanel_sandbox.base_url)
    monkeypatch.setenv("IPPANEL_API_KEY", ippanel_sandbox.api_key)
    monkeypatch.setenv("IPPANEL_SENDER", ippanel_sandbox.sender)
    return ippanel_sandbox


def one_line(err: str) -> str:
    """What an error has to be: one line for people, without a traceback."""
    assert err.endswith("\n")
    assert err.count("\n") == 1
    assert err.startswith("ippanel: ")
    return err


class TestHelp:
    def test_tells_commands_and_exit_codes(self, run: Run) -> None:
        outcome = run("--help")
        assert outcome.code == 0
        for command in ("sandbox", "login", "logout", "credit", "send", "status", "inbox", "price"):
            assert re.search(rf"^ +{command} ", outcome.out, re.MULTILINE)
        assert {int(code) for code in re.findall(r"^  (\d+) ", outcome.out, re.MULTILINE)} == {0, 1, 2, 3, 4, 130}

    @pytest.mark.parametrize("command", ["login", "logout", "credit", "send", "status", "inbox", "price"])
    def test_no_command_takes_a_credential(self, run: Run, command: str) -> None:
        words = run(command, "--help").out.lower()
        assert "--api-key" not in words
        assert "--password" not in words
        assert "--token" not in words

    @pytest.mark.parametrize(
        "arguments", [(), ("fly",), ("send",), ("send", "09120000001"), ("credit", "--api", "smtp")]
    )
    def test_a_mistyped_command_ends_with_2(self, run: Run, arguments: Sequence[str]) -> None:
        assert run(*arguments).code == 2

    def test_comes_without_waiting_for_the_http_library(self) -> None:
        script = (
            "import sys; sys.argv = ['ippanel', '--help']; import ippanel_provider.cli as c\ntry: "
            "c.main()\nexcept SystemExit: pass\n"
        )
        script += "print({'httpx', 'pydantic', 'airflow'} & set(sys.modules), file=sys.stderr)"
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        assert done.stderr == "set()\n"


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


class TestCredit:
    def test_for_people(self, run: Run, service: RunningSandbox) -> None:
        service.account(credit=1_234_567)
        assert run("credit") == (0, "1,234,567 rial\n", "")

    def test_for_scripts(self, run: Run, service: RunningSandbox) -> None:
        service.account(credit=1_234_567)
        assert run("credit", "--json").json == {"credit": 1234567}

    def test_the_base_url_may_be_an_option(
        self, run: Run, service: RunningSandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("IPPANEL_BASE_URL")
        assert run("credit", "--base-url", f"{service.base_url}/api/").code == 0

    def test_a_base_url_that_is_none_is_named_as_it_was_given(
        self, run: Run, service: RunningSandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        option = run("credit", "--base-url", "127.0.0.1:8089/v1")
        monkeypatch.setenv("IPPANEL_BASE_URL", "127.0.0.1:8089/v1")
        for outcome, name in ((option, "--base-url"), (run("credit"), "IPPANEL_BASE_URL")):
            assert outcome.code == 2
            assert one_line(outcome.err).startswith(f"ippanel: {name}: it does not begin with http:// or https://")

    def test_the_sandbox_s_key_without_its_address_goes_nowhere(
        self, run: Run, service: RunningSandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("IPPANEL_BASE_URL")
        monkeypatch.setenv("IPPANEL_API_KEY", "sandbox-key")
        outcome = run("credit")
        assert outcome.code == 2
        assert "this is the sandbox's key" in one_line(outcome.err)


class TestSend:
    def test_sends_one_text_to_all(self, run: Run, service: RunningSandbox) -> None:
        outcome = run("send", "-m", "سلام، کد شما ۱۲۳۴ است", "09120000001", "۰۹۱۲۰۰۰۰۰۰۲")
        assert (outcome.code, outcome.err) == (0, "")
        sent = service.messages()
        assert {message["recipient"] for message in sent} == {PERSON, OTHER}
        assert {message["text"] for message in sent} == {"سلام، کد شما ۱۲۳۴ است"}
        assert {message["sender"] for message in sent} == {service.sender}
        assert outcome.out.splitlines() == [
            "Accepted for 2 recipients, 1 part each.",
            f"outbox id {sent[0]['outbox_id']}",
        ]

    def test_for_scripts(self, run: Run, service: RunningSandbox) -> None:
        told = run("send", "--json", "--text", "x" * 161, PERSON).json
        assert told == {"outbox_ids": [service.messages()[0]["outbox_id"]], "recipients": 1, "parts": 2}

    def test_reads_the_text_from_standard_input(self, run: Run, service: RunningSandbox) -> None:
        assert run("send", "-m", "-", PERSON, stdin="\ufeffخط یک\nخط دو\n".encode()).code == 0
        assert service.messages()[0]["text"] == "خط یک\nخط دو"

    @pytest.mark.parametrize("stdin", [b"\xff\xfe", "سلام".encode("cp1256")])
    def test_a_text_in_another_encoding_is_refused(self, run: Run, service: RunningSandbox, stdin: bytes) -> None:
        outcome = run("send", "-m", "-", PERSON, stdin=stdin)
        assert outcome.code == 2
        assert "not UTF-8" in one_line(outcome.err)
        assert service.messages() == []

    def test_an_argument_in_another_encoding_is_refused(self, run: Run, service: RunningSandbox) -> None:
        assert "not UTF-8" in run("send", "-m", os.fsdecode(b"\xd3\xe1"), PERSON).err
        assert service.messages() == []

    def test_one_bad_number_and_nothing_is_sent(self, run: Run, service: RunningSandbox) -> None:
        outcome = run("send", "-m", "سلام", "09120000001", "0912000000", "02112345678")
        assert outcome.code == 2
        line = one_line(outcome.err)
        assert "nothing was sent" in line
        assert "no. 2 (091***0000): the number has too few digits" in line
        assert "no. 3 (0211***5678): the number is a landline" in line
        assert "02112345678" not in line
        assert service.messages() == []

    def test_of_many_bad_numbers_the_first_are_named(self, run: Run, service: RunningSandbox) -> None:
        assert "; and 7 more" in one_line(run("send", "-m", "سلام", *["123"] * 12).err)

    def test_a_number_given_twice_gets_one_text(self, run: Run, service: RunningSandbox) -> None:
        outcome = run("send", "-m", "سلام", "09120000001", "+989120000001", "9120000001")
        assert len(service.messages()) == 1
        assert "2 given more than once are sent to once." in outcome.out

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (("-m", " ", PERSON), "the text is empty"),
            (("-m", "x", "--sender", "here", PERSON), "is no line"),
            (("-m", "x", *(f"0912{number:07}" for number in range(1001))), "1001 are too many"),
            (("-m", "x" * 1401, PERSON), "1401 characters"),
        ],
    )
    def test_what_the_service_would_not_take_is_refused_here(
        self, run: Run, service: RunningSandbox, arguments: Sequence[str], says: str
    ) -> None:
        outcome = run("send", *arguments)
        assert outcome.code == 2
        assert says in one_line(outcome.err)
        assert service.messages() == []

    def test_without_a_line_it_says_how_to_give_one(
        self, run: Run, service: RunningSandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("IPPANEL_SENDER")
        outcome = run("send", "-m", "x", PERSON)
        assert outcome.code == 2
        assert "--sender" in one_line(outcome.err)


class TestExitCodes:
    def test_1_when_the_service_says_no(self, run: Run, service: RunningSandbox) -> None:
        service.fault("refused", path="/api/send", times=1)
        outcome = run("send", "-m", "متن محرمانه", PERSON)
        assert outcome.code == 1
        assert "محرمانه" not in one_line(outcome.err)

    def test_3_when_nobody_listens(self, run: Run, service: RunningSandbox) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            outcome = run("send", "-m", "x", PERSON, "--base-url", f"http://127.0.0.1:{taken.getsockname()[1]}/v1")
        assert outcome.code == 3
        assert "Nothing was sent" in one_line(outcome.err)

    def test_an_error_is_no_json(self, run: Run, service: RunningSandbox) -> None:
        """Scripts read the exit code, and people the line."""
        for path, arguments in (
            ("/api/send", ("send", "--json", "-m", "x", PERSON)),
            ("/api/payment/credit/mine", ("credit", "--json")),
        ):
            service.fault("refused", path=path, times=1)
            outcome = run(*arguments)
            assert (outcome.code, outcome.out) == (1, "")
            one_line(outcome.err)

    def test_3_when_it_asks_to_come_later(self, run: Run, service: RunningSandbox) -> None:
        service.fault("status", path="/api/send", status=429, times=1)
        assert run("send", "-m", "x", PERSON).code == 3

    def test_4_when_it_went_and_no_answer_came(self, run: Run, service: RunningSandbox) -> None:
        service.fault("drop_after", path="/api/send", times=1)
        outcome = run("send", "-m", "x", PERSON)
        assert outcome.code == 4
        assert "may have gone out" in one_line(outcome.err)
        assert len(service.messages()) == 1

    def test_130_when_interrupted(self, service: RunningSandbox) -> None:
        service.fault("latency", path="/api/send", seconds=20, times=1)
        process = start("send", "-m", "x", PERSON)
        wait_for(lambda: any("/api/send" in route for route in service.stats()["requests"]))
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
        assert process.returncode == 130
        assert "may have gone out" in one_line(err.decode())


class TestStatus:
    def test_tells_the_state_and_what_became_of_the_recipients(self, run: Run, service: RunningSandbox) -> None:
        outbox_id = run("send", "--json", "-m", "x", PERSON, OTHER).json["outbox_ids"][0]
        service.settle()
        assert run("status", str(outbox_id), "--deliveries").out.splitlines() == [f"{outbox_id}  sent", "  2 delivered"]

    def test_before_the_end_it_says_to_ask_again(self, run: Run, service: RunningSandbox) -> None:
        service.speed(0)
        outbox_id = run("send", "--json", "-m", "x", PERSON).json["outbox_ids"][0]
        (line,) = run("status", str(outbox_id)).out.splitlines()
        assert line.endswith("  (not final yet: ask again)")

    def test_for_scripts(self, run: Run, service: RunningSandbox) -> None:
        outbox_id = run("send", "--json", "-m", "x", PERSON).json["outbox_ids"][0]
        service.decide(outbox_id, state_id=8)
        service.settle()
        (bulk,) = run("status", "--json", str(outbox_id)).json["bulks"]
        assert bulk == {
            "outbox_id": outbox_id,
            "state_id": 8,
            "state": "insufficient credit",
            "final": True,
            "good": False,
            "recipients": 1,
        }

    def test_an_unknown_id_is_refused(self, run: Run, service: RunningSandbox) -> None:
        outcome = run("status", "424242")
        assert outcome.code == 1
        one_line(outcome.err)

    def test_what_is_no_id_is_refused_here(self, run: Run, service: RunningSandbox) -> None:
        assert run("status", "abc").code == 2


class TestInbox:
    def test_masks_who_wrote(self, run: Run, service: RunningSandbox) -> None:
        service.inbox(PERSON, "بله می‌آیم")
        outcome = run("inbox")
        assert outcome.code == 0
        assert "+98912***0001" in outcome.out
        assert "بله می‌آیم" in outcome.out
        assert PERSON not in outcome.out
        assert PERSON not in run("inbox", "--json").out
        assert PERSON in run("inbox", "--show-numbers").out

    def test_a_text_cannot_steer_the_terminal(self, run: Run, service: RunningSandbox) -> None:
        service.inbox(PERSON, "one\ntwo\x1b]0;owned\x07\u202egnp\u2066")
        lines = run("inbox").out.splitlines()
        assert len(lines) == 1
        assert lines[0].endswith("one two]0;ownedgnp")

    def test_newest_first_and_no_more_than_asked_for(self, run: Run, service: RunningSandbox) -> None:
        ids = [service.inbox(PERSON, f"text {number}") for number in range(5)]
        told = run("inbox", "--json", "--limit", "2").json["messages"]
        assert [text["message"] for text in told] == ["text 4", "text 3"]
        assert [text["inbox_id"] for text in run("inbox", "--json", "--after", str(ids[3])).json["messages"]] == [
            ids[4]
        ]

    def test_empty(self, run: Run, service: RunningSandbox) -> None:
        assert run("inbox") == (0, "No texts.\n", "")

    def test_a_limit_of_nothing_is_refused(self, run: Run, service: RunningSandbox) -> None:
        assert run("inbox", "--limit", "0").code == 2

    def test_a_reader_that_has_gone_is_no_error(self, service: RunningSandbox) -> None:
        service.inbox(PERSON, "بله")
        process = start("inbox")
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        assert process.wait(10) == 0
        process.stderr.close()

    def test_persian_comes_out_whole_under_any_locale(self, service: RunningSandbox) -> None:
        service.inbox(PERSON, "بله می‌آیم")
        process = start("inbox", LC_ALL="C", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
        out, err = process.communicate(timeout=20)
        assert "بله می‌آیم" in out.decode()
        assert err == b""


class TestPrice:
    def test_for_people(self, run: Run, service: RunningSandbox) -> None:
        lines = run("price", "سلام").out.splitlines()
        assert lines[0] == "parts  1"
        assert re.fullmatch(r"MCI    [\d,]+ rial", lines[1])
        assert re.fullmatch(r"other  [\d,]+ rial", lines[2])

    def test_for_scripts_from_standard_input(self, run: Run, service: RunningSandbox) -> None:
        told = run("price", "--json", "-", stdin=("س" * 71).encode()).json
        assert told["parts"] == 2
        assert told.keys() == {"mci_price", "other_price", "parts"}


def ok(data: Any) -> Reply:
    return 200, {"status": "OK", "code": 200, "message": "Ok", "data": data}


class TestLegacyApi:
    @pytest.fixture
    def legacy(self, bare: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
        with serving() as stand_in:
            monkeypatch.setenv("IPPANEL_BASE_URL", stand_in.base_url)
            monkeypatch.setenv("IPPANEL_API_KEY", "the-legacy-key")
            yield stand_in

    def test_credit_and_send(self, run: Run, legacy: StandIn) -> None:
        legacy.routes = {"/v1/credit": lambda _: ok({"credit": 1500}), "/v1/messages": lambda _: ok({"bulk_id": 77})}
        assert run("credit", "--api", "rest").out == "1,500 rial\n"
        assert run("send", "--json", "--api", "rest", "--sender", "+983000505", "-m", "سلام", PERSON).json[
            "outbox_ids"
        ] == [77]
        assert legacy.seen[0].headers["Authorization"] == "AccessKey the-legacy-key"

    @pytest.mark.parametrize(
        "arguments", [("price", "--sender", "+983000505", "x"), ("login",), ("logout",), ("inbox", "--after", "3")]
    )
    def test_what_it_lacks_is_told_with_a_way_out(self, run: Run, legacy: StandIn, arguments: Sequence[str]) -> None:
        outcome = run(*arguments, "--api", "rest")
        assert outcome.code == 2
        assert re.search("use ", one_line(outcome.err), re.IGNORECASE)
        assert legacy.seen == []


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


class TestSandbox:
    def test_runs_with_its_own_arguments(self, bare: None) -> None:
        process = start("sandbox", "--port", "0", "--stop-with-stdin", stdin=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"IPPanel sandbox ready: http://127.0.0.1:")
        process.communicate(timeout=10)
        assert process.returncode == 0

    def test_without_its_packages_the_extra_is_named(self) -> None:
        script = (
            "import sys; sys.modules['uvicorn'] = None; from ippanel_provider.cli import main; "
            "sys.exit(main(['sandbox']))"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert done.stderr == (
            "ippanel sandbox: there is no module uvicorn here; it comes with pip install "
            "'airflow-provider-ippanel[sandbox]'\n"
        )


def start(*arguments: str, stdin: int = subprocess.DEVNULL, **environment: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "ippanel_provider.cli", *arguments],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | environment,
        # Whoever runs the tests in the background has them ignore interrupts, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def converse(arguments: Sequence[str], answers: Sequence[tuple[str, str]]) -> tuple[int, str, str]:
    """Type ``answers`` at a terminal, each after its prompt; return the exit code, the output and what the terminal
    showed.
    """
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "ippanel_provider.cli", *arguments],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown, place = "", 0
    try:
        for prompt, answer in answers:
            while prompt not in shown[place:]:
                ready, _, _ = select.select([ours], [], [], 20)
                assert ready, f"no {prompt!r} in {shown!r}"
                shown += os.read(ours, 1024).decode()
            place = len(shown)
            os.write(ours, f"{answer}\n".encode())
        out, _ = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return process.returncode, out.decode(), shown


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it did not come to pass in 20 seconds"
        time.sleep(0.02)
