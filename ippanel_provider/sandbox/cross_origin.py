"""The wire APIs for scripts in a browser, of sites that are allowed to (CORS)."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

_METHODS = b"GET, POST, PUT, DELETE"


async def serve(app: ASGIApp, origin: str, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a request of a script from ``origin`` by ``app``; what a browser asks before it is answered here."""
    allowed = [(b"access-control-allow-origin", origin.encode("latin-1")), (b"vary", b"Origin")]
    headers = dict(scope["headers"])
    if scope["method"] == "OPTIONS" and b"access-control-request-method" in headers:
        asked = headers.get(b"access-control-request-headers", b"")
        allowed += [
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", asked),
            (b"access-control-allow-private-network", b"true"),
            (b"access-control-max-age", b"600"),
        ]
        answer = Response(status_code=204)
        answer.raw_headers.extend(allowed)
        await answer(scope, receive, send)
        return

    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *allowed]
        await send(message)

    await app(scope, receive, sending)
