"""A Python for each tool, and beside it any version of Apprise, each made once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.apprise.matrix import OLDEST, uv

ROOT = Path(__file__).resolve().parents[3]
PLACE = Path(os.environ.get("IPPANEL_HOSTS") or ROOT / ".venv-hosts")
PACKAGES = {
    "prefect": ("prefect",),
    "dagster": ("dagster", "dagster-apprise"),
    "home-assistant": ("homeassistant",),
    "changedetection": ("changedetection.io",),
}
"""What has to be installed for a tool that is none of this environment's."""
PYTHONS = {"home-assistant": "3.13"}
NEWEST = "newest"
VERSIONS = (OLDEST, NEWEST)


def python_of(tool: str) -> Path:
    """Return the Python of a tool, in which its page's commands were run.

    :raises subprocess.CalledProcessError: it cannot be made here.
    """
    if tool not in PACKAGES:
        return Path(sys.executable)
    folder = PLACE / tool
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        version = PYTHONS.get(tool, f"{sys.version_info.major}.{sys.version_info.minor}")
        _run(uv(), "venv", "-q", "--clear", "--python", version, str(folder))
        _run(uv(), "pip", "install", "-q", "--python", str(python), *PACKAGES[tool], "-e", f"{ROOT}[apprise]")
        _run(str(python), "-m", "ippanel_provider.cli", "apprise", "install", "--site")
        (folder / "ready").touch()
    return python


def apprise_at(version: str) -> Path:
    """Return a folder that holds a version of Apprise and nothing else; the tool brings the rest."""
    folder = PLACE / f"apprise-{version}"
    if not folder.exists():
        wanted = "apprise<3" if version == NEWEST else f"apprise=={version}"
        _run(uv(), "pip", "install", "-q", "--no-deps", "--python", sys.executable, "--target", str(folder), wanted)
    return folder


def _run(*call: str) -> None:
    subprocess.run(call, check=True)
