"""Run these tests on several versions of Apprise, each in an environment of its own: ``make test-apprise``.

Further arguments are versions to run instead: ``python tests/apprise/matrix.py 1.9.9 2.1.0``.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OLDEST, NEWEST = "1.9.0", "newest"
VERSIONS = (OLDEST, "1.13.1", "2.0.1", NEWEST)
PACKAGES = ("pytest>=8", "hypothesis>=6.100")


def uv() -> str:
    """The uv beside this Python, or the one on the path."""
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.is_file() else shutil.which("uv")
    if found is None:
        raise SystemExit("uv is needed: pip install uv")
    return found


def environment(version: str) -> Path:
    """Return the Python of an environment with this Apprise, made once and again when the package's needs change."""
    folder = ROOT / f".venv-apprise-{version}"
    ready = folder / "ready"
    if not ready.exists() or ready.stat().st_mtime < (ROOT / "pyproject.toml").stat().st_mtime:
        wanted = "apprise<3" if version == NEWEST else f"apprise=={version}"
        base = f"{sys.version_info.major}.{sys.version_info.minor}"
        subprocess.run([uv(), "venv", "-q", "--clear", "--python", base, folder], check=True)
        install = [
            uv(),
            "pip",
            "install",
            "-q",
            "--python",
            folder / "bin" / "python",
            "-U",
            wanted,
            *PACKAGES,
            "-e",
            f"{ROOT}[apprise,sandbox]",
        ]
        subprocess.run(install, check=True)
        ready.touch()
    return folder / "bin" / "python"


def tested(version: str) -> tuple[str, str, float, bool]:
    """Return the version that was installed, pytest's verdict, how long it took, and whether all passed."""
    python = environment(version)
    asked = subprocess.run(
        [python, "-c", "import apprise; print(apprise.__version__)"], capture_output=True, text=True, check=True
    )
    started = time.monotonic()
    ended = subprocess.run(
        [python, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", ROOT / "tests" / "apprise"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        print(ended.stdout[-8000:], ended.stderr[-2000:])
    verdict = re.search(r"\d+ (?:passed|failed|error).*(?= in [\d.]+s)", ended.stdout)
    return (
        asked.stdout.strip(),
        verdict[0] if verdict else "did not run",
        time.monotonic() - started,
        ended.returncode == 0,
    )


def main() -> int:
    """Test each version and print the table."""
    rows = [(version, *tested(version)) for version in sys.argv[1:] or VERSIONS]
    print(f"\n{'Apprise':10}{'tests of ippanel://':40}{'seconds':>8}")
    for version, installed, verdict, seconds, _ in rows:
        print(f"{installed:10}{verdict:40}{seconds:8.0f}{'  newest' if version == NEWEST else ''}")
    return 0 if all(row[-1] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
