"""The pages for people. No build step, nothing from elsewhere: templates, one style sheet and one script from this folder."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from ippanel_provider.sandbox import live, view
from ippanel_provider.sandbox.report_names import STATES, STATUSES
from ippanel_provider.sandbox.state import Sandbox

_HERE = Path(__file__).parent
_templates = Jinja2Templates(_HERE / "templates")


def routes() -> list[BaseRoute]:
    """The routes of the pages, for an application whose ``state.sandbox`` is the sandbox."""
    return [Route("/", texts), Mount("/static", StaticFiles(directory=_HERE / "static"))]


async def texts(request: Request) -> Response:
    """What was handed over, newest first; the script keeps it up to date."""
    sandbox: Sandbox = request.app.state.sandbox
    context = {
        "texts": view.newest(sandbox, live.SHOWN),
        "total": sandbox.outbox.text_count,
        "credit": sandbox.account.credit,
        "account": sandbox.account,
        "lines": list(sandbox.lines),
        "states": STATES,
        "statuses": STATUSES,
        "shown": live.SHOWN,
        "base_url": f"{request.base_url}v1",
    }
    return _templates.TemplateResponse(request, "texts.html", context)
