"""The page's routes. Each asks who the user is, and for each campaign whether the user may read its DAGs.

What changes something takes a header that no form can send and refuses what a browser sends from elsewhere. Nothing
here writes into Airflow: the page's script clears a task through Airflow's own API, with the user's own rights.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ippanel_provider.page.access import NoAccessControl, Rights, name_of, user_dependency

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

STATIC = Path(__file__).parent / "static"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html; charset=utf-8"}
_FILES = {path.name: path for path in STATIC.iterdir()}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_CONNECT = 3
"""Seconds that the ledger's database is given to take a connection."""
_DOUBTS = 200
"""Doubts that the list shows; each campaign's own page has all of its own."""
_NO_LEDGER = "No ledger is set: name a SQL connection in Airflow's configuration, [ippanel] ledger_conn_id."


def build() -> Any:
    """Return the application that Airflow mounts.

    It answers 503 with a sentence, and nothing else, where this Airflow has no access control that it knows.
    """
    from fastapi import FastAPI
    from fastapi.responses import JSONResponse

    app = FastAPI(title="IPPanel texts", docs_url=None, redoc_url=None, openapi_url=None)

    @app.middleware("http")
    async def guarded(request: Request, call_next: Callable[[Request], Awaitable[Any]]) -> Any:
        answer = await call_next(request) if _is_from_here(request) else JSONResponse({"detail": "elsewhere"}, 403)
        answer.headers.update(_HEADERS)
        return answer

    try:
        user = user_dependency()
    except NoAccessControl as error:
        told = str(error)

        @app.get("/{path:path}")
        def unknown(path: str) -> Any:
            return JSONResponse({"detail": told}, 503)

        return app
    _add_files(app, user)
    _add_campaigns(app, user)
    return app


def _is_from_here(request: Request) -> bool:
    """Refuse to change anything for a page of somebody else's, which has the user's cookie but not our header."""
    if request.method in {"GET", "HEAD"}:
        return True
    return (
        request.headers.get("x-requested-with") == "ippanel"
        and request.headers.get("sec-fetch-site", "same-origin") == "same-origin"
        and request.headers.get("content-type", "").partition(";")[0].strip() == "application/json"
    )


def _add_files(app: FastAPI, user: Any) -> None:
    from fastapi import HTTPException
    from fastapi.responses import FileResponse

    @app.get("/campaigns/")
    def page(user: Any = user) -> Any:
        return FileResponse(_FILES["index.html"], media_type=_TYPES[".html"])

    @app.get("/static/{name}")
    def static(name: str, user: Any = user) -> Any:
        if (path := _FILES.get(name)) is None:
            raise HTTPException(404, "not found")
        return FileResponse(path, media_type=_TYPES[path.suffix])


def _add_campaigns(app: FastAPI, user: Any) -> None:
    from fastapi import Body, HTTPException

    from ippanel_provider.page import campaigns

    @app.get("/api/campaigns")
    def listed(user: Any = user, dag: str = "", task: str = "", run: str = "", map_index: str = "-1") -> Any:
        rights, now = Rights(user), time.time()
        seen = [one for one in _read(campaigns.shown) if rights.may_read(one.dag_ids)]
        # A link from a task leads to its campaign.
        found = next((one.id for one in seen if dag and one.is_of(dag, task, run, map_index)), None)
        told = [one.told() for one in seen]
        waiting = [
            {"campaign": one.id, "name": one.name, "may_decide": rights.may_decide(one.dag_ids)} | doubt
            for one in seen
            if one.state == "in doubt"
            for doubt in _read(campaigns.doubts, one)
        ]
        return {
            "now": now,
            "tiles": campaigns.tiles(told, now),
            "campaigns": told,
            "doubts": waiting[:_DOUBTS],
            "found": found,
        }

    @app.get("/api/campaigns/{campaign}")
    def one(campaign: int, user: Any = user) -> Any:
        rights, found = Rights(user), _readable(campaign, Rights(user))
        return found.told() | {
            "now": time.time(),
            "tasks": [dict(task) for task in found.tasks],
            "doubts": [
                {"campaign": found.id, "name": found.name, "may_decide": rights.may_decide(found.dag_ids)} | doubt
                for doubt in _read(campaigns.doubts, found)
            ],
        }

    @app.post("/api/campaigns/{campaign}/chunks/{number}")
    def decide(
        campaign: int,
        number: int,
        user: Any = user,
        decision: Literal["look", "send-again", "treat-as-sent"] = Body(embed=True),
    ) -> Any:
        from ippanel_provider.campaign.ledger.decisions import NotDecided, resolve

        rights = Rights(user)
        found = _readable(campaign, rights)
        if not rights.may_decide(found.dag_ids):
            raise HTTPException(403, "This takes the right to edit task instances of the DAG (can edit on DAG runs).")
        try:
            _read(resolve, found.id, number, decision, name_of(user))
        except NotDecided as error:
            raise HTTPException(409, str(error)) from None
        return {"decision": decision, "by": name_of(user)}

    def _readable(campaign: int, rights: Rights) -> Any:
        found = _read(campaigns.shown, only=campaign)
        # A campaign one may not see is not there.
        if not found or not rights.may_read(found[0].dag_ids):
            raise HTTPException(404, "This campaign is not in the ledger, or you may not read its DAG.")
        return found[0]


def _read(ask: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Ask something of the ledger.

    :raises HTTPException: 503 with a sentence that names no address and no password, if there is none to ask.
    """
    from fastapi import HTTPException

    from ippanel_provider.campaign.ledger.base import LedgerUnusable
    from ippanel_provider.campaign.ledger.decisions import NotDecided
    from ippanel_provider.hooks.ledgers import default_ledger

    if (conn_id := default_ledger()) is None:
        raise HTTPException(503, _NO_LEDGER, {"X-Reason": "no-ledger"})
    try:
        return ask(_engine(conn_id), *arguments, **named)
    except (NotDecided, HTTPException):
        raise
    except LedgerUnusable as error:
        raise HTTPException(503, str(error)) from None
    except Exception as error:  # noqa: BLE001 - whatever Airflow, a provider or a driver raises; it may show the address
        _engine.cache_clear()
        raise HTTPException(
            503, f"The ledger behind connection {conn_id!r} cannot be read ({type(error).__name__})."
        ) from None


@cache
def _engine(conn_id: str) -> Any:
    import sqlalchemy as sa

    from ippanel_provider.hooks.ledgers import engine_of

    url = engine_of(conn_id).url
    is_local = url.get_backend_name() == "sqlite"
    return sa.create_engine(url, connect_args={} if is_local else {"connect_timeout": _CONNECT}, pool_pre_ping=True)
