"""Tasks that can wait until what they began is done: on their worker, or on the triggerer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.providers.common.compat.sdk import conf

from ippanel_provider.exceptions import WaitFailed, WaitRefused
from ippanel_provider.links import IPPanelBulkLink
from ippanel_provider.operators.base import IPPanelOperator
from ippanel_provider.operators.bulk_outcome import Demand, progress_of, states_of

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.client.watch import BulkWatch
    from ippanel_provider.service import BulkState
    from ippanel_provider.triggers.base import WaitTrigger

T = TypeVar("T")


class PatientOperator(IPPanelOperator):
    """Base of operators that can wait for what they began.

    :param wait_for_completion: wait until it is done
    :param deferrable: wait on the triggerer instead of this worker; default is the ``[operators] default_deferrable``
        setting
    :param poke_interval: seconds between two looks
    :param timeout: seconds to wait at most; a retry waits as long again
    :raises WaitFailed: if the time was up, or the service refused to be asked
    """

    def __init__(
        self,
        *,
        wait_for_completion: bool = False,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poke_interval: float = 30.0,
        timeout: float = 24 * 3600.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.wait_for_completion = wait_for_completion
        self.deferrable = deferrable
        self.poke_interval = poke_interval
        self.timeout = timeout

    def patiently(
        self, look: Callable[[], T | None], trigger: Callable[[float], WaitTrigger], progress: Callable[[], str]
    ) -> T:
        """Return what ``look`` finds, after as many looks as that takes; or leave, to come back in
        ``execute_complete``.

        A look that finds the service out of reach is a look without result.

        :param trigger: makes the trigger that waits for the same until a deadline in epoch seconds
        :param progress: says how far it is
        """
        deadline = time.time() + self.timeout
        while True:
            if (found := self._looked(look)) is not None:
                return found
            if self.deferrable:
                self.log.info("%s; the triggerer waits for it.", progress())
                self.defer(trigger=trigger(deadline), method_name="execute_complete")
            if (left := deadline - time.time()) <= 0:
                raise WaitFailed(f"timeout: the time is up and {progress()}.")
            self.log.info("%s.", progress())
            time.sleep(min(self.poke_interval, left))

    def _looked(self, look: Callable[[], T | None]) -> T | None:
        from ippanel_provider.client import IPPanelError, NotSent, OtpRequired, Unconfirmed

        try:
            return look()
        except IPPanelError as error:
            if isinstance(error, OtpRequired) or not isinstance(error, (NotSent, Unconfirmed)):
                raise WaitRefused(f"wait_for_completion: {error}") from error
            self.log.warning("This look failed, the next is in %g s: %s", self.poke_interval, error)
            return None

    def check_event(self, event: Mapping[str, Any], expected: str) -> None:
        """Return if the trigger says that it is done.

        :raises WaitFailed: if it does not, in its words.
        """
        if event.get("status") != expected:
            raise WaitFailed(f"wait_for_completion: {event.get('message', 'the trigger ended without a word')}")


class WaitingOperator(PatientOperator):
    """Base of operators that can wait for their bulks.

    A wait that fails has sent nothing: where the task is tried again, it finds out that all was sent, and waits on.

    :param wait_for_completion: wait until every bulk is final, and fail if one ends as none may
    :param fail_on: the states that fail the task then, as names or :class:`~ippanel_provider.service.BulkState`;
        default is all in which no text went out: rejected, invalid_recipients, cancelled, no_credit, system_error
    :param min_delivered: the share of recipients, 0 to 1, that has to be delivered to before the wait is over; the
        result then tells ``"delivered", "pending", "lost"``. Meant for texts with many recipients
    :param deferrable: wait on the triggerer instead of this worker; default is the ``[operators] default_deferrable``
        setting
    :param poke_interval: seconds between two looks
    :param timeout: seconds to wait at most; a retry waits as long again
    :raises BulksFailed: if a bulk ended in a state of ``fail_on``; no retry is made
    :raises TooFewDelivered: if ``min_delivered`` can no longer be reached; no retry is made
    :raises WaitFailed: if the time was up, or the service refused to be asked
    """

    operator_extra_links = (IPPanelBulkLink(),)

    def __init__(
        self, *, fail_on: Iterable[BulkState | str] | None = None, min_delivered: float | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        demand = Demand.of(fail_on, min_delivered)
        self.fail_on = demand.fail_on
        self.min_delivered = demand.min_delivered

    def completed(self, summary: dict[str, Any]) -> dict[str, Any]:
        """Return the summary when its bulks have come to what was asked of them, at once if nothing was."""
        if not self.wait_for_completion or not summary["outbox_ids"]:
            return summary
        watch = self._demand.watch(summary["outbox_ids"])

        def look() -> BulkWatch | None:
            self.hook.run(watch.look(self.hook.gateway))
            return watch if watch.is_done else None

        self.patiently(look, lambda deadline: self._trigger(summary, deadline), lambda: progress_of(watch))
        return self._judged(summary, watch.states, watch.total if watch.tallies else None)

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> dict[str, Any]:
        """Take up the trigger's event; return the summary that was left with it, and the outbox ids, which it names
        anyway.
        """
        self.check_event(event, "final")
        states = states_of(event)
        return self._judged({"outbox_ids": sorted(states), **event["carried"]}, states, event.get("delivery"))

    @property
    def _demand(self) -> Demand:
        return Demand(self.fail_on, self.min_delivered)

    def _trigger(self, summary: Mapping[str, Any], deadline: float) -> WaitTrigger:
        from ippanel_provider.triggers.bulk import IPPanelBulkTrigger

        return IPPanelBulkTrigger(
            list(summary["outbox_ids"]),
            self.ippanel_conn_id,
            self.poke_interval,
            deadline,
            fail_on=None if self.fail_on is None else list(self.fail_on),
            min_delivered=self.min_delivered,
            carried={name: value for name, value in summary.items() if name != "outbox_ids"},
        )

    def _judged(self, summary: dict[str, Any], states: Mapping[int, BulkState], total: Any) -> dict[str, Any]:
        said = self._demand.judge(states, total)
        self.log.info("All %d bulks are %s.", len(states), f"final: {said['states']}" if "states" in said else "sent")
        return summary | said
