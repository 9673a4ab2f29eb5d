"""Running requests and flows over HTTP, sync and async. The only module that imports httpx."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import ipaddress
import logging
import ssl
import time
import traceback
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar, overload

import httpx

from ippanel_provider import __version__
from ippanel_provider.client._uploads import multipart
from ippanel_provider.client.auth._renewal import Await
from ippanel_provider.client.auth.sources import ApiKey, Auth, obtain
from ippanel_provider.client.errors import Details, InvalidInput, IPPanelClientError, NoAnswer, Unreachable, Unreadable
from ippanel_provider.client.pages import AsyncItems, Items, pages
from ippanel_provider.client.request import Answer, Flow, PageRequest, Request, Sleep
from ippanel_provider.client.retrying import Effect, NeedCredential, Retry, Transmit, exchange
from ippanel_provider.service import EDGE_URL, REST_URL, SANDBOX_API_KEY, Api

T = TypeVar("T")

log = logging.getLogger(__name__)

USER_AGENT = f"airflow-provider-ippanel/{__version__} python-httpx/{httpx.__version__}"


@dataclass(frozen=True, slots=True)
class Settings:
    """How a client reaches the service. Times in seconds; everything has a safe default.

    ``base_url`` may end in ``/v1`` or ``/v1/api``, with or without a slash; a bare host gets ``/v1``. ``verify`` is
    True, False, or the path of a CA bundle (a file, or a directory of certificates). ``max_in_flight`` bounds requests
    under way at once. Without ``proxy``, the environment's (``HTTPS_PROXY``, ``NO_PROXY`` …) is used.
    """

    api: Api = Api.EDGE
    base_url: str | None = None
    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    proxy: str | None = field(default=None, repr=False)
    verify: bool | str = True
    max_in_flight: int = 10
    retry: Retry = field(default_factory=Retry)

    @property
    def root(self) -> str:
        """The URL all request paths are appended to."""
        given = (self.base_url or (EDGE_URL if self.api is Api.EDGE else REST_URL)).strip()
        if not given.lower().startswith(("http://", "https://")):
            raise InvalidInput("base_url: it does not begin with http:// or https://; give it as https://host/v1")
        url = given.rstrip("/")
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL:
            # What httpx says can hold a part of it that was meant as a password.
            raise InvalidInput("base_url: it is no URL; give it as https://host/v1") from None
        if not parsed.host:
            raise InvalidInput("base_url: it names no host; give it as https://host/v1")
        if parsed.userinfo or parsed.query or parsed.fragment:
            # A user name here would take the place of the credential on every request.
            raise InvalidInput("base_url: give it without user name, query and fragment, as https://host/v1")
        if parsed.path in {"", "/"}:
            return url + "/v1"
        return url.removesuffix("/api") if url.endswith("/v1/api") else url

    def check_credential(self, credential: str) -> None:
        """Refuse the sandbox's own key towards the service itself: somebody forgot to say where the sandbox is."""
        if credential == SANDBOX_API_KEY and httpx.URL(self.root).host in _THE_SERVICE:
            raise InvalidInput(
                "api_key: this is the sandbox's key; give the sandbox's address with it"
                " (base_url; the Base URL of an Airflow connection; IPPANEL_BASE_URL for the command ippanel; "
                "url= in an ippanel:// URL)"
            )

    def httpx_options(self) -> dict[str, Any]:
        """Return the arguments that both httpx clients take."""
        return {
            "verify": _tls(self.verify),
            "proxy": self.proxy,
            "timeout": httpx.Timeout(self.read_timeout, connect=self.connect_timeout, pool=self.connect_timeout),
            "limits": httpx.Limits(max_connections=self.max_in_flight, max_keepalive_connections=self.max_in_flight),
            "headers": {"User-Agent": USER_AGENT, "Accept": "application/json"},
            "follow_redirects": False,
        }


_THE_SERVICE = frozenset(httpx.URL(url).host for url in (EDGE_URL, REST_URL))


@functools.cache
def _tls(verify: bool | str) -> ssl.SSLContext:
    # A context costs 20 ms of CPU; one a process (and kind) is enough.
    if isinstance(verify, bool):
        return httpx.create_ssl_context(verify=verify)
    try:
        return (
            ssl.create_default_context(capath=verify)
            if Path(verify).is_dir()
            else ssl.create_default_context(cafile=verify)
        )
    except OSError as error:
        raise InvalidInput(f"verify: no CA bundle can be read from {verify} ({error.strerror or error})") from None


@contextmanager
def _checking_proxy() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise InvalidInput(f"proxy: {error}") from None
    except (ValueError, httpx.InvalidURL):
        # What httpx says can hold the proxy's password.
        raise InvalidInput(
            "proxy: it (or one of the environment) is no proxy URL; give it as http://user:password@host:port"
        ) from None


_ours: contextvars.ContextVar[bool] = contextvars.ContextVar("ippanel_request", default=False)


