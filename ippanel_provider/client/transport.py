"""Running requests and flows over HTTP, sync and async."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, closing
from typing import Any, Self, TypeVar, overload

import httpx

from ippanel_provider.client._carrying import Abandoned, carried, pay
from ippanel_provider.client._connections import AllBusy, AsyncConnections, Connections
from ippanel_provider.client._wire import WIRE_ERRORS, Wire, body_of, multipart, quiet
from ippanel_provider.client.auth.sources import Await, obtain
from ippanel_provider.client.errors import IPPanelClientError
from ippanel_provider.client.requests import (
    Answer,
    AsyncItems,
    Flow,
    Items,
    PageRequest,
    Request,
    Sleep,
    Together,
    pages,
)
from ippanel_provider.client.retrying import Effect, NeedCredential, Transmit
from ippanel_provider.client.settings import Settings
from ippanel_provider.tracebacks import forget_values

__all__ = ["AsyncClient", "Client", "Settings"]

T = TypeVar("T")

_NO_STEP = "a flow yields a Request or Sleep, not {0.__class__.__name__}; run a flow inside a flow with 'yield from'"


class Client(Wire):
    """Runs requests and flows. One per process and connection is enough; threads may share it, and forked children,
    each of which makes connections of its own.

    :param auth: an API key, or another source of credentials.
    :param settings: how to reach the service.
    """

    def _open(self) -> None:
        options, settings = self.settings.httpx_options(), self.settings
        self._http = Connections(
            lambda: httpx.Client(**options),
            most=settings.max_in_flight,
            wait=settings.connect_timeout,
            answer=settings.read_timeout,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    @overload
    def run(self, call: Request[T]) -> T: ...
    @overload
    def run(self, call: Flow[T]) -> T: ...
    def run(self, call: Request[T] | Flow[T]) -> T:
        """Run one request or a flow and return its result.

        :raises NotSent, Refused, Unconfirmed: see :mod:`ippanel_provider.client.errors`.
        """
        return self._drive(self.steps(call) if isinstance(call, Request) else call)

    def _drive(self, steps: Generator[Any, Any, T]) -> T:
        effect: Effect | None = None
        try:
            effect = next(steps)
            while True:
                try:
                    result = self._perform(effect)
                except IPPanelClientError as error:
                    effect = steps.throw(error)
                else:
                    effect = steps.send(result)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        except IPPanelClientError as error:
            forget_values(error)
            raise
        except BaseException as error:
            if isinstance(effect, Transmit):
                raise error from self.interrupted(effect, error)
            raise
        finally:
            # Interrupted or cancelled in the middle, a flow gets to tidy up now, not when it is collected.
            steps.close()

    def walk(self, request: PageRequest[T], *, whole: bool = False) -> Items[T]:
        """Return the items of this page and all after it, asking for each page when it is reached.

        Used up, they say whether the list broke off (``incomplete``); with ``whole`` that is an error.

        :raises Unreadable: at the end of a list that broke off, where ``whole`` was asked for.
        """
        return Items(pages(request, whole=whole), self.run)

    def _perform(self, effect: Effect) -> Any:
        match effect:
            case Transmit():
                return self._transmit(effect)
            case NeedCredential():
                return self._drive(obtain(self.auth, effect.rejected))
            case Await():
                return effect.block()
            case Sleep():
                return time.sleep(effect.seconds)
            case Request():
                return self.run(effect)
            case Together():
                with ThreadPoolExecutor(max(1, len(effect.requests)), thread_name_prefix="ippanel-read") as pool:
                    return list(pool.map(self.run, effect.requests))
            case _:
                raise TypeError(_NO_STEP.format(effect))

    def _transmit(self, transmit: Transmit) -> Answer:
        try:
            with multipart(transmit.request) as parts, self._http.lend(transmit) as http:
                return self._exchange(http, transmit, parts)
        except AllBusy as error:
            raise self.error(transmit, error) from None

    def _exchange(self, http: httpx.Client, transmit: Transmit, parts: Any) -> Answer:
        try:
            with quiet():
                return self._answered(http, transmit, parts)
        except WIRE_ERRORS as error:
            failure = self.error(transmit, error)
        # Its one line that helps is in ours; raised within the block, ours would have it for its context.
        raise failure

    def _answered(self, http: httpx.Client, transmit: Transmit, parts: Any) -> Answer:
        request = self.request(http, transmit, parts)
        with closing(http.send(request, stream=True)) as response:
            body = body_of(response)
            for piece in response.iter_raw():
                body.take(piece)
        return self.answer(transmit, response, body)


class AsyncClient(Wire):
    """The same as :class:`Client` for event loops; each loop has connections of its own.

    A send is carried through when its task is cancelled (``cancel()``, ``asyncio.timeout``, ``wait_for``), at the
    latest until ``read_timeout``: ``run`` still returns its receipt or raises what became of it, and the task is
    cancelled at its next request or pause. ``CancelledError`` from a send means that nothing was sent. Cancelled twice,
    it is :class:`~ippanel_provider.client.errors.NoAnswer` at once.
    """

    def _open(self) -> None:
        options, settings = self.settings.httpx_options(), self.settings
        self._http = AsyncConnections(
            lambda: httpx.AsyncClient(**options), most=settings.max_in_flight, answer=settings.read_timeout
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    @overload
    async def run(self, call: Request[T]) -> T: ...
    @overload
    async def run(self, call: Flow[T]) -> T: ...
    async def run(self, call: Request[T] | Flow[T]) -> T:
        """Run one request or a flow and return its result; errors as :meth:`Client.run`."""
        return await self._drive(self.steps(call) if isinstance(call, Request) else call)

    async def _drive(self, steps: Generator[Any, Any, T]) -> T:
        effect: Effect | None = None
        try:
            effect = next(steps)
            while True:
                try:
                    result = await self._perform(effect)
                except IPPanelClientError as error:
                    effect = steps.throw(error)
                else:
                    effect = steps.send(result)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        except IPPanelClientError as error:
            forget_values(error)
            raise
        except BaseException as error:
            if isinstance(effect, Transmit):
                raise error from self.interrupted(effect, error)
            raise
        finally:
            # Interrupted or cancelled in the middle, a flow gets to tidy up now, not when it is collected.
            steps.close()

    def walk(self, request: PageRequest[T], *, whole: bool = False) -> AsyncItems[T]:
        """Return the items as :meth:`Client.walk` does."""
        return AsyncItems(pages(request, whole=whole), self.run)

    async def _perform(self, effect: Effect) -> Any:
        match effect:
            case Transmit():
                return await self._transmit(effect)
            case NeedCredential():
                return await self._drive(obtain(self.auth, effect.rejected))
            case Await():
                return await asyncio.wrap_future(effect.ended)
            case Sleep():
                pay()
                return await asyncio.sleep(effect.seconds)
            case Request():
                return await self.run(effect)
            case Together():
                results = await asyncio.gather(*map(self.run, effect.requests), return_exceptions=True)
                for result in results:
                    if isinstance(result, BaseException):
                        raise result
                return results
            case _:
                raise TypeError(_NO_STEP.format(effect))

    async def _transmit(self, transmit: Transmit) -> Answer:
        pay()
        exchange = self._exchange(transmit)
        if not transmit.request.is_send:
            return await exchange
        try:
            return await carried(exchange, lambda: transmit.began)
        except Abandoned as error:
            raise self.error(transmit, error) from None

    async def _exchange(self, transmit: Transmit) -> Answer:
        with multipart(transmit.request) as parts:
            async with self._http.lend(transmit) as http:
                try:
                    with quiet():
                        return await self._answered(http, transmit, parts)
                except WIRE_ERRORS as error:
                    failure = self.error(transmit, error)
                raise failure

    async def _answered(self, http: httpx.AsyncClient, transmit: Transmit, parts: Any) -> Answer:
        request = self.request(http, transmit, parts)
        async with aclosing(await http.send(request, stream=True)) as response:
            body = body_of(response)
            async for piece in response.aiter_raw():
                body.take(piece)
        return self.answer(transmit, response, body)
