"""What both clients share: a request in httpx's terms, httpx's answers and errors in ours."""

from __future__ import annotations

import contextvars
import ipaddress
import logging
import os
import traceback
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar
from urllib.parse import quote

import httpx

from ippanel_provider.client._carrying import Abandoned
from ippanel_provider.client._connections import AllBusy
from ippanel_provider.client.auth.sources import ApiKey, Auth
from ippanel_provider.client.errors import Details, InvalidInput, IPPanelClientError, NoAnswer, Unreachable, Unreadable
from ippanel_provider.client.redaction import scrubber
from ippanel_provider.client.requests import Answer, Request, Upload
from ippanel_provider.client.retrying import Effect, Transmit, exchange
from ippanel_provider.client.settings import Settings
from ippanel_provider.service import Api
from ippanel_provider.tracebacks import discreet

T = TypeVar("T")

log = logging.getLogger(__name__)

MAX_BYTES = 16 * 2**20


class UnusableBody(Exception):
    """The body cannot be read, or not to its end; the message says why."""


class Body:
    """Takes the pieces of a body, compressed or not, up to 16 MB of either.

    :param encoding: the header ``Content-Encoding``
    :param length: the header ``Content-Length``
    """

    def __init__(self, encoding: str | None, length: str | None) -> None:
        given = [name for part in (encoding or "").split(",") if (name := part.strip().lower()) not in {"", "identity"}]
        if given and given not in (["gzip"], ["x-gzip"], ["deflate"]):
            raise UnusableBody("is compressed in a way that was not asked for")
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 32) if given else None
        self._taken = 0
        self._content = bytearray()
        if length and length.isdecimal() and len(length) < 20:
            self._count(int(length), 0)

    def take(self, piece: bytes) -> None:
        """Add the next piece as it came.

        :raises UnusableBody: it is too large, or not compressed as it says.
        """
        self._count(len(piece), len(self._content))
        self._taken += len(piece)
        if self._inflate is not None:
            try:
                # One byte more than may be, so that a small piece that holds gigabytes is never unfolded.
                piece = self._inflate.decompress(piece, MAX_BYTES + 1 - len(self._content))
            except zlib.error:
                raise UnusableBody("cannot be decompressed") from None
        self._content += piece
        self._count(0, len(self._content))

    def whole(self) -> bytes:
        """Return what was taken."""
        return bytes(self._content)

    def _count(self, compressed: int, plain: int) -> None:
        if self._taken + compressed > MAX_BYTES or plain > MAX_BYTES:
            raise UnusableBody(f"is larger than {MAX_BYTES // 2**20} MB, so it is not read")


class _FromStart:
    """An open file as httpx may see it: without ``fileno``, behind which a decompressing reader has another size."""

    def __init__(self, file: BinaryIO) -> None:
        self.read, self.seek, self.tell = file.read, file.seek, file.tell


class _Parts(list[tuple[str, Any]]):
    """Parts of a form; as the value of a name in a traceback they show nothing."""

    def __repr__(self) -> str:
        return "[…]"


@contextmanager
def multipart(request: Request[Any]) -> Iterator[list[tuple[str, Any]] | None]:
    """Give the parts of a form in httpx's terms; None for a request without one.

    httpx reads files 64 KB at a time (the async client too, on its loop) and from their start, so that a request that
    is repeated sends them whole. Fields go in as files without a name, which keeps a form without files multipart.
    """
    if request.form is None:
        yield None
        return
    with ExitStack() as opened:
        parts = _Parts((name, (None, value)) for name, value in request.form)
        for name, upload in request.files:
            parts.append((name, (upload.filename, _content(name, upload, opened), upload.content_type)))
        yield parts


def _content(name: str, upload: Upload, opened: ExitStack) -> Any:
    content = upload.content
    if isinstance(content, bytes):
        return content
    if not isinstance(content, Path):
        return _FromStart(content)
    try:
        return opened.enter_context(content.open("rb"))
    except OSError as error:
        raise InvalidInput(f"{name}: the file cannot be read ({error.strerror})") from None


_ours: contextvars.ContextVar[bool] = contextvars.ContextVar("ippanel_request", default=False)


