"""What one examination knows so far, and how its questions are asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from ippanel_provider.client import (
    ApiKey,
    Client,
    Flow,
    IPPanelClientError,
    Line,
    NotSent,
    Request,
    Retry,
    Settings,
    Sleep,
    Unconfirmed,
    Unreachable,
)
from ippanel_provider.client.auth import Auth
from ippanel_provider.doctor.findings import Finding, Verdict
from ippanel_provider.doctor.observing import Observer
from ippanel_provider.service import Api

T = TypeVar("T")


@dataclass(slots=True)
class Case:
    """The line and the phone that are examined, and what was found. Money in rial, times in epoch seconds of ours.

    :ivar wait: the longest that is waited for a text to be delivered, or answered, in seconds
    """

    line: str
    phone: str | None = None
    reply: bool = False
    wait: float = 600.0
    now: Callable[[], float] = time.time
    findings: list[Finding] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    measures: dict[str, float] = field(default_factory=dict)
    """What a report may hold of amounts: ratios of money, differences of ids, offsets of times."""
    observer: Observer = field(default_factory=Observer)
    answers: dict[str, Any] = field(default_factory=dict)
    """What the calls of the group ``key`` answered, by name."""
    failures: dict[str, IPPanelClientError] = field(default_factory=dict)
    """The last error of each operation."""
    fragile: set[str] = field(default_factory=set)
    """Operations that failed and, asked again, did not."""
    own_line: Line | None = None
    prices: tuple[float, ...] = ()
    """Of one of the doctor's texts, at each operator."""
    is_blocked: bool = False
    """Whether nothing gets through, or nothing can be sent: the other groups are left out."""
    group: str = ""
    told: Callable[[Finding], None] = lambda finding: None

    def say(self, verdict: Verdict, name: str, sentence: str, changes: str = "") -> None:
        """Note a line of the group that is under way."""
        finding = Finding(self.group, name, verdict, sentence, changes)
        self.findings.append(finding)
        self.told(finding)

    def learn(self, **facts: Any) -> None:
        """Note facts of the service profile."""
        self.facts.update(facts)

    def ask(self, request: Request[T]) -> Flow[T | None]:
        """Ask; None where there is no result, and the error is kept. What fails on the way is asked for once more."""
        for last in (False, True):
            try:
                result = yield from request
            except (NotSent, Unconfirmed) as error:
                self.failures[request.operation] = error
                if last:
                    return None
                yield from Sleep(1.0)
            except IPPanelClientError as error:
                self.failures[request.operation] = error
                return None
            else:
                if last:
                    self.fragile.add(request.operation)
                return result
        return None

    def why(self, operation: str) -> str:
        """Say in a few words why the operation had no result, without anything that the service said."""
        error = self.failures.get(operation)
        if error is None:
            return "it was not asked"
        if (status := error.details.http_status) is not None:
            return f"HTTP {status}"
        return "no connection" if isinstance(error, Unreachable) else "no answer"


class Asking:
    """Runs flows of the doctor's: each request on the client of its API, and each answer past the observer.

    :param sleep: how time passes
    """

    def __init__(
        self, auth: Auth | ApiKey, settings: Settings, observer: Observer, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._auth, self._settings = auth, replace(settings, retry=Retry(attempts=1))
        self._observer, self._sleep = observer, sleep
        self._clients: dict[tuple[Api, bool], Client] = {}

    def __enter__(self) -> Asking:
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients.values():
            client.close()

    def run(self, flow: Flow[T]) -> T:
        """Run a flow; errors are those of the client."""
        return drive(flow, self.perform)

    def perform(self, step: Any) -> Any:
        """Do one step of a flow."""
        if isinstance(step, Sleep):
            return self._sleep(step.seconds)
        second = step.path.startswith("/v2/")
        if second:
            step = replace(step, path=step.path.removeprefix("/v2"))
        return self._client(step.api, second).run(self._observer.tap(step))

    def _client(self, api: Api, second: bool) -> Client:
        if (api, second) not in self._clients:
            base_url = self._settings.base_url
            if second:
                base_url = self._settings.root.removesuffix("/v1") + "/v2"
            self._clients[api, second] = Client(self._auth, replace(self._settings, api=api, base_url=base_url))
        return self._clients[api, second]


def drive(flow: Generator[Any, Any, T], perform: Callable[[Any], Any]) -> T:
    """Run a flow with each step done by ``perform``."""
    try:
        step = next(flow)
        while True:
            try:
                result = perform(step)
            except IPPanelClientError as error:
                step = flow.throw(error)
            else:
                step = flow.send(result)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]
    finally:
        flow.close()