class _QuietWire(logging.Filter):
    """httpx logs the URL of every request; ours can hold a number or a credential, so ours are left out."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not _ours.get()


logging.getLogger("httpx").addFilter(_QuietWire())


@contextmanager
def _quiet() -> Iterator[None]:
    token = _ours.set(True)
    try:
        yield
    finally:
        _ours.reset(token)


class _Wire:
    """What both clients share: a request to httpx's terms, and httpx's answer and errors back to ours."""

    def __init__(self, auth: Auth | str, settings: Settings | None) -> None:
        self.auth: Auth = ApiKey(auth) if isinstance(auth, str) else auth
        self.settings = settings or Settings()
        self._root = self.settings.root

    def steps(self, call: Request[T]) -> Generator[Effect, Any, T]:
        if call.api is not self.settings.api:
            raise InvalidInput(
                f"{call.operation}: a call of the {call.api} API cannot run on a client of the {self.settings.api} API"
            )
        return exchange(call, self.auth, self.settings.retry)

    def httpx_arguments(self, transmit: Transmit) -> dict[str, Any]:
        request = transmit.request
        arguments: dict[str, Any] = {"method": request.method, "url": self._root + request.path, "headers": {}}
        if transmit.credential is not None:
            if not (transmit.credential.isascii() and transmit.credential.isprintable()):
                raise InvalidInput("credential: it holds characters that cannot go into a header; copy it again")
            self.settings.check_credential(transmit.credential)
            scheme = "AccessKey " if self.settings.api is Api.REST else ""
            arguments["headers"]["Authorization"] = scheme + transmit.credential
        if request.query:
            arguments["params"] = list(request.query)
        if request.body is not None:
            arguments["content"] = request.body
            arguments["headers"]["Content-Type"] = "application/json"
        return arguments

    def answer(self, transmit: Transmit, response: httpx.Response) -> Answer:
        hidden = (transmit.credential,) if transmit.credential else ()
        return Answer(response.status_code, response.headers, response.content, transmit.request, hidden)

    def error(self, transmit: Transmit, error: Exception) -> IPPanelClientError:
        """Say whether the request left. httpx names what failed, not whether bytes had gone."""
        operation, is_send = transmit.request.operation, transmit.request.is_send
        if log.isEnabledFor(logging.DEBUG):
            # As text, because a handler that is given the exception may show variables too, and what was sent is in
            # them.
            log.debug("%s failed on the wire:\n%s", operation, "".join(traceback.format_exception(error)))
        url = httpx.URL(self._root)
        kind, what, advice = self._verdict(error, url)
        outcome = ""
        if is_send:
            unsure = "The texts may have gone out: look in the outbox report before sending again."
            outcome = "Nothing was sent." if kind is Unreachable else unsure
        sentence = " ".join(part for part in (what, outcome, advice) if part)
        return kind(f"{operation}: {sentence}", Details(operation, is_send))

    def _verdict(self, error: Exception, url: httpx.URL) -> tuple[type[IPPanelClientError], str, str]:
        """Return the kind of error, what happened, and what to do about it."""
        name, place = type(error).__name__, url.netloc.decode("ascii")
        if isinstance(error, httpx.PoolTimeout):
            return (
                Unreachable,
                f"all {self.settings.max_in_flight} connections to {place} stayed busy.",
                "Raise max_in_flight.",
            )
        if isinstance(error, _NEVER_LEFT):
            why = f"{name}: {error}" if str(error) else name
            advice = "Check the base URL, network and proxy."
            return (
                Unreachable,
                f"no connection to {place} ({why}).",
                f"Does the sandbox run? {advice}" if _is_loopback(url.host) else advice,
            )
        if isinstance(error, httpx.DecodingError):
            return Unreadable, f"the answer of {place} cannot be decompressed.", ""
        return NoAnswer, f"{place} took the request and no answer came ({name}).", ""


_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


_NO_STEP = "a flow yields a Request or Sleep, not {0.__class__.__name__}; run a flow inside a flow with 'yield from'"


class Client(_Wire):
    """Runs requests and flows. One per process and connection is enough; threads may share it.

    :param auth: an API key, or another source of credentials.
    :param settings: how to reach the service.
    """

    def __init__(self, auth: Auth | str, settings: Settings | None = None) -> None:
        super().__init__(auth, settings)
        options = self.settings.httpx_options()
        with _checking_proxy():
            self._http = httpx.Client(**options)

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
            case _:
                raise TypeError(_NO_STEP.format(effect))

    def _transmit(self, transmit: Transmit) -> Answer:
        try:
            with _quiet(), multipart(transmit.request) as parts:
                response = self._http.request(**self.httpx_arguments(transmit), files=parts)
        except httpx.RequestError as error:
            # Its one line that helps is in ours.
            raise self.error(transmit, error) from None
        return self.answer(transmit, response)


class AsyncClient(_Wire):
    """The same as :class:`Client` for an event loop; it belongs to the loop it first runs on."""

    def __init__(self, auth: Auth | str, settings: Settings | None = None) -> None:
        super().__init__(auth, settings)
        options = self.settings.httpx_options()
        with _checking_proxy():
            self._http = httpx.AsyncClient(**options)
        # Unbounded, thousands of requests on one httpx client starve each other and never end.
        self._in_flight = asyncio.Semaphore(self.settings.max_in_flight)

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
                return await asyncio.sleep(effect.seconds)
            case Request():
                return await self.run(effect)
            case _:
                raise TypeError(_NO_STEP.format(effect))

    async def _transmit(self, transmit: Transmit) -> Answer:
        async with self._in_flight:
            try:
                with _quiet(), multipart(transmit.request) as parts:
                    response = await self._http.request(**self.httpx_arguments(transmit), files=parts)
            except httpx.RequestError as error:
                raise self.error(transmit, error) from None
        return self.answer(transmit, response)
