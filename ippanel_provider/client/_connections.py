"""The connections of a client: so many requests at once, each alone on its own, none longer than it may take.

One pool of httpx that threads share closes, under load, a connection that it has just given to one of them; to that one
it looks as if its text had got no answer. Here a request has a whole httpx client with a single connection to itself.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from queue import Empty, SimpleQueue
from typing import Any, Generic, Protocol, TypeVar

import httpcore

from ippanel_provider.client._forks import begin_in_children

H = TypeVar("H")

_TO_A_PROXY = (b"CONNECT ", b"\x05", b"\x01")
"""What the first bytes are where a proxy is asked to connect (HTTP, SOCKS5 and its log-in): no text is in them yet."""


class AllBusy(Exception):
    """No connection became free in time; nothing was sent."""


class Leaving(Protocol):
    """A request on its way out."""

    began: bool
    """Whether any of it was handed to a connection."""


class Line:
    """What the one connection of an httpx client is doing.

    :param most: seconds that an answer may take, from the last byte of its request to its own last.
    """

    __slots__ = ("_leaving", "_most", "_until", "stream")

    def __init__(self, most: float) -> None:
        self._most = most
        self.stream: httpcore.NetworkStream | None = None
        """The connection itself, of a sync client."""
        self.rest()

    def cut(self) -> None:
        """Close the connection, and nothing else: what was interrupted may hold the locks of its pool for good."""
        if self.stream is not None:
            self.stream.close()

    def rest(self) -> None:
        """No request is under way."""
        self._leaving: Leaving | None = None
        self._until: float | None = None

    def carries(self, leaving: Leaving) -> None:
        """A request is under way."""
        self._leaving = leaving

    def writing(self, data: bytes) -> None:
        """Something is about to leave: a part of a request, or what a proxy is asked before."""
        if self._leaving is not None and data and not data.startswith(_TO_A_PROXY):
            self._leaving.began = True

    def written(self) -> None:
        """It has left: the answer's time begins."""
        self._until = time.monotonic() + self._most

    def patience(self, timeout: float | None) -> float | None:
        """Return how long the next piece of the answer may be waited for; each by itself says nothing of the whole."""
        if self._until is None:
            return timeout
        left = self._until - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the whole answer took too long")
        return left if timeout is None else min(left, timeout)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, line: Line) -> None:
        self._stream, self._line = stream, line
        line.stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._line.patience(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._line.writing(buffer)
        self._stream.write(buffer, timeout)
        self._line.written()

    def close(self) -> None:
        self._stream.close()

    def start_tls(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(*args, **kwargs), self._line)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, backend: httpcore.NetworkBackend, line: Line) -> None:
        self._backend, self._line = backend, line

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *args: Any, **kwargs: Any
    ) -> httpcore.NetworkStream:
        # By itself each address of a host would be given the whole time.
        addresses = _addresses(host, port)
        until = time.monotonic() + (timeout or 0.0)
        for left in range(len(addresses), 0, -1):
            share = None if timeout is None else max(0.001, until - time.monotonic()) / left
            try:
                stream = self._backend.connect_tcp(addresses[-left], port, share, *args, **kwargs)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if left == 1:
                    raise
            else:
                return _Stream(stream, self._line)
        raise httpcore.ConnectError("the host has no address")

    def sleep(self, seconds: float) -> None:
        self._backend.sleep(seconds)


