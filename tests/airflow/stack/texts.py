"""A person settles doubts on the page Browse › Texts, in a real browser on a whole Airflow 3.1 or newer.

``python -m tests.airflow.stack.texts [ROUNDS] [FOLDER]`` from the top of the project. In each round a send is not
answered and the outbox stands still; while the task is at work a decision is refused, after it a button settles it,
and phones are counted. Pictures of every state, language, theme and width go to the folder; the last line is the
verdict. Needs playwright and a Chromium, as ``make test-browser`` installs them.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from playwright.sync_api import FrameLocator, Page, expect

from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox
from tests.airflow.stack.airflow_stack import Stack, running_stack
from tests.airflow.stack.inbox import say
from tests.airflow.stack.interface import browser_page
from tests.airflow.stack.rest import call

WAIT = 30_000  # milliseconds
DAG_ID = "texts_in_doubt"
PEOPLE = 3
DAG = f'''
from airflow.sdk import DAG
from ippanel_provider.operators.send import IPPanelSendOperator

with DAG("{DAG_ID}", schedule=None, params={{"on_clear": "keep"}}, render_template_as_native_obj=True):
    IPPanelSendOperator(
        task_id="send",
        messages=[(f"0912000000{{n}}", f"سلام {{n}}") for n in range({PEOPLE})],
        campaign_id="sale-{{{{ run_id }}}}",
        on_unconfirmed="fail",
        settle=3,
    )
with DAG("{DAG_ID}_resend", schedule=None):
    IPPanelSendOperator(
        task_id="send",
        messages=[(f"0912000000{{n}}", f"سلام {{n}}") for n in range({PEOPLE})],
        campaign_id="sale-{{{{ run_id }}}}",
        on_unconfirmed="fail",
        on_clear="resend",
        settle=3,
    )
with DAG("{DAG_ID}_ask", schedule=None):
    IPPanelSendOperator(
        task_id="send",
        messages=[(f"0912000000{{n}}", f"سلام {{n}}") for n in range({PEOPLE})],
        campaign_id="sale-{{{{ run_id }}}}",
        on_unconfirmed="ask",
        settle=3,
    )
'''


def main(rounds: str = "4", pictures: str | None = None) -> int:
    """Run it; 0 when nobody was texted twice or not at all, and each refusal came."""
    home = Path(tempfile.mkdtemp(prefix="ippanel-texts-"))
    folder = Path(pictures or home / "pictures")
    folder.mkdir(parents=True, exist_ok=True)
    (home / f"{DAG_ID}.py").write_text(DAG, encoding="utf-8")
    ledger = home / "ledger.sqlite"
    more = {
        "AIRFLOW__IPPANEL__LEDGER_CONN_ID": "books",
        "AIRFLOW_CONN_BOOKS": json.dumps({"conn_type": "sqlite", "host": str(ledger)}),
    }
    told: Counter[str] = Counter()
    with (
        running_sandbox() as sandbox,
        running_stack(home / "airflow", [home / f"{DAG_ID}.py"], sandbox, more) as stack,
        browser_page() as page,
    ):
        for dag_id in (DAG_ID, f"{DAG_ID}_resend", f"{DAG_ID}_ask"):
            stack.wait_for(lambda dag_id=dag_id: call(stack, "GET", f"dags/{dag_id}") is not None, f"{dag_id} is read")  # type: ignore[misc]
        empty(page, stack, folder)
        for number in range(int(rounds)):
            dag_id = DAG_ID if number % 2 == 0 else f"{DAG_ID}_resend"
            settle(page, stack, sandbox, ledger, dag_id, number, folder if number == 0 else None, told)
        answer(page, stack, sandbox, told)
    say(", ".join(f"{name}: {count}" for name, count in sorted(told.items())))
    wrong = told["doubled"] + told["lost"] + told["not refused"]
    if wrong == 0:
        shutil.rmtree(home / "airflow")
    say("texts ok" if wrong == 0 else f"texts failed; the logs are in {home}")
    return int(wrong > 0)


def settle(
    page: Page, stack: Stack, sandbox: RunningSandbox, ledger: Path, dag_id: str, number: int, folder: Path | None,
    told: Counter[str],
) -> None:  # fmt: skip
    """Bring a campaign into doubt, and settle it with a button."""
    is_taken = number % 4 >= 2
    decision = ("Send again", "Look again", "Treat as sent", "Look again")[number % 4]
    sandbox.reset()
    sandbox.account(duplicate_guard=0)
    # Either nothing arrives, or it arrives and the answer does not; in both cases the list stands still.
    sandbox.fault("drop_after" if is_taken else "drop_before", path="^/v1/api/send$", times=1)
    sandbox.fault("outbox_lag", path="/api/report/new_list", seconds=3600)
    run = str((call(stack, "POST", f"dags/{dag_id}/dagRuns", {"logical_date": None}) or {})["dag_run_id"])
    stack.wait_for(lambda: bool(chunks(ledger, run)), "the send is written down")
    open_page(page, stack)
    status = decide(page, *chunks(ledger, run)[0])
    told["refused while at work" if status == 409 else "not refused"] += 1
    ended(stack, dag_id, run)
    if folder:
        take_pictures(page, stack, folder)
    began = time.monotonic()
    if is_taken:
        sandbox.lift()
    press(page, stack, run, decision, folder)
    sandbox.lift()
    state = ended(stack, dag_id, run, after=2)
    if state == "failed":
        # A look sends again only what it can prove absent, and the list may have stood still for it too.
        press(page, stack, run, "Send again")
        state = ended(stack, dag_id, run, after=3)
    sandbox.advance(3600)
    people = got(sandbox)
    told["settled"] += 1
    told["doubled"] += sum(count > 1 for count in people.values())
    told["lost"] += PEOPLE - len(people)
    say(
        f"{number + 1}: {'taken' if is_taken else 'not taken'}, {decision} on {dag_id}: {state}, "
        f"{len(people)} of {PEOPLE} got it, {time.monotonic() - began:.0f} s from the click"
    )
    if folder:
        open_page(page, stack)
        page.screenshot(path=folder / "settled.png")


def answer(page: Page, stack: Stack, sandbox: RunningSandbox, told: Counter[str]) -> None:
    """Where Airflow has the question open itself, the button answers it, and the task goes on in the same try."""
    sandbox.reset()
    sandbox.account(duplicate_guard=0)
    sandbox.fault("drop_before", path="^/v1/api/send$", times=1)
    sandbox.fault("outbox_lag", path="/api/report/new_list", seconds=3600)
    run = str((call(stack, "POST", f"dags/{DAG_ID}_ask/dagRuns", {"logical_date": None}) or {})["dag_run_id"])
    url = f"dags/{DAG_ID}_ask/dagRuns/{run}/taskInstances/send"
    waits = {"awaiting_input", "deferred"}
    stack.wait_for(lambda: (call(stack, "GET", url) or {}).get("state") in waits, "a person is asked")
    # Airflow 3.1 and 3.3 fail a task that is answered before their schedulers have heard that it lies down.
    stack.wait_for(
        lambda: f"task_id='send', run_id='{run}'" in (stack.home / "scheduler.log").read_text(encoding="utf-8"),
        "the scheduler heard of it",
    )
    time.sleep(5)
    press(page, stack, run, "Send again")
    expect(open_page(page, stack).get_by_text(f"sale-{run}").first).to_be_visible(timeout=WAIT)
    sandbox.lift()
    state = ended(stack, f"{DAG_ID}_ask", run)
    sandbox.advance(3600)
    people = got(sandbox)
    tries = (call(stack, "GET", url) or {}).get("try_number")
    told["doubled"] += sum(count > 1 for count in people.values())
    told["lost"] += PEOPLE - len(people)
    told["not refused"] += tries != 1
    say(f"asked: Send again: {state} in try {tries}, {len(people)} of {PEOPLE} got it")


def press(page: Page, stack: Stack, run: str, decision: str, folder: Path | None = None) -> None:
    """Settle what is in doubt of a run, by a button."""
    frame = open_page(page, stack)
    card = frame.locator(".doubt").filter(has=frame.get_by_text(f"sale-{run}"))
    card.first.get_by_role("button", name=decision).click(timeout=WAIT)
    if decision != "Look again":
        if folder:
            page.screenshot(path=folder / "confirm.png")
        frame.locator("#confirm-yes").click(timeout=WAIT)
    expect(frame.locator(".note.good")).to_be_visible(timeout=WAIT)


def got(sandbox: RunningSandbox) -> Counter[str]:
    """Whom a text has reached, and how often."""
    sandbox.settle()
    return Counter(text["recipient"] for text in sandbox.messages() if text["message_status"] == 2)


def chunks(ledger: Path, run: str) -> list[tuple[int, int]]:
    """The open chunks of a run's campaign: campaign and number."""
    with closing(sqlite3.connect(ledger, timeout=30)) as database:
        try:
            return database.execute(
                "SELECT c.campaign, c.number FROM ippanel_ledger_chunk c JOIN ippanel_ledger_campaign g "
                "ON g.id = c.campaign WHERE c.state = 'open' AND g.name = CAST(? AS BLOB)",
                (f"sale-{run}",),
            ).fetchall()
        except sqlite3.OperationalError:
            return []


