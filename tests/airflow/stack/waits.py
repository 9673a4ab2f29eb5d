"""The examples and every end of a wait, in a whole Airflow 3.1, 3.2 or 3.3.

The triggerer is killed, a key is changed, the time is up, a person marks a waiting task as failed, or clears it.

``python -m tests.airflow.stack.waits`` from the top of the project; the last line is the verdict.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ippanel_provider.client import Client, Settings, edge
from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox
from tests.airflow.stack.airflow_stack import Stack, running_stack
from tests.airflow.stack.inbox import say
from tests.airflow.stack.rest import call

EXAMPLES = Path(__file__).parents[3] / "example_dags"
IS_3_3 = find_spec("airflow.triggers.shared_stream") is not None
PEOPLE = [f"0912000000{n}" for n in range(1, 4)]
NOT_FINAL = "+989000000100"

WAITS = """
from datetime import timedelta
from airflow.providers.common.compat.sdk import DAG, Param
from ippanel_provider.operators.send import IPPanelSendOperator
from ippanel_provider.sensors.bulk import IPPanelBulkSensor

def waits(dag_id, **options):
    with DAG(dag_id, schedule=None, params={"bulk": Param(0, type="integer")}, render_template_as_native_obj=True):
        IPPanelBulkSensor(task_id="wait", outbox_ids="{{ params.bulk }}", deferrable=True, poke_interval=1, **options)

waits("killed")
waits("rotated", ippanel_conn_id="rotating")
waits("limited", execution_timeout=timedelta(seconds=20))
waits("softly", execution_timeout=timedelta(seconds=20), soft_fail=True)
for dag_id in ("marked", "cleared"):
    with DAG(dag_id, schedule=None, params={"at": ""}):
        IPPanelSendOperator(
            task_id="wait", message=dag_id, recipients=["09120000001"], send_time="{{ params.at }}", poke_interval=1,
            wait_for_completion=True, deferrable=True, cancel_on_kill=True,
        )
