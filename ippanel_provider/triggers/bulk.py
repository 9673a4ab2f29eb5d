"""Waiting for bulks on the triggerer."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async

from ippanel_provider.operators.bulk_outcome import Ends, news_of, progress_of
from ippanel_provider.outbox_ids import OutboxIds, read
from ippanel_provider.service import BulkState
from ippanel_provider.triggers.base import WaitTrigger
from ippanel_provider.triggers.poller import ROUND_REQUESTS, Event, Poller, Wait

if TYPE_CHECKING:
    from ippanel_provider.client import AsyncClient, Gateway
    from ippanel_provider.client.watch import BulkWatch
    from ippanel_provider.hooks.ippanel import IPPanelHook

_CANCELS_AT_ONCE = 10


_MOST_BY_ID = 10 * ROUND_REQUESTS
"""Of a wait for many bulks that no list shows, so many are asked for in a round."""


class IPPanelBulkTrigger(WaitTrigger):
    """Wait until every bulk is final, or one has failed, or enough was delivered.

    The event's payload is ``{"status": "final", "states": {id: state}}``, and with ``min_delivered`` ``"delivery":
    [delivered, pending, lost]``, of recipients; see :class:`~ippanel_provider.triggers.base.WaitTrigger` for the
    others. Of more than a thousand bulks ``states`` names the first that were not sent, and ``counts`` says how many
    came to which state.

    :param outbox_ids: the bulks to wait for: a list, ``{"packed": …}`` as a result holds many, or ``{"xcom": key}``,
        an XCom of the task that waits
    :param fail_on: numbers of the states that end the wait at once; default is all in which no text went out
    :param min_delivered: the share of recipients that has to be delivered to, 0 to 1; None does not ask after them
    :param cancel_on_kill: take back what is still scheduled where a person marks the waiting task as failed
    """

    arguments = ("outbox_ids", "fail_on", "min_delivered")

    def __init__(
        self,
        outbox_ids: Sequence[int] | dict[str, Any],
        ippanel_conn_id: str,
        poll_interval: float,
        deadline: float,
        fail_on: Sequence[int] | None = None,
        min_delivered: float | None = None,
        carried: Any = None,
        cancel_on_kill: bool = False,
    ) -> None:
        super().__init__(ippanel_conn_id, poll_interval, deadline, carried)
        self.cancel_on_kill = cancel_on_kill
        self.outbox_ids = outbox_ids if isinstance(outbox_ids, dict) else list(outbox_ids)
        self.fail_on = fail_on
        self.min_delivered = min_delivered
        self.ids: OutboxIds | None = None
        """What an XCom holds, where the trigger runs in the process that made it, as in the test of a DAG."""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """See :class:`~ippanel_provider.triggers.base.WaitTrigger`."""
        path, arguments = super().serialize()
        return path, arguments | ({"cancel_on_kill": True} if self.cancel_on_kill else {})

    async def on_kill(self) -> None:
        """Take back what is still scheduled, if somebody marked the task as failed (Airflow 3.3).

        Airflow also calls this where the task was cleared, and its next try waits for the same bulks, or marked as
        successful: then nothing is taken back.
        """
        if self.cancel_on_kill and await sync_to_async(_state_of)(self.task_instance) == "failed":
            from ippanel_provider.hooks.ippanel import IPPanelHook

            hook = IPPanelHook(self.ippanel_conn_id)
            ids = await self._ids()
            taken = await _cancelled(await hook.aget_conn(), hook.gateway, ids)
            self.log.info("The task was marked as failed: %d of its %d bulks are cancelled.", taken, len(ids))

    async def wait(self) -> Event:
        """See the class."""
        from ippanel_provider.client.watch import FAILURES, BulkWatch

        fail_on = FAILURES if self.fail_on is None else frozenset(map(BulkState, self.fail_on))
        # A million of them take half a second, in which the triggerer would stand still.
        watch = await asyncio.to_thread(BulkWatch, await self._ids(), fail_on, self.min_delivered)
        return await BulkPoller.wait(self.ippanel_conn_id, BulkWait(watch, self.poll_interval, self.deadline))

    async def _ids(self) -> OutboxIds:
        if self.ids is not None:
            return self.ids
        given = self.outbox_ids
        if isinstance(given, dict) and "xcom" in given:
            given = await sync_to_async(_xcom_of)(self.task_instance, given["xcom"])
        return await asyncio.to_thread(read, given)


def _xcom_of(ti: Any, key: str) -> Any:
    from airflow.providers.common.compat.sdk import XCom

    return XCom.get_one(key=key, dag_id=ti.dag_id, task_id=ti.task_id, run_id=ti.run_id, map_index=ti.map_index)


def _state_of(ti: Any) -> str | None:
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    mapped = None if ti.map_index < 0 else ti.map_index
    states = RuntimeTaskInstance.get_task_states(
        dag_id=ti.dag_id, task_ids=[ti.task_id], run_ids=[ti.run_id], map_index=mapped
    )
    of_run = states.get(ti.run_id) or {}
    return next((str(state) for state in of_run.values()), None)


async def _cancelled(client: AsyncClient, api: Gateway, ids: OutboxIds) -> int:
    """Take back all that can be, and return how many were; Airflow gives half a minute for it."""
    from ippanel_provider.client import IPPanelError

    left = iter(ids)

    async def cancel_some() -> int:
        taken = 0
        for outbox_id in left:
            # One that has gone out, or cannot be taken back, keeps nobody from taking back the others.
            with contextlib.suppress(IPPanelError):
                await client.run(api.cancel(outbox_id))
                taken += 1
        return taken

    return sum(await asyncio.gather(*(cancel_some() for _ in range(_CANCELS_AT_ONCE))))


class BulkWait(Wait):
    """One trigger's wait for its bulks."""

    __slots__ = ("watch",)

    def __init__(self, watch: BulkWatch, interval: float, deadline: float) -> None:
        super().__init__(interval, deadline)
        self.watch = watch

    def progress(self) -> str:
        """See :class:`~ippanel_provider.triggers.poller.Wait`."""
        return progress_of(self.watch)

    def news(self) -> str:
        """See :class:`~ippanel_provider.triggers.poller.Wait`."""
        return news_of(self.watch)

    def check(self) -> None:
        """Settle if enough is known."""
        if self.watch.is_done:
            self.settle({"status": "final", **Ends.of(self.watch).as_event(self.watch)})


