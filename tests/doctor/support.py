"""An examination of a sandbox whose clock stands still but for the doctor's own pauses."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ippanel_provider.client import ApiKey, Client, IPPanelError, Settings, edge
from ippanel_provider.doctor import Asking, Case, examine, examine_with_texts, journal, place, profile_of
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.service_profile import ServiceProfile

PHONE, OTHER = "+989120000001", "+989120000999"


class Killed(BaseException):
    """The process ends here: nothing after it runs, but what has no choice in Python."""


@dataclass
class Room:
    """A sandbox, its clock and the doctor's, and a folder for journals."""

    sandbox: RunningSandbox
    folder: Path
    has_history: bool = False
    """Whether somebody else got a text before."""
    began: float = field(default_factory=time.time)
    passed: float = 0.0

    def __post_init__(self) -> None:
        self.sandbox.speed(0)
        self.settings = Settings(base_url=self.sandbox.base_url, read_timeout=2.0)
        if self.has_history:
            with Client(self.sandbox.api_key, self.settings) as client, contextlib.suppress(IPPanelError):
                client.run(edge.send.webservice("پیام دیروز", [OTHER], sender=self.sandbox.sender))
            self.sleep(100)

    def now(self) -> float:
        return self.began + self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds
        self.sandbox.advance(seconds)

    def case(self, **given: Any) -> Case:
        case = Case(self.sandbox.sender, PHONE, now=self.now, **given)
        case.observer.now = self.now
        return case

    def examine(
        self,
        case: Case,
        only: Collection[str] = (),
        *,
        paid: Collection[str] = (),
        hook: Callable[[Any, Callable[[Any], Any]], Any] | None = None,
        has_texts: bool = True,
    ) -> ServiceProfile:
        """Run it; ``hook`` stands between the doctor and each of its steps."""
        asking = Asking(ApiKey(self.sandbox.api_key), self.settings, case.observer, self.sleep)
        if hook is not None:
            perform = asking.perform
            asking.perform = lambda step: hook(step, perform)  # type: ignore[method-assign]
        with asking:
            examine(case, asking, self.settings, only)
            if has_texts and not case.is_blocked:
                with journal(self.journal) as kept:
                    examine_with_texts(case, asking, kept, paid)
        return profile_of(case, self.settings)

    @property
    def journal(self) -> Path:
        return place(self.folder, self.settings.root, PHONE)

    def reached(self) -> int:
        """How many texts the phone gets, when all that is to come has come."""
        self.sandbox.advance(7200)
        self.sandbox.settle()
        return sum(text["state_id"] == 6 for text in self.sandbox.messages(recipient=PHONE))
