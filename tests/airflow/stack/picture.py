"""Take the picture of a DAG run that the README shows: the example campaign, after it succeeded in a whole Airflow.

``python -m tests.airflow.stack.picture FILE`` from the top of the project. Needs playwright and a Chromium.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from demo.customers import write_csv
from ippanel_provider.sandbox.runner import running_sandbox
from tests.airflow.stack.airflow_stack import running_stack
from tests.airflow.stack.approval import end
from tests.airflow.stack.inbox import say
from tests.airflow.stack.rest import call
from tests.browser.conftest import CHROMIUM_FLAGS, find_chromium

DAG_ID = "example_ippanel_campaign"
EXAMPLE = Path(__file__).parents[3] / "example_dags" / f"{DAG_ID}.py"


def main(picture: str) -> int:
    """Run the campaign and take the picture; 0 when it succeeded."""
    home = Path(tempfile.mkdtemp(prefix="ippanel-picture-"))
    write_csv(home / "customers.csv")
    more = {"AIRFLOW_CONN_WAREHOUSE": json.dumps({"conn_type": "sqlite", "host": str(home / "warehouse.sqlite")})}
    conf = {"customers_csv": str(home / "customers.csv"), "report_csv": str(home / "delivery_report.csv")}
    with running_sandbox() as sandbox, running_stack(home / "airflow", [EXAMPLE], sandbox, more) as stack:
        stack.wait_for(lambda: call(stack, "GET", f"dags/{DAG_ID}") is not None, "the DAG is read")
        run = call(stack, "POST", f"dags/{DAG_ID}/dagRuns", {"logical_date": None, "conf": conf})
        assert run is not None
        states = end(stack, DAG_ID, run["dag_run_id"])
        say(f"{len(sandbox.messages())} texts; {states}")
        if set(states.values()) != {"success"}:
            return 1
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(CHROMIUM_FLAGS))
            page = browser.new_page(viewport={"width": 1280, "height": 724}, color_scheme="light")
            page.goto(f"http://127.0.0.1:{stack.port}/dags/{DAG_ID}/runs/{run['dag_run_id']}", wait_until="networkidle")
            page.wait_for_timeout(3000)
            page.screenshot(path=picture)
            browser.close()
    shutil.rmtree(home)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
