"""What reading a DAG file pays for this provider: ``python benchmarks/import_cost.py [ROUNDS]``.

Each round imports, in a fresh process after ``airflow.sdk`` and what it pulls in, all operators, sensors and the
notifier of this provider, and in others those of the http and slack providers. The figures are the medians of processor
time, so that a busy machine does not change them much. Bytecode is cached, as on any machine that has read a DAG
before.
"""

from __future__ import annotations

import os
import pkgutil
import statistics
import subprocess
import sys
import tempfile

import ippanel_provider

ROOMS = ("operators", "sensors", "transfers", "notifications")
BEFORE = (
    "import airflow.sdk, airflow.sdk.bases.operator, airflow.sdk.bases.sensor, airflow.sdk.bases.hook, "
    "airflow.sdk.bases.notifier"
)
BAND = 10


def everything_of_ours() -> list[str]:
    """Every module of the rooms that DAG files import from."""
    found = []
    for room in ROOMS:
        package = f"{ippanel_provider.__name__}.{room}"
        path = [f"{base}/{room}" for base in ippanel_provider.__path__]
        found += [f"{package}.{module.name}" for module in pkgutil.iter_modules(path)]
    return found


def dag_author_s(modules: list[str]) -> list[str]:
    """Those that a DAG file imports; the rest are imported by tasks when they run."""
    from ippanel_provider.provider_info import get_provider_info

    info = get_provider_info()
    named = [module for kind in ("operators", "sensors") for entry in info[kind] for module in entry["python-modules"]]
    named += [entry["python-module"] for entry in info["transfers"]]
    named += [path.rpartition(".")[0] for path in info["notifications"]]
    return [module for module in modules if module in named]


CASES = {
    "http operator": ["airflow.providers.http.operators.http"],
    "http sensor": ["airflow.providers.http.sensors.http"],
    "slack operators": ["airflow.providers.slack.operators.slack", "airflow.providers.slack.operators.slack_webhook"],
    "slack notifier": ["airflow.providers.slack.notifications.slack"],
}

MEASURE = """
import time
{before}
began = time.process_time()
{imports}
ended = time.process_time()
import sys
heavy = {{"httpx", "pydantic", "apprise", "requests", "aiohttp", "slack_sdk"}}
print((ended - began) * 1000, *sorted(heavy & sys.modules.keys() - known))
"""


def milliseconds(modules: list[str], environment: dict[str, str]) -> tuple[float, list[str]]:
    """Import the modules in a fresh process; return the time and the heavy libraries that came along."""
    before = BEFORE + "\nimport sys\nknown = set(sys.modules)"
    script = MEASURE.format(before=before, imports="\n".join(f"import {module}" for module in modules))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    time, *heavy = done.stdout.split()
    return float(time), heavy


def main(rounds: int = 5) -> int:
    """Print the table; 1 when ours costs more than a tenth of the http operator."""
    ours = dag_author_s(everything_of_ours())
    cases = {"ippanel: all of it": ours, **CASES}
    with tempfile.TemporaryDirectory() as home:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PYTHON"))}
        environment |= {"AIRFLOW_HOME": home, "PYTHONPYCACHEPREFIX": f"{home}/bytecode"}
        times: dict[str, list[float]] = {name: [] for name in cases}
        along: dict[str, list[str]] = {}
        for number in range(rounds + 1):
            for name, modules in cases.items():
                time, along[name] = milliseconds(modules, environment)
                if number:  # the first makes the bytecode
                    times[name].append(time)
    print(f"on top of airflow.sdk, median of {rounds} (lowest to highest), CPU")
    for name, measured in times.items():
        spread = f"({min(measured):.1f} to {max(measured):.1f})"
        print(f"{name:20}{statistics.median(measured):8.1f} ms  {spread:20} {', '.join(along[name])}")
    share = statistics.median(times["ippanel: all of it"]) / statistics.median(times["http operator"])
    print(
        f"ours is {share:.1%} of the http operator: {len(ours)} modules: "
        f"{', '.join(module.partition('.')[2] for module in ours)}"
    )
    return int(share > 1 / BAND)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
