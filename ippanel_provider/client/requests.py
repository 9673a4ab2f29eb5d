"""A call of the API as a value, and several calls as a flow.

Each call is a small pure function returning a frozen :class:`Request`; nothing is sent until a client runs it.
Steps that belong together are a :data:`Flow`: a generator that says ``result = yield from request`` (or of
:class:`Sleep`) and gets the typed result, or the error. So each call and each flow is written once for sync and async.
"""

from __future__ import annotations

import enum
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO, Generic, Self, TypeVar

from pydantic_core import to_json

from ippanel_provider.client.errors import Details, Unreadable
from ippanel_provider.service import Api

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Replay(enum.Enum):
    """After which failures a request may be repeated without asking anyone."""

    ALWAYS = "always"
    """Reads and idempotent writes: after any failure."""
    IF_NOT_SENT = "if not sent"
    """Creates: when it never left, or the service asked to come later (429)."""
    IF_UNREACHED = "if unreached"
    """Sends: only when no connection was made. A 429 may be the 40-second guard against the very text that went out
    before; waiting it out would send it again."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a multipart form. A path or an open binary file is streamed from its start, bytes are sent as they are.

    An open file has to be one that can go back to its start; it is left open.
    """

    filename: str
    content: Path | BinaryIO | bytes = field(repr=False)
    content_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Answer:
    """A response as the readers see it. ``hidden`` are strings that no error may show."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    request: Request[Any]
    hidden: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Request(Generic[T_co]):
    """One call of the API: what to transmit, how to read the answer, and whether it may be repeated.

    At most one of ``body`` (ready-made JSON) and ``form`` (multipart, with ``files``) is set. ``alternates`` are
    other paths or methods under which a *read* is also served; they are tried once on 404 and 405.
    """

    operation: str
    method: str
    path: str
    read: Callable[[Answer], T_co] = field(repr=False)
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes | None = field(default=None, repr=False)
    form: tuple[tuple[str, str], ...] | None = field(default=None, repr=False)
    files: tuple[tuple[str, Upload], ...] = field(default=(), repr=False)
    replay: Replay = Replay.ALWAYS
    alternates: tuple[tuple[str, str], ...] = ()
    authenticated: bool = True
    api: Api = Api.EDGE

    @property
    def is_send(self) -> bool:
        """Whether it has texts go out, so that one without an answer may have done so."""
        return self.replay is Replay.IF_UNREACHED

    def __iter__(self) -> Generator[Request[Any], Any, T_co]:
        """A step of a flow: ``result = yield from request``, which has the request's type."""
        result: T_co = yield self
        return result

    def via(self, method: str, path: str) -> Self:
        """Return the same request under an alternate method and path."""
        return replace(self, method=method, path=path, alternates=())


@dataclass(frozen=True, slots=True)
class Page(Generic[T_co]):
    """One page of a list. ``last_page`` and ``total`` are None where the service did not say."""

    items: Sequence[T_co] = field(repr=False)
    number: int
    per_page: int
    last_page: int | None = None
    total: int | None = None

    @property
    def has_more(self) -> bool:
        """Whether a further page is worth asking for."""
        if not self.items:
            return False
        if self.last_page is not None:
            return self.number < self.last_page
        if self.total is not None:
            return self.number * self.per_page < self.total
        # More items than were asked for come from a list that knows no pages; asking on would bring them again.
        return len(self.items) == self.per_page


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest(Request[Page[T_co]]):
    """A request of one page that knows how to ask for another; ``client.walk`` yields the items of all."""

    number: int
    turn: Callable[[int], PageRequest[T_co]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sleep:
    """A step of a flow: wait so many seconds."""

    seconds: float

    def __iter__(self) -> Generator[Sleep, Any, None]:
        yield self


@dataclass(frozen=True, slots=True)
class Together(Generic[T_co]):
    """A step of a flow: several reads at once; their results in the order of the requests.

    All are waited for, whatever becomes of one; then the first error in that order is raised.
    """

    requests: Sequence[Request[T_co]]

    def __post_init__(self) -> None:
        if any(request.is_send for request in self.requests):
            raise TypeError("sends are made one by one, so that each one's outcome is known before the next leaves")

    def __iter__(self) -> Generator[Together[Any], Any, list[T_co]]:
        results: list[T_co] = yield self
        return results


Flow = Generator[Request[Any] | Sleep | Together[Any], Any, T]
"""A generator of steps; what it returns is the result."""


log = logging.getLogger(__name__)


_COMPARED = 50


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
        goes_on = may_go_on(page)
        if goes_on or self._seen:
            # Of some of the items: two pages that have these in common at the same places are one.
            some = (*page.items[:: max(1, len(page.items) // _COMPARED)], page.items[-1], len(page.items))
            digest = blake2b(to_json(some, fallback=repr), digest_size=16).digest()
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


def may_go_on(page: Page[Any]) -> bool:
    """Return whether a further page is to be asked for."""
    return page.has_more or _may_be_capped(page)


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
