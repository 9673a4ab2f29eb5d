"""Asking after many bulks by where they stand in the outbox list (API: report).

The service lists bulks by line, time and state. What was sent together stands together, so what is asked for is which
of that stretch are still open, and in the end which state each came to. Where a bulk stands says nothing about whose
it is: only those asked for are taken in, whatever becomes of the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol, cast

from pydantic import BaseModel

from ippanel_provider.client.errors import NotFound
from ippanel_provider.client.gateway import Gateway
from ippanel_provider.client.requests import Flow, Page, PageRequest, may_go_on, pages
from ippanel_provider.client.responses import reading_page
from ippanel_provider.outbox_ids import OutboxIds
from ippanel_provider.service import MAX_PAGE_SIZE, BulkState

OPEN = (BulkState.CREATING, BulkState.MONITORING, BulkState.QUEUED, BulkState.SENDING)
"""In the order of a bulk's life, so that one that moves on between two requests is met again."""
_FAILED = tuple(state for state in BulkState if state.is_final and not state.is_good)
_MARGIN = timedelta(seconds=60)
"""Reports give whole seconds, some panels whole minutes."""
_WIDE = timedelta(hours=4)
_FRUITLESS = 2
"""So many last passes that show nothing new, and the list is not believed to show what it is asked for."""
_MISSED = 8
"""So many that a last pass did not show are asked for by their ids."""
_UNKNOWN_ENDS = 3
_TRIED_AGAIN = 10
"""A list that was of no use is given another try after so many looks without it."""


class Standing(BaseModel):
    """A bulk's id, state and cost. Reading no more of a row costs a tenth, and a thousand rows are read in every
    look.
    """

    messages_outbox_id: int
    state_id: int
    cost: float | None = None


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
    margin: timedelta = _MARGIN

    def with_(self, sender: str | None, moment: datetime) -> Span:
        """Return the span that reaches to one more bulk."""
        line = self.sender if sender == self.sender else None
        return replace(self, sender=line, first=min(self.first, moment), last=max(self.last, moment))

    def filters(self) -> dict[str, Any]:
        """Return the filters of the list that show it."""
        line = {} if self.sender is None else {"sender": self.sender}
        return {**line, "created_from": self.first - self.margin, "created_to": self.last + self.margin}


class Asked(Protocol):
    """Bulks that are asked after, and what is known of them."""

    @property
    def outbox_ids(self) -> OutboxIds:
        """Their ids."""
        ...

    @property
    def open_count(self) -> int:
        """How many are not known to be final."""
        ...

    def learn(self, outbox_id: int, state: BulkState, cost: float | None = None) -> None:
        """Take in the state of one."""
        ...

    def some_open(self, most: int) -> list[int]:
        """Return some that are not known to be final, others the next time."""
        ...


