"""How the controls under ``/_sandbox`` are called: JSON in, JSON out, a mistake is a 400 that says what it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json, to_json
from starlette.requests import Request
from starlette.responses import Response

from .door import MOST_BYTES
from .state import Sandbox
from .takes import Field


class Mistake(ValueError):
    """A control call that cannot be done; the text goes to the caller."""


Control = Callable[[Sandbox, Request], Awaitable[object]]


@dataclass(frozen=True)
class ControlRoute:
    """One control: ``path`` is written from after ``/_sandbox``."""

    method: str
    path: str
    control: Control
    takes: tuple[Field, ...] = ()
    """The fields of its query (GET) or of its body."""


def endpoint_of(route: ControlRoute) -> Callable[[Request], Awaitable[Response]]:
    """The control as an endpoint of an application whose ``state.sandbox`` is the sandbox."""
    control = route.control

    async def endpoint(request: Request) -> Response:
        try:
            content = await control(request.app.state.sandbox, request)
        except Mistake as mistake:
            return Response(to_json({"error": str(mistake)}), 400, media_type="application/json")
        return content if isinstance(content, Response) else Response(to_json(content), media_type="application/json")

    endpoint.__doc__ = control.__doc__
    endpoint.takes = route.takes  # type: ignore[attr-defined]
    return endpoint


async def body_of(request: Request) -> dict[str, Any]:
    """The body as a JSON object; empty when there is none.

    :raises Mistake: when it is something else, or larger than any control needs.
    """
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MOST_BYTES:
            raise Mistake(f"the body is larger than {MOST_BYTES} bytes")
    try:
        content = from_json(raw) if raw.strip() else {}
    except ValueError as error:
        raise Mistake(f"the body is not JSON: {error}") from None
    if not isinstance(content, dict):
        raise Mistake("the body must be a JSON object")
    return content


def unknown(what: str) -> Response:
    """The 404 for something there is not."""
    return Response(to_json({"error": f"there is no such {what}"}), 404, media_type="application/json")