"""


def main() -> int:
    """Run it; 0 when all ended as they have to."""
    home = Path(tempfile.mkdtemp(prefix="ippanel-waits-"))
    (home / "waits.py").write_text(WAITS)
    dags = [home / "waits.py", *sorted(EXAMPLES.glob("*.py"))]
    with running_sandbox() as sandbox, running_stack(home / "airflow", dags, sandbox, surroundings(home)) as stack:
        sandbox.account(duplicate_guard=0)
        trial = Trial(stack, sandbox, home)
        stack.wait_for(lambda: call(stack, "GET", "dags/cleared") is not None, "the DAGs are read")
        verdicts = {
            name: step(trial)
            for name, step in (
                ("killed", killed), ("rotated", rotated), ("timed out", timed_out), ("marked", marked),
                ("cleared", cleared), ("examples", examples),
            )
        }  # fmt: skip
    from airflow import __version__

    say(f"Airflow {__version__}: " + ", ".join(f"{name} {'ok' if ok else 'FAILED'}" for name, ok in verdicts.items()))
    if not all(verdicts.values()):
        say(f"waits stack failed; the logs are in {home}")
        return 1
    shutil.rmtree(home)
    say("waits stack ok")
    return 0


def surroundings(home: Path) -> dict[str, str]:
    """A warehouse, and what else the examples need."""
    with closing(sqlite3.connect(home / "warehouse.db")) as database, database:
        database.execute("CREATE TABLE customers (id INTEGER, name TEXT, mobile TEXT, points INTEGER)")
        rows = [(n, "آرش", mobile, n) for n, mobile in enumerate(PEOPLE)]
        database.executemany("INSERT INTO customers VALUES (?, ?, ?, ?)", rows)
        database.execute("CREATE TABLE do_not_text (mobile TEXT)")
        database.execute("CREATE TABLE deliveries (id INTEGER, mobile TEXT, code TEXT)")
        database.execute("INSERT INTO deliveries VALUES (1, '09120000001', '04711')")
    shutil.copy(home / "warehouse.db", home / "campaign.db")
    (home / "customers.csv").write_text("name,mobile,points\nآرش,09120000001,3\n")
    (home / "patterns").mkdir()
    (home / "patterns" / "otp.yaml").write_text("message: 'کد شما: %code%'\nvariables: {code: integer}")
    return {
        "AIRFLOW_CONN_WAREHOUSE": json.dumps({"conn_type": "sqlite", "host": str(home / "warehouse.db")}),
        "AIRFLOW_VAR_ONCALL": "09120000001",
        "AIRFLOW_VAR_ACCOUNTING": "09120000001",
        "AIRFLOW_VAR_ANNOUNCE_TO": '["09120000001"]',
        "AIRFLOW__CORE__PARALLELISM": "4",
    }


class Trial:
    """What a step works with."""

    def __init__(self, stack: Stack, sandbox: RunningSandbox, home: Path) -> None:
        self.stack, self.sandbox, self.home = stack, sandbox, home

    def send(self, **options: Any) -> int:
        """Send a text without Airflow; return its id."""
        with Client(self.sandbox.api_key, Settings(base_url=self.sandbox.base_url)) as client:
            request = edge.send.webservice("سلام", [NOT_FINAL], sender=self.sandbox.sender, **options)
            return client.run(request).outbox_ids[0]

    def looks(self) -> int:
        """How often somebody has asked for a bulk."""
        return int(self.sandbox.stats()["requests"].get("GET /api/report/by_bulk", 0))

    def begin(self, dag_id: str, **conf: Any) -> str:
        """Start a run as a program does, without a date; return its path in the API."""
        for left in reversed(range(5)):
            try:
                run = call(self.stack, "POST", f"dags/{dag_id}/dagRuns", {"logical_date": None, "conf": conf})
                break
            except RuntimeError as error:
                # SQLite lets one write at a time.
                if " 500 " not in str(error) or not left:
                    raise
                time.sleep(1)
        assert run is not None
        return f"dags/{dag_id}/dagRuns/{run['dag_run_id']}"

    def state(self, run: str) -> str:
        """The state of the task ``wait``."""
        return str((call(self.stack, "GET", f"{run}/taskInstances/wait") or {}).get("state"))

    def until(self, run: str, *states: str) -> str:
        """Wait until the task is in one of some states."""
        self.stack.wait_for(lambda: self.state(run) in states, f"{run} is {states}", 240)
        return self.state(run)


def killed(trial: Trial) -> bool:
    """The triggerer is killed while it waits; another one goes on."""
    bulk = trial.send()
    trial.sandbox.speed(0)
    run = trial.begin("killed", bulk=bulk)
    trial.until(run, "deferred")
    trial.stack.kill("triggerer")
    trial.sandbox.speed(1)
    trial.sandbox.settle()
    still = trial.state(run)
    trial.stack.run("triggerer")
    return told("triggerer killed", (still, trial.until(run, "success", "failed")), ("deferred", "success"))


def rotated(trial: Trial) -> bool:
    """The key is changed while the triggerer waits."""
    extra = {"sender": trial.sandbox.sender}
    connection = {
        "connection_id": "rotating", "conn_type": "ippanel", "host": trial.sandbox.base_url,
        "password": trial.sandbox.api_key, "extra": json.dumps(extra),
    }  # fmt: skip
    call(trial.stack, "POST", "connections", connection)
    trial.sandbox.speed(0)
    run = trial.begin("rotated", bulk=trial.send())
    trial.until(run, "deferred")
    # It has the connection as it is from its first look on.
    looks = trial.looks()
    trial.stack.wait_for(lambda: trial.looks() > looks, "the triggerer looks")
    changed = connection | {"extra": json.dumps(extra | {"read_timeout": 29})}
    call(trial.stack, "PATCH", "connections/rotating", changed)
    trial.sandbox.fault("status", path="/api/report/by_bulk", status=401, times=1)
    # The look in which the old key is refused, and some after.
    time.sleep(6)
    still = trial.state(run)
    trial.sandbox.speed(1)
    trial.sandbox.settle()
    return told("key rotated", (still, trial.until(run, "success", "failed")), ("deferred", "success"))


def timed_out(trial: Trial) -> bool:
    """The task's own time is up while it waits on the triggerer."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    bulk = trial.send(send_time=tomorrow)
    runs = [trial.begin(dag_id, bulk=bulk) for dag_id in ("limited", "softly")]
    ends = [trial.until(run, "success", "failed", "skipped") for run in runs]
    return told("execution_timeout while deferred", ends, ["failed", "skipped"])


def _ended_by_a_person(trial: Trial, dag_id: str, act: Callable[[str], None]) -> int:
    """How a scheduled text stands after a person has done something to the task that waits for it."""
    at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    run = trial.begin(dag_id, at=at)
    trial.until(run, "deferred")
    # The triggerer has it when it has asked for it.
    time.sleep(5)
    act(run)
    time.sleep(10)
    return next(text["state_id"] for text in trial.sandbox.messages() if text["text"] == dag_id)


def marked(trial: Trial) -> bool:
    """Marked as failed, it is taken back where Airflow tells the triggerer (3.3), and stays scheduled before."""

    def mark(run: str) -> None:
        call(trial.stack, "PATCH", f"{run}/taskInstances/wait", {"new_state": "failed"})

    state = _ended_by_a_person(trial, "marked", mark)
    return told("marked as failed: state of the bulk", state == 7, IS_3_3)


def cleared(trial: Trial) -> bool:
    """Cleared, it stays scheduled, and is sent to nobody again."""

    def clear(run: str) -> None:
        _, dag_id, _, run_id = run.split("/")
        body = {"dry_run": False, "dag_run_id": run_id, "task_ids": ["wait"], "only_failed": False}
        call(trial.stack, "POST", f"dags/{dag_id}/clearTaskInstances", body)

    state = _ended_by_a_person(trial, "cleared", clear)
    texts = [text for text in trial.sandbox.messages() if text["text"] == "cleared"]
    return told("cleared: cancelled, texts", (state == 7, len(texts)), (False, 1))


