"""Waiting for bulks on the triggerer."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

MAX_BACK_OFF = 300.0


class IPPanelBulkTrigger(BaseTrigger):
    """Fires once when all bulks are final, when the time is up, or when asking is pointless.

    The event is ``{"status": "final", "states": {outbox id as text: state_id}}`` or
    ``{"status": "timeout" | "error", "message": ...}``; it holds ids and states, never a number or a text.

    :param outbox_ids: the bulks to wait for
    :param ippanel_conn_id: the connection to IPPanel
    :param poll_interval: seconds between two looks; while the service cannot be reached it doubles, up to 5 minutes
    :param deadline: when to give up, in epoch seconds, so that a restart does not start the wait anew
    """

    def __init__(self, outbox_ids: Sequence[int], ippanel_conn_id: str, poll_interval: float, deadline: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.outbox_ids = list(outbox_ids)
        self.ippanel_conn_id = ippanel_conn_id
        self.poll_interval = poll_interval
        self.deadline = deadline

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments, as JSON primitives."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "outbox_ids": self.outbox_ids,
                "ippanel_conn_id": self.ippanel_conn_id,
                "poll_interval": self.poll_interval,
                "deadline": self.deadline,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Poll until there is something to say."""
        from ippanel_provider.client import InvalidInput, IPPanelError, Refused, watch
        from ippanel_provider.hooks.ippanel import IPPanelHook
        from ippanel_provider.service import BulkState

        hook = IPPanelHook(self.ippanel_conn_id)
        states: dict[int, BulkState] = {}
        failures = 0
        trouble = ""
        while True:
            waiting = [outbox_id for outbox_id in self.outbox_ids if not states.get(outbox_id, BulkState.CREATING).is_final]
            try:
                states |= await hook.arun(watch.states(waiting))
                failures, trouble = 0, ""
            except (Refused, InvalidInput) as error:
                yield TriggerEvent({"status": "error", "message": str(error)})
                return
            except IPPanelError as error:
                failures, trouble = failures + 1, f" The last look failed: {error}"
                self.log.warning("Look %d in a row failed, waiting longer: %s", failures, error)
            pending = sum(not states.get(outbox_id, BulkState.CREATING).is_final for outbox_id in self.outbox_ids)
            if not pending:
                yield TriggerEvent({"status": "final", "states": {str(outbox_id): int(state) for outbox_id, state in states.items()}})
                return
            left = self.deadline - time.time()
            if left <= 0:
                message = f"the time is up and {pending} of {len(self.outbox_ids)} bulks are not final.{trouble}"
                yield TriggerEvent({"status": "timeout", "message": message})
                return
            self.log.info("%d of %d bulks are not final yet.", pending, len(self.outbox_ids))
            await asyncio.sleep(min(left, self._pause(failures)))

    def _pause(self, failures: int) -> float:
        """Jitter keeps many triggers from asking in step."""
        jitter = 0.9 + random.random() / 5  # noqa: S311 - spreads load, guards nothing
        return min(MAX_BACK_OFF, self.poll_interval * 2.0 ** min(failures, 10)) * jitter
