"""A panel to sync with, and a way to kill a flow at any of its calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest

from ippanel_provider.client import Client, Flow, IPPanelError, NoAnswer, Request, Retry, Settings, Sleep
from ippanel_provider.client.requests import Together
from ippanel_provider.sandbox.runner import RunningSandbox

T = TypeVar("T")


@pytest.fixture
def client(ippanel_sandbox: RunningSandbox) -> Iterator[Client]:
    """A client of an empty sandbox, that waits for nothing."""
    with Client(
        ippanel_sandbox.api_key, Settings(base_url=ippanel_sandbox.base_url, retry=Retry(attempts=2, first_delay=0))
    ) as client:
        yield client


class Killed(BaseException):
    """The process ended here."""


class Run:
    """Runs a flow as a client does, and keeps what it asked for.

    :ivar calls: the operations, in their order
    :ivar writes: those of them that change something
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self.calls: list[str] = []

    @property
    def writes(self) -> list[str]:
        return [call for call in self.calls if call.rpartition(".")[2].partition("_")[0] not in ("list", "get")]

    def __call__(
        self,
        flow: Flow[T],
        *,
        kill_at: int | None = None,
        sent: bool = True,
        lose: Callable[[Request[Any]], bool] | None = None,
    ) -> T:
        """Run the flow.

        :param kill_at: end at the call of this number (from 0), ``sent`` saying whether the service still got it
        :param lose: calls whose answer never comes
        """
        answer: Any = None
        error: IPPanelError | None = None
        while True:
            try:
                step = flow.throw(error) if error is not None else flow.send(answer)
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]
            error, answer = None, None
            if isinstance(step, Sleep):
                continue
            try:
                if isinstance(step, Together):
                    answer = [self._ask(request, kill_at, sent, lose) for request in step.requests]
                else:
                    answer = self._ask(step, kill_at, sent, lose)
            except IPPanelError as failed:
                error = failed

    def _ask(
        self, request: Request[Any], kill_at: int | None, sent: bool, lose: Callable[[Request[Any]], bool] | None
    ) -> Any:
        number = len(self.calls)
        self.calls.append(request.operation)
        if number == kill_at and not sent:
            raise Killed
        try:
            answer = self._client.run(request)
            if lose is not None and lose(request):
                raise NoAnswer("the answer was lost")
        finally:
            if number == kill_at:
                raise Killed
        return answer


@pytest.fixture
def run(client: Client) -> Run:
    """A way to run flows against the sandbox."""
    return Run(client)
