"""Run every kind of task over values that must be found nowhere, let it fail in every way, and look for them.

``python -m tests.leaks.run`` does so at INFO and at DEBUG with the Airflow of this Python, in homes of their own,
against the sandbox and a service that tells back what it is sent. Then whatever is left is looked at byte for byte:
the database, logs, output, lineage, metrics, files, and the arguments and environments of the processes. It plants a
value on purpose, which it has to find, prints what it looked at, and ends with 1 if it finds any other.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from ippanel_provider.sandbox.runner import running_sandbox
from tests.leaks.allowed import ALLOWED, known_as, unsaid
from tests.leaks.canaries import BY_NAME, KNOWN, SECRETS
from tests.leaks.hostile import WAYS, hostile
from tests.leaks.scan import Hit, Scan
from tests.leaks.world import the_order

TOP = Path(__file__).parents[2]
SHORT_WAYS = ["errors-by-field", "accepted", "base64", "headers"]
AIRFLOW = tuple(map(int, version("apache-airflow").split(".")[:2]))
_SHARED = Path("/dev/shm")  # noqa: S108 - folders of their own are made in it
MEMORY = _SHARED if os.access(_SHARED, os.W_OK) and shutil.disk_usage(_SHARED).free > 2**29 else None
"""Where there is no disk to be waited for: Airflow commits thousands of times."""
SHORT_WIDEST = ["send"]
WIDEST = ["send", "send_own", "send_pattern", "api", "sql"]
TEMPLATES = ["{{ nope.x }}", "{{ 1 / 0 }}", "{{ nope"]


def main() -> int:
    """Run the proof and print what it looked at."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="at DEBUG only, with four of the hostile answers")
    parser.add_argument("--keep", type=Path, help="a new folder in which to leave what was looked at")
    parser.add_argument("--level", choices=["INFO", "DEBUG"], help="only at this one")
    parser.add_argument("--kinds", nargs="+", default=[], help="only these of tests/leaks/kinds.py")
    parser.add_argument("--ways", nargs="+", default=[], help="only these answers of tests/leaks/hostile.py")
    options = parser.parse_args()
    ways = options.ways or (SHORT_WAYS if options.short else list(WAYS))
    bad = [f"docs/security.md does not say: {ALLOWED[name].words}" for name in unsaid()]
    for level in [options.level] if options.level else ["DEBUG"] if options.short else ["INFO", "DEBUG"]:
        folder = options.keep / level if options.keep else Path(tempfile.mkdtemp(prefix="ippanel-leaks-", dir=MEMORY))
        try:
            bad += one_run(folder.absolute(), level, options.kinds, ways, short=options.short)
        finally:
            if not options.keep:
                shutil.rmtree(folder, ignore_errors=True)
    for line in bad:
        print(f"WRONG: {line}")
    print(f"{len(bad)} wrong.")
    return 1 if bad else 0


def one_run(folder: Path, level: str, kinds: list[str], ways: list[str], *, short: bool) -> list[str]:
    """Run everything at one level; return what is wrong."""
    began = time.monotonic()
    home, fernet = folder / "home", Fernet.generate_key()
    for name in ("home/dags", "home/tmp", "data"):
        (folder / name).mkdir(parents=True)
    (home / "dags" / "leaks.txt").write_text("The DAGs are made in tests/leaks.\n")
    key = BY_NAME["API key"].value
    with running_sandbox("--pace", "0", api_key=key) as sandbox, hostile(sandbox.url) as told_back:
        order = the_order(sandbox, told_back, folder / "data", ways) | {
            "ways": ways,
            "widest": SHORT_WIDEST if short else WIDEST,
            "templates": TEMPLATES[:1] if short else TEMPLATES,
            "short": short,
            "kinds": kinds,
        }
        # Besides the database: the process that is forked for lineage would wait for an answer that nobody gives.
        (folder / "data" / "connections.json").write_text(json.dumps(order["connections"]))
        run_airflow(home, environment(home, level, fernet.decode()), order)
    spent = os.times()
    ends = json.loads((home / "ends.json").read_text()) | {
        "processor": sum(getattr(spent, name) for name in ("user", "system", "children_user", "children_system"))
    }
    expected = {*ends["missing"], *(["queues: IPPanelMessageQueueProvider"] if AIRFLOW >= (3,) else [])}
    missing = [f"{level}: nothing was done with {name}" for name in sorted(expected - set(ends["covered"]))]
    took = time.monotonic() - began
    plant(home)
    scan = Scan([*SECRETS, *KNOWN])
    scan.rows(home / "airflow.db", Fernet(fernet))
    scan.files(home)
    tell(level, scan, ends, took)
    return missing * (not kinds) + judge(level, scan.hits)


