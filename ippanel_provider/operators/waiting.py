"""Tasks that can wait until what they sent is out."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import conf

from ippanel_provider.exceptions import BulksFailed, WaitFailed, WaitTimedOut
from ippanel_provider.operators.base import IPPanelOperator

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.service import BulkState


class WaitingOperator(IPPanelOperator):
    """Base of operators that can wait for bulks.

    :param wait_for_completion: wait until every bulk is final, and fail if one ends as anything but sent
    :param deferrable: wait on the triggerer instead of this worker; default is the ``[operators] default_deferrable`` setting
    :param poll_interval: seconds between two looks
    :param wait_timeout: seconds to wait at most
    """

    def __init__(
        self,
        *,
        wait_for_completion: bool = False,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poll_interval: float = 30.0,
        wait_timeout: float = 24 * 3600.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.wait_for_completion = wait_for_completion
        self.deferrable = deferrable
        self.poll_interval = poll_interval
        self.wait_timeout = wait_timeout

    def wait(self, outbox_ids: Sequence[int]) -> None:
        """Wait until the bulks are sent; with ``deferrable`` leave the worker, to come back in :meth:`execute_complete`.

        :raises BulksFailed: if one ended as anything but sent.
        :raises WaitTimedOut: if they are not final in time.
        """
        from ippanel_provider.client.watch import BulkWatch

        watch = BulkWatch(tuple(outbox_ids))
        deadline = time.time() + self.wait_timeout
        while True:
            self.hook.run(watch.look(self.hook.gateway))
            if watch.is_done:
                return self._judge(watch.states)
            self.log.info("%d of %d bulks are not final yet.", len(watch.unfinal), len(watch.outbox_ids))
            if self.deferrable:
                self._leave(outbox_ids, deadline)
            if (left := deadline - time.time()) <= 0:
                raise WaitTimedOut(f"wait_timeout: {len(watch.unfinal)} of {len(watch.outbox_ids)} bulks are not final in time.")
            time.sleep(min(self.poll_interval, left))

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> dict[str, Any]:
        """Take up the trigger's event."""
        from ippanel_provider.service import BulkState

        if event.get("status") != "final":
            kind = WaitTimedOut if event.get("status") == "timeout" else WaitFailed
            raise kind(f"wait_for_completion: {event.get('message', 'the trigger ended without a word')}")
        states = {int(outbox_id): BulkState(state) for outbox_id, state in event["states"].items()}
        self._judge(states)
        return {"outbox_ids": sorted(states)}

    def _leave(self, outbox_ids: Sequence[int], deadline: float) -> None:
        from ippanel_provider.triggers.bulk import IPPanelBulkTrigger

        trigger = IPPanelBulkTrigger(list(outbox_ids), self.ippanel_conn_id, self.poll_interval, deadline)
        self.defer(trigger=trigger, method_name="execute_complete")

    def _judge(self, states: Mapping[int, BulkState]) -> None:
        if failed := {outbox_id: state for outbox_id, state in states.items() if not state.is_good}:
            raise BulksFailed(failed)
        self.log.info("All %d bulks are sent.", len(states))
