"""Waiting on the triggerer for what people do about an account: approve a pattern, fill up the credit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ippanel_provider.triggers.base import WaitTrigger
from ippanel_provider.triggers.poller import ROUND_REQUESTS, Event, Poller, Wait

if TYPE_CHECKING:
    from ippanel_provider.hooks.ippanel import IPPanelHook


class IPPanelPatternTrigger(WaitTrigger):
    """Wait until a pattern is decided about; the event's payload is ``{"status": "decided", "pattern_status": …}``.

    :param pattern_code: the pattern
    """

    arguments = ("pattern_code",)

    def __init__(
        self, pattern_code: str, ippanel_conn_id: str, poll_interval: float, deadline: float, carried: Any = None
    ) -> None:
        super().__init__(ippanel_conn_id, poll_interval, deadline, carried)
        self.pattern_code = pattern_code

    async def wait(self) -> Event:
        """See the class."""
        return await PatternPoller.wait(
            self.ippanel_conn_id, PatternWait(self.pattern_code, self.poll_interval, self.deadline)
        )


class PatternWait(Wait):
    """One trigger's wait for the decision about a pattern."""

    __slots__ = ("code",)

    def __init__(self, code: str, interval: float, deadline: float) -> None:
        super().__init__(interval, deadline)
        self.code = code

    def progress(self) -> str:
        """See :class:`~ippanel_provider.triggers.poller.Wait`."""
        return "nobody has decided about the pattern"


class PatternPoller(Poller[PatternWait]):
    """Asks for each pattern once, however many wait for it."""

    def __init__(self, conn_id: str) -> None:
        super().__init__(conn_id)
        self._asked_in: dict[str, int] = {}

    async def look(self, hook: IPPanelHook, due: Sequence[PatternWait]) -> None:
        """See :class:`~ippanel_provider.triggers.poller.Poller`."""
        from ippanel_provider.client import edge

        client = await hook.aget_conn()
        codes = sorted({wait.code for wait in due}, key=lambda code: self._asked_in.get(code, 0))
        for code in codes[:ROUND_REQUESTS]:
            pattern = await client.run(edge.pattern.get(code))
            self._asked_in[code] = self.rounds
            if pattern.status != "pending":
                for wait in [wait for wait in self.waits if wait.code == code]:
                    wait.settle({"status": "decided", "pattern_status": pattern.status})


class IPPanelCreditTrigger(WaitTrigger):
    """Wait until the account holds enough; the event's payload is ``{"status": "enough", "credit": rial}``.

    :param at_least: the credit to wait for, in rial
    """

    arguments = ("at_least",)

    def __init__(self, at_least: float, ippanel_conn_id: str, poll_interval: float, deadline: float) -> None:
        super().__init__(ippanel_conn_id, poll_interval, deadline)
        self.at_least = at_least

    async def wait(self) -> Event:
        """See the class."""
        return await CreditPoller.wait(
            self.ippanel_conn_id, CreditWait(self.at_least, self.poll_interval, self.deadline)
        )


class CreditWait(Wait):
    """One trigger's wait for credit."""

    __slots__ = ("at_least",)

    def __init__(self, at_least: float, interval: float, deadline: float) -> None:
        super().__init__(interval, deadline)
        self.at_least = at_least

    def progress(self) -> str:
        """See :class:`~ippanel_provider.triggers.poller.Wait`."""
        return f"the credit is below {self.at_least:g} rial"


class CreditPoller(Poller[CreditWait]):
    """Asks for the credit once for all."""

    async def look(self, hook: IPPanelHook, due: Sequence[CreditWait]) -> None:
        """See :class:`~ippanel_provider.triggers.poller.Poller`."""
        client = await hook.aget_conn()
        credit = (await client.run(hook.gateway.credit())).credit
        for wait in tuple(self.waits):
            if credit >= wait.at_least:
                wait.settle({"status": "enough", "credit": credit})
