"""Puts the rooms together: the wire APIs under their prefixes, the controls under ``/_sandbox``, the pages at ``/``."""

from __future__ import annotations

from starlette.applications import Starlette

from . import control
from .api2 import API2
from .edge import EDGE
from .rest import REST
from .serving import Receive, Scope, Send, Serving, plain_path
from .state import Sandbox
from .web import pages
from .wire import Api

APIS: tuple[Api, ...] = (EDGE, API2, REST)
"""The first whose prefix fits serves a request, so REST, whose prefix begins the one of EDGE, comes last."""
_WIRE = tuple(api.prefix for api in APIS)


class App:
    """The ASGI application of a sandbox. Wire calls go past Starlette: they are what has to be fast."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._wire = Serving(sandbox, APIS)
        self._people = Starlette(routes=[*control.routes(), *pages.routes()])
        self._people.state.sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's request."""
        if scope["type"] == "http" and plain_path(scope["path"]).startswith(_WIRE):
            await self._wire(scope, receive, send)
        else:
            await self._people(scope, receive, send)
