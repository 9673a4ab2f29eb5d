"""The fixture, and what loading it costs everybody else's tests."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ippanel_provider.sandbox.runner import RunningSandbox


def test_the_fixture_is_a_sandbox_with_nothing_in_it(ippanel_sandbox: RunningSandbox) -> None:
    assert ippanel_sandbox.base_url == f"{ippanel_sandbox.url}/v1"
    assert ippanel_sandbox.counts()["texts"] == 0
    assert ippanel_sandbox.api_key not in repr(ippanel_sandbox)


def test_loading_the_plugin_is_light() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import ippanel_provider.sandbox.pytest_plugin;"
        "print(*sorted(set(sys.modules) - before))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "ippanel_provider.sandbox.pytest_plugin" in loaded
    assert not {"starlette", "uvicorn", "jinja2", "httpx", "pydantic", "pydantic_core", "urllib.request"} & set(loaded)
