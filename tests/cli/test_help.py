"""What the command says of itself, and how it starts the sandbox."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence

import pytest

from .support import Run, start


class TestHelp:
    def test_tells_commands_and_exit_codes(self, run: Run) -> None:
        outcome = run("--help")
        assert outcome.code == 0
        for command in ("sandbox", "login", "logout", "credit", "doctor", "send", "status", "inbox", "price"):
            assert re.search(rf"^ +{command} ", outcome.out, re.MULTILINE)
        assert {int(code) for code in re.findall(r"^  (\d+) ", outcome.out, re.MULTILINE)} == {0, 1, 2, 3, 4, 130}

    @pytest.mark.parametrize("command", ["login", "logout", "credit", "doctor", "send", "status", "inbox", "price"])
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
