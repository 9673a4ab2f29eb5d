"""Apprise as its users run it: in this process and as the command, against the sandbox."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import apprise
import pytest

from ippanel_provider.apprise_plugin import NotifyIPPanel, register
from ippanel_provider.sandbox.runner import RunningSandbox

VERSION = tuple(int(part) for part in re.findall(r"\d+", apprise.__version__)[:3])
COMMAND = Path(sys.executable).with_name("apprise")


@pytest.fixture(autouse=True)
def known() -> None:
    register()


@pytest.fixture
def address(ippanel_sandbox: RunningSandbox) -> Callable[..., str]:
    """The URL of some targets at the sandbox; ``key`` and further options change it."""

    def make(
        *targets: str, key: str = ippanel_sandbox.api_key, sender: str = ippanel_sandbox.sender, **options: object
    ) -> str:
        query = {"url": ippanel_sandbox.base_url} | {
            name.replace("__", ":"): str(value) for name, value in options.items()
        }
        path = "/".join(quote(target) for target in (targets or ("09120000001",)))
        return f"ippanel://{quote(key, safe='')}@{sender}/{path}?{urlencode(query)}"

    return make


@dataclass
class Notified:
    """What a notification came to."""

    ok: bool
    log: str


@pytest.fixture
def notify(caplog: pytest.LogCaptureFixture) -> Callable[..., Notified]:
    """Send one notification in this process."""

    def send(url: str, body: str = "سلام", title: str = "", **options: object) -> Notified:
        caplog.clear()
        service = apprise.Apprise()
        assert service.add(url), caplog.text
        with caplog.at_level("DEBUG"):
            ok = bool(service.notify(body=body, title=title, **options))
        return Notified(ok, caplog.text)

    return send


@pytest.fixture
def plugin() -> Callable[[str], NotifyIPPanel]:
    """The plugin made from a URL; the error of a URL that cannot be."""

    def make(url: str) -> NotifyIPPanel:
        made = apprise.Apprise.instantiate(url, suppress_exceptions=False)
        assert isinstance(made, NotifyIPPanel), url
        return made

    return make


@dataclass
class Finished:
    """An ``apprise`` command that ended."""

    code: int
    output: str


def _surroundings(home: Path) -> dict[str, str]:
    """The environment of someone whose home is ``home`` and who has this Apprise on the path."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and not name.startswith("APPRISE_")
    }
    return kept | {"HOME": str(home), "PATH": os.pathsep.join((str(COMMAND.parent), os.environ["PATH"]))}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory of the test's own."""
    surroundings = _surroundings(tmp_path)
    for name in [name for name in os.environ if name not in surroundings]:
        monkeypatch.delenv(name)
    for name in ("HOME", "PATH"):
        monkeypatch.setenv(name, surroundings[name])
    return tmp_path


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of someone who ran ``ippanel apprise install``."""
    surroundings = _surroundings(tmp_path_factory.mktemp("home"))
    subprocess.run(
        [sys.executable, "-m", "ippanel_provider.cli", "apprise", "install"],
        env=surroundings,
        check=True,
        capture_output=True,
    )
    return surroundings


@pytest.fixture
def command(installed: dict[str, str]) -> Callable[..., Finished]:
    """Run the ``apprise`` command."""

    def run(*arguments: str) -> Finished:
        ended = subprocess.run(
            [COMMAND, *arguments],
            env=installed,
            capture_output=True,
            text=True,
            timeout=90,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        return Finished(ended.returncode, ended.stdout + ended.stderr)

    return run
