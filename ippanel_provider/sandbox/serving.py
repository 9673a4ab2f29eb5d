"""Between the socket and the handlers: reads a request, lets faults strike, answers."""

from __future__ import annotations

import asyncio
import enum
import functools
import re
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from email.utils import formatdate
from typing import Any
from urllib.parse import unquote

from .door import MOST_BYTES
from .faults import Fault
from .form_bodies import FORM_TYPES, read_form
from .state import Sandbox
from .wire import HTML, Api, Call, Denied, Reply, Route, RouteTable, UnreadableBody

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_ABSOLUTE_FORM = re.compile(r"https?://[^/]*", re.IGNORECASE)
_SLASHES = re.compile(r"//+")
_GATEWAY_PAGE = (
    b"<html><head><title>%d</title></head><body><center><h1>%d Bad "
    b"Gateway</h1></center><hr><center>cdn</center></body></html>"
)
_MOST_DIGITS = 12
_BROKEN_JSON = b'{"data": {"message_outbox_ids": [}, "meta": '


def plain_path(path: str) -> str:
    """The path of a request line: without scheme and host, double slashes or one at the end."""
    if not path.startswith("/"):
        path = _ABSOLUTE_FORM.sub("", path, count=1) or "/"
    if "//" in path:
        path = _SLASHES.sub("/", path)
    return path.rstrip("/") or "/"


class Serving:
    """An ASGI application for the wire APIs of a sandbox; the first API whose prefix fits gets the request."""

    def __init__(self, sandbox: Sandbox, apis: Sequence[Api]) -> None:
        self.sandbox = sandbox
        self._apis = [(api, RouteTable(api.routes)) for api in apis]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = dict(scope["headers"])
        try:
            body = await _read(receive, headers.get(b"content-length", b""))
        except _TooLarge:
            await _send(Reply(413, b"", HTML, ((b"connection", b"close"),)), self.sandbox.now(), send)
            return
        if body is None:
            return
        path = plain_path(scope["path"])
        method = scope["method"]
        form = None
        # curl calls any -d a form unless told otherwise, so what looks like JSON is read as JSON.
        if headers.get(b"content-type", b"").startswith(FORM_TYPES) and not body.lstrip().startswith(b"{"):
            form = read_form(headers[b"content-type"], body)
        call = Call(self.sandbox, method, path, scope["query_string"], headers, body, form)
        reply = await self._answer(call)
        if isinstance(reply, Silence):
            await _be_silent(reply, scope, receive)
        elif isinstance(reply, _Cut):
            await _send_half(reply.reply, send)
            await _be_silent(Silence.CLOSE, scope, receive)
        else:
            await _send(reply, self.sandbox.now(), send)

    async def _answer(self, call: Call) -> Reply | _Cut | Silence:
        """The answer, an answer that breaks off, or how there is none."""
        api, table = next(
            ((api, table) for api, table in self._apis if call.path.startswith(api.prefix)), self._apis[-1]
        )
        found = self._find(table, call)
        label = f"{call.method} {found[0].path}" if not isinstance(found, int) else "unknown"
        self.sandbox.requests[label] += 1
        faults = (
            self.sandbox.faults.strike(call.method, call.path, _sending_type(call))
            if self.sandbox.faults.active
            else []
        )
        decisive: Fault | None = None
        outbox = self.sandbox.outbox
        for fault in faults:
            if fault.is_decisive:
                decisive = fault
            call.effects.add(fault)
            if fault.name == "latency":
                await asyncio.sleep(fault.seconds(0.5))
        if self.sandbox.outbox is not outbox:
            # Everything was reset while a fault held the request back; it must not reach what came after.
            return Silence.CLOSE
        if decisive is not None and decisive.name == "held":
            self.sandbox.later.put(self.sandbox.now() + decisive.seconds(60), lambda: _handle(api, found, call))
        if decisive is not None and not decisive.processed:
            return _failure(decisive, api, None)
        reply = _handle(api, found, call)
        if call.method == "POST" and (self.sandbox.profile.gateway_repeats or _is(decisive, "repeated")):
            reply = _handle(api, found, call)
        partial = next((fault for fault in faults if fault.name == "partial" and "status" in fault.options), None)
        if partial is not None:
            return Reply(int(partial.options["status"]), b"")
        return reply if decisive is None else _failure(decisive, api, reply)

    def _find(self, table: RouteTable, call: Call) -> tuple[Route, dict[str, str]] | int:
        """The route, or the status that says why there is none; an alternate that is switched off is none."""
        path = call.path.removeprefix("/v1")
        found = table.find(call.method, path)
        if (
            isinstance(found, int)
            or not found[0].alternate
            or self.sandbox.takes_alternate(f"{call.method} {found[0].path}")
        ):
            return found
        return table.find(call.method, path, alternates=False)