def ended(stack: Stack, dag_id: str, run: str, after: int = 0) -> str:
    """Wait for the run's end; after a clear, for the end of its next try."""
    url = f"dags/{dag_id}/dagRuns/{run}/taskInstances/send"

    def is_over() -> bool:
        found: dict[str, Any] = call(stack, "GET", url) or {}
        return found.get("state") in {"success", "failed"} and int(found.get("try_number") or 0) >= after

    stack.wait_for(is_over, f"{run} ends", 180)
    return str((call(stack, "GET", url) or {})["state"])


def open_page(page: Page, stack: Stack) -> FrameLocator:
    """Open the page inside Airflow."""
    page.goto(f"http://127.0.0.1:{stack.port}/plugin/ippanel-texts")
    frame = page.frame_locator("iframe")
    expect(frame.locator("main[aria-busy=false]")).to_be_visible(timeout=WAIT)
    return frame


def decide(page: Page, campaign: int, chunk: int) -> int:
    """Send again as the page's script would, without a button to press; return the answer's status."""
    script = """async ([campaign, chunk]) => (await fetch(`/ippanel/api/campaigns/${campaign}/chunks/${chunk}`, {
        method: 'POST', body: JSON.stringify({decision: 'send-again'}),
        headers: {'Content-Type': 'application/json', 'X-Requested-With': 'ippanel'}})).status"""
    return int(page.evaluate(script, [campaign, chunk]))