def examples(trial: Trial) -> bool:
    """Each example, started without a date; people say yes, reviewers approve."""
    stack, home = trial.stack, trial.home
    with Client(trial.sandbox.api_key, Settings(base_url=trial.sandbox.base_url)) as client:
        pattern = edge.pattern.create("کد: %code%", description="delivery", variables={"code": "string"})
        code = client.run(pattern).code
    trial.sandbox.approve(code)
    trial.sandbox.pace(0.1)
    call(stack, "POST", "variables", {"key": "otp_pattern", "value": code})
    bulk = trial.send(send_time=datetime.now(UTC) + timedelta(days=1))
    confs: dict[str, dict[str, Any]] = {
        "alerts": {}, "apprise": {}, "credit_watch": {}, "cancel": {"outbox_ids": [bulk]},
        "delivery_report": {"folder": f"file://{home}/reports"}, "otp": {"delivery": 1},
        "mapped_campaign": {"rows_per_task": 2, "rejects_folder": str(home / "rejects")},
        "phonebook_mirror": {"shared": str(home)}, "scheduled_campaign": {},
        "patterns_as_code": {"folder": str(home / "patterns"), "shared": str(home)},
    }  # fmt: skip
    runs = {name: trial.begin(f"example_ippanel_{name}", **conf) for name, conf in confs.items()}
    open_runs = dict(runs)
    ends: dict[str, str] = {}

    def all_ended() -> bool:
        yes(trial)
        for name, run in list(open_runs.items()):
            if (state := (call(stack, "GET", run) or {}).get("state")) in {"success", "failed"}:
                ends[name] = str(state)
                del open_runs[name]
        return not open_runs

    stack.wait_for(all_ended, "the examples end", 420)
    # Last, because it makes its table anew.
    conf = {"customers_csv": str(home / "customers.csv"), "report_csv": str(home / "report.csv")}
    run = trial.begin("example_ippanel_campaign", **conf)
    stack.wait_for(lambda: (call(stack, "GET", run) or {}).get("state") in {"success", "failed"}, "the campaign", 240)
    ends["campaign"] = str((call(stack, "GET", run) or {})["state"])
    if IS_3_3:
        trial.sandbox.inbox("+989120000002", "stop")
        inbox = "dags/example_ippanel_inbox/dagRuns"

        def answered() -> bool:
            found = (call(stack, "GET", inbox) or {}).get("dag_runs", [])
            return any(run["state"] in {"success", "failed"} for run in found)

        stack.wait_for(answered, "a text starts a DAG", 180)
        ends["inbox"] = str((call(stack, "GET", inbox) or {})["dag_runs"][0]["state"])
    bad = {name: tasks(stack, runs.get(name, run)) for name, state in ends.items() if state != "success"}
    return told(f"{len(ends)} examples", bad, {})


def tasks(stack: Stack, run: str) -> dict[str, str]:
    """The states of a run's tasks."""
    found = call(stack, "GET", f"{run}/taskInstances")
    return {task["task_id"]: task["state"] for task in (found or {}).get("task_instances", [])}


def yes(trial: Trial) -> None:
    """Approve what waits for a person: here and in the panel; then what was scheduled comes to its time."""
    open_questions = call(trial.stack, "GET", "dags/~/dagRuns/~/hitlDetails?response_received=false") or {}
    for asked in open_questions.get("hitl_details", []):
        ti = asked["task_instance"]
        if ti["state"] not in {"awaiting_input", "deferred"}:
            continue
        # Airflow fails a task that is answered before its scheduler has heard that the task lies down (3.1 to 3.3).
        heard = f"state success for task instance TaskInstanceKey(dag_id='{ti['dag_id']}', task_id='{ti['task_id']}'"
        if heard not in (trial.stack.home / "scheduler.log").read_text(encoding="utf-8"):
            continue
        if "scheduled" in ti["dag_id"]:
            trial.sandbox.advance(3000)
        url = f"dags/{ti['dag_id']}/dagRuns/{ti['dag_run_id']}/taskInstances/{ti['task_id']}/-1/hitlDetails"
        # Where SQLite is locked just now, it is asked again.
        with suppress(RuntimeError):
            call(trial.stack, "PATCH", url, {"chosen_options": [asked["options"][0]], "params_input": {}})
    with Client(trial.sandbox.api_key, Settings(base_url=trial.sandbox.base_url)) as client:
        for pattern in client.run(edge.pattern.list()).items:
            if str(pattern.status) == "pending":
                trial.sandbox.approve(pattern.code)


def told(what: str, found: Any, expected: Any) -> bool:
    """Say what was found, and whether it is what it has to be."""
    say(f"{what}: {found}" + ("" if found == expected else f" (expected {expected})"))
    return bool(found == expected)


if __name__ == "__main__":
    sys.exit(main())
