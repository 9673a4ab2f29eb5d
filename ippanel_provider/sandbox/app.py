"""Puts the rooms together: the wire APIs under their prefixes, the controls under ``/_sandbox``, the pages at ``/``."""

from __future__ import annotations

from pydantic_core import to_json
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ippanel_provider import __version__

from . import control, cross_origin, openapi
from .api2 import API2
from .door import Door
from .edge import EDGE
from .rest import REST
from .serving import Receive, Scope, Send, Serving, plain_path
from .state import Sandbox
from .web import pages
from .web.layout import nowhere
from .web.page_headers import PageHeaders
from .wire import Api

APIS: tuple[Api, ...] = (EDGE, API2, REST)
"""The first whose prefix fits serves a request, so REST, whose prefix begins the one of EDGE, comes last."""
# No page has a longer one; and Python refuses to read an id of thousands of digits.
_LONGEST_PATH = 2000
_WIRE = tuple(api.prefix for api in APIS)
_CLASSIC = ("/api/select", "/services.jspd", "/patterns/pattern", "/class/sms")
"""Where clients of the oldest API post to: user name and password in the address or the body."""


class App:
    """The ASGI application of a sandbox. Wire calls go past Starlette: they are what has to be fast."""

    def __init__(self, sandbox: Sandbox, door: Door | None = None) -> None:
        self.sandbox = sandbox
        self._door = door or Door()
        self._wire = Serving(sandbox, APIS)
        controls = [*control.routes(), Route("/_sandbox/openapi.json", openapi_document)]
        self._people = Starlette(
            routes=[*controls, *pages.routes()],
            middleware=[Middleware(PageHeaders)],
            exception_handlers={404: not_served},
        )
        self._people.state.sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's request."""
        if scope["type"] != "http":
            return
        self.sandbox.later.catch_up()
        path, headers = plain_path(scope["path"]), dict(scope["headers"])
        wire = path.startswith(_WIRE)
        problem = self._door.refusal(scope["method"], scope["path"], headers, wire=wire)
        if problem is not None:
            await PlainTextResponse(problem, 403, {"x-content-type-options": "nosniff"})(scope, receive, send)
        elif not wire and len(path) > _LONGEST_PATH:
            await Response(status_code=414)(scope, receive, send)
        elif wire and (origin := self._door.allowed_origin(headers)):
            await cross_origin.serve(self._wire, origin, scope, receive, send)
        elif wire:
            await self._wire(scope, receive, send)
        else:
            await self._people(scope, receive, send)


async def not_served(request: Request, error: Exception) -> Response:
    """The answer where there is nothing: for a person a page, for a program what there is instead."""
    if "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(_CLASSIC):
        return nowhere(request)
    wires = ", ".join(f"{api.title} under {api.prefix}" for api in APIS)
    what = "the classic API" if request.url.path.startswith(_CLASSIC) else request.url.path
    said = f"This sandbox does not serve {what}. It serves {wires}; /_sandbox/openapi.json names every call."
    return Response(to_json({"error": said}), 404, media_type="application/json")


async def openapi_document(request: Request) -> Response:
    """Every call there is, as an OpenAPI document."""
    return Response(to_json(openapi.document(APIS, control.routes(), __version__)), media_type="application/json")