def _addresses(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore.ConnectError(error) from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class _AsyncStream(httpcore.AsyncNetworkStream):
    def __init__(self, stream: httpcore.AsyncNetworkStream, line: Line) -> None:
        self._stream, self._line = stream, line

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's form
        return await self._stream.read(max_bytes, self._line.patience(timeout))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        self._line.writing(buffer)
        await self._stream.write(buffer, timeout)
        self._line.written()

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(self, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        return _AsyncStream(await self._stream.start_tls(*args, **kwargs), self._line)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _AsyncBackend(httpcore.AsyncNetworkBackend):
    def __init__(self, backend: httpcore.AsyncNetworkBackend, line: Line) -> None:
        self._backend, self._line = backend, line

    async def connect_tcp(self, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        return _AsyncStream(await self._backend.connect_tcp(*args, **kwargs), self._line)

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)


def _refuse(is_closed: bool) -> None:
    if is_closed:
        raise RuntimeError("the client is closed; make another")


def _pools(http: Any) -> Iterator[Any]:
    # httpx has no way to httpcore's pools; the network is watched there.
    transports: Iterable[Any] = (http._transport, *http._mounts.values())
    return (transport._pool for transport in transports if transport is not None)


def _watched(http: Any, line: Line, backend: type[_Backend] | type[_AsyncBackend]) -> None:
    for pool in _pools(http):
        pool._network_backend = backend(pool._network_backend, line)


def _is_clean(http: Any) -> bool:
    """Whether nothing came after the answer. What did would be taken for the answer to the next request, and a text
    be told what became of another.
    """
    return not any(_rest_of(connection) for pool in _pools(http) for connection in pool.connections)


def _rest_of(connection: Any) -> bytes:
    while (within := getattr(connection, "_connection", None)) is not None:
        connection = within
    protocol = getattr(connection, "_h11_state", None)
    return b"" if protocol is None else bytes(protocol.trailing_data[0])


class Connections(Generic[H]):
    """The httpx clients of a sync client, at most ``most`` of them; threads and forked children may share it.

    :param make: makes an httpx client with one connection
    :param wait: seconds after which a request for which none becomes free is not sent
    :param answer: seconds that a whole answer may take
    """

    def __init__(self, make: Callable[[], H], *, most: int, wait: float, answer: float) -> None:
        self._make, self._most, self._wait, self._answer = make, most, wait, answer
        self.is_closed = False
        self.begin()
        # Made at once, so that a proxy or a certificate that is none is told now.
        self._idle.append(self._made())
        begin_in_children(self)

    def begin(self) -> None:
        """Start without any connection."""
        # A semaphore's own lock can stay locked where Ctrl-C strikes; this is in C and cannot.
        self._free: SimpleQueue[None] = SimpleQueue()
        for _ in range(self._most):
            self._free.put(None)
        self._idle: list[tuple[H, Line]] = []

    @contextmanager
    def lend(self, leaving: Leaving) -> Iterator[H]:
        """Give one request a client to itself.

        :raises AllBusy: there is none in time.
        """
        _refuse(self.is_closed)
        free, idle = self._free, self._idle
        try:
            free.get(timeout=self._wait)
        except Empty:
            raise AllBusy from None
        try:
            _refuse(self.is_closed)
            try:
                lent = idle.pop()
            except IndexError:
                lent = self._made()
            # What was interrupted can be anywhere within its answer; only a whole one leaves a connection to use again.
            is_whole = False
            try:
                lent[1].carries(leaving)
                yield lent[0]
                is_whole = _is_clean(lent[0])
            finally:
                if is_whole:
                    lent[1].rest()
                    idle.append(lent)
                else:
                    lent[1].cut()
                if self.is_closed:
                    self.close()
        finally:
            free.put(None)

    def close(self) -> None:
        """Close all connections; those in use, when they are given back."""
        self.is_closed = True
        while self._idle:
            http: Any = self._idle.pop()[0]
            http.close()

    def _made(self) -> tuple[H, Line]:
        http, line = self._make(), Line(self._answer)
        _watched(http, line, _Backend)
        return http, line


class _OfLoop(Generic[H]):
    def __init__(self, most: int) -> None:
        self.free = asyncio.Semaphore(most)
        self.idle: list[tuple[H, Line]] = []


class AsyncConnections(Generic[H]):
    """The same for event loops: each has connections of its own."""

    def __init__(self, make: Callable[[], H], *, most: int, answer: float) -> None:
        self._make, self._most, self._answer = make, most, answer
        self.is_closed = False
        self.begin()
        self._first: list[tuple[H, Line]] = [self._made()]
        begin_in_children(self)

    def begin(self) -> None:
        """Start without any connection."""
        self._lock = threading.Lock()
        self._loops: dict[asyncio.AbstractEventLoop, _OfLoop[H]] = {}
        self._first = []

    @asynccontextmanager
    async def lend(self, leaving: Leaving) -> AsyncIterator[H]:
        """Give one request a client to itself, as soon as one is free."""
        _refuse(self.is_closed)
        ours = self._of_this_loop()
        async with ours.free:
            lent = ours.idle.pop() if ours.idle else self._taken()
            is_whole = False
            try:
                lent[1].carries(leaving)
                yield lent[0]
                is_whole = _is_clean(lent[0])
            finally:
                if is_whole:
                    lent[1].rest()
                    ours.idle.append(lent)
                else:
                    http: Any = lent[0]
                    await http.aclose()
                if self.is_closed:
                    await self.aclose()

    def _of_this_loop(self) -> _OfLoop[H]:
        running = asyncio.get_running_loop()
        with self._lock:
            if (ours := self._loops.get(running)) is None:
                # A connection keeps its loop; of one that has ended nothing is of use, and it would stay for good.
                for ended in [loop for loop in self._loops if loop.is_closed()]:
                    del self._loops[ended]
                ours = self._loops[running] = _OfLoop(self._most)
            return ours

    async def aclose(self) -> None:
        """Close all connections of this loop; those in use, when they are given back."""
        self.is_closed = True
        with self._lock:
            ours = self._loops.get(asyncio.get_running_loop())
        idle = [*self._first, *(ours.idle if ours else ())]
        self._first = []
        if ours:
            ours.idle = []
        for lent in idle:
            http: Any = lent[0]
            await http.aclose()

    def _taken(self) -> tuple[H, Line]:
        with self._lock:
            if self._first:
                return self._first.pop()
        return self._made()

    def _made(self) -> tuple[H, Line]:
        http, line = self._make(), Line(self._answer)
        _watched(http, line, _AsyncBackend)
        return http, line
