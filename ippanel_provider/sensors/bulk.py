"""Waiting until texts have gone out."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseSensorOperator, PokeReturnValue, conf

from ippanel_provider.hooks.ippanel import IPPanelHook
from ippanel_provider.operators.arguments import ids_of

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.service import BulkState


class IPPanelBulkSensor(BaseSensorOperator):
    """Wait until every bulk is final, and fail if one ended as anything but sent.

    "Sent" means handed to the operators; what each recipient's phone then got is in the delivery report.
    Returns ``{"bulks": n}``.

    :param outbox_ids: the bulks: an id, a list of ids, or what a sending task returned (templated)
    :param deferrable: wait on the triggerer instead of a worker; default is the ``[operators] default_deferrable`` setting
    :param ippanel_conn_id: the connection to IPPanel (templated)
    :raises BulksFailed: if a bulk was rejected, cancelled, had no credit or failed; by reason, with ids
    :raises WaitFailed: if the deferred wait ended without an answer
    """

    template_fields: Sequence[str] = ("outbox_ids", "ippanel_conn_id")
    ui_color = "#e3ecfa"

    def __init__(
        self,
        *,
        outbox_ids: Sequence[int] | Mapping[str, Any] | int | str,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        ippanel_conn_id: str = IPPanelHook.default_conn_name,
        poke_interval: float = 30.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(poke_interval=poke_interval, **kwargs)
        self.outbox_ids = outbox_ids
        self.deferrable = deferrable
        self.ippanel_conn_id = ippanel_conn_id
        self._states: dict[int, BulkState] = {}

    @cached_property
    def hook(self) -> IPPanelHook:
        """The hook of this task."""
        return IPPanelHook(self.ippanel_conn_id)

    def execute(self, context: Context) -> Any:
        """Wait here, or look once and defer."""
        if not self.deferrable:
            return super().execute(context)
        done = self.poke(context)
        if not done:
            from ippanel_provider.triggers.bulk import IPPanelBulkTrigger

            self.defer(
                trigger=IPPanelBulkTrigger(
                    outbox_ids=ids_of(self.outbox_ids),
                    ippanel_conn_id=self.ippanel_conn_id,
                    poll_interval=self.poke_interval,
                    deadline=time.time() + self.timeout,
                ),
                method_name="execute_complete",
            )
        return done.xcom_value

    def poke(self, context: Context) -> PokeReturnValue:
        """Look once, asking only after bulks that were not final before."""
        from ippanel_provider.client import watch
        from ippanel_provider.service import BulkState

        ids = ids_of(self.outbox_ids)
        self._states |= self.hook.run(watch.states(i for i in ids if not self._states.get(i, BulkState.CREATING).is_final))
        pending = sum(not state.is_final for state in self._states.values())
        if pending:
            self.log.info("%d of %d bulks are not final yet.", pending, len(ids))
            return PokeReturnValue(is_done=False)
        return PokeReturnValue(is_done=True, xcom_value=self._judge(self._states))

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> dict[str, int]:
        """Take up the trigger's event."""
        from ippanel_provider.exceptions import WaitFailed
        from ippanel_provider.service import BulkState

        if event.get("status") != "final":
            raise WaitFailed(f"outbox_ids: {event.get('message', 'the trigger ended without a word')}")
        return self._judge({int(outbox_id): BulkState(state) for outbox_id, state in event["states"].items()})

    def _judge(self, states: Mapping[int, BulkState]) -> dict[str, int]:
        from ippanel_provider.exceptions import BulksFailed

        if failed := {outbox_id: state for outbox_id, state in states.items() if not state.is_good}:
            raise BulksFailed(failed)
        self.log.info("All %d bulks are sent.", len(states))
        return {"bulks": len(states)}
