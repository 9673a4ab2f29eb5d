"""One request, sent once: what earlier tries of a task did with it, written down or found in the outbox."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ippanel_provider.client import Flow, edge
from ippanel_provider.client.pages import everything
from ippanel_provider.exceptions import SendInDoubt
from ippanel_provider.service import MAX_PAGE_SIZE

if TYPE_CHECKING:
    from ippanel_provider.hooks.ippanel import IPPanelHook

log = logging.getLogger(__name__)

SKEW = 300.0
"""Seconds that the service's clock may be from ours."""
WITNESS_SKEW = 60.0
"""The same where bulks of the same text before cannot be told apart; a run of every few minutes would find the last
one's.
"""
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

    def __init__(
        self, hook: IPPanelHook, trace: Trace, *, store: Store | None, key: str, since: datetime | None, settle: float
    ) -> None:
        self._hook = hook
        self._trace = trace
        self._store = store
        self._key = key
        self._since = since
        self._settle = settle
        self._intent: dict[str, Any] = {}

    @property
    def remembers(self) -> bool:
        """Whether a later try will know what this one did."""
        return self._store is not None

    def earlier(self) -> list[int] | None:
        """Return the ids that an earlier try got, or None if there was none or it sent nothing.

        :raises SendInDoubt: if one left a request unanswered and the outbox does not tell which bulk is its.
        """
        if self._store is not None:
            self._intent = self._store.get(self._key) or {}
            if "ids" in self._intent:
                return list(self._intent["ids"])
            return self.look() if self._intent else None
        if self._since is None:
            return None
        if self._trace.text is None:
            raise SendInDoubt(
                "An earlier try may have sent it, and what it sends has no one text to find it by. Look into "
                "the outbox."
            )
        return self._found(self._since.timestamp() - WITNESS_SKEW, frozenset(), time.time() + self._settle)

    def intend(self) -> None:
        """Write down that the request is about to leave, and which bulks of the same text are not its."""
        at = time.time()
        known = [] if self._trace.text is None else self._hook.run(_bulks(self._trace, at - SKEW))
        self._intent = {"at": at, "known": known}
        self._write(self._intent)

    def settled(self, ids: list[int]) -> None:
        """Write down what it became."""
        self._write({"ids": ids})

    def void(self) -> None:
        """Write down that it did not leave, or was refused."""
        self._write({})

    def look(self) -> list[int]:
        """Return the bulk of the request that left without an answer, asking until it had time to show.

        :raises SendInDoubt: if it does not show, or cannot be told from others.
        """
        if self._trace.text is None:
            raise SendInDoubt(
                "A request left unanswered, and what it sent has no one text to find it by. Look into the outbox."
            )
        at: float = self._intent["at"]
        found = self._found(at - SKEW, frozenset(self._intent["known"]), at + self._settle)
        if found is None:
            raise SendInDoubt(
                f"A request left unanswered, and the outbox shows no bulk of it within {self._settle:.0f} seconds."
            )
        self.settled(found)
        return found

    def _found(self, since: float, known: frozenset[int], until: float) -> list[int] | None:
        while True:
            ids = [outbox_id for outbox_id in self._hook.run(_bulks(self._trace, since)) if outbox_id not in known]
            if len(ids) > 1:
                some = ", ".join(map(str, ids[:5]))
                raise SendInDoubt(
                    f"The outbox shows {len(ids)} bulks of this text ({some}); which of them is ours is in doubt."
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
    request = edge.report.outbox(
        sender=trace.line, created_from=datetime.fromtimestamp(since, UTC), per_page=MAX_PAGE_SIZE
    )
    return [bulk.outbox_id for bulk in (yield from everything(request)) if bulk.message == trace.text]
