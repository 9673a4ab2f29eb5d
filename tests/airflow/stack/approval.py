"""A scheduled campaign waits for a person, in a whole Airflow 3.3: they let it go, take it back, or say nothing.

``python -m tests.airflow.stack.approval`` from the top of the project; answers are given in Airflow's REST API, what
people got is read from the sandbox, and the last line is the verdict.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox
from tests.airflow.stack.airflow_stack import Stack, running_stack
from tests.airflow.stack.inbox import say
from tests.airflow.stack.rest import call

DAG_ID = "example_ippanel_scheduled_campaign"
IMPATIENT = f"{DAG_ID}_impatient"
EXAMPLE = Path(__file__).parents[3] / "example_dags" / f"{DAG_ID}.py"
PEOPLE = 3
FIFTY_MINUTES = 3000.0


def main() -> int:
    """Run it; 0 when every answer, and none, had its effect on people's phones."""
    home = Path(tempfile.mkdtemp(prefix="ippanel-approval-"))
    dags = [EXAMPLE, impatient(home)]
    with running_sandbox() as sandbox, running_stack(home / "airflow", dags, sandbox, warehouse(home)) as stack:
        for dag_id in (DAG_ID, IMPATIENT):
            stack.wait_for(lambda dag_id=dag_id: call(stack, "GET", f"dags/{dag_id}") is not None, f"{dag_id} is read")  # type: ignore[misc]
        verdicts = [
            lets_it_go(stack, sandbox),
            takes_it_back(stack, sandbox),
            says_nothing(stack, sandbox),
        ]
    if not all(verdicts):
        say(f"approval stack failed; the logs are in {home}")
        return 1
    shutil.rmtree(home)
    say("approval stack ok")
    return 0


def lets_it_go(stack: Stack, sandbox: RunningSandbox) -> bool:
    """Its time comes while the question is open, so that the wait after the answer has nothing to wait for."""
    run = begin(stack, sandbox, DAG_ID)
    asked = question(stack, DAG_ID, run)
    before = phones(sandbox)
    sandbox.advance(FIFTY_MINUTES)
    began = time.monotonic()
    answer(stack, DAG_ID, run, "Let it go")
    states = end(stack, DAG_ID, run)
    after = phones(sandbox)
    say(f"asked: {asked['subject']} {asked['body']}")
    say(
        f"let go: {before} phones before, {after} after; {states}; {time.monotonic() - began:.1f} s from the "
        f"answer to the end of the run"
    )
    return (before, after) == (0, PEOPLE) and states == {
        "hand_in": "success", "approve": "success", "wait_until_sent": "success", "undo": "skipped",
    }  # fmt: skip


def takes_it_back(stack: Stack, sandbox: RunningSandbox) -> bool:
    """Nobody gets anything, ever."""
    run = begin(stack, sandbox, DAG_ID)
    question(stack, DAG_ID, run)
    answer(stack, DAG_ID, run, "Take it back")
    return nobody_got_it(stack, sandbox, DAG_ID, run, "taken back")


def says_nothing(stack: Stack, sandbox: RunningSandbox) -> bool:
    """Silence is a no."""
    run = begin(stack, sandbox, IMPATIENT)
    return nobody_got_it(stack, sandbox, IMPATIENT, run, "no answer in 5 s")


def nobody_got_it(stack: Stack, sandbox: RunningSandbox, dag_id: str, run: str, what: str) -> bool:
    """Look at the phones long after its time."""
    states = end(stack, dag_id, run)
    sandbox.advance(FIFTY_MINUTES)
    got, bulks = phones(sandbox), {text["state_id"] for text in sandbox.messages()}
    say(f"{what}: {got} phones, bulks in state {bulks}; {states}")
    return got == 0 and bulks == {7} and (states["undo"], states["wait_until_sent"]) == ("success", "skipped")


def begin(stack: Stack, sandbox: RunningSandbox, dag_id: str) -> str:
    """Start a run against an empty sandbox; return its id."""
    sandbox.reset()
    run = call(stack, "POST", f"dags/{dag_id}/dagRuns", {"logical_date": None})
    assert run is not None
    return str(run["dag_run_id"])


def question(stack: Stack, dag_id: str, run: str) -> dict[str, Any]:
    """Wait until somebody is asked; return what they see."""
    url = f"dags/{dag_id}/dagRuns/{run}/taskInstances/approve"
    stack.wait_for(lambda: (call(stack, "GET", url) or {}).get("state") == "awaiting_input", "a person is asked")
    # Airflow 3.3.2 fails a task that is answered before its scheduler has heard that the task lies down; people are
    # slower.
    heard = f"state success for task instance TaskInstanceKey(dag_id='{dag_id}', task_id='approve', run_id='{run}'"
    stack.wait_for(
        lambda: heard in (stack.home / "scheduler.log").read_text(encoding="utf-8"), "the scheduler heard of it"
    )
    asked = call(stack, "GET", f"{url}/-1/hitlDetails")
    assert asked is not None
    return asked


def answer(stack: Stack, dag_id: str, run: str, option: str) -> None:
    """Answer as the page "Required Actions" does."""
    url = f"dags/{dag_id}/dagRuns/{run}/taskInstances/approve/-1/hitlDetails"
    assert call(stack, "PATCH", url, {"chosen_options": [option], "params_input": {}}) is not None


def end(stack: Stack, dag_id: str, run: str) -> dict[str, str]:
    """Wait for the run's end; return its tasks' states."""
    url = f"dags/{dag_id}/dagRuns/{run}"
    stack.wait_for(lambda: (call(stack, "GET", url) or {}).get("state") in {"success", "failed"}, f"{run} ends", 180)
    tasks = call(stack, "GET", f"{url}/taskInstances")
    assert tasks is not None
    return {task["task_id"]: task["state"] for task in tasks["task_instances"]}


def phones(sandbox: RunningSandbox) -> int:
    """How many people were delivered a text."""
    sandbox.settle()
    return len({text["recipient"] for text in sandbox.messages() if text["message_status"] == 2})


def impatient(home: Path) -> Path:
    """The same DAG, which waits seconds for an answer."""
    source = EXAMPLE.read_text(encoding="utf-8")
    changed = source.replace(f'"{DAG_ID}"', f'"{IMPATIENT}"').replace("timedelta(minutes=30)", "timedelta(seconds=5)")
    assert changed.count("seconds=5") == 1
    path = home / f"{IMPATIENT}.py"
    path.write_text(changed, encoding="utf-8")
    return path


def warehouse(home: Path) -> dict[str, str]:
    """Fill a table of customers; return the connection to it."""
    with closing(sqlite3.connect(home / "warehouse.sqlite")) as database, database:
        database.execute("CREATE TABLE customers (name, mobile)")
        database.executemany("INSERT INTO customers VALUES (?, ?)", [("آرش", f"0912000000{n}") for n in range(PEOPLE)])
    return {"AIRFLOW_CONN_WAREHOUSE": json.dumps({"conn_type": "sqlite", "host": str(home / "warehouse.sqlite")})}


if __name__ == "__main__":
    sys.exit(main())
