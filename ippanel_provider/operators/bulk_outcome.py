"""Whether bulks came to what a task asks of them; said the same by sensors and by sending tasks that wait."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from ippanel_provider.outbox_ids import LISTED, OutboxIds, read, written

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.client.watch import BulkWatch
    from ippanel_provider.service import BulkState

Handed = list[int] | dict[str, Any]
XCOM_KEY = "ippanel_outbox_ids"
MOST_PACKED = 24_000
"""Characters of packed ids that are put among a trigger's arguments; encrypted, they are half as many again."""
NAMED = 20
"""So many bulks of each state that is not "sent" are named; the others are counted."""


class Demand(NamedTuple):
    """What bulks have to come to.

    :param fail_on: numbers of the states no bulk may end in; None is all in which no text went out
    :param min_delivered: the share of recipients, 0 to 1, that has to be delivered to; None asks for no deliveries
    """

    fail_on: tuple[int, ...] | None = None
    min_delivered: float | None = None

    def watch(self, outbox_ids: Iterable[int]) -> BulkWatch:
        """Return what watches the bulks until that is known."""
        from ippanel_provider.client.watch import FAILURES, BulkWatch
        from ippanel_provider.service import BulkState

        fail_on = FAILURES if self.fail_on is None else frozenset(map(BulkState, self.fail_on))
        return BulkWatch(outbox_ids, fail_on, self.min_delivered)

    def judge(self, ends: Ends) -> dict[str, Any]:
        """Return what there is to say besides "sent": deliveries if they were asked for, other ends if there were some.

        :raises BulksFailed: if a bulk ended as none may.
        :raises TooFewDelivered: if fewer were delivered to than have to be.
        """
        from ippanel_provider.client.watch import FAILURES
        from ippanel_provider.exceptions import BulksFailed, TooFewDelivered

        fail_on = FAILURES if self.fail_on is None else self.fail_on
        # With none of these the wait ends when all are final, and a state without a name is not known to be good.
        bad = {state for state in ends.counts if state in fail_on} or {s for s in ends.counts if not s.is_final}
        if bad:
            failed = {outbox_id: state for outbox_id, state in ends.exceptions.items() if state in bad}
            raise BulksFailed(failed, {state: ends.counts[state] for state in bad})
        said: dict[str, Any] = {}
        if any(not state.is_good for state in ends.counts):
            said["states"] = {state.name.lower(): count for state, count in ends.counts.items()}
        if self.min_delivered is not None:
            delivered, pending, lost = ends.total or (0, 0, 0)
            if delivered < self.min_delivered * (delivered + pending + lost) or not delivered:
                raise TooFewDelivered(
                    f"min_delivered: {delivered} of {delivered + pending + lost} recipients were delivered to, "
                    f"{lost} never will be; "
                    f"{self.min_delivered:.0%} were asked for."
                )
            said |= {"delivered": delivered, "pending": pending, "lost": lost}
        return said


class Ends(NamedTuple):
    """What bulks have come to, in little room: how many in which state, and which of them were not sent.

    :param exceptions: of very many, the first of each state
    :param total: recipients delivered to, pending and lost, where somebody asked
    """

    counts: Mapping[BulkState, int]
    exceptions: Mapping[int, BulkState]
    total: tuple[int, int, int] | None = None

    @classmethod
    def of(cls, watch: BulkWatch) -> Self:
        """Return what a watch knows."""
        counts = watch.counts
        exceptions = watch.in_states([state for state in counts if not state.is_good], NAMED)
        return cls(counts, exceptions, watch.total if watch.tallies else None)

    @classmethod
    def of_event(cls, event: Mapping[str, Any]) -> Self:
        """Return what the event of a :class:`~ippanel_provider.triggers.bulk.IPPanelBulkTrigger` says."""
        from ippanel_provider.service import BulkState

        states = {int(outbox_id): BulkState(state) for outbox_id, state in event["states"].items()}
        counts = {BulkState(int(state)): count for state, count in (event.get("counts") or {}).items()}
        return cls(counts or Counter(states.values()), states, event.get("delivery"))

    def as_event(self, watch: BulkWatch) -> dict[str, Any]:
        """Return them for an event: the states of a few bulks, of many the counts and the exceptions."""
        are_many = len(watch.outbox_ids) > LISTED
        shown = self.exceptions if are_many else watch.states
        event: dict[str, Any] = {"states": {str(outbox_id): int(state) for outbox_id, state in shown.items()}}
        if are_many:
            event["counts"] = {str(int(state)): count for state, count in self.counts.items()}
        return event | ({"delivery": list(self.total)} if self.total is not None else {})

    @property
    def bulks(self) -> int:
        """How many there are."""
        return sum(self.counts.values())


def handed_over(ids: OutboxIds, context: Context, *, keep: bool = False) -> Handed:
    """Return ids as a trigger takes them: so that its arguments fit where databases keep them, MySQL in 64 KB.

    What is too much for that lies in an XCom of the task, where the trigger finds it.

    :param keep: keep many there in any case, for a task that wants them back: an event does not bring them
    """
    packed = written(ids)
    if not isinstance(packed, dict):
        return packed
    is_too_long = len(packed["packed"]) > MOST_PACKED
    if keep or is_too_long:
        context["ti"].xcom_push(key=XCOM_KEY, value=packed)
    return {"count": len(ids), "xcom": XCOM_KEY} if is_too_long else packed


def taken_back(context: Context) -> OutboxIds | None:
    """Return the ids that were too many for a trigger's arguments, None where there are none."""
    packed = context["ti"].xcom_pull(task_ids=context["ti"].task_id, key=XCOM_KEY, map_indexes=context["ti"].map_index)
    return None if packed is None else read(packed)


def progress_of(watch: BulkWatch) -> str:
    """Say how far the bulks are."""
    if watch.open_count:
        shown = watch.shown.total() if watch.is_large else 0
        return f"{min(watch.open_count, shown or watch.open_count)} of {len(watch.outbox_ids)} bulks are not final"
    return f"{len(watch.untallied)} of {len(watch.outbox_ids)} bulks have recipients whose status is not final"


def news_of(watch: BulkWatch) -> str:
    """Say how far the bulks are, and what they are waiting for."""
    from ippanel_provider.service import BulkState

    if not watch.open_count:
        return progress_of(watch)
    shown = watch.shown
    why = [f"{count} {words}" for state, words in _WAITS_FOR.items() if (count := shown[BulkState[state]])]
    unseen = watch.open_count - shown.total()
    if unseen > 0 and not (watch.is_large and shown):
        why.append(f"{unseen} are not in the outbox list, which can lag behind")
    return f"{progress_of(watch)}: {', '.join(why)}"


_WAITS_FOR = {
    "CREATING": "are being created",
    "MONITORING": "wait for a person at the service, who reviews them",
    "QUEUED": "wait in the service's send queue",
    "SENDING": "are being sent",
}
