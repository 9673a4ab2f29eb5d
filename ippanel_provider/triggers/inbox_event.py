"""A text comes in, a DAG runs (Airflow 3.0 and newer)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from airflow.providers.common.compat.triggers import BaseEventTrigger
from airflow.triggers.base import TriggerEvent

from ippanel_provider.inbox import InboxFilter

if TYPE_CHECKING:
    from ippanel_provider.client import InboxMessage
    from ippanel_provider.triggers.inbox_stream import InboxStream

PERSONAL = ("sender", "message")


class IPPanelInboxEventTrigger(BaseEventTrigger):
    """Fires when texts have come in, for an ``AssetWatcher``; those of one look are one event, up to a thousand.

    An event's payload is ``{"inbox_ids": [...]}``; senders and texts are read from the inbox by the task that needs
    them, unless ``include`` says otherwise, which adds ``"texts": [{"inbox_id", …}]``.

    On Airflow 3.3 every text is in an event at least once: the cursor lies with the asset and follows what is in
    Airflow's database, so nothing is missed while the triggerer is down or when it is killed; a text may then come
    twice, with the same id. All watchers of a connection share one poll. Airflow 3.0 to 3.2 keep no cursor for a
    trigger: there the watch begins anew with each start of the triggerer, at ``start``. The legacy REST API cannot be
    watched.

    From events to runs is Airflow's part: up to 3.3 it can leave an event that arrives while it makes a run for an
    earlier one to the next run, which only a further event brings (apache/airflow#54659, #56050). A DAG that must
    handle every text in time takes the event as a wake-up and reads the inbox from a cursor of its own, as the example
    ``example_ippanel_inbox`` does: its run begins after such an event and so sees the text.

    :param line: only texts to this line, as +983000505
    :param keywords: only texts whose first word is one of these, however cased or spelled on a Persian keyboard
    :param matching: only texts in which this regular expression is found
    :param start: where the first watcher of an asset begins: ``latest``, with what comes in from then on;
        ``earliest``, with all there is; or after an inbox id. One whose filter is changed goes on where it was
    :param include: of ``sender`` and ``message``, what the payload holds of each text; it is stored with the asset
        event
    :param poll_interval: seconds between two looks
    :param ippanel_conn_id: the connection to IPPanel
    """

    def __init__(
        self,
        *,
        line: str | None = None,
        keywords: Iterable[str | int] | str | int = (),
        matching: str | None = None,
        start: int | Literal["latest", "earliest"] = "latest",
        include: Iterable[str] = (),
        poll_interval: float = 30.0,
        ippanel_conn_id: str = "ippanel_default",
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        if unknown := set(include) - set(PERSONAL):
            raise ValueError(f"include: {', '.join(sorted(unknown))} is none of {', '.join(PERSONAL)}")
        if start not in {"latest", "earliest"} and not isinstance(start, int):
            raise ValueError(f"start: {start!r} is neither latest, earliest nor an inbox id")
        self.line = line
        # One watcher is one trigger and one cursor, in whatever order its words are given: sets have none.
        self.keywords = sorted({str(word) for word in ([keywords] if isinstance(keywords, str | int) else keywords)})
        self.matching = matching
        self.start = start
        self.include = [name for name in PERSONAL if name in include]
        self.poll_interval = poll_interval
        self.ippanel_conn_id = ippanel_conn_id
        self.asset_state_store: Any = getattr(self, "asset_state_store", None)

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments, as JSON primitives."""
        names = ("line", "keywords", "matching", "start", "include", "poll_interval", "ippanel_conn_id")
        return f"{type(self).__module__}.{type(self).__qualname__}", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Watch alone, where Airflow knows no shared streams; the poll is shared all the same."""
        from ippanel_provider.triggers.inbox_stream import batches_of

        cursor = await self._cursor()
        while True:
            async for texts in batches_of(self.ippanel_conn_id, cursor, self.poll_interval):
                if event := self._event(texts):
                    yield event
                cursor = texts[-1].inbox_id
            await asyncio.sleep(self.poll_interval)
            # The events had that long to reach the database.
            await self._save(cursor)

    def shared_stream_key(self) -> Hashable | None:
        """One stream for all watchers of a connection, where Airflow tells when an event is in its database."""
        return (
            ("ippanel_inbox", self.ippanel_conn_id)
            if hasattr(BaseEventTrigger, "create_shared_stream_producer")
            else None
        )

    @classmethod
    def create_shared_stream_producer(cls, kwargs: dict[str, Any]) -> InboxStream:  # type: ignore[override]
        """Return the stream of the connection."""
        from ippanel_provider.triggers.inbox_stream import InboxStream

        return InboxStream(kwargs["ippanel_conn_id"])

    async def filter_shared_stream(self, shared_stream: AsyncIterator[Any]) -> AsyncIterator[TriggerEvent]:
        """Fire for what of the stream is new to this watcher and meant."""
        from ippanel_provider.triggers.inbox_stream import Watcher, watchers_of

        watcher = Watcher(self.poll_interval, await self._cursor(), self._save)
        with watchers_of(self.ippanel_conn_id).joined_by(watcher):
            async for batch in shared_stream:
                if event := self._event(watcher.take(batch)):
                    yield event

    def _event(self, texts: Sequence[InboxMessage]) -> TriggerEvent | None:
        wanted = InboxFilter(line=self.line, keywords=tuple(self.keywords), matching=self.matching)
        meant = [text for text in texts if wanted.lets_through(text, "")]
        if not meant:
            return None
        payload: dict[str, Any] = {"inbox_ids": [text.inbox_id for text in meant]}
        if self.include:
            payload["texts"] = [self._told(text) for text in meant]
        return TriggerEvent(payload)

    def _told(self, text: InboxMessage) -> dict[str, Any]:
        personal = {"sender": str(text.sender), "message": text.message}
        return {"inbox_id": text.inbox_id, **{name: personal[name] for name in self.include}}

    def _stores(self) -> list[Any]:
        """One for each asset that this trigger serves: watchers of several assets with the same arguments are one
        trigger.
        """
        store = self.asset_state_store
        if store is None:
            return []
        return list(getattr(store, "_by_name", {}).values()) or [store]

    @property
    def _key(self) -> str:
        from ippanel_provider.triggers.inbox_stream import cursor_key

        return cursor_key(self.ippanel_conn_id, self.line, self.keywords, self.matching)

    @property
    def _last_key(self) -> str:
        """Under which the last cursor of any watcher of the asset is kept."""
        from ippanel_provider.triggers.inbox_stream import cursor_key

        return cursor_key(self.ippanel_conn_id)

    async def _cursor(self) -> int:
        """Return where to go on, from the asset furthest behind, or where to begin."""
        kept = [value for store in self._stores() if (value := await store.aget(self._key)) is not None]
        # One whose words were changed is another watcher, and goes on where the one before it was.
        kept = kept or [value for store in self._stores() if (value := await store.aget(self._last_key)) is not None]
        if kept:
            return min(map(int, kept))
        begin = 0 if self.start == "earliest" else await self._newest() if self.start == "latest" else int(self.start)
        # Written down at once: what comes in before the first event must not be passed over by a second start.
        await self._save(begin)
        return begin

    async def _save(self, cursor: int) -> None:
        for store in self._stores():
            await store.aset(self._key, cursor)
            await store.aset(self._last_key, cursor)

    async def _newest(self) -> int:
        from ippanel_provider.client import IPPanelError, watch
        from ippanel_provider.hooks.ippanel import IPPanelHook
        from ippanel_provider.triggers.poller import MAX_BACK_OFF

        pause = max(1.0, self.poll_interval)
        while True:
            try:
                return await IPPanelHook(self.ippanel_conn_id).arun(watch.newest_inbox_id())
            except IPPanelError as error:
                self.log.error("The inbox cannot be read, the next try is in %g s: %s", pause, error)
            await asyncio.sleep(pause)
            pause = min(MAX_BACK_OFF, pause * 2)
