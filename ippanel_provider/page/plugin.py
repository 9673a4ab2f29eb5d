"""The page's entry in Airflow (entry point ``airflow.plugins``). What it serves is made at the first request.

``[ippanel] page = False`` takes it away. Airflow 2.11 loads this and shows nothing; ``ippanel campaign`` tells the same
in a terminal.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from ippanel_provider.extras import need

need("airflow.providers.common.compat.sdk", "airflow")

from airflow.providers.common.compat.sdk import AirflowPlugin, conf  # noqa: E402

PREFIX = "ippanel"
"""Where Airflow mounts the page; the address of the page itself is ``ippanel/campaigns/``."""


class LazyApp:
    """An ASGI application that imports FastAPI, SQLAlchemy and the ledger only when somebody asks for it."""

    def __init__(self) -> None:
        self._app: Any = None

    async def __call__(
        self, scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        """Answer a request."""
        if self._app is None:
            from ippanel_provider.page.app import build

            self._app = build()
        await self._app(scope, receive, send)


_SHOWN = conf.getboolean("ippanel", "page", fallback=True)


class IPPanelTextsPlugin(AirflowPlugin):
    """Apart from the plugin for Apprise, so that either can fail or be switched off alone."""

    name = "ippanel_texts"
    fastapi_apps = [{"name": "IPPanel texts", "url_prefix": f"/{PREFIX}", "app": LazyApp()}] if _SHOWN else []
    external_views = (
        [
            {
                "name": "Texts",
                # Relative and without a slash, or it is not found behind a base path.
                "href": f"{PREFIX}/campaigns/",
                "icon": f"{PREFIX}/static/icon.svg",
                "icon_dark_mode": f"{PREFIX}/static/icon-dark.svg",
                "url_route": "ippanel-texts",
                "destination": "nav",
                "category": "browse",
            }
        ]
        if _SHOWN
        else []
    )
