"""A call of the API as a value, and several calls as a flow.

Each call is a small pure function returning a frozen :class:`Request`; nothing is sent until a client runs it.
Steps that belong together are a :data:`Flow`: a generator that says ``result = yield from request`` (or of
:class:`Sleep`) and gets the typed result, or the error. So each call and each flow is written once for sync and async.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Generic, Self, TypeVar

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
