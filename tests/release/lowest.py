"""Test with the lowest versions that are promised to work, instead of the newest: ``make test-lowest``.

Without Airflow first, where nothing else holds a version up; then on the oldest Airflow.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
UV = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])) or "uv"
LOWEST = ["--resolution=lowest-direct", "--no-header", "--no-emit-index-url", "--no-annotate", "--python-version=3.11"]


class Floor(NamedTuple):
    """The extras of an environment, what else its tests need, and the tests that say whether it holds."""

    extras: str
    more: tuple[str, ...]
    tests: tuple[str, ...]


FLOORS = {
    "alone": Floor(
        "apprise,parquet,sandbox,sync,xlsx",
        (),
        (
            *(
                "tests/text",
                "tests/client",
                "tests/apprise/test_plugin.py",
                "tests/apprise/test_command.py",
                "tests/sync",
            ),
            *("tests/sandbox/edge", "tests/sandbox/web/test_pages.py", "tests/sandbox/test_server.py"),
            *("tests/cli", "tests/test_client_on_sandbox.py"),
        ),
    ),
    "airflow": Floor(
        "all",
        ("apache-airflow-providers-sqlite",),
        (
            *("tests/campaign/test_ledger.py", "tests/tables/test_readers.py", "tests/campaign/test_audience.py"),
            *(
                "tests/airflow/hooks",
                "tests/airflow/transfers",
                "tests/airflow/triggers/test_triggers.py",
                "tests/airflow/test_provider_info.py",
            ),
            *("tests/airflow/operators/test_send.py", "tests/airflow/sensors/test_bulk.py"),
        ),
    ),
}


def main() -> int:
    """Test each floor, or those that are named, and print what was lowest."""
    return max([tested(name, FLOORS[name]) for name in sys.argv[1:] or FLOORS])


def tested(name: str, floor: Floor) -> int:
    """Make the environment of a floor anew and run its tests."""
    folder = ROOT / f".venv-lowest-{name}"
    python, pins = folder / "bin" / "python", folder / "pins.txt"
    uv("venv", "-q", "--clear", "--python", "3.11", folder)
    extras = [f"--extra={extra}" for extra in floor.extras.split(",")]
    uv("pip", "compile", "-q", *LOWEST, *extras, "pyproject.toml", "-o", pins)
    uv("pip", "install", "-q", "--python", python, "-c", pins, *tools(), *floor.more, "-e", f".[{floor.extras}]")
    pinned = dict(line.split("==") for line in pins.read_text(encoding="utf-8").splitlines() if "==" in line)
    print(
        f"{name}: {', '.join(f'{package} {pinned[package]}' for package in direct() if package in pinned)}", flush=True
    )
    started = time.monotonic()
    ended = subprocess.run(
        [python, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", *floor.tests], cwd=ROOT, check=False
    )
    print(f"{name}: {time.monotonic() - started:.0f} seconds", flush=True)
    return ended.returncode


def project() -> dict[str, dict[str, list[str]]]:
    """The tables of pyproject.toml."""
    return dict(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8")))


def direct() -> list[str]:
    """The packages we name ourselves, and so promise a lowest version of."""
    tables = project()["project"]
    wanted = [
        *tables["dependencies"],
        *(line for lines in dict(tables["optional-dependencies"]).values() for line in lines),
    ]
    return sorted({line.partition(">=")[0] for line in wanted if ">=" in line})


def tools() -> list[str]:
    """What tests are made with; Airflow's own packages would raise floors."""
    return [line for line in project()["dependency-groups"]["test"] if not line.startswith("apache-airflow")]


def uv(*arguments: str | Path) -> None:
    """Run uv in the repository."""
    subprocess.run([UV, *arguments], cwd=ROOT, check=True)


if __name__ == "__main__":
    sys.exit(main())
