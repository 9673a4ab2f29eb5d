"""What the tests of the sandbox share: an HTTP client that knows nothing of ours, and the shape of a send."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox


class Wire:
    """A plain client of the Edge API: paths start after ``/v1``."""

    def __init__(self, sandbox: RunningSandbox) -> None:
        self.sandbox = sandbox
        self.http = httpx.Client(
            base_url=sandbox.base_url,
            headers={"Authorization": sandbox.api_key},
            timeout=20,
            trust_env=False,
            verify=False,
        )

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.http.get(path, params=query)

    def post(self, path: str, body: object = None, **options: Any) -> httpx.Response:
        return self.http.post(path, json=body, **options)

    def send(self, text: str = "سلام", *recipients: str, **fields: Any) -> httpx.Response:
        """One webservice send."""
        body = {"sending_type": "webservice", "from_number": self.sandbox.sender, "message": text}
        return self.post(
            "/api/send", body | {"params": {"recipients": list(recipients or ("+989120000000",))}} | fields
        )

    def send_each(self, *texts: str, **fields: Any) -> httpx.Response:
        """One peer_to_peer send, each text to a number of its own."""
        params = [{"recipients": [f"+98912000{index:04d}"], "message": text} for index, text in enumerate(texts)]
        return self.post(
            "/api/send", {"sending_type": "peer_to_peer", "from_number": self.sandbox.sender, "params": params} | fields
        )

    @staticmethod
    def ids(response: httpx.Response) -> list[int]:
        """The ids a send was answered with."""
        assert response.status_code == 200, response.text
        found: list[int] = response.json()["data"]["message_outbox_ids"]
        return found

    def outbox(self, **filters: Any) -> Any:
        """The outbox report with these filters, a hundred to a page."""
        return self.post("/api/report/new_list", {"page": 1, "limit": 100, "filters": filters}).json()

    def bulk(self, bulk_id: int) -> Any:
        return self.get("/api/report/by_bulk", messages_outbox_id=bulk_id).json()["data"]

    def statuses(self, bulk_id: int) -> dict[str, str]:
        rows = self.get("/api/report/recipients", bulk_id=bulk_id, per_page=1000).json()["data"]
        return {row["recipient"]: row["message_status"] for row in rows}


@pytest.fixture(autouse=True)
def _measured(processes_are_not_measured: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in processes_are_not_measured.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def ippanel_sandbox_process(processes_are_not_measured: dict[str, str]) -> Iterator[RunningSandbox]:
    """A sandbox of these tests' own, whose coverage is measured."""
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as environment:
            for name, value in processes_are_not_measured.items():
                environment.setenv(name, value)
            sandbox = stack.enter_context(running_sandbox())
        yield sandbox


@pytest.fixture
def wire(ippanel_sandbox: RunningSandbox) -> Iterator[Wire]:
    plain = Wire(ippanel_sandbox)
    with plain.http:
        yield plain


@pytest.fixture(scope="session")
def demo_process() -> Iterator[RunningSandbox]:
    with running_sandbox(examples=True) as sandbox:
        yield sandbox


@pytest.fixture
def demo(demo_process: RunningSandbox) -> Iterator[Wire]:
    """A client of a sandbox that holds the documents' examples."""
    demo_process.reset()
    plain = Wire(demo_process)
    with plain.http:
        yield plain