def empty(page: Page, stack: Stack, folder: Path) -> None:
    """Before anything was sent."""
    # Whoever comes first is signed in by some detours.
    page.goto(f"http://127.0.0.1:{stack.port}/")
    expect(page.get_by_text("Pool Slots")).to_be_visible(timeout=WAIT)
    open_page(page, stack)
    page.screenshot(path=folder / "empty.png")


def take_pictures(page: Page, stack: Stack, folder: Path) -> None:
    """In both languages, themes and widths, with nothing that overflows."""
    for language in ("en", "fa"):
        for theme in ("light", "dark"):
            for width in (1400, 390):
                page.set_viewport_size({"width": width, "height": 1000})
                page.evaluate(f"localStorage.setItem('ippanel-texts-language', '{language}')")
                page.evaluate(f"localStorage.setItem('theme', '{theme}')")
                frame = open_page(page, stack)
                expect(frame.locator(f"html[data-theme={theme}][lang={language}]")).to_be_visible(timeout=WAIT)
                root = frame.locator("html")
                assert root.evaluate("root => root.scrollWidth <= root.clientWidth"), f"{language} {theme} {width}"
                page.screenshot(path=folder / f"list-{language}-{theme}-{width}.png")
                frame.locator("td a").first.click(timeout=WAIT)
                expect(frame.locator(".counts")).to_be_visible(timeout=WAIT)
                page.screenshot(path=folder / f"campaign-{language}-{theme}-{width}.png")
    page.set_viewport_size({"width": 1400, "height": 1000})
    page.evaluate("localStorage.setItem('ippanel-texts-language', 'en'); localStorage.setItem('theme', 'light')")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
