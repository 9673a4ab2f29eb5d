"""The command in this process, and what it finds around it."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from ippanel_provider.cli import main
from ippanel_provider.sandbox.runner import RunningSandbox

from .support import Outcome, Run


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
