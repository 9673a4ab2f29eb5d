"""Each tool on each version of Apprise in each situation: what it reported and what the record says.

``python -m tests.apprise.hosts.table [TOOL ...]``, or ``make test-hosts``. Ends with 1 where a report is wrong.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox
from tests.apprise.hosts import programs
from tests.apprise.hosts.environments import PACKAGES, VERSIONS, apprise_at, python_of

MANY = 1500
"""Recipients of a batch of which the second request is refused."""


class Situation(NamedTuple):
    """What a notification meets; whether a tool may say that it was sent, and how many texts there are then."""

    sent: bool
    texts: int
    fault: dict[str, Any] | None = None
    key: str = ""
    people: int = 1
    down: bool = False


SITUATIONS = {
    "sent": Situation(True, 1),
    "wrong key": Situation(False, 0, key="wr0ngkey"),
    "service down": Situation(False, 0, down=True),
    "lost answer": Situation(False, 1, {"name": "drop_after", "path": "/api/send", "times": 1}),
    "half refused": Situation(
        False, 1000, {"name": "refused", "path": "/api/send", "after": 1, "times": 1}, people=MANY
    ),
}


class Report(NamedTuple):
    """What a tool reported, and how many texts the record holds."""

    tool: str
    apprise: str
    sent: bool
    texts: int

    def is_right(self, situation: Situation) -> bool:
        """Whether the tool said what became of the text, and it became what it should."""
        return (self.sent, self.texts) == (situation.sent, situation.texts)


def reported(name: str, situation: Situation, sandbox: RunningSandbox, home: Path, apprise: Path | None) -> Report:
    """Run a tool once.

    :raises RuntimeError: it does not run.
    """
    sandbox.reset()
    if situation.fault:
        sandbox.fault(**situation.fault)
    with _port_of_nobody() as nobody:
        base = f"http://127.0.0.1:{nobody}/v1" if situation.down else sandbox.base_url
        people = "/".join(f"0912000{number:04}" for number in range(situation.people))
        url = f"ippanel://{situation.key or sandbox.api_key}@{sandbox.sender}/{people}?url={base}&cto=2"
        done = subprocess.run(
            [python_of(name), programs.__file__, name, url],
            env=_surroundings(name, home, apprise),
            cwd=home,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
    if done.returncode:
        raise RuntimeError((done.stderr.strip() or done.stdout.strip()).rpartition("\n")[2])
    found = json.loads(done.stdout.strip().rpartition("\n")[2])
    return Report(found["tool"], found["apprise"], found["sent"], sandbox.counts()["texts"])


@contextmanager
def _port_of_nobody() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def _surroundings(name: str, home: Path, apprise: Path | None) -> dict[str, str]:
    """The environment of somebody who did what the tool's page says."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("APPRISE_", "IPPANEL_"))}
    own = [] if name in PACKAGES else [str(Path(__file__).resolve().parents[3])]
    if name in ("program", "log-handler", "airflow"):
        # What --site writes into an environment; this one's is not to be written to.
        (home / "site").mkdir(exist_ok=True)
        (home / "site" / "sitecustomize.py").write_text(
            "import ippanel_provider.apprise_hook as hook\nhook.install()\n"
        )
        own.append(str(home / "site"))
    paths = [*([str(apprise)] if apprise else []), *own]
    return kept | {"HOME": str(home), "PYTHONPATH": os.pathsep.join(paths), "PREFECT_LOGGING_LEVEL": "CRITICAL"}


@contextmanager
def somebodys_home() -> Iterator[Path]:
    """A home in which the plugin file was installed."""
    with tempfile.TemporaryDirectory(prefix="ippanel-hosts-") as folder:
        home = Path(folder)
        call = [sys.executable, "-m", "ippanel_provider.cli", "apprise", "install"]
        subprocess.run(call, env={**os.environ, "HOME": folder}, capture_output=True, check=False)
        (home / "airflow").mkdir()
        yield home


def main() -> int:
    """Print the table."""
    wrong = 0
    print(f"{'tool':28}{'Apprise':9}" + "".join(f"{name:>16}" for name in SITUATIONS))
    with running_sandbox() as sandbox, somebodys_home() as home:
        for name in sys.argv[1:] or programs.TOOLS:
            # Its own, and the ends of what is supported.
            for version in (*([None] if name in PACKAGES else []), *VERSIONS):
                cells, told = [], None
                try:
                    for situation in SITUATIONS.values():
                        told = reported(name, situation, sandbox, home, apprise_at(version) if version else None)
                        right = told.is_right(situation)
                        wrong += not right
                        cells.append(f"{'sent' if told.sent else 'failed'}, {told.texts}{'' if right else ' WRONG'}")
                except (RuntimeError, subprocess.CalledProcessError) as error:
                    cells.append(f"  does not run: {str(error)[:70]}")
                title = f"{name} {told.tool}" if told else name
                at = told.apprise if told else version or "its own"
                print(f"{title:28}{at:9}" + "".join(f"{cell:>16}" for cell in cells), flush=True)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
