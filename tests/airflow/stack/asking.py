"""Texts are in doubt in a whole Airflow, and a person says under Required Actions what becomes of them.

``python -m tests.airflow.stack.asking`` from the top of the project, on Airflow 3.1, 3.2 or 3.3; answers are given in
Airflow's REST API, what people got is read from the sandbox, and the last line is the verdict.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox
from tests.airflow.stack.airflow_stack import Stack, running_stack
from tests.airflow.stack.inbox import say
from tests.airflow.stack.rest import call

DAG_ID = "send_and_ask"
DAG = f'''
from airflow.sdk import DAG
from ippanel_provider.operators.send import IPPanelSendOperator

with DAG("{DAG_ID}", schedule=None):
    IPPanelSendOperator(
        task_id="send", message="سلام", recipients=["09120000001", "09120000002"], settle=2.0, on_unconfirmed="ask",
    )
'''
PEOPLE = 2
ANSWERS = (("Send again", PEOPLE), ("Treat as sent", 0), ("Look again", PEOPLE))
"""What is answered, and how many get a text in the end."""
WAITING = {"awaiting_input", "deferred"}


def main() -> int:
    """Run it; 0 when every answer had its effect on people's phones."""
    home = Path(tempfile.mkdtemp(prefix="ippanel-asking-"))
    (home / "dag.py").write_text(DAG, encoding="utf-8")
    with running_sandbox() as sandbox, running_stack(home / "airflow", [home / "dag.py"], sandbox) as stack:
        stack.wait_for(lambda: call(stack, "GET", f"dags/{DAG_ID}") is not None, "the DAG is read")
        verdicts = [settles(stack, sandbox, answer, people) for answer, people in ANSWERS]
    if not all(verdicts):
        say(f"asking stack failed; the logs are in {home}")
        return 1
    shutil.rmtree(home)
    say("asking stack ok")
    return 0


def settles(stack: Stack, sandbox: RunningSandbox, answer: str, people: int) -> bool:
    """Leave a send in doubt, answer, and look at the phones."""
    sandbox.reset()
    sandbox.account(duplicate_guard=0)
    # Looking again finds what was taken; otherwise the request arrives nowhere.
    sandbox.fault("status", path="^/v1/api/send$", status=504, times=1, processed=answer == "Look again")
    sandbox.fault("outbox_lag", path="/api/report/new_list", seconds=3600)
    run = call(stack, "POST", f"dags/{DAG_ID}/dagRuns", {"logical_date": None})
    assert run is not None
    task = f"dags/{DAG_ID}/dagRuns/{run['dag_run_id']}/taskInstances/send"
    url = f"{task}/-1/hitlDetails"
    stack.wait_for(lambda: state(stack, task) in WAITING | {"failed"}, "a person is asked", 180)
    waits = state(stack, task)
    # Airflow 3.3.2 fails a task that is answered before its scheduler has heard that the task lies down.
    key = f"TaskInstanceKey(dag_id='{DAG_ID}', task_id='send', run_id='{run['dag_run_id']}'"
    heard = f"state success for task instance {key}"
    stack.wait_for(lambda: heard in (stack.home / "scheduler.log").read_text(encoding="utf-8"), "the scheduler heard")
    asked = call(stack, "GET", url) or {}
    say(f"{waits}: {asked.get('subject')}: {', '.join(asked.get('options', ()))}")
    sandbox.lift()
    call(stack, "PATCH", url, {"chosen_options": [answer], "params_input": {}})
    stack.wait_for(lambda: state(stack, task) in {"success", "failed"}, "the task ends", 180)
    texts = [text for text in sandbox.messages() if text["state_id"] != 7]
    end, tries = state(stack, task), (call(stack, "GET", task) or {})["try_number"]
    got = {text["recipient"] for text in texts}
    say(f"  {answer}: {end} in try {tries}, {len(texts)} texts for {len(got)} of {PEOPLE} people")
    return (end, len(texts), len(got)) == ("success", people, people)


def state(stack: Stack, task: str) -> str:
    """Return the state of the task."""
    return str((call(stack, "GET", task) or {}).get("state"))


if __name__ == "__main__":
    sys.exit(main())
