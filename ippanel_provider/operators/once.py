"""One request, sent once: what earlier tries of a task did with it, written down or found in the outbox."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ippanel_provider.client import Bulk, Flow, Page, edge
from ippanel_provider.exceptions import SendInDoubt
from ippanel_provider.service import MAX_PAGE_SIZE

if TYPE_CHECKING:
    from ippanel_provider.hooks.ippanel import IPPanelHook

log = logging.getLogger(__name__)

SKEW = 300.0
"""Seconds that the service's clock may be from ours."""
_POLL = 5.0


class Store(Protocol):
    """What ``context["task_state_store"]`` offers (Airflow 3.3); it survives retries, crashes and a user's clear."""

    def get(self, key: str, default: Any = None) -> Any:
        """Return the stored JSON."""
        ...

    def set(self, key: str, value: Any) -> None:
        """Store JSON."""
        ...


class Trace(NamedTuple):
    """By what the outbox shows the bulk of a request. Without a ``text`` it cannot be told from others."""

    line: str
    text: str | None


class Once:
    """Keeps one request of a task from being sent twice.

    :param store: where it is written down; None leaves the outbox as the only witness
    :param since: when the run began, if an earlier try is possible
    :param settle: seconds that the outbox list is given to show what was accepted
    """

    def __init__(self, hook: IPPanelHook, trace: Trace, *, store: Store | None, key: str, since: datetime | None, settle: float) -> None:
        self._hook = hook
        self._trace = trace
        self._store = store
        self._key = key
        self._since = since
        self._settle = settle

    @property
    def remembers(self) -> bool:
        """Whether a later try will know what this one did."""
        return self._store is not None

    def earlier(self) -> list[int] | None:
        """Return the ids that an earlier try got, or None if there was none or it sent nothing.

        :raises SendInDoubt: if one left a request unanswered and the outbox does not tell which bulk is its.
        """
        record = self._store.get(self._key) if self._store is not None else None
        if record is not None:
            if record.get("ids"):
                return list(record["ids"])
            return self.look(record["at"]) if record.get("at") else None
        if self._store is None and self._since is not None and self._trace.text is not None:
            since = self._since.timestamp()
            return self._found(since, time.time() + self._settle)
        return None

    def intend(self) -> None:
        """Write down that the request is about to leave."""
        self._write({"at": time.time()})

    def settled(self, ids: list[int]) -> None:
        """Write down what it became."""
        self._write({"ids": ids})

    def void(self) -> None:
        """Write down that it did not leave, or was refused."""
        self._write({})

    def look(self, at: float) -> list[int]:
        """Return the bulk of a request that left at ``at`` without an answer, asking until it had time to show.

        :raises SendInDoubt: if it does not show, or cannot be told from others.
        """
        if self._trace.text is None:
            raise SendInDoubt("An earlier request left unanswered, and what it sent has no one text to find it by. Look into the outbox.")
        found = self._found(at, at + self._settle)
        if found is None:
            raise SendInDoubt(f"A request left unanswered, and the outbox shows no bulk of it within {self._settle:.0f} seconds.")
        self.settled(found)
        return found

    def _found(self, since: float, until: float) -> list[int] | None:
        while True:
            ids = self._hook.run(_bulks(self._trace, since - SKEW))
            if len(ids) > 1:
                raise SendInDoubt(
                    f"The outbox shows {len(ids)} bulks of this text ({', '.join(map(str, ids[:5]))}); which is ours is in doubt."
                )
            if ids:
                log.info("An earlier request had been accepted; it is bulk %d.", ids[0])
                return ids
            if (left := until - time.time()) <= 0:
                return None
            log.info("The outbox does not show it; looking again for up to %.0f seconds.", left)
            time.sleep(min(_POLL, left))

    def _write(self, record: dict[str, Any]) -> None:
        if self._store is not None:
            self._store.set(self._key, record)


def _bulks(trace: Trace, since: float) -> Flow[list[int]]:
    request = edge.report.outbox(sender=trace.line, created_from=datetime.fromtimestamp(since, UTC), per_page=MAX_PAGE_SIZE)
    ids: list[int] = []
    while True:
        page: Page[Bulk] = yield request
        ids += [bulk.outbox_id for bulk in page.items if bulk.message == trace.text]
        if not page.has_more:
            return ids
        request = request.turn(request.number + 1)
