"""``make demo``: a sandbox, a real Airflow, a real campaign, and a judge that trusts neither.

The judge knows the truth about each customer from the list itself and what was sent from the sandbox's record.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from demo.customers import ROWS, Customer, write_csv
from ippanel_provider.sandbox.runner import running_sandbox

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".demo"
DAG_ID = "example_ippanel_campaign"
DELIVERED = 2

# What a person wants to follow in Airflow's log: our own lines, and which task is running.
_OURS = re.compile(r"\[info +\] (?P<said>.*?) +\[(?:airflow\.task\.[\w.]*|)ippanel_provider\.[\w.]+\]")
_WARNED = re.compile(r"\[warning +\] (?P<said>.*?) +\[(?:airflow\.task\.[\w.]*|)ippanel_provider\.[\w.]+\]")
_TASK = re.compile(r"\[DAG TEST\] starting task_id=(?P<task>\S+)")
_WARNINGS_SHOWN = 3


def main() -> int:
    """Run the demonstration; the last line says how it went."""
    began = time.monotonic()
    HOME.mkdir(exist_ok=True)
    csv_path, report_path, log_path = HOME / "customers.csv", HOME / "delivery_report.csv", HOME / "airflow.log"
    truth = write_csv(csv_path)
    say(f"1/4  A shop's customer list: {len(truth)} rows, spelled every way people spell numbers -> {shown(csv_path)}")
    state_path = HOME / "sandbox.sqlite"
    for leftover in HOME.glob("sandbox.sqlite*"):
        leftover.unlink()
    with running_sandbox("--state", str(state_path)) as sandbox:
        say(f"2/4  The sandbox stands in for IPPanel; watch the texts arrive in a browser: {sandbox.url}/")
        environment = airflow_environment(sandbox.url, sandbox.api_key, sandbox.sender)
        prepare_airflow(environment, log_path)
        say(f"3/4  Airflow runs the DAG {DAG_ID}:")
        if not run_dag(environment, log_path, {"customers_csv": str(csv_path), "report_csv": str(report_path)}):
            say(f"demo failed: the DAG did not succeed; the whole log is {shown(log_path)}")
            return 1
        say("4/4  Comparing what the sandbox was given with the truth about each customer.")
        texts = sandbox.messages()
    say(f"     Delivery report: {shown(report_path)}   Airflow's log: {shown(log_path)}")
    say(f"     To see the texts in a browser again, and send more: make sandbox ARGS='--state {shown(state_path)}'")
    say(f"     {time.monotonic() - began:.0f} seconds.")
    return judge(truth, [(text["recipient"], text["text"], text["message_status"]) for text in texts])


def airflow_environment(url: str, api_key: str, sender: str) -> dict[str, str]:
    """Return the environment of an Airflow of our own, with both connections, outside any Airflow the user may have."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    return inherited | {
        "AIRFLOW_HOME": str(HOME / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "example_dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
        "AIRFLOW_CONN_WAREHOUSE": json.dumps({"conn_type": "sqlite", "host": str(HOME / "warehouse.sqlite")}),
        "AIRFLOW_CONN_IPPANEL_DEFAULT": json.dumps(
            {"conn_type": "ippanel", "host": f"{url}/v1", "password": api_key, "extra": {"sender": sender}}
        ),
        "NO_COLOR": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }


def prepare_airflow(environment: dict[str, str], log_path: Path) -> None:
    """Make the metadata database on the first run."""
    if (HOME / "airflow" / "airflow.db").exists():
        return
    say("     Making Airflow's metadata database (only this once) ...")
    with log_path.open("w", encoding="utf-8") as log:
        subprocess.run([airflow(), "db", "migrate"], env=environment, stdout=log, stderr=subprocess.STDOUT, check=True)


def run_dag(environment: dict[str, str], log_path: Path, conf: dict[str, str]) -> bool:
    """Run the DAG to its end, showing what a person can follow; whether it succeeded."""
    command = [airflow(), "dags", "test", DAG_ID, "--conf", json.dumps(conf)]
    warnings = 0
    with (
        log_path.open("w", encoding="utf-8") as log,
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
        ) as process,
    ):
        for line in process.stdout or ():
            log.write(line)
            if task := _TASK.search(line):
                say(f"     [{task['task']}]")
            elif ours := _OURS.search(line):
                say(f"       {ours['said']}")
            elif warned := _WARNED.search(line):
                warnings += 1
                if warnings <= _WARNINGS_SHOWN:
                    say(f"       {warned['said']}")
                elif warnings == _WARNINGS_SHOWN + 1:
                    say("       (and more such rows, each with its reason, in the log)")
    return process.returncode == 0


def judge(truth: list[Customer], texts: list[tuple[str, str, int]]) -> int:
    """Print the verdict: every real customer exactly one text, nobody else any."""
    received = Counter(recipient for recipient, _, _ in texts)
    real = {customer.truth for customer in truth if customer.truth}
    accepted = len(received)
    delivered = len({recipient for recipient, _, status in texts if status == DELIVERED})
    rejected = sum(customer.truth not in received for customer in truth)
    duplicates = sum(received.values()) - accepted
    lost = len(real - received.keys())
    strangers = len(received.keys() - real)
    if strangers:
        say(f"demo failed: {strangers} numbers got a text that are in no row")
        return 1
    figures = (
        f"{len(truth)} rows, {accepted} accepted, {delivered} delivered, {rejected} rejected, "
        f"{duplicates} duplicates, {lost} lost"
    )
    if duplicates or lost or len(truth) != ROWS:
        say(f"demo failed: {figures}")
        return 1
    say(f"     {len(truth) - rejected - accepted} rows repeat a customer who is in another row, and were merged.")
    say(f"demo ok: {figures}")
    return 0


def airflow() -> str:
    """Return the airflow command beside this Python."""
    return shutil.which("airflow", path=str(Path(sys.executable).parent)) or "airflow"


def shown(path: Path) -> str:
    """Return the path as a person at the top of the project would type it."""
    return str(path.relative_to(ROOT))


def say(line: str) -> None:
    """Print at once, so that progress can be followed."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