class _QuietWire(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return not _ours.get()


# A filter holds for the logger that it is on and for none below it.
for _name in ("httpx", *(f"httpcore{part}" for part in ("", ".connection", ".http11", ".http2", ".proxy", ".socks"))):
    logging.getLogger(_name).addFilter(_QuietWire())


@contextmanager
def quiet() -> Iterator[None]:
    """What is logged within is of one of our requests."""
    token = _ours.set(True)
    try:
        yield
    finally:
        _ours.reset(token)


@contextmanager
def _checking_proxy() -> Iterator[None]:
    try:
        yield
    except InvalidInput:
        raise
    except ImportError as error:
        raise InvalidInput(f"proxy: {error}") from None
    except (ValueError, httpx.InvalidURL):
        # What httpx says can hold the proxy's password.
        raise InvalidInput(
            "proxy: it (or one of the environment) is no proxy URL; give it as http://user:password@host:port"
        ) from None


def _is_this_machine(url: str) -> bool:
    host = httpx.URL(url).host
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _origin() -> str:
    """The DAG and the task this process works for, as Airflow tells it. Only a sandbox of this machine is told: its
    pages show it, and the names of somebody's tasks are no business of the service.
    """
    names = (os.environ.get("AIRFLOW_CTX_DAG_ID"), os.environ.get("AIRFLOW_CTX_TASK_ID"))
    return quote("/".join(filter(None, names)))


class Wire(ABC):
    """What both clients share: a request to httpx's terms, and httpx's answer and errors back to ours."""

    @discreet
    def __init__(self, auth: Auth | str, settings: Settings | None = None) -> None:
        self.auth: Auth = ApiKey(auth) if isinstance(auth, str) else auth
        self.settings = (settings or Settings()).checked()
        self._root = self.settings.root
        self._is_here = _is_this_machine(self._root)
        with _checking_proxy():
            self._open()

    @abstractmethod
    def _open(self) -> None:
        """Make what requests go through."""

    def steps(self, call: Request[T]) -> Generator[Effect, Any, T]:
        if call.api is not self.settings.api:
            raise InvalidInput(
                f"{call.operation}: a call of the {call.api} API cannot run on a client of the {self.settings.api} API"
            )
        return exchange(call, self.auth, self.settings.retry)

    def request(self, http: httpx.Client | httpx.AsyncClient, transmit: Transmit, files: Any) -> httpx.Request:
        request, given = transmit.request, transmit.credential
        if given is not None:
            if not (given.value.isascii() and given.value.isprintable()):
                raise InvalidInput("credential: it holds characters that cannot go into a header; copy it again")
            self.settings.check_credential(given.value)
        built = http.build_request(
            request.method,
            self._root + request.path,
            params=list(request.query) or None,
            content=request.body,
            files=files,
            headers=None if request.body is None else {"Content-Type": "application/json"},
        )
        if given is not None:
            built.headers["Authorization"] = ("AccessKey " if self.settings.api is Api.REST else "") + given.value
        if self._is_here and (origin := _origin()):
            built.headers["X-IPPanel-Origin"] = origin
        return built

    def answer(self, transmit: Transmit, response: httpx.Response, body: Body) -> Answer:
        return Answer(response.status_code, response.headers, body.whole(), transmit.request, _hidden(transmit))

    def error(self, transmit: Transmit, error: Exception) -> IPPanelClientError:
        """Say whether the request left. httpx names what failed, not whether bytes had gone."""
        operation, is_send = transmit.request.operation, transmit.request.is_send
        scrub = scrubber(transmit.request, _hidden(transmit))
        if log.isEnabledFor(logging.DEBUG):
            # As text, because a handler that is given the exception may show variables too; and scrubbed, because what
            # cannot be read of an answer may be an echo.
            log.debug("%s failed on the wire:\n%s", operation, scrub("".join(traceback.format_exception(error))))
        _forget_frames(error)
        url = httpx.URL(self._root)
        kind, what, advice = self._verdict(error, url, scrub, began=transmit.began)
        outcome = ""
        if is_send:
            unsure = "The texts may have gone out: look in the outbox report before sending again."
            outcome = "Nothing was sent." if kind is Unreachable else unsure
        sentence = " ".join(part for part in (what, outcome, advice) if part)
        return kind(f"{operation}: {sentence}", Details(operation, is_send))

    def interrupted(self, effect: Effect | None, error: BaseException) -> IPPanelClientError | None:
        """Return what becomes of the send that is under way, if one is, where something from without ends its run:
        Ctrl-C, a time limit on a task, whatever else a signal raises. None says that nothing was sent.
        """
        if not isinstance(effect, Transmit):
            return None
        _forget_frames(error)
        if not (effect.began and effect.request.is_send):
            return None
        return self.error(effect, Abandoned(f"it was interrupted ({type(error).__name__})"))

    def _verdict(
        self, error: Exception, url: httpx.URL, scrub: Callable[[str], str], *, began: bool
    ) -> tuple[type[IPPanelClientError], str, str]:
        """Return the kind of error, what happened, and what to do about it."""
        name, place = type(error).__name__, url.netloc.decode("ascii")
        if isinstance(error, AllBusy):
            return (
                Unreachable,
                f"all {self.settings.max_in_flight} connections to {place} stayed busy.",
                "Raise max_in_flight.",
            )
        if isinstance(error, _NEVER_LEFT) or not began:
            why = f"{name}: {scrub(str(error))}" if str(error) else name
            advice = "Check the base URL, network and proxy."
            return (
                Unreachable,
                f"no connection to {place} ({why}).",
                f"Does the sandbox run? {advice}" if _is_loopback(url.host) else advice,
            )
        if isinstance(error, UnusableBody):
            return Unreadable, f"the answer of {place} {error}.", ""
        if isinstance(error, Abandoned):
            return NoAnswer, f"{error} before {place} had answered.", ""
        return NoAnswer, f"{place} took the request and no answer came ({name}).", ""


_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError)


def _hidden(transmit: Transmit) -> tuple[str, ...]:
    return (transmit.credential.value,) if transmit.credential else ()


def _forget_frames(error: BaseException | None) -> None:
    """In the frames of httpx and httpcore stand header and body; a traceback can be shown with all their variables."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        error.__traceback__ = None
        error = error.__cause__ or error.__context__


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


WIRE_ERRORS = (httpx.HTTPError, httpx.StreamError, UnusableBody, OSError)
"""What can go wrong on the way; an OSError is of a file that is being uploaded."""


def body_of(response: httpx.Response) -> Body:
    return Body(response.headers.get("content-encoding"), response.headers.get("content-length"))
