"""A plain client of the older APIs."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from ippanel_provider.sandbox.runner import RunningSandbox

RECIPIENT = "+989120000000"


class Older:
    """Calls of the legacy REST API; paths start after ``/v1``."""

    def __init__(self, http: httpx.Client, sandbox: RunningSandbox) -> None:
        self.http = http
        self.sandbox = sandbox

    def send(self, text: str = "سلام", *recipients: str, **fields: object) -> httpx.Response:
        body = {"originator": self.sandbox.sender, "recipients": list(recipients or (RECIPIENT,)), "message": text}
        return self.http.post("/messages", json=body | fields)

    def sent(self, *arguments: str, **fields: object) -> int:
        """Send, and return the id of the bulk."""
        response = self.send(*arguments, **fields)
        assert response.status_code == 200, response.text
        bulk_id: int = response.json()["data"]["bulk_id"]
        return bulk_id

    def pattern(self, text: str = "کد %code%", *, approve: bool = True) -> str:
        """Make a pattern, and return its code."""
        code: str = self.http.post("/messages/patterns", json={"pattern": text}).json()["data"]["pattern"]["code"]
        if approve:
            self.sandbox.approve(code)
        return code

    def send_pattern(self, code: str, values: object, **fields: object) -> httpx.Response:
        body = {"pattern_code": code, "originator": self.sandbox.sender, "recipient": RECIPIENT, "values": values}
        return self.http.post("/messages/patterns/send", json=body | fields)


@pytest.fixture
def rest(ippanel_sandbox: RunningSandbox) -> Iterator[Older]:
    headers = {"Authorization": f"AccessKey {ippanel_sandbox.api_key}"}
    with httpx.Client(base_url=ippanel_sandbox.base_url, headers=headers, trust_env=False, verify=False) as http:
        yield Older(http, ippanel_sandbox)
