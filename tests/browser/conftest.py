"""A real Chromium on the pages. Skipped where there is none; ``make test-browser`` installs what is missing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CHROMIUM_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium() -> str | None:
    """The browser to use: the one named in CHROMIUM, or the first there is."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)


def _is_complaint(message: ConsoleMessage) -> bool:
    # A form that is sent back is an answer as good as any; the browser notes it as a failure.
    return message.type in ("error", "warning") and "status of 422" not in message.text


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: make test-browser")
    found = find_chromium()
    if found is None:
        pytest.skip("no Chromium found: install it, or name it in CHROMIUM")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(CHROMIUM_FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def page_sandbox_process() -> Iterator[RunningSandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(page_sandbox_process: RunningSandbox) -> RunningSandbox:
    """A sandbox that is empty, whose clock runs as usual and whose texts may repeat."""
    page_sandbox_process.reset()
    page_sandbox_process.speed(1)
    page_sandbox_process.account(duplicate_guard=0)
    return page_sandbox_process


@pytest.fixture
def open_page(chromium: Browser, sandbox: RunningSandbox) -> Iterator[Callable[..., Page]]:
    """Open a page at a width, in a language and scheme. What the browser complains of fails the test, as does a way
    out.
    """
    contexts: list[Any] = []
    complaints: list[str] = []

    def opened(path: str = "/", *, width: int = 1280, height: int = 800, language: str = "en", **options: Any) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, locale=language, base_url=sandbox.url, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if _is_complaint(message) else None)
        page.on(
            "request",
            lambda request: complaints.append(request.url) if not request.url.startswith(sandbox.url) else None,
        )
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
