"""What a person does in a browser, on a whole Airflow 3.3: make a connection in its form, and text in on the sandbox's
page.

``python -m tests.airflow.stack.interface [FOLDER]`` from the top of the project; pictures go to the folder, the last
line is the verdict. Needs playwright and a Chromium, as ``make test-browser`` installs them.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, expect, sync_playwright

from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox
from tests.airflow.stack.airflow_stack import Stack, running_stack
from tests.airflow.stack.inbox import DAG_ID, EXAMPLE, answered, runs, say
from tests.browser.conftest import CHROMIUM_FLAGS, find_chromium

WAIT = 20_000  # milliseconds; a page of Airflow's is slow when it is opened first


def main(pictures: str | None = None) -> int:
    """Run it; 0 when the connection works and each text that was typed got its answer."""
    home = Path(tempfile.mkdtemp(prefix="ippanel-interface-"))
    folder = Path(pictures or home / "pictures")
    folder.mkdir(parents=True, exist_ok=True)
    more = {"AIRFLOW__CORE__TEST_CONNECTION": "Enabled"}
    with (
        running_sandbox() as sandbox,
        running_stack(home / "airflow", [EXAMPLE], sandbox, more) as stack,
        browser_page() as page,
    ):
        make_connection(page, stack, sandbox, folder)
        text_in(page, stack, sandbox, folder)
        say(f"{len(list(folder.glob('*.png')))} pictures in {folder}")
    if pictures:
        shutil.rmtree(home)
    say("interface ok")
    return 0


def make_connection(page: Page, stack: Stack, sandbox: RunningSandbox, folder: Path) -> None:
    """Fill in the form as a newcomer does, first with a wrong key, and look at what the test of the connection says."""
    page.goto(f"http://127.0.0.1:{stack.port}/connections")
    page.get_by_role("button", name="Add Connection").first.click(timeout=WAIT)
    form = page.get_by_role("dialog")
    form.locator("input[name=connection_id]").fill("texts")
    form.get_by_role("combobox").first.click()
    page.keyboard.type("IPPanel")
    page.keyboard.press("Enter")
    form.locator("input[name=host]").fill(sandbox.base_url)
    form.locator("input[name=port]").fill(str(urlsplit(sandbox.base_url).port))
    form.locator("input[name=password]").fill("not-the-key")
    page.screenshot(path=folder / "form-standard.png", full_page=True)
    form.get_by_role("button", name="Extra Fields", exact=True).click()
    form.locator("#element_sender").fill(sandbox.sender)
    page.screenshot(path=folder / "form-extra.png", full_page=True)
    save(page, form)
    said = tested(page)
    page.screenshot(path=folder / "wrong-key.png")
    assert said.startswith("False: "), said
    say(f"saved with a wrong key, tested: {said}")
    page.get_by_role("button", name="Edit Connection").click()
    assert form.locator("input[name=password]").input_value() == "***"
    form.locator("input[name=password]").fill(sandbox.api_key)
    save(page, form)
    said = tested(page)
    page.screenshot(path=folder / "right-key.png")
    assert said.startswith("True: ") and sandbox.sender in said, said  # noqa: PT018
    say(f"saved with the right key, tested: {said}")
    ((host, extra),) = stack.rows("SELECT host, extra FROM connection WHERE conn_id = 'texts'")
    assert host == sandbox.base_url
    assert sandbox.sender not in extra, "the extra fields are encrypted"


def save(page: Page, form: Locator) -> None:
    """Save the open form and wait until Airflow says so."""
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Connection has been successfully").last).to_be_visible(timeout=WAIT)
    expect(form).to_be_hidden(timeout=WAIT)
    page.reload()


def tested(page: Page) -> str:
    """Test the only connection in the list; return what Airflow answers the page, which shows a green or a red sign."""
    with page.expect_response(lambda response: response.url.endswith("/connections/test"), timeout=WAIT) as answered_by:
        page.get_by_role("button", name="Test Connection").click(timeout=WAIT)
    page.wait_for_timeout(1000)
    answer = answered_by.value.json()
    return f"{answer['status']}: {answer['message']}"


def text_in(page: Page, stack: Stack, sandbox: RunningSandbox, folder: Path) -> None:
    """Type texts into the sandbox's page: one while all is well, one while the triggerer lies dead."""
    stack.wait_for(lambda: bool(stack.rows("SELECT 1 FROM asset_state_store")), "the watcher has a cursor")
    for number, state in ((1, "watching"), (2, "killed")):
        sender = f"0912000{number:04d}"
        if state == "killed":
            stack.kill("triggerer")
        page.goto(f"{sandbox.url}/inbox")
        page.locator("form.inline input[name=from]").fill(sender)
        page.locator("form.inline input[name=text]").fill("stop")
        page.locator("form.inline button[type=submit]").click()
        expect(page.get_by_text(sender[-4:]).first).to_be_visible()
        page.screenshot(path=folder / f"text-{number}.png")
        if state == "killed":
            stack.run("triggerer")
        stack.wait_for(lambda number=number: runs(stack) == number, f"a DAG run for {sender}")  # type: ignore[misc]
        assert answered(sandbox).total() == number, "one answer each"
        say(f"a text typed on the page with the triggerer {state}: DAG run, and an answer")
    page.goto(f"http://127.0.0.1:{stack.port}/dags/{DAG_ID}", wait_until="networkidle")
    page.screenshot(path=folder / "dag.png")


@contextmanager
def browser_page() -> Iterator[Page]:
    """A page of a real Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(CHROMIUM_FLAGS))
        yield browser.new_page(viewport={"width": 1400, "height": 1000})
        browser.close()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
