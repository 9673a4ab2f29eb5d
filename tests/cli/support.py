"""The command as a process, and at a terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tests.client.stand_in import Reply

PERSON, OTHER = "+989120000001", "+989120000002"


BROKEN = ("> /dev/full", ">&-", ">&- 2>&-", "> /dev/full 2> /dev/full", "| true", "2>&-", "2> /dev/full", "<&-")
HIDES_ALL = {">&- 2>&-", "> /dev/full 2> /dev/full", "| true"}


def through_a_shell(broken: str, *arguments: str) -> tuple[int, str]:
    """The exit code and what is shown where a shell has redirected something to nowhere."""
    command = shlex.join([sys.executable, "-m", "ippanel_provider.cli", *arguments])
    script = f"{command} {broken}; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["/bin/bash", "-c", script], capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


class Outcome(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Outcome]


def one_line(err: str) -> str:
    """What an error has to be: one line for people, without a traceback."""
    assert err.endswith("\n")
    assert err.count("\n") == 1
    assert err.startswith("ippanel: ")
    return err


def ok(data: Any) -> Reply:
    return 200, {"status": "OK", "code": 200, "message": "Ok", "data": data}


def start(
    *arguments: str, stdin: int = subprocess.DEVNULL, stderr: int = subprocess.PIPE, **environment: str
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "ippanel_provider.cli", *arguments],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
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
