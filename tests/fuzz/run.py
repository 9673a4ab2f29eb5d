"""Generated requests against the sandbox, from its own OpenAPI document, by Schemathesis: ``make test-fuzz``.

Whatever is asked, right or wrong, is answered: no 5xx, nothing in the log, the process lives, and what it wrote into
its state file can be read back. Schemathesis gets an environment of its own. Takes about three minutes; ``SECONDS`` as
an argument takes another time. Bytes outside ASCII in a request line are refused by the HTTP parser before the sandbox
sees them, with 400.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ippanel_provider.sandbox.runner import RunningSandbox

ROOT = Path(__file__).parent.parent.parent
ENVIRONMENT = ROOT / ".venv-fuzz"
SCHEMATHESIS = "schemathesis==4.32.5"
READY = "IPPanel sandbox ready: "
SECONDS = 170
# What the HTTP server says of a request it could not read, and answered with 400.
NOT_HTTP = "WARNING:  Invalid HTTP request received."


@dataclass(frozen=True)
class Attack:
    """A part of the document, the headers it is called with, and its share of the time."""

    paths: str
    headers: tuple[str, ...]
    share: float


ATTACKS = (
    Attack(r"^/v1/api/", ("Authorization: sandbox-key",), 0.6),
    Attack(r"^/v1/(?!api/)", ("Authorization: AccessKey sandbox-key",), 0.15),
    Attack(r"^/api/v1/", ("apikey: sandbox-key",), 0.1),
    # A stream never ends, and waiting is what "wait" is for.
    Attack(r"^/_sandbox/(?!events|messages/wait)", (), 0.15),
)


def environment() -> Path:
    """The program, installed once."""
    program, ready = ENVIRONMENT / "bin" / "schemathesis", ENVIRONMENT / "ready"
    if not ready.exists() or ready.read_text() != SCHEMATHESIS:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], check=True)
        python = str(ENVIRONMENT / "bin" / "python")
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", SCHEMATHESIS], check=True
        )
        ready.write_text(SCHEMATHESIS)
    return program


def start(state: Path, log: Path) -> tuple[subprocess.Popen[str], str]:
    """A sandbox with the examples, its log in a file; and its URL."""
    command = [sys.executable, "-m", "ippanel_provider.sandbox", "--port", "0", "--state", str(state)]
    with log.open("a") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, cwd=ROOT)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith(READY), log.read_text()
    return process, line.removeprefix(READY).strip()


def attack(program: Path, url: str, part: Attack, seconds: float) -> int:
    """Let Schemathesis ask; its exit code."""
    command = [
        str(program),
        "run",
        f"{url}/_sandbox/openapi.json",
        "--checks",
        "not_a_server_error",
        "--include-path-regex",
        part.paths,
    ]
    command += [
        "--mode",
        "all",
        "--phases",
        "examples,coverage,fuzzing",
        "--max-time",
        str(max(1, round(seconds * part.share))),
    ]
    command += [
        "--suppress-health-check",
        "all",
        "--warnings",
        "off",
        "--no-color",
        "--request-timeout",
        "20",
        "--continue-on-failure",
    ]
    for header in part.headers:
        command += ["-H", header]
    plain = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return subprocess.run(command, cwd=ENVIRONMENT, env=plain, check=False).returncode


def main() -> int:
    """Attack, then see what is left; the exit code says whether all was well."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    program = environment()
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        state, log = Path(folder, "state.db"), Path(folder, "log")
        process, url = start(state, log)
        try:
            for part in ATTACKS:
                print(f"\n== {part.paths}", flush=True)
                if attack(program, url, part, seconds):
                    wrong.append(f"Schemathesis found something at {part.paths}")
            if process.poll() is not None:
                wrong.append(f"the sandbox ended with {process.returncode}")
            else:
                print(f"\nthe sandbox lives: {RunningSandbox(url).counts()}")
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        said = [line for line in log.read_text().splitlines() if line != NOT_HTTP]
        if said:
            wrong.append("the sandbox wrote into its log:\n" + "\n".join(said[-60:]))
        again, _ = start(state, log)
        again.terminate()
        again.wait()
    for line in wrong:
        print(f"WRONG: {line}")
    print("all as it should be" if not wrong else "not as it should be")
    return min(len(wrong), 1)


if __name__ == "__main__":
    sys.exit(main())
