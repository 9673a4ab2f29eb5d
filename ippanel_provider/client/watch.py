"""Asking after what was sent and what came in, at the least cost (API: report). The service calls nobody back."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from typing import NamedTuple

from ippanel_provider.client import edge
from ippanel_provider.client._span import SpanLook, Standing, span_of, standings, survey
from ippanel_provider.client.errors import NotFound
from ippanel_provider.client.gateway import Gateway, gateway
from ippanel_provider.client.models import Bulk, InboxMessage
from ippanel_provider.client.requests import Flow, Page, pages
from ippanel_provider.outbox_ids import OutboxIds
from ippanel_provider.service import MAX_PAGE_SIZE, Api, BulkState, DeliveryStatus

FEW = 3
"""Up to so many bulks are asked for one by one; for more, a page of the outbox list answers a thousand at once."""
FAILURES = frozenset(state for state in BulkState if state.is_final and not state.is_good)
"""The final states in which no text went out."""
_EDGE = gateway(Api.EDGE)
_BY_SPAN = 200
"""More bulks than this are asked after by where they stand in the outbox list, not by their ids."""
_UNKNOWN, _NAMELESS = 255, 254
_NOT_FINAL = re.compile(b"[^" + bytes(state for state in BulkState if state.is_final) + b"]", re.DOTALL)

_log = logging.getLogger(__name__)


def states(
    outbox_ids: Iterable[int], api: Gateway = _EDGE, *, most_requests: int | None = None
) -> Flow[dict[int, BulkState]]:
    """Return the state of each bulk. A bulk the service does not know yet counts as being created.

    The outbox list is read from its head, where new bulks stand, while its pages hold what is asked for; then where
    those still missing stand: all of many, or from the first of a few, which brings its neighbours along; and what no
    page shows (a list that lags) is asked for one by one.

    :param outbox_ids: those to be asked for first come first
    :param api: the API; the legacy one has no outbox list
    :param most_requests: how many requests this may cost; bulks it is not enough for are not in the result
    """
    missing = dict.fromkeys(outbox_ids)
    found: dict[int, BulkState] = {}
    left = most_requests if most_requests is not None else len(missing) * 2 + FEW
    if api.api is Api.EDGE:
        left -= yield from _from_the_head(missing, found, left, api)
        if most_requests is None and len(missing) > _BY_SPAN:
            yield from survey(OutboxIds(missing), api, lambda page: _take(page, missing, found), lambda: not missing)
        left -= yield from _from_neighbours(missing, found, left, api)
    for outbox_id in list(missing)[: max(left, 0)]:
        bulk = yield from _one(outbox_id, api)
        found[outbox_id] = BulkState.CREATING if bulk is None else bulk.state
    return found


def _from_the_head(missing: dict[int, None], found: dict[int, BulkState], left: int, api: Gateway) -> Flow[int]:
    used, size = 0, _page_size(missing)
    while len(missing) > FEW and used < left:
        page = yield from standings(api, size, page=used + 1)
        used += 1
        # A page that answers for one costs what asking for that one does.
        if _take(page, missing, found) <= 1 or not page.has_more:
            break
    return used


def _from_neighbours(missing: dict[int, None], found: dict[int, BulkState], left: int, api: Gateway) -> Flow[int]:
    used = 0
    while len(missing) > FEW and used + 2 <= left:
        first = next(iter(missing))
        bulk = yield from _one(first, api)
        used += 1
        del missing[first]
        found[first] = BulkState.CREATING if bulk is None else bulk.state
        if bulk is None or bulk.created_at is None:
            continue
        until = bulk.created_at + timedelta(seconds=1)
        page = yield from standings(api, _page_size(missing), created_to=until)
        used += 1
        if not _take(page, missing, found):
            break
    return used


def _page_size(missing: Mapping[int, None]) -> int:
    return min(MAX_PAGE_SIZE, max(100, len(missing)))


def _take(page: Page[Standing], missing: dict[int, None], found: dict[int, BulkState]) -> int:
    hits = {
        bulk.messages_outbox_id: BulkState(bulk.state_id) for bulk in page.items if bulk.messages_outbox_id in missing
    }
    found |= hits
    for outbox_id in hits:
        del missing[outbox_id]
    return len(hits)


def _one(outbox_id: int, api: Gateway) -> Flow[Bulk | None]:
    try:
        return (yield from api.bulk(outbox_id))
    except NotFound:
        return None


def spent(outbox_ids: OutboxIds, api: Gateway = _EDGE) -> Flow[float | None]:
    """Return what bulks say they cost, in rial: a request a thousand, strangers between them included; None where not
    all of them say it.
    """
    missing = dict.fromkeys(outbox_ids) if len(outbox_ids) <= FEW else None
    total, left, seen = 0.0, len(outbox_ids), bytearray(len(outbox_ids))
    for outbox_id in missing or ():
        bulk = yield from _one(outbox_id, api)
        if bulk is not None and bulk.cost is not None:
            total, left = total + bulk.cost, left - 1
    if missing is None and (span := (yield from span_of(outbox_ids, api))):
        walk = pages(standings(api, MAX_PAGE_SIZE, **span.filters()))
        while left and (page := (yield from walk.turn())):
            for row in page.items:
                place = outbox_ids.position(row.messages_outbox_id)
                if place is not None and not seen[place] and row.cost is not None:
                    total, left, seen[place] = total + row.cost, left - 1, 1
    return None if left else total


class Tally(NamedTuple):
    """How many recipients of a bulk were delivered to, may yet be, or never will be."""

    delivered: int
    pending: int
    lost: int

    @property
    def is_settled(self) -> bool:
        """Whether the operators will report nothing further."""
        return self.pending == 0 and self.delivered + self.lost > 0


def tally(outbox_id: int, api: Gateway = _EDGE) -> Flow[Tally]:
    """Count a bulk's recipients by what became of them: one request, or as many as it has pages on the legacy API."""
    if api.api is Api.EDGE:
        stats = yield from edge.report.bulk_stats(outbox_id)
        delivered, lost = _sum(stats.delivered), _sum(stats.failed, stats.blacklist)
        pending = _sum(stats.pending, stats.sent)
        return Tally(delivered, pending, lost)
    delivered = lost = pending = 0
    walk = pages(api.recipients(outbox_id, per_page=MAX_PAGE_SIZE))
    while page := (yield from walk.turn()):
        for delivery in page.items:
            delivered += delivery.status is DeliveryStatus.DELIVERED
            lost += delivery.status in (DeliveryStatus.NOT_DELIVERED, DeliveryStatus.BLACKLISTED)
            pending += delivery.status is None or not delivery.status.is_final
    # Whom a list that broke off did not show may yet be delivered to.
    return Tally(delivered, pending + walk.incomplete, lost)


