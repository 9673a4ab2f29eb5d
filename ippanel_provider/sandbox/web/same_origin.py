"""What keeps other web sites away from the pages and the controls, and the pages from fetching anything elsewhere.

A sandbox listens on a developer's machine, where every site in the browser can send it forms. So a change that a
browser says comes from another site is refused, and a sandbox on a loopback address answers only to names a foreign
site cannot take. Programs send none of these headers and notice nothing.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_LOCAL_DOMAINS = (".localhost", ".local", ".internal", ".test")
_HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        b"form-action 'self'; "
        b"base-uri 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class SameOrigin:
    """ASGI middleware: refuses what comes from another site with 403, and adds the headers of a strict page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve or refuse one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        problem = refusal(scope["method"], headers, (scope.get("server") or ("", None))[0])
        if problem is not None:
            await PlainTextResponse(problem, 403)(scope, receive, send)
            return
        await self._app(scope, receive, _with_headers(send))


def _with_headers(send: Send) -> Callable[[MutableMapping[str, Any]], Awaitable[None]]:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *_HEADERS]
        await send(message)

    return sending


def refusal(method: str, headers: MutableMapping[bytes, str], listening: str) -> str | None:
    """Why this request is refused; None when it is not. ``listening`` is the address it came in at."""
    host = headers.get(b"host", "")
    if is_loopback(listening) and not _is_ours(host):
        return (
            f"This sandbox serves its own machine only and is not known there as {host!r}. Open it as "
            f"http://127.0.0.1 or http://localhost."
        )
    if method in _SAFE_METHODS:
        return None
    site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin")
    if site not in (None, "same-origin", "none") or (origin is not None and urlsplit(origin).netloc != host):
        return "This change comes from another site. Make it on the sandbox's own pages."
    return None


def is_loopback(address: str) -> bool:
    """Whether nobody but this machine reaches ``address``; a name, whatever it stands for, is none."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _is_ours(host: str) -> bool:
    """Whether a ``Host`` is an address, a name without a domain, or one in a domain nobody can own. No header at all is
    a program.
    """
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    if "." not in name or name.endswith(_LOCAL_DOMAINS):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
