"""Install the wheel as users do, with each extra alone, and try what that should bring: ``make smoke``.

What an extra brings has to work; what it does not bring has to say which extra does. ``--newest`` installs the newest
of everything instead of what ``constraints.txt`` pins; further arguments are extras to try instead of all.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ippanel_provider.sandbox.runner import running_sandbox

ROOT = Path(__file__).resolve().parents[2]
BRINGS = {
    "": set[str](),
    "airflow": {"airflow"},
    "apprise": {"apprise"},
    "parquet": {"parquet"},
    "sandbox": {"own_sandbox", "xlsx"},
    "sql": {"airflow", "sql"},
    "sync": {"sync"},
    "xlsx": {"xlsx"},
    "all": {"airflow", "apprise", "own_sandbox", "parquet", "sql", "sync", "xlsx"},
}
"""What has to work with each extra, beside what works always."""
ALWAYS = {"imports", "command_line"}
CHECKS = sorted(ALWAYS.union(*BRINGS.values()))
UV = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])) or "uv"


def main() -> int:
    """Try each extra and print the table; return 1 when something did not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("extras", nargs="*", help="extras to try; all of them by default")
    parser.add_argument("--newest", action="store_true", help="install the newest of everything")
    parser.add_argument(
        "--python", default=f"{sys.version_info.major}.{sys.version_info.minor}", help="the Python to try it on"
    )
    options = parser.parse_args()
    wheel = next((ROOT / "dist").glob("*.whl"), None)
    if wheel is None:
        raise SystemExit("there is no wheel: make build")
    print(f"{'extra':10}{'packages':>9}{'MB':>6}  " + "  ".join(CHECKS))
    return max(
        [tried(wheel, extra, python=options.python, newest=options.newest) for extra in options.extras or BRINGS]
    )


def tried(wheel: Path, extra: str, *, python: str, newest: bool) -> int:
    """Install and try one extra, and print its row."""
    with tempfile.TemporaryDirectory(prefix="ippanel-smoke-") as folder, running_sandbox() as sandbox:
        installed = install(Path(folder), wheel, extra, python=python, newest=newest)
        listed = uv("pip", "list", "-q", "--format", "freeze", "--python", installed)
        megabytes = (
            sum(file.stat().st_size for file in (installed.parents[1] / "lib").rglob("*") if file.is_file()) / 1e6
        )
        found = {check: outcome(installed, check, sandbox.url, extra) for check in CHECKS}
        cells = "  ".join(found[check].ljust(len(check)) for check in CHECKS)
        print(f"{extra or '(none)':10}{len(listed.splitlines()):9}{megabytes:6.0f}  {cells}", flush=True)
        return int("WRONG" in found.values())


def install(folder: Path, wheel: Path, extra: str, *, python: str, newest: bool) -> Path:
    """Make an environment in which nothing is but the wheel and what it asks for; return its Python."""
    made = folder / "venv" / "bin" / "python"
    uv("venv", "-q", "--python", python, folder / "venv")
    wanted = f"airflow-provider-ippanel{f'[{extra}]' if extra else ''} @ {wheel.as_uri()}"
    uv("pip", "install", "-q", "--python", made, *([] if newest else ["-c", ROOT / "constraints.txt"]), wanted)
    uv("pip", "check", "-q", "--python", made)
    return made


def uv(*arguments: str | Path) -> str:
    """Run uv and return what it printed."""
    return subprocess.run([UV, *arguments], check=True, capture_output=True, text=True).stdout


def outcome(python: Path, check: str, url: str, extra: str) -> str:
    """Run one check and return its word; what went wrong is printed."""
    with home() as (folder, environment):
        ended = subprocess.run(
            [python, "-I", Path(__file__).with_name("smoke_checks.py"), check, url],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    word = ended.stdout.strip().rpartition("\n")[2] if ended.returncode == 0 else "WRONG"
    if word == "names it" and check in BRINGS[extra]:
        print(f"[{extra}] {check}: what it needs is not there", file=sys.stderr)
        return "WRONG"
    if word == "WRONG":
        print(f"[{extra}] {check}: {ended.stdout[-1000:]}{ended.stderr[-3000:]}", file=sys.stderr)
    return word


@contextmanager
def home() -> Iterator[tuple[Path, dict[str, str]]]:
    """A home and a working directory in which nobody has been, and an environment that knows nothing of us."""
    with tempfile.TemporaryDirectory() as folder:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "IPPANEL", "PYTHON"))
        }
        yield Path(folder), kept | {"HOME": folder, "AIRFLOW_HOME": folder, "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}


if __name__ == "__main__":
    sys.exit(main())