def _sum(*tallies: Mapping[str, Mapping[str, int]] | None) -> int:
    return sum(sum(by_language.values()) for by_operator in tallies for by_language in (by_operator or {}).values())


class BulkWatch:
    """What is known of some bulks, and whether that is enough.

    A few are asked after by their ids. Many are asked after by where they stand in the outbox list: a look costs 6
    requests while any is open, the last one a request a thousand; strangers that stand between them cost their pages
    and never count.

    :param outbox_ids: the bulks; a million of them take 3 MB
    :param fail_on: states that end the watch at once
    :param min_delivered: the share of recipients, 0 to 1, that has to be delivered to; None asks for no deliveries
    """

    def __init__(
        self,
        outbox_ids: Iterable[int],
        fail_on: frozenset[BulkState] = FAILURES,
        min_delivered: float | None = None,
    ) -> None:
        self.outbox_ids = outbox_ids if isinstance(outbox_ids, OutboxIds) else OutboxIds(outbox_ids)
        self.fail_on = fail_on
        self.min_delivered = min_delivered
        self.tallies: dict[int, Tally] = {}
        self._states = bytearray([_UNKNOWN]) * len(self.outbox_ids)
        self._open = len(self.outbox_ids)
        self.cost = 0.0
        """What those bulks say they cost, in rial, that are final and were seen in the outbox list."""
        self.priced = 0
        """How many these are."""
        self._span: SpanLook | None = SpanLook(self) if len(self.outbox_ids) > _BY_SPAN else None
        self._asked_to = 0

    def learn(self, outbox_id: int, state: BulkState, cost: float | None = None) -> None:
        """Take in the state of a bulk, and what it says it cost (rial); one that is final stays so."""
        place = self.outbox_ids.position(outbox_id)
        if place is None or (self._states[place] != _UNKNOWN and BulkState(self._states[place]).is_final):
            return
        # A state without a name is kept as one; it is not final, whichever it is.
        self._states[place] = state if 0 <= state < _NAMELESS else _NAMELESS
        self._open -= state.is_final
        if state.is_final and cost is not None:
            self.cost += cost
            self.priced += 1

    @property
    def open_count(self) -> int:
        """How many are not known to be final."""
        return self._open

    @property
    def shown(self) -> Counter[BulkState]:
        """How many the last look saw in each open state. Of many, strangers that stand between them are counted too."""
        if self._span is not None and self._span.is_of_use:
            return self._span.shown
        return Counter({state: count for state, count in self.counts.items() if not state.is_final})

    @property
    def is_large(self) -> bool:
        """Whether its bulks are asked after by where they stand."""
        return self._span is not None

    def some_open(self, most: int) -> list[int]:
        """Return some bulks that are not known to be final, others the next time."""
        turn = self._asked_to
        found = chain(_NOT_FINAL.finditer(self._states, turn), _NOT_FINAL.finditer(self._states, 0, turn))
        places = [each.start() for each in islice(found, most)]
        self._asked_to = places[-1] + 1 if places else 0
        return [self.outbox_ids[place] for place in places]

    @property
    def unfinal(self) -> list[int]:
        """The bulks that are not known to be final."""
        return [
            outbox_id
            for outbox_id, state in zip(self.outbox_ids, self._states, strict=True)
            if state == _UNKNOWN or not BulkState(state).is_final
        ]

    @property
    def states(self) -> dict[int, BulkState]:
        """The state of each bulk that was asked after."""
        known = zip(self.outbox_ids, self._states, strict=True)
        return {outbox_id: BulkState(state) for outbox_id, state in known if state != _UNKNOWN}

    @property
    def counts(self) -> Counter[BulkState]:
        """How many bulks are in which state; those that nobody knows of yet are left out."""
        return Counter({state: count for state in BulkState if (count := self._states.count(state))})

    def in_states(self, wanted: Iterable[BulkState], most: int | None = None) -> dict[int, BulkState]:
        """Return the bulks that are in one of these states, the first ``most`` of each."""
        found: dict[int, BulkState] = {}
        for state in wanted:
            places = islice(_places(self._states, state), most)
            found |= {self.outbox_ids[place]: state for place in places}
        return found

    @property
    def failed(self) -> dict[int, BulkState]:
        """The bulks that ended as none may."""
        return self.in_states(self.fail_on)

    @property
    def untallied(self) -> list[int]:
        """The bulks whose recipients have to be asked after, once all bulks are final."""
        if self.min_delivered is None or self._open:
            return []
        good = self.in_states(state for state in BulkState if state.is_good)
        return [each for each in good if not (each in self.tallies and self.tallies[each].is_settled)]

    @property
    def total(self) -> Tally:
        """All recipients of the bulks that were asked after."""
        return Tally(*map(sum, zip(*self.tallies.values(), strict=True))) if self.tallies else Tally(0, 0, 0)

    @property
    def is_done(self) -> bool:
        """Whether nothing that may still come would change the verdict."""
        if any(self._states.count(state) for state in self.fail_on):
            return True
        if self._open:
            return False
        if self.min_delivered is None or not (untallied := self.untallied):
            return True
        if any(outbox_id not in self.tallies for outbox_id in untallied):
            return False
        total = self.total
        wanted = self.min_delivered * sum(total)
        return total.delivered >= wanted > 0 or total.delivered + total.pending < wanted

    def look(
        self, api: Gateway = _EDGE, *, most_tallies: int | None = None, most_by_id: int | None = None
    ) -> Flow[None]:
        """Ask after all that is not known for good.

        :param most_tallies: of how many bulks at most the recipients are asked after
        :param most_by_id: of how many bulks at most the state is asked for by their ids, where the list does not show
            what it is asked for, or there is none
        """
        if self._span is None:
            found = yield from states(reversed(self.unfinal), api)
            for outbox_id, state in found.items():
                self.learn(outbox_id, state)
        elif api.api is not Api.EDGE or self._span.rest():
            yield from self._look_one_by_one(api, most_by_id)
        else:
            yield from self._span.look(api)
        if not self.is_done:
            # Those that were never asked after come first.
            untallied = sorted(self.untallied, key=self.tallies.__contains__)
            for outbox_id in untallied[:most_tallies]:
                self.tallies[outbox_id] = yield from tally(outbox_id, api)

    def _look_one_by_one(self, api: Gateway, most: int | None) -> Flow[None]:
        asked = self.some_open(self._open if most is None else most)
        _log.warning("%d bulks are asked for one by one: there is no outbox list that shows them.", len(asked))
        for outbox_id in asked:
            bulk = yield from _one(outbox_id, api)
            self.learn(outbox_id, BulkState.CREATING if bulk is None else bulk.state)


