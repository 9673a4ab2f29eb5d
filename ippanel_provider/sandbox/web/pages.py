"""The pages for people. No build step, nothing from elsewhere: templates, one style sheet and one script from this
folder.

Every page is whole without the script. With it, the page that is open is asked for again when something has changed,
and what differs is put in place, so that there is one way to draw each thing.
"""

from __future__ import annotations

from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from . import account, books, bulks, panel, patterns, phones, switches
from .layout import STATIC, Handler


def routes() -> list[BaseRoute]:
    """The routes of the pages, for an application whose ``state.sandbox`` is the sandbox."""
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/", bulks.outbox),
        ("GET", "/outbox/{id:int}", bulks.bulk),
        ("POST", "/outbox/{id:int}/decide", bulks.decide),
        ("POST", "/outbox/{id:int}/cancel", bulks.cancel),
        ("GET", "/phone", phones.phone),
        ("POST", "/phone", phones.reply),
        ("GET", "/inbox", phones.inbox),
        ("POST", "/inbox", phones.text_in),
        ("GET", "/patterns", patterns.patterns),
        ("POST", "/patterns", patterns.review),
        ("GET", "/phonebooks", books.books),
        ("GET", "/phonebooks/{id:int}", books.book),
        ("GET", "/panel", panel.panel),
        ("POST", "/panel", panel.save),
        ("GET", "/switches", switches.switches),
        ("POST", "/switches/ready-made", switches.turn),
        ("POST", "/switches/faults", switches.add),
        ("POST", "/switches/lift", switches.lift),
        ("POST", "/switches/clock", switches.clock),
        ("GET", "/account", account.account),
        ("POST", "/account", account.save),
        ("POST", "/account/credit", account.credit),
        ("POST", "/account/reset", account.reset),
        ("GET", "/connect", account.connect),
    ]
    return [
        *(Route(path, handler, methods=[method]) for method, path, handler in table),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