class SpanLook:
    """Looks at the stretch in which some bulks stand.

    While any is open, a look is a page of each open state, and of two of those in which no text went out: six requests,
    and one a thousand strangers that are open too. Once none is, one pass over the final states tells what each came
    to: a request a thousand, strangers between them included.
    """

    def __init__(self, asked: Asked) -> None:
        self.is_of_use = True
        """Whether the list has shown what it was asked for; where not, ids have to be asked for one by one."""
        self.shown: Counter[BulkState] = Counter()
        """How many the last look saw in each open state, strangers included; at least, where no figures are told."""
        self._asked = asked
        self._span: Span | None = None
        self._unknown = 0
        self._open_page: Counter[BulkState] = Counter()
        self._failed_next = 0
        self._failed_page: Counter[BulkState] = Counter()
        self._fruitless = 0
        self._rests = 0

    def look(self, api: Gateway) -> Flow[None]:
        """Ask which are still open; if none is, what each came to."""
        span = self._span = self._span or (yield from span_of(self._asked.outbox_ids, api, self._unknown))
        if span is None:
            # Whoever is not there yet, or was deleted, is not asked for twice in turn.
            self._unknown += 1
            return
        if (yield from self._is_any_open(api, span)):
            # One that ended as none may is told soon, not at the end.
            for step in range(2):
                yield from self._some_of(api, span, _FAILED[(self._failed_next + step) % len(_FAILED)])
            self._failed_next += 2
            return
        if not self.is_of_use:
            return
        before = self._asked.open_count
        for state in (BulkState.SENT, *_FAILED):
            yield from self._all_of(api, span, state)
        if self._asked.open_count:
            yield from self._missed(api, span, has_found=self._asked.open_count < before)

    def rest(self) -> bool:
        """Return whether ids are to be asked for one by one this time; now and then the list is given another try."""
        if self.is_of_use:
            return False
        self._rests += 1
        if self._rests % _TRIED_AGAIN:
            return True
        self.is_of_use, self._fruitless = True, _FRUITLESS - 1
        return False

    def _is_any_open(self, api: Gateway, span: Span) -> Flow[bool]:
        """Read a page of each open state, the one that showed ours the last time; more only if none shows any."""
        self.shown.clear()
        is_any, unread = False, []
        for state in OPEN:
            number = self._open_page[state] or 1
            page = yield from standings(api, MAX_PAGE_SIZE, page=number, state=state, **span.filters())
            self.shown[state] = page.total or len(page.items)
            is_any |= self._has_open(page)
            if page.number > 1 or may_go_on(page):
                unread.append(state)
        for state in () if is_any else unread:
            walk = pages(standings(api, MAX_PAGE_SIZE, state=state, **span.filters()))
            while found := (yield from walk.turn()):
                if self._has_open(found):
                    self._open_page[state] = found.number
                    return True
            self.is_of_use = self.is_of_use and not walk.incomplete
        return is_any

    def _some_of(self, api: Gateway, span: Span, state: BulkState) -> Flow[None]:
        """Read one page of a state, the next one the next time."""
        number = self._failed_page[state] + 1
        page = yield from standings(api, MAX_PAGE_SIZE, page=number, state=state, **span.filters())
        self._taken(page)
        self._failed_page[state] = number if page.has_more else 0

    def _all_of(self, api: Gateway, span: Span, state: BulkState) -> Flow[None]:
        """Read all pages of a state, while any of ours is not known to be final."""
        walk = pages(standings(api, MAX_PAGE_SIZE, state=state, **span.filters()))
        while self._asked.open_count and (page := (yield from walk.turn())):
            self._taken(page)
        self.is_of_use = self.is_of_use and not walk.incomplete

    def _missed(self, api: Gateway, span: Span, *, has_found: bool) -> Flow[None]:
        """Go on from what no page shows: the list lags or hides it, or the stretch is wider than was thought."""
        if not has_found and not self._fruitless:
            # Some panels read times as those of their own zone.
            self._span, self._fruitless = replace(span, margin=_WIDE), 1
            return
        for outbox_id in self._asked.some_open(_MISSED):
            try:
                bulk = yield from api.bulk(outbox_id)
            except NotFound:
                continue
            self._asked.learn(outbox_id, bulk.state, bulk.cost)
            if bulk.created_at is not None:
                span = span.with_(bulk.sender, bulk.created_at)
        self._fruitless = 0 if has_found or span != self._span else self._fruitless + 1
        self._span = span
        self.is_of_use = self._fruitless < _FRUITLESS

    def _has_open(self, page: Page[Standing]) -> bool:
        return not all(state.is_final for state in self._taken(page))

    def _taken(self, page: Page[Standing]) -> list[BulkState]:
        """Take in ours of a page; return their states."""
        ids = self._asked.outbox_ids
        # By what the row says: a panel may not heed the filter.
        mine = [(row, BulkState(row.state_id)) for row in page.items if row.messages_outbox_id in ids]
        for row, state in mine:
            self._asked.learn(row.messages_outbox_id, state, row.cost)
        return [state for _, state in mine]


def survey(
    ids: OutboxIds, api: Gateway, take: Callable[[Page[Standing]], object], is_done: Callable[[], bool]
) -> Flow[None]:
    """Read the pages of each state in which some bulks may stand, until enough is known."""
    span, within = None, 0
    while span is None and within < _UNKNOWN_ENDS:
        span = yield from span_of(ids, api, within)
        within += 1
    if span is None:
        return
    for state in (BulkState.SENT, *OPEN, *_FAILED):
        walk = pages(standings(api, MAX_PAGE_SIZE, state=state, **span.filters()))
        while not is_done() and (page := (yield from walk.turn())):
            take(page)


def span_of(ids: OutboxIds, api: Gateway, within: int = 0) -> Flow[Span | None]:
    """Return the stretch from the lowest to the highest id, None while the service does not show both.

    :param within: leave out so many at either end
    """
    moments, lines = [], set()
    for place in (within % len(ids), -1 - within % len(ids)):
        try:
            bulk = yield from api.bulk(ids[place])
        except NotFound:
            return None
        moments.append(bulk.created_at)
        lines.add(bulk.sender)
    known = sorted(moment for moment in moments if moment is not None)
    return Span(lines.pop() if len(lines) == 1 else None, known[0], known[-1]) if len(known) == 2 else None
