"""Puts the rooms together: the wire APIs under their prefixes, the controls under ``/_sandbox``, the pages at ``/``."""

from __future__ import annotations

from pydantic_core import to_json
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ippanel_provider import __version__

from . import control, openapi
from .api2 import API2
from .edge import EDGE
from .rest import REST
from .serving import Receive, Scope, Send, Serving, plain_path
from .state import Sandbox
from .web import pages
from .web.same_origin import SameOrigin
from .wire import Api

APIS: tuple[Api, ...] = (EDGE, API2, REST)
"""The first whose prefix fits serves a request, so REST, whose prefix begins the one of EDGE, comes last."""
# No page has a longer one; and Python refuses to read an id of thousands of digits.
_LONGEST_PATH = 2000
_WIRE = tuple(api.prefix for api in APIS)


class App:
    """The ASGI application of a sandbox. Wire calls go past Starlette: they are what has to be fast."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._wire = Serving(sandbox, APIS)
        controls = [*control.routes(), Route("/_sandbox/openapi.json", openapi_document)]
        self._people = Starlette(routes=[*controls, *pages.routes()], middleware=[Middleware(SameOrigin)])
        self._people.state.sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's request."""
        self.sandbox.later.catch_up()
        if scope["type"] == "http" and plain_path(scope["path"]).startswith(_WIRE):
            await self._wire(scope, receive, send)
        elif scope["type"] == "http" and len(scope["path"]) > _LONGEST_PATH:
            await Response(status_code=414)(scope, receive, send)
        else:
            await self._people(scope, receive, send)


async def openapi_document(request: Request) -> Response:
    """Every call there is, as an OpenAPI document."""
    return Response(to_json(openapi.document(APIS, control.routes(), __version__)), media_type="application/json")