def _places(states: bytearray, state: int) -> Iterator[int]:
    place = states.find(state)
    while place >= 0:
        yield place
        place = states.find(state, place + 1)


def newest_inbox_id() -> Flow[int]:
    """Return the id of the text that came in last, 0 where there is none."""
    page = yield from edge.report.inbox(per_page=1)
    return page.items[0].inbox_id if page.items else 0


def received(after_id: int, since: datetime | None = None) -> Flow[list[InboxMessage]]:
    """Return all texts with a higher inbox id, oldest first; with ``since`` those that came in no earlier.

    Pages are newest first, so a text that comes in meanwhile only makes one show twice, and none is missed.

    :raises Unreadable: the list broke off: whoever went on from the newest would miss the others for good.
    """
    found: dict[int, InboxMessage] = {}
    walk = pages(edge.report.inbox(after_id=after_id, per_page=MAX_PAGE_SIZE if since is None else 100), whole=True)
    while page := (yield from walk.turn()):
        fresh = [text for text in page.items if text.inbox_id > after_id and _is_since(text, since)]
        found |= {text.inbox_id: text for text in fresh}
        if len(fresh) < len(page.items):
            break
    return [found[inbox_id] for inbox_id in sorted(found)]


def _is_since(text: InboxMessage, since: datetime | None) -> bool:
    # The service gives whole seconds.
    return since is None or text.received_at is None or text.received_at >= since.astimezone(UTC).replace(microsecond=0)
