"""Waiting on the triggerer for a time of the clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

_NAP = 30.0
"""The longest sleep in seconds: the clock can be set, and a machine can have been asleep."""


class IPPanelClockTrigger(BaseTrigger):
    """Wait until a time of the wall clock; the event's payload is ``{"status": "time"}``.

    :param moment: the time, in epoch seconds
    :param carried: JSON that the task wants back: it is in the event, under the same name
    """

    def __init__(self, moment: float, carried: Any = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.moment = moment
        self.carried = carried

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments."""
        carried = {} if self.carried is None else {"carried": self.carried}
        return f"{type(self).__module__}.{type(self).__qualname__}", {"moment": self.moment, **carried}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait and say so."""
        while (left := self.moment - time.time()) > 0:  # noqa: ASYNC110 - nothing but the clock ends it
            await asyncio.sleep(min(_NAP, left))
        yield TriggerEvent({"status": "time"} | ({} if self.carried is None else {"carried": self.carried}))
