"""What the exit code says of a text."""

from __future__ import annotations

import os
import pty
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from ippanel_provider.sandbox.runner import RunningSandbox

from .support import BROKEN, HIDES_ALL, PERSON, Run, one_line, start, through_a_shell, wait_for


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


class TestBrokenOutputs:
    """What became of the text decides the code, whoever reads the result or does not."""

    @pytest.mark.parametrize("broken", BROKEN)
    def test_an_accepted_text_is_accepted(self, service: RunningSandbox, broken: str) -> None:
        code, shown = through_a_shell(broken, "send", "-m", "x", PERSON)
        assert code == 0
        (message,) = service.messages()
        assert str(message["outbox_id"]) in shown or broken in HIDES_ALL

    # Each way once by day, with the one fault or the other; with both at night.
    @pytest.mark.parametrize(
        ("broken", "fault", "code"),
        [
            pytest.param(broken, fault, code, marks=[pytest.mark.nightly] if (place + code) % 2 else [])
            for place, broken in enumerate(BROKEN)
            for fault, code in (("refused", 1), ("drop_after", 4))
        ],
    )
    def test_and_what_is_not_is_not(self, service: RunningSandbox, broken: str, fault: str, code: int) -> None:
        service.fault(fault, path="/api/send", times=1)
        assert through_a_shell(broken, "send", "-m", "x", PERSON)[0] == code

    @pytest.mark.parametrize(("broken", "code"), [("> /dev/full", 2), (">&-", 2), ("| true", 0)])
    def test_an_answer_that_nobody_gets_is_none(self, service: RunningSandbox, broken: str, code: int) -> None:
        assert through_a_shell(broken, "credit")[0] == code

    def test_a_plan_with_changes_has_changes_whoever_reads_it(self, service: RunningSandbox, tmp_path: Path) -> None:
        (tmp_path / "one.yaml").write_text("message: سلام %name%\nvariables:\n  name: string\n")
        for broken, code in (("| true", 2), ("> /dev/full", 1)):
            assert through_a_shell(broken, "patterns", "plan", str(tmp_path))[0] == code

    def test_help_ends_well(self) -> None:
        assert through_a_shell("> /dev/full", "--help")[0] == 0


def rest_of(terminal: int) -> bytes:
    """Read what a terminal still shows that nobody writes to any more."""
    shown = b""
    with suppress(OSError):  # its end
        while some := os.read(terminal, 1024):
            shown += some
    os.close(terminal)
    return shown


class TestSignals:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_an_answer_on_its_way_is_waited_for(self, service: RunningSandbox, number: signal.Signals) -> None:
        service.fault("latency", path="/api/send", seconds=1.5, times=1)
        process = start("send", "-m", "x", PERSON)
        wait_for(lambda: any("/api/send" in route for route in service.stats()["requests"]))
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
        assert (process.returncode, err) == (0, b"")
        assert str(service.messages()[0]["outbox_id"]) in out.decode()

    def test_a_second_one_does_not_wait(self, service: RunningSandbox) -> None:
        service.fault("latency", path="/api/send", seconds=20, times=1)
        ours, theirs = pty.openpty()
        process = start("send", "-m", "x", PERSON, stderr=theirs)
        wait_for(lambda: any("/api/send" in route for route in service.stats()["requests"]))
        process.send_signal(signal.SIGINT)
        shown = os.read(ours, 1024)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
        os.close(theirs)
        shown += rest_of(ours)
        # That it is the second one's code says that it was not the grace that ended it.
        assert process.returncode == 143
        assert b"waiting a moment" in shown
        assert b"may have gone out" in shown

    def test_before_anything_left_nothing_was_sent(self, service: RunningSandbox) -> None:
        process = start("send", "-m", "-", PERSON, stdin=subprocess.PIPE)
        wait_for(lambda: reads_its_input(process))
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=10)
        assert process.returncode == 143
        assert one_line(err.decode()) == "ippanel: interrupted. Nothing was sent.\n"
        assert service.messages() == []

    def test_a_question_is_no_text(self, service: RunningSandbox) -> None:
        service.fault("latency", path="/credit", seconds=20, times=1)
        process = start("credit")
        wait_for(lambda: any("/credit" in route for route in service.stats()["requests"]))
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
        assert (process.returncode, err) == (130, b"ippanel: interrupted.\n")


def reads_its_input(process: subprocess.Popen[bytes]) -> bool:
    """Whether the command waits for its standard input, and so has got ready for signals."""
    return Path(f"/proc/{process.pid}/syscall").read_text().startswith("0 0x0 ")