class BulkPoller(Poller[BulkWait]):
    """Asks for the bulks of all waits at once; what a round's requests are not enough for comes first in the next."""

    def __init__(self, conn_id: str) -> None:
        super().__init__(conn_id)
        self._waiting_for: defaultdict[int, set[BulkWait]] = defaultdict(set)
        self._asked_in: dict[int, int] = {}
        self._tallied_in: dict[int, int] = {}

    def joined(self, wait: BulkWait) -> None:
        """See :class:`~ippanel_provider.triggers.poller.Poller`."""
        for outbox_id in _asked_by_id(wait):
            self._waiting_for[outbox_id].add(wait)

    def left(self, wait: BulkWait) -> None:
        """See :class:`~ippanel_provider.triggers.poller.Poller`."""
        for outbox_id in _asked_by_id(wait):
            self._waiting_for[outbox_id].discard(wait)
            if not self._waiting_for[outbox_id]:
                del self._waiting_for[outbox_id]
                self._asked_in.pop(outbox_id, None)
                self._tallied_in.pop(outbox_id, None)

    async def look(self, hook: IPPanelHook, due: Sequence[BulkWait]) -> None:
        """See :class:`~ippanel_provider.triggers.poller.Poller`."""
        client = await hook.aget_conn()
        few = [wait for wait in due if not wait.watch.is_large]
        await self._look_at_few(client, hook.gateway, few)
        for wait in due:
            # Many bulks stand together, so a look at all of them costs less than one at some by their ids.
            if wait.watch.is_large:
                look = wait.watch.look(hook.gateway, most_tallies=ROUND_REQUESTS, most_by_id=_MOST_BY_ID)
                await client.run(look)
                wait.check()

    async def _look_at_few(self, client: AsyncClient, api: Gateway, due: Sequence[BulkWait]) -> None:
        from ippanel_provider.client import watch

        reserved = ROUND_REQUESTS // 2 if any(wait.watch.min_delivered is not None for wait in due) else 0
        if unfinal := {outbox_id for wait in due for outbox_id in wait.watch.unfinal}:
            # The one asked for longest ago first, then the newest: those the head of the list shows.
            ids = sorted(unfinal, key=lambda outbox_id: (self._asked_in.get(outbox_id, 0), -outbox_id))
            found = await client.run(watch.states(ids, api, most_requests=ROUND_REQUESTS - reserved))
            self._learn(found)
        untallied = {outbox_id for wait in due for outbox_id in wait.watch.untallied}
        for outbox_id in sorted(untallied, key=lambda outbox_id: self._tallied_in.get(outbox_id, 0))[:reserved]:
            tally = await client.run(watch.tally(outbox_id, api))
            self._tallied_in[outbox_id] = self.rounds
            for wait in tuple(self._waiting_for.get(outbox_id, ())):
                wait.watch.tallies[outbox_id] = tally
                wait.check()

    def _learn(self, found: dict[int, BulkState]) -> None:
        touched: set[BulkWait] = set()
        for outbox_id, state in found.items():
            self._asked_in[outbox_id] = self.rounds
            for wait in self._waiting_for.get(outbox_id, ()):
                wait.watch.learn(outbox_id, state)
                touched.add(wait)
        for wait in touched:
            wait.check()


def _asked_by_id(wait: BulkWait) -> Sequence[int]:
    return () if wait.watch.is_large else wait.watch.outbox_ids
