"""What the client answers under each fault of the service, sync and async: ``python -m tests.client_on_sandbox.faults``
prints it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple

from ippanel_provider.client import AsyncClient, Client, IPPanelError, Request, Retry, Settings, edge
from ippanel_provider.sandbox.runner import RunningSandbox, running_sandbox

TEXT = "سلام از جدول خطاها"
RECIPIENT = "+989120000001"


class Case(NamedTuple):
    """A fault, and the errors that a read (repeated twice) and a send (never) must end in; empty is success."""

    fault: str
    options: dict[str, Any]
    read: str
    send: str
    went_out: bool

    @property
    def name(self) -> str:
        """The fault as a person reads it."""
        return " ".join([self.fault, *(f"{name}={value}" for name, value in self.options.items())])


CASES = (
    Case("latency", {"seconds": 0.05}, "", "", True),
    Case("latency", {"seconds": 1.5}, "NoAnswer", "NoAnswer", True),
    Case("status", {"status": 429, "retry_after": 0}, "Throttled", "Throttled", False),
    Case("status", {"status": 500}, "ServerFault", "ServerFault", False),
    Case("status", {"status": 503, "retry_after": 0}, "ServerFault", "ServerFault", False),
    Case("status", {"status": 500, "processed": True}, "ServerFault", "ServerFault", True),
    Case("status", {"status": 404}, "NotFound", "Unreadable", False),
    Case("status", {"status": 422}, "Invalid", "Unreadable", False),
    Case("html", {}, "ServerFault", "ServerFault", False),
    Case("html", {"status": 200, "processed": True}, "Unreadable", "Unreadable", True),
    Case("html", {"status": 403, "processed": True}, "Refused", "Unreadable", True),
    Case("status", {"status": 303, "processed": True}, "Refused", "Unreadable", True),
    Case("status", {"status": 499, "processed": True}, "Refused", "Unreadable", True),
    Case("malformed", {}, "Unreadable", "Unreadable", True),
    Case("truncated", {}, "NoAnswer", "NoAnswer", True),
    Case("refused", {}, "Refused", "Refused", False),
    Case("unauthorized", {"body": "seen"}, "Unauthorized", "Unauthorized", False),
    Case("unauthorized", {"body": "documented"}, "Unauthorized", "Unauthorized", False),
    Case("drop_before", {}, "NoAnswer", "NoAnswer", False),
    Case("drop_after", {}, "NoAnswer", "NoAnswer", True),
)

Run = Callable[[Request[Any]], Any]
_SETTINGS = {"read_timeout": 0.5, "retry": Retry(attempts=3, first_delay=0.01)}


class Outcome(NamedTuple):
    """What became of a case: the two errors, how often each request arrived, and how many texts went out."""

    read: str
    send: str
    reads: int
    sends: int
    texts: int


def outcome(sandbox: RunningSandbox, case: Case, run: Run) -> Outcome:
    """Meet the fault with a read and a send."""
    sandbox.reset()
    sandbox.account(duplicate_guard=0)
    sandbox.fault(case.fault, path="^/v1/api/", **case.options)
    read = _error(run, edge.payment.credit())
    send = _error(run, edge.send.webservice(TEXT, [RECIPIENT], sender=sandbox.sender))
    if case.went_out:
        # A client that no longer waits does not stop a slow service.
        sandbox.wait_for(1)
    requests = sandbox.stats()["requests"]
    return Outcome(
        read,
        send,
        requests.get("GET /api/payment/credit/mine", 0),
        requests.get("POST /api/send", 0),
        len(sandbox.messages()),
    )


def _error(run: Run, request: Request[Any]) -> str:
    try:
        run(request)
    except IPPanelError as error:
        return type(error).__name__
    return ""


def running(sandbox: RunningSandbox, kind: str) -> Run:
    """Return what runs a request on a client of this kind."""
    settings = Settings(base_url=sandbox.base_url, **_SETTINGS)  # type: ignore[arg-type]

    def run_sync(request: Request[Any]) -> Any:
        with Client(sandbox.api_key, settings) as client:
            return client.run(request)

    async def run_async(request: Request[Any]) -> Any:
        async with AsyncClient(sandbox.api_key, settings) as client:
            return await client.run(request)

    return run_sync if kind == "sync" else lambda request: asyncio.run(run_async(request))


def main() -> None:
    """Print the table."""
    print(f"{'fault':<34} {'client':<6} {'a read ends in':<22} {'a send ends in':<22} texts that went out")
    with running_sandbox() as sandbox:
        for case in CASES:
            for kind in ("sync", "async"):
                got = outcome(sandbox, case, running(sandbox, kind))
                read, send = f"{got.read or 'success'} after {got.reads}", f"{got.send or 'success'} after {got.sends}"
                print(f"{case.name:<34} {kind:<6} {read:<22} {send:<22} {got.texts}")


if __name__ == "__main__":
    main()