class Silence(enum.Enum):
    """How a request is left without an answer."""

    CLOSE = enum.auto()
    """The connection is closed."""
    RESET = enum.auto()
    """It is reset, as by a machine that crashed."""
    WAIT = enum.auto()
    """Nothing happens until the client gives up."""


class _Cut:
    """An answer of which only a part is sent."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply


def _handle(api: Api, found: tuple[Route, dict[str, str]] | int, call: Call) -> Reply:
    if isinstance(found, int):
        return api.unknown(found)
    route, params = found
    call.params = {name: unquote(value) for name, value in params.items()}
    call.takes = route.takes
    refusal = api.authorize(call, route)
    if refusal is not None:
        return refusal
    try:
        return api.shown(call, route.handler(call))
    except Denied as denied:
        return api.shown(call, denied.reply)
    except UnreadableBody:
        return api.unreadable()


def _is(fault: Fault | None, name: str) -> bool:
    return fault is not None and fault.name == name


def _failure(fault: Fault, api: Api, processed: Reply | None) -> Reply | _Cut | Silence:
    """The answer of a fault that decides; ``processed`` is what would have been answered, if the request was
    handled."""
    options = fault.options
    match fault.name:
        case "status":
            status = int(options.get("status", 500))
            retry_after = ((b"retry-after", str(options["retry_after"]).encode()),) if "retry_after" in options else ()
            return Reply(status, str(options.get("body", "")).encode(), b"text/plain", retry_after)
        case "html":
            return _page(int(options.get("status", 502)))
        case "held" if "status" in options:
            return _page(int(options["status"]))
        case "redirect":
            return Reply(int(options.get("status", 302)), b"", HTML, ((b"location", b"/"),))
        case "held" | "unanswered":
            return Silence.WAIT
        case "reset":
            return Silence.RESET
        case "repeated" if processed is not None:
            return api.repeated(str(options["answer"])) if "answer" in options else processed
        case "malformed":
            return Reply(200, _BROKEN_JSON)
        case "truncated":
            return Silence.CLOSE if processed is None else _Cut(processed)
        case "refused":
            message, code = options.get("message"), options.get("code")
            return api.refused(None if message is None else str(message), None if code is None else str(code))
        case "unauthorized":
            return api.unauthorized(str(options.get("body", "seen")))
    return Silence.CLOSE


def _page(status: int) -> Reply:
    return Reply(status, _GATEWAY_PAGE % (status, status), HTML)


def _sending_type(call: Call) -> str | None:
    try:
        value = call.body.get("sending_type")
    except UnreadableBody:
        return None
    return value if isinstance(value, str) else None


class _TooLarge(Exception):
    """The body is larger than any that the service has a use for."""


async def _read(receive: Receive, announced: bytes) -> bytes | None:
    """The whole body, or None when the client left in the middle of it.

    :raises _TooLarge: before it is read, where its size is announced.
    """
    if announced.isdigit() and (len(announced) > _MOST_DIGITS or int(announced) > MOST_BYTES):
        raise _TooLarge
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > MOST_BYTES:
            raise _TooLarge
        if not message.get("more_body", False):
            return b"".join(chunks)


@functools.lru_cache(maxsize=8)
def _date(second: int) -> bytes:
    return formatdate(second, usegmt=True).encode()


async def _send(reply: Reply, now: float, send: Send) -> None:
    headers = [
        (b"date", _date(int(now))),
        (b"content-type", reply.media_type),
        (b"content-length", b"%d" % len(reply.body)),
        *reply.headers,
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


async def _send_half(reply: Reply, send: Send) -> None:
    headers = [(b"content-type", reply.media_type), (b"content-length", b"%d" % len(reply.body))]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body[: len(reply.body) // 2], "more_body": True})


async def _be_silent(how: Silence, scope: Scope, receive: Receive) -> None:
    """End without an answer, and wait until the server has noticed, so that it asks for none."""
    if how is not Silence.WAIT:
        scope["state"]["close_connection" if how is Silence.CLOSE else "reset_connection"]()
    while (await receive())["type"] != "http.disconnect":
        pass
