"""Waiting until texts have gone out, and arrived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import PokeReturnValue

from ippanel_provider.operators.arguments import ids_of
from ippanel_provider.sensors.base import IPPanelSensor
from ippanel_provider.service import BulkState

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.client.watch import BulkWatch, Tally
    from ippanel_provider.triggers.bulk import IPPanelBulkTrigger


class IPPanelBulkSensor(IPPanelSensor):
    """Wait until every bulk is final; fail at once if one ends as none may, or if too few recipients can be reached.

    "Sent" means handed to the operators. What each phone then got is asked only with ``min_delivered``; the service has
    one report a bulk for that, so it is meant for texts with many recipients. On the triggerer all bulk waits of a
    connection share their looks, of at most 20 requests each.

    Returns ``{"bulks": n}``; with ``min_delivered`` also ``"delivered", "pending", "lost"`` (recipients), and where bulks
    ended otherwise than sent, ``"states": {"sent": n, "cancelled": n, …}``.
    The parameters of :class:`~ippanel_provider.sensors.base.IPPanelSensor` hold too.

    :param outbox_ids: the bulks: an id, a list of ids, or what a sending task returned (templated)
    :param fail_on: the states that fail the task, as names or :class:`~ippanel_provider.service.BulkState`; default is all
        in which no text went out: rejected, invalid_recipients, cancelled, no_credit, system_error
    :param min_delivered: the share of recipients, 0 to 1, that has to be delivered to before the wait is over
    :raises BulksFailed: if a bulk ended in a state of ``fail_on``; by reason, with ids
    :raises TooFewDelivered: if ``min_delivered`` can no longer be reached
    """

    template_fields: Sequence[str] = ("outbox_ids", *IPPanelSensor.template_fields)

    def __init__(
        self,
        *,
        outbox_ids: Sequence[int] | Mapping[str, Any] | int | str,
        fail_on: Iterable[BulkState | str] | None = None,
        min_delivered: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if min_delivered is not None and not 0 < min_delivered <= 1:
            raise ValueError(f"min_delivered: {min_delivered} is no share above 0 and up to 1")
        self.outbox_ids = outbox_ids
        self.fail_on = None if fail_on is None else [int(_state(state)) for state in fail_on]
        self.min_delivered = min_delivered
        self._watch: BulkWatch | None = None

    def look(self, context: Context) -> PokeReturnValue:
        """Ask after all that is not known for good from an earlier look."""
        from ippanel_provider.client.watch import FAILURES, BulkWatch

        if self._watch is None:
            fail_on = FAILURES if self.fail_on is None else frozenset(map(BulkState, self.fail_on))
            self._watch = BulkWatch(tuple(ids_of(self.outbox_ids)), fail_on, self.min_delivered)
        watch = self._watch
        self.hook.run(watch.look(self.hook.gateway))
        if not watch.is_done:
            if watch.unfinal:
                self.log.info("%d of %d bulks are not final yet.", len(watch.unfinal), len(watch.outbox_ids))
            else:
                self.log.info("%d of %d bulks have recipients whose status is not final yet.", len(watch.untallied), len(watch.outbox_ids))
            return PokeReturnValue(is_done=False)
        return PokeReturnValue(is_done=True, xcom_value=self._judge(watch.states, watch.total if watch.tallies else None))

    def trigger(self, context: Context, deadline: float) -> IPPanelBulkTrigger:
        """See :class:`~ippanel_provider.sensors.base.IPPanelSensor`."""
        from ippanel_provider.triggers.bulk import IPPanelBulkTrigger

        return IPPanelBulkTrigger(
            outbox_ids=ids_of(self.outbox_ids),
            ippanel_conn_id=self.ippanel_conn_id,
            poll_interval=self.poke_interval,
            deadline=deadline,
            fail_on=self.fail_on,
            min_delivered=self.min_delivered,
        )

    def conclude(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """See :class:`~ippanel_provider.sensors.base.IPPanelSensor`."""
        from ippanel_provider.client.watch import Tally

        delivery = event.get("delivery")
        states = {int(outbox_id): BulkState(state) for outbox_id, state in event["states"].items()}
        return self._judge(states, None if delivery is None else Tally(*delivery))

    def subject(self) -> str:
        """See :class:`~ippanel_provider.sensors.base.IPPanelSensor`."""
        return "outbox_ids"

    def _judge(self, states: Mapping[int, BulkState], total: Tally | None) -> dict[str, Any]:
        from ippanel_provider.client.watch import FAILURES
        from ippanel_provider.exceptions import BulksFailed, TooFewDelivered

        fail_on = FAILURES if self.fail_on is None else self.fail_on
        failed = {outbox_id: state for outbox_id, state in states.items() if state in fail_on}
        # With none of these the wait ends when all are final, and a state without a name is not known to be good.
        failed = failed or {outbox_id: state for outbox_id, state in states.items() if not state.is_final}
        if failed:
            raise BulksFailed(failed)
        result: dict[str, Any] = {"bulks": len(states)}
        if any(not state.is_good for state in states.values()):
            result["states"] = dict(Counter(state.name.lower() for state in states.values()))
        if self.min_delivered is not None:
            delivered, pending, lost = total or (0, 0, 0)
            if delivered < self.min_delivered * (delivered + pending + lost) or not delivered:
                raise TooFewDelivered(
                    f"min_delivered: {delivered} of {delivered + pending + lost} recipients were delivered to, {lost} never will be; "
                    f"{self.min_delivered:.0%} were asked for."
                )
            result |= {"delivered": delivered, "pending": pending, "lost": lost}
        self.log.info("All %d bulks are %s.", len(states), f"final: {result['states']}" if "states" in result else "sent")
        return result


def _state(given: BulkState | str | int) -> BulkState:
    try:
        state = BulkState[given.upper()] if isinstance(given, str) else BulkState(given)
    except (KeyError, ValueError):
        raise ValueError(
            f"fail_on: {given!r} is none of {', '.join(state.name.lower() for state in BulkState if state.is_final)}"
        ) from None
    if not state.is_final or state.is_good:
        raise ValueError(f"fail_on: {state.name.lower()} is no state that a bulk can fail in")
    return state
