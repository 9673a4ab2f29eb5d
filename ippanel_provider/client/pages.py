"""Lists of the service, page by page: as steps of a flow, or as the items that a client's ``walk`` yields.

A list that does not turn its page must not be walked for ever, and what was read of it must not pass for all of it.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from hashlib import blake2b
from typing import Any, Generic, TypeVar

from pydantic_core import to_json

from ippanel_provider.client.errors import Details, Unreadable
from ippanel_provider.client.request import Flow, Page, PageRequest, Together

T = TypeVar("T")

log = logging.getLogger(__name__)


class Walk(Generic[T]):
    """The pages of a list, asked for one by one::

        walk = pages(edge.report.outbox(sender=line))
        while page := (yield from walk.turn()):
            ...

    It ends early, and is ``incomplete``, where a page shows again what an earlier one showed, or is empty although
    the service counts further pages. Whatever such a list did not show may be there all the same.
    """

    def __init__(self, request: PageRequest[T], *, whole: bool, ahead: int = 1) -> None:
        self.incomplete = False
        self._request: PageRequest[T] | None = request
        self._whole = whole
        self._ahead = ahead
        self._ready: deque[Page[T]] = deque()
        self._seen: set[bytes] = set()
        self._last: Page[T] | None = None

    def turn(self) -> Flow[Page[T] | None]:
        """Ask for the next page; return it, or None after the last.

        :raises Unreadable: when the list is incomplete and the walk was to be of a whole one.
        """
        request = self._request
        if request is None:
            return None
        page = yield from self._page(request)
        if not page.items:
            self._end(request, page.last_page is not None and page.number < page.last_page)
            return None
        goes_on = page.has_more or _may_be_capped(page)
        if goes_on or self._seen:
            digest = blake2b(to_json(page.items, fallback=repr), digest_size=16).digest()
            if digest in self._seen:
                # The same few items again, on a list that tells no figures: it knows no pages, and these are all.
                self._end(request, self._last is None or not _may_be_capped(self._last))
                return None
            self._seen.add(digest)
        self._last = page
        self._request = request.turn(request.number + 1) if goes_on else None
        return page

    def _page(self, request: PageRequest[T]) -> Flow[Page[T]]:
        last = self._last.last_page if self._last is not None else None
        if self._ready:
            return self._ready.popleft()
        if self._ahead == 1 or last is None or last <= request.number:
            return (yield from request)
        numbers = range(request.number, min(request.number + self._ahead, last + 1))
        self._ready.extend((yield from Together([request.turn(number) for number in numbers])))
        return self._ready.popleft()

    def _end(self, request: PageRequest[T], incomplete: bool) -> None:
        self._request = None
        if not incomplete:
            return
        self.incomplete = True
        what = f"{request.operation}: the list does not go on at page {request.number}, so it is incomplete."
        if self._whole:
            raise Unreadable(f"{what} What it does not show may be there all the same.", Details(request.operation))
        log.warning("%s", what)


def _may_be_capped(page: Page[Any]) -> bool:
    # Fewer than were asked for are mostly the last; where no figure says so, a round number of them can be the most
    # that a panel gives at once.
    return page.last_page is None and page.total is None and len(page.items) < page.per_page and not len(page.items) % 5


def pages(request: PageRequest[T], *, whole: bool = False, ahead: int = 1) -> Walk[T]:
    """Return the walk over this page and all after it.

    :param whole: an incomplete list is an error: for those who conclude something from what is not in it
    :param ahead: how many pages are asked for at once, where the first one says how many there are
    """
    return Walk(request, whole=whole, ahead=ahead)


def each(request: PageRequest[T], take: Callable[[T], object], *, ahead: int = 1) -> Flow[None]:
    """Call ``take`` with every item of a whole list. What is made meanwhile moves others on, where they show again.

    :param ahead: as of :func:`pages`
    :raises Unreadable: the list is incomplete.
    """
    walk = pages(request, whole=True, ahead=ahead)
    while page := (yield from walk.turn()):
        for item in page.items:
            take(item)


def everything(request: PageRequest[T]) -> Flow[list[T]]:
    """Return all items of a whole list, as :func:`each` meets them."""
    items: list[T] = []
    yield from each(request, items.append)
    return items


class Items(Iterator[T]):
    """The items of all pages, each page asked for when it is reached; ``incomplete`` as of :class:`Walk`."""

    def __init__(self, walk: Walk[T], run: Callable[[Flow[Page[T] | None]], Page[T] | None]) -> None:
        self._walk = walk
        self._items = self._read(run)

    @property
    def incomplete(self) -> bool:
        """Whether the list broke off; known once the items are used up."""
        return self._walk.incomplete

    def __next__(self) -> T:
        return next(self._items)

    def _read(self, run: Callable[[Flow[Page[T] | None]], Page[T] | None]) -> Iterator[T]:
        while page := run(self._walk.turn()):
            yield from page.items


class AsyncItems(AsyncIterator[T]):
    """The same for an event loop."""

    def __init__(self, walk: Walk[T], run: Callable[[Flow[Page[T] | None]], Awaitable[Page[T] | None]]) -> None:
        self._walk = walk
        self._items = self._read(run)

    @property
    def incomplete(self) -> bool:
        """Whether the list broke off; known once the items are used up."""
        return self._walk.incomplete

    async def __anext__(self) -> T:
        return await anext(self._items)

    async def _read(self, run: Callable[[Flow[Page[T] | None]], Awaitable[Page[T] | None]]) -> AsyncIterator[T]:
        while page := await run(self._walk.turn()):
            for item in page.items:
                yield item
