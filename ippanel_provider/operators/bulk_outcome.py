"""Whether bulks came to what a task asks of them; said the same by sensors and by sending tasks that wait."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ippanel_provider.client.watch import BulkWatch, Tally
    from ippanel_provider.service import BulkState


class Demand(NamedTuple):
    """What bulks have to come to.

    :param fail_on: numbers of the states no bulk may end in; None is all in which no text went out
    :param min_delivered: the share of recipients, 0 to 1, that has to be delivered to; None asks for no deliveries
    """

    fail_on: tuple[int, ...] | None = None
    min_delivered: float | None = None

    def watch(self, outbox_ids: Sequence[int]) -> BulkWatch:
        """Return what watches the bulks until that is known."""
        from ippanel_provider.client.watch import FAILURES, BulkWatch
        from ippanel_provider.service import BulkState

        fail_on = FAILURES if self.fail_on is None else frozenset(map(BulkState, self.fail_on))
        return BulkWatch(tuple(outbox_ids), fail_on, self.min_delivered)

    def judge(self, states: Mapping[int, BulkState], total: Tally | tuple[int, int, int] | None) -> dict[str, Any]:
        """Return what there is to say besides "sent": deliveries if they were asked for, other ends if there were some.

        :param total: recipients delivered to, pending and lost, where somebody asked
        :raises BulksFailed: if a bulk ended as none may.
        :raises TooFewDelivered: if fewer were delivered to than have to be.
        """
        from ippanel_provider.client.watch import FAILURES
        from ippanel_provider.exceptions import BulksFailed, TooFewDelivered

        fail_on = FAILURES if self.fail_on is None else self.fail_on
        failed = {outbox_id: state for outbox_id, state in states.items() if state in fail_on}
        # With none of these the wait ends when all are final, and a state without a name is not known to be good.
        failed = failed or {outbox_id: state for outbox_id, state in states.items() if not state.is_final}
        if failed:
            raise BulksFailed(failed)
        said: dict[str, Any] = {}
        if any(not state.is_good for state in states.values()):
            said["states"] = dict(Counter(state.name.lower() for state in states.values()))
        if self.min_delivered is not None:
            delivered, pending, lost = total or (0, 0, 0)
            if delivered < self.min_delivered * (delivered + pending + lost) or not delivered:
                raise TooFewDelivered(
                    f"min_delivered: {delivered} of {delivered + pending + lost} recipients were delivered to, "
                    f"{lost} never will be; "
                    f"{self.min_delivered:.0%} were asked for."
                )
            said |= {"delivered": delivered, "pending": pending, "lost": lost}
        return said


def states_of(event: Mapping[str, Any]) -> dict[int, BulkState]:
    """Return the states in the event of a :class:`~ippanel_provider.triggers.bulk.IPPanelBulkTrigger`, by outbox id."""
    from ippanel_provider.service import BulkState

    return {int(outbox_id): BulkState(state) for outbox_id, state in event["states"].items()}


def progress_of(watch: BulkWatch) -> str:
    """Say how far the bulks are."""
    if watch.unfinal:
        return f"{len(watch.unfinal)} of {len(watch.outbox_ids)} bulks are not final"
    return f"{len(watch.untallied)} of {len(watch.outbox_ids)} bulks have recipients whose status is not final"