def environment(home: Path, level: str, fernet: str) -> dict[str, str]:
    """Return the environment of an Airflow of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "IPPANEL"))}
    return kept | {
        "AIRFLOW_HOME": str(home),
        "TMPDIR": str(home / "tmp"),
        "PYTHONPATH": str(TOP),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__FERNET_KEY": fernet,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": level,
        "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
        # Not in the database: the process that is forked for lineage cannot ask for it in a test run.
        "AIRFLOW_CONN_WAREHOUSE": json.dumps({"conn_type": "sqlite", "host": f"{home.parent}/data/warehouse.sqlite"}),
        "AIRFLOW_CONN_BOOKS": json.dumps({"conn_type": "sqlite", "host": str(home / "books.sqlite")}),
        "AIRFLOW__SECRETS__BACKEND": "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps(
            {"connections_file_path": f"{home.parent}/data/connections.json"}
        ),
        "AIRFLOW__IPPANEL__SETTLE": "0.1",
        "AIRFLOW__OPENLINEAGE__EXECUTION_TIMEOUT": "5",
        "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(
            {"type": "file", "log_file_path": str(home / "lineage.jsonl"), "append": True}
        ),
        "NO_COLOR": "1",
    }


def run_airflow(home: Path, given: dict[str, str], order: dict[str, Any]) -> None:
    """Make a database and run the worker; keep what both print, and what their processes show of themselves."""
    commands = [
        ("migrate", ["-m", "airflow", "db", "migrate"], ""),
        ("worker", ["-m", "tests.leaks.worker"], json.dumps(order)),
    ]
    for name, arguments, said in commands:
        with (home / f"{name}.output").open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, *arguments], env=given, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT
            )
            watch = threading.Thread(target=watch_processes, args=(process, home / f"{name}.processes"))
            watch.start()
            process.communicate(said.encode())
            watch.join()
        if process.returncode:
            printed = (home / f"{name}.output").read_text(errors="replace")
            raise SystemExit(f"{name} ended with {process.returncode}:\n{printed[printed.rfind('Traceback') :][:3000]}")


def watch_processes(process: subprocess.Popen[bytes], record: Path) -> None:
    """Write down the arguments and environments of a process and all below it, as other users of a machine see them."""
    seen: set[bytes] = set()
    with record.open("wb") as kept:
        while process.poll() is None:
            for shown in shown_by(process.pid):
                if shown not in seen:
                    seen.add(shown)
                    kept.write(shown + b"\n")
            time.sleep(0.1)


def shown_by(pid: int) -> list[bytes]:
    """Return the arguments and the environment of a process and of all its children."""
    found = []
    for place in ("cmdline", "environ"):
        try:
            found.append(Path(f"/proc/{pid}/{place}").read_bytes())
        except OSError:
            continue
    try:
        children = [
            child for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
        ]
    except OSError:
        children = []
    return found + [shown for child in children for shown in shown_by(int(child))]


def plant(home: Path) -> None:
    """Leave something that has to be found, in a way that is not easily seen."""
    (home / "planted.log").write_bytes(b"\\u06f0" + BY_NAME["planted"].value.encode().hex().encode())


def judge(level: str, hits: list[Hit]) -> list[str]:
    """Return what is wrong: what was found and may not be, and what should have been found and was not."""
    found = {known_as(hit) for hit in hits}
    wrong: dict[tuple[str, str, str], str] = {}
    for hit in hits:
        if hit.canary.name != "planted" and known_as(hit) is None:
            key = (hit.canary.name, hit.encoding, hit.place)
            wrong.setdefault(
                key, f"{level}: {hit.canary.name} ({hit.encoding}) in {hit.place}: …{hit.before[-150:]}»{hit.after}"
            )
    if not any(hit.canary.name == "planted" for hit in hits):
        wrong["planted", "", ""] = f"{level}: what was planted was not found, so nothing is proved"
    for name, known in ALLOWED.items():
        here = known.versions <= AIRFLOW and (known.levels is None or level in known.levels)
        if here and name not in found:
            wrong[name, "", ""] = f"{level}: not found, though docs/security.md says so: {known.words}"
    return list(wrong.values())


def tell(level: str, scan: Scan, ends: dict[str, Any], took: float) -> None:
    """Print what was looked at."""
    counts = scan.counts
    ended = ", ".join(f"{count} {end}" for end, count in sorted(ends["ends"].items()))
    print(f"{level}: at work were {len(ends['covered'])} classes: {'; '.join(ends['covered'])}.")
    print(
        f"{level}: {sum(ends['ends'].values())} tasks in {took:.0f} s, {ends['processor']:.0f} of them of the "
        f"processor ({ended}); "
        f"{counts['files']} files and their names, {counts['rows']:,} rows of {counts['tables']} tables, "
        f"{counts['encrypted values']} encrypted values, {counts['bytes']:,} bytes in all; "
        f"{len(SECRETS) + len(KNOWN)} canaries, {counts['encodings']} ways of writing them.",
        flush=True,
    )
    planted = next((hit for hit in scan.hits if hit.canary.name == "planted"), None)
    if planted:
        print(f"{level}: found what was planted: {planted.encoding}, in {planted.place}.")
    allowed = {(name, hit.place) for hit in scan.hits if (name := known_as(hit))}
    for known in sorted({name for name, _ in allowed}):
        print(f"{level}: known: {known}: {', '.join(sorted(place for name, place in allowed if name == known))}.")


if __name__ == "__main__":
    sys.exit(main())
