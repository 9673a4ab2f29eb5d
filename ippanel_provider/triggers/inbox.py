"""Waiting on the triggerer for texts that people send in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ippanel_provider.triggers.base import WaitTrigger
from ippanel_provider.triggers.poller import Event, Poller, Wait

if TYPE_CHECKING:
    from ippanel_provider.client import InboxMessage
    from ippanel_provider.hooks.ippanel import IPPanelHook
    from ippanel_provider.inbox import InboxFilter


class IPPanelInboxTrigger(WaitTrigger):
    """Wait until texts have come in that a filter lets through.

    The event's payload is ``{"status": "received", "inbox_ids": [...], "cursor": n}``, where the cursor is the highest
    id that was looked at; see :class:`~ippanel_provider.triggers.base.WaitTrigger` for the others.

    :param after_id: only texts with a higher inbox id; None: those since ``since``
    :param since: only texts that came in no earlier, in epoch seconds
    :param wanted: the filter, as :meth:`ippanel_provider.inbox.InboxFilter.serialize` gives it
    :param least: how many texts to wait for
    """

    arguments = ("after_id", "since", "wanted", "least")

    def __init__(
        self,
        after_id: int | None,
        since: float | None,
        wanted: dict[str, Any],
        ippanel_conn_id: str,
        poll_interval: float,
        deadline: float,
        least: int = 1,
    ) -> None:
        super().__init__(ippanel_conn_id, poll_interval, deadline)
        self.after_id = after_id
        self.since = since
        self.wanted = wanted
        self.least = least

    async def wait(self) -> Event:
        """See the class."""
        from ippanel_provider.inbox import InboxFilter

        wait = InboxWait(
            InboxFilter(**self.wanted), self.after_id, self.since, self.least, self.poll_interval, self.deadline
        )
        return await InboxPoller.wait(self.ippanel_conn_id, wait)


class InboxWait(Wait):
    """One trigger's wait for texts."""

    __slots__ = ("cursor", "found", "least", "since", "wanted")
    found: list[Any]
    """The ids of the texts that were meant."""

    def __init__(
        self,
        wanted: InboxFilter,
        after_id: int | None,
        since: float | None,
        least: int,
        interval: float,
        deadline: float,
    ) -> None:
        super().__init__(interval, deadline)
        self.wanted = wanted
        self.since = None if after_id is not None or since is None else datetime.fromtimestamp(since, UTC)
        self.cursor = after_id or 0
        self.least = least
        self.found = []

    def progress(self) -> str:
        """See :class:`~ippanel_provider.triggers.poller.Wait`."""
        return f"{len(self.found)} of {self.least} texts have come in"

    def take(self, texts: Sequence[InboxMessage], secret: str, *, has_more: bool) -> None:
        """Look at what came in; when nothing more has, settle if it is enough."""
        earliest = self.since and self.since.replace(microsecond=0)
        for text in texts:
            if text.inbox_id <= self.cursor:
                continue
            self.cursor = text.inbox_id
            if earliest and text.received_at and text.received_at < earliest:
                continue
            if self.wanted.lets_through(text, secret):
                self.found.append(self.kept(text))
        if texts:
            # From here on the id says it, and the inbox need not be read from its beginning again.
            self.since = None
        if len(self.found) >= self.least and not has_more:
            self.settle({"status": "received", "inbox_ids": self.found, "cursor": self.cursor})

    def kept(self, text: InboxMessage) -> Any:
        """Return what is kept of a text that is meant."""
        return text.inbox_id


class TextsWait(InboxWait):
    """A wait for the next texts themselves, whatever they say; not for more of them than are read at once."""

    __slots__ = ("has_more",)
    found: list[InboxMessage]

    def __init__(self, after_id: int, interval: float) -> None:
        from ippanel_provider.inbox import InboxFilter

        super().__init__(InboxFilter(), after_id, None, 1, interval, math.inf)
        self.has_more = False

    def take(self, texts: Sequence[InboxMessage], secret: str, *, has_more: bool) -> None:
        """Settle with the first of them."""
        if not self.answer.done():
            self.has_more = has_more
            super().take(texts, secret, has_more=False)

    def kept(self, text: InboxMessage) -> InboxMessage:
        """All of it."""
        return text


class InboxPoller(Poller[InboxWait]):
    """Reads what came in since the earliest cursor, once for all waits."""

    async def look(self, hook: IPPanelHook, due: Sequence[InboxWait]) -> None:
        """See :class:`~ippanel_provider.triggers.poller.Poller`."""
        from ippanel_provider.client import watch
        from ippanel_provider.client.unread import Unread

        client = await hook.aget_conn()
        secret = hook.account.ledger_secret
        waits = [wait for wait in self.waits if not wait.answer.done()]
        by_time = [wait.since for wait in waits if wait.since is not None]
        if by_time:
            texts = await client.run(watch.received(0, since=min(by_time)))
            for wait in waits:
                if wait.since is not None:
                    wait.take(texts, secret, has_more=False)
        by_id = [wait for wait in waits if wait.since is None and not wait.answer.done()]
        reader = Unread(min((wait.cursor for wait in by_id), default=0))
        while reader.has_more and not all(wait.answer.done() for wait in by_id):
            texts = await client.run(reader.turn())
            for wait in by_id:
                wait.take(texts, secret, has_more=reader.has_more)
