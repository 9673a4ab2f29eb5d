"""Asking after many bulks by where they stand in the outbox list (API: report).

The service lists bulks by line, time and state. What was sent together stands together, so what is asked for is which
of that stretch are still open, and in the end which state each came to. Where a bulk stands says nothing about whose
it is: only those asked for are taken in, whatever becomes of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from pydantic import BaseModel

from ippanel_provider.client.errors import NotFound
from ippanel_provider.client.gateway import Gateway
from ippanel_provider.client.requests import Flow, Page, PageRequest, pages
from ippanel_provider.client.responses import reading_page
from ippanel_provider.outbox_ids import OutboxIds
from ippanel_provider.service import MAX_PAGE_SIZE, BulkState

Learn = Callable[[int, BulkState], None]

OPEN = (BulkState.CREATING, BulkState.MONITORING, BulkState.QUEUED, BulkState.SENDING)
"""In the order of a bulk's life, so that one that moves on between two requests is met again."""
_FAILED = tuple(state for state in BulkState if state.is_final and not state.is_good)
_MARGIN = timedelta(seconds=60)
"""Reports give whole seconds, some panels whole minutes."""
_FRUITLESS = 2
"""So many last passes that show nothing new, and the list is not believed to show what it is asked for."""


class Standing(BaseModel):
    """A bulk's id and state. Reading no more of a row costs a tenth, and a thousand rows are read in every look."""

    messages_outbox_id: int
    state_id: int


def standings(api: Gateway, per_page: int, **filters: Any) -> PageRequest[Standing]:
    """Return the request of a page of the outbox list, of which ids and states are read."""
    request = api.outbox(per_page=per_page, **filters)
    read: Any = reading_page(Standing, request.number, per_page)
    turn: Any = lambda number: standings(api, per_page, **{**filters, "page": number})  # noqa: E731
    return cast("PageRequest[Standing]", replace(request, read=read, turn=turn))


@dataclass(frozen=True, slots=True)
class Span:
    """The stretch of the outbox list between two bulks."""

    sender: str | None
    first: datetime
    last: datetime

    def filters(self) -> dict[str, Any]:
        """Return the filters of the list that show it."""
        line = {} if self.sender is None else {"sender": self.sender}
        return {**line, "created_from": self.first - _MARGIN, "created_to": self.last + _MARGIN}


class SpanLook:
    """Looks at the stretch in which some bulks stand."""

    def __init__(self, ids: OutboxIds) -> None:
        self.is_of_use = True
        """Whether the list has shown what it was asked for; where not, ids have to be asked for one by one."""
        self._ids = ids
        self._span: Span | None = None
        self._failed_next = 0
        self._fruitless = 0

    def look(self, api: Gateway, learn: Learn, is_open: Callable[[], bool]) -> Flow[None]:
        """Ask which are still open; if none is, what each came to.

        :param learn: takes in the state of a bulk
        :param is_open: whether any of the bulks is not known to be final
        """
        span = self._span = self._span or (yield from span_of(self._ids, api))
        if span is None:
            return
        shown = yield from self._take(api, span, OPEN, learn)
        if shown or not self.is_of_use:
            # One that ended as none may is told within three looks, not at the end.
            some = [_FAILED[(self._failed_next + step) % len(_FAILED)] for step in range(2)]
            self._failed_next += 2
            yield from self._take(api, span, some, learn)
            return
        found = yield from self._take(api, span, (*_FAILED, BulkState.SENT), learn, until=lambda: not is_open())
        self._fruitless = 0 if found else self._fruitless + 1
        if is_open() and self._fruitless >= _FRUITLESS:
            self.is_of_use = False

    def _take(
        self,
        api: Gateway,
        span: Span,
        states: Iterable[BulkState],
        learn: Learn,
        until: Callable[[], bool] = lambda: False,
    ) -> Flow[int]:
        """Take in all bulks in these states; return how many of ours they were."""
        ours = 0
        for state in states:
            walk = pages(standings(api, MAX_PAGE_SIZE, state=state, **span.filters()))
            while not until() and (page := (yield from walk.turn())):
                ours += self._taken(page, learn)
            if walk.incomplete:
                self.is_of_use = False
        return ours

    def _taken(self, page: Page[Standing], learn: Learn) -> int:
        mine = [row for row in page.items if row.messages_outbox_id in self._ids]
        for row in mine:
            # By what the row says: a panel may not heed the filter.
            learn(row.messages_outbox_id, BulkState(row.state_id))
        return len(mine)


def span_of(ids: OutboxIds, api: Gateway) -> Flow[Span | None]:
    """Return the stretch from the lowest to the highest id, None while the service does not show both."""
    ends = []
    for outbox_id in (ids[0], ids[-1]):
        try:
            bulk = yield from api.bulk(outbox_id)
        except NotFound:
            return None
        ends.append(bulk)
    moments = sorted(bulk.created_at for bulk in ends if bulk.created_at is not None)
    if len(moments) < 2:
        return None
    line = ends[0].sender if ends[0].sender == ends[1].sender else None
    return Span(line, moments[0], moments[-1])
