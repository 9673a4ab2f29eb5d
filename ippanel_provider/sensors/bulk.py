"""Waiting until texts have gone out, and arrived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import PokeReturnValue

from ippanel_provider.operators import fields
from ippanel_provider.operators.bulk_outcome import Demand, Ends, handed_over, news_of
from ippanel_provider.operators.fields import ids_of
from ippanel_provider.outbox_ids import read
from ippanel_provider.sensors.base import IPPanelSensor

if TYPE_CHECKING:
    from typing import Unpack

    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.client.watch import BulkWatch
    from ippanel_provider.operators.signatures import SensorArguments
    from ippanel_provider.service import BulkState
    from ippanel_provider.triggers.bulk import IPPanelBulkTrigger


class IPPanelBulkSensor(IPPanelSensor):
    """Wait until every bulk is final; fail at once if one ends as none may, or if too few recipients can be reached.

    "Sent" means handed to the operators. What each phone then got is asked only with ``min_delivered``; the service has
    one report a bulk for that, so it is meant for texts with many recipients. On the triggerer all waits of a
    connection for up to 200 bulks share their looks, of at most 20 requests each; of more, a look is 6 requests.

    Returns ``{"bulks": n}``; with ``min_delivered`` also ``"delivered", "pending", "lost"`` (recipients), and where
    bulks ended otherwise than sent, ``"states": {"sent": n, "cancelled": n, …}``. The parameters of
    :class:`~ippanel_provider.sensors.base.IPPanelSensor` hold too.

    :param outbox_ids: the bulks: an id, a list of ids, or what a sending task returned (templated)
    :param fail_on: the states that fail the task, as names or :class:`~ippanel_provider.service.BulkState`; default is
        all in which no text went out: rejected, invalid_recipients, cancelled, no_credit, system_error
    :param min_delivered: the share of recipients, 0 to 1, that has to be delivered to before the wait is over
        (templated)
    :param cancel_on_kill: take back what is still scheduled where somebody marks the task as failed while it waits on
        the triggerer (Airflow 3.3); default is to leave it scheduled. A clear takes nothing back
    :raises BulksFailed: if a bulk ended in a state of ``fail_on``; by reason, with ids
    :raises TooFewDelivered: if ``min_delivered`` can no longer be reached
    """

    template_fields: Sequence[str] = ("outbox_ids", "min_delivered", *IPPanelSensor.template_fields)

    fail_on = fields.failing_states()
    min_delivered = fields.share()
    cancel_on_kill = fields.flag()

    def __init__(
        self,
        *,
        outbox_ids: Sequence[int] | Mapping[str, Any] | int | str,
        fail_on: Iterable[BulkState | str] | None = None,
        min_delivered: float | str | None = None,
        cancel_on_kill: bool = False,
        **kwargs: Unpack[SensorArguments],
    ) -> None:
        super().__init__(**kwargs)
        self.outbox_ids = outbox_ids
        self.fail_on = fail_on
        self.min_delivered = min_delivered
        self.cancel_on_kill = cancel_on_kill
        self._watch: BulkWatch | None = None

    def look(self, context: Context) -> PokeReturnValue:
        """Ask after all that is not known for good from an earlier look."""
        if self._watch is None:
            self._watch = self._demand.watch(ids_of(self.outbox_ids))
        watch = self._watch
        self.hook.run(watch.look(self.hook.gateway))
        if not watch.is_done:
            self.teller.tell(partial(news_of, watch))
            return PokeReturnValue(is_done=False)
        return PokeReturnValue(is_done=True, xcom_value=self._judge(Ends.of(watch)))

    def trigger(self, context: Context, deadline: float) -> IPPanelBulkTrigger:
        """See :class:`~ippanel_provider.sensors.base.IPPanelSensor`."""
        from ippanel_provider.triggers.bulk import IPPanelBulkTrigger

        ids = read(ids_of(self.outbox_ids))
        trigger = IPPanelBulkTrigger(
            outbox_ids=handed_over(ids, context),
            ippanel_conn_id=self.ippanel_conn_id,
            poll_interval=self.poke_interval,
            deadline=deadline,
            fail_on=None if self.fail_on is None else list(self.fail_on),
            min_delivered=self.min_delivered,
            cancel_on_kill=bool(self.cancel_on_kill),
        )
        trigger.ids = ids
        return trigger

    def conclude(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """See :class:`~ippanel_provider.sensors.base.IPPanelSensor`."""
        return self._judge(Ends.of_event(event))

    def subject(self) -> str:
        """See :class:`~ippanel_provider.sensors.base.IPPanelSensor`."""
        return "outbox_ids"

    @property
    def _demand(self) -> Demand:
        return Demand(self.fail_on, self.min_delivered)

    def _judge(self, ends: Ends) -> dict[str, Any]:
        said = self._demand.judge(ends)
        self.log.info("All %d bulks are %s.", ends.bulks, f"final: {said['states']}" if "states" in said else "sent")
        return {"bulks": ends.bulks, **said}
