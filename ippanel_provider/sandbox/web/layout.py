"""What every page has around it: language, navigation with its counts, the service's clock; and how forms are read and
answered.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ippanel_provider.sandbox.state import Sandbox
from ippanel_provider.service import MAX_TEXT_CHARACTERS
from ippanel_provider.service_profile import DOCUMENTS

from .i18n import STATES, STATUSES, Tongue, machine_time, tongue_of

_HERE = Path(__file__).parent
STATIC = _HERE / "static"
LANGUAGE_COOKIE = "language"
_MOST_BYTES = 1 << 16
_templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)
_templates.globals["longest_text"] = MAX_TEXT_CHARACTERS

NAVIGATION = (
    ("/", "outbox", "Outbox"),
    ("/phone", "phone", "Phone"),
    ("/inbox", "inbox", "Inbox"),
    ("/patterns", "pattern", "Patterns"),
    ("/phonebooks", "book", "Phonebooks"),
    ("/switches", "switch", "Faults & clock"),
    ("/panel", "panel", "Panel"),
    ("/account", "account", "Account"),
    ("/connect", "connect", "Connect"),
)
"""Path, icon and name of each page."""

SAID = {
    "received": "The text is in the inbox.",
    "approved": "The pattern is approved.",
    "rejected": "The pattern is rejected.",
    "fault": "The fault is set.",
    "lifted": "Lifted.",
    "clock": "The clock is set.",
    "credit": "The credit is set.",
    "account": "Saved.",
    "decided": "The fate of the bulk is changed.",
    "cancelled": "The bulk is cancelled; its price is given back.",
    "reset": "The sandbox is empty again.",
}
"""What a page says after a form was taken, by the word in ``?said=``."""


class Label(str):
    """The name of a field, in the catalogue's English."""


class Foreign(str):
    """Words that are English in every language, such as those of the API."""


class Mistake(ValueError):
    """A form that cannot be taken; the text (English, of the catalogue) says why, with ``values`` for its ``{…}``."""

    def __init__(self, english: str, **values: object) -> None:
        super().__init__(english)
        self.english, self.values = english, values


Handler = Callable[[Request], Awaitable[Response]]


def nowhere(request: Request) -> Response:
    """The page where there is none."""
    return show(request, "missing.html", status=404, what="There is no such page.", back="/", back_name="Outbox")


def sandbox_of(request: Request) -> Sandbox:
    """The sandbox whose page is asked for."""
    sandbox: Sandbox = request.app.state.sandbox
    return sandbox


def language(request: Request) -> Tongue:
    """The language of the person who asks."""
    chosen = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
    return tongue_of(chosen, request.headers.get("accept-language", ""))


def show(
    request: Request, template: str, *, status: int = 200, error: Mistake | None = None, **context: Any
) -> Response:
    """A page from its template."""
    sandbox, tongue = sandbox_of(request), language(request)
    pending = sum(pattern.status == "pending" for pattern in sandbox.patterns.values())
    said = SAID.get(request.query_params.get("said", ""))
    html = _templates.get_template(template).render(
        _=tongue,
        path=request.url.path,
        here=request.url,
        other_language=_same_page(request, lang="en" if tongue.code == "fa" else "fa"),
        navigation=NAVIGATION,
        counts={
            "/": sandbox.outbox.text_count,
            "/inbox": len(sandbox.inbox),
            "/patterns": pending,
            "/switches": len(sandbox.faults.active),
            "/panel": len(sandbox.profile.differences(DOCUMENTS)),
        },
        sandbox=sandbox,
        account=sandbox.account,
        now=sandbox.now(),
        states=STATES,
        statuses=STATUSES,
        machine_time=machine_time,
        said=None if said is None else tongue(said),
        error=None if error is None else tongue(error.english, **_told(tongue, error.values)),
        **{"next_change": None, "form": {}, **context},
    )
    response = HTMLResponse(html, status, headers={"cache-control": "no-store"})
    if "lang" in request.query_params:
        response.set_cookie(LANGUAGE_COOKIE, tongue.code, max_age=365 * 86_400, samesite="lax")
    return response


def _told(tongue: Tongue, values: Mapping[str, object]) -> dict[str, object]:
    """Values of a sentence in its language; what is foreign to it stays apart and does not turn it around."""

    def told(value: object) -> object:
        if isinstance(value, Label):
            return tongue(value)
        if isinstance(value, Foreign) and tongue.direction == "rtl":
            return f"\u2066{value}\u2069"
        return tongue.digits(str(value)) if isinstance(value, int) else value

    return {name: told(value) for name, value in values.items()}


def _same_page(request: Request, **changes: str) -> str:
    """The address of this page, with another query."""
    query = {name: value for name, value in request.query_params.items() if name != "said"} | changes
    return f"{request.url.path}?{urlencode(query)}"


def page_number(request: Request) -> int:
    """The page asked for, from 1."""
    given = request.query_params.get("page", "1")
    return max(1, int(given)) if given.isascii() and given.isdigit() and len(given) < 10 else 1


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a posted form; of a repeated one the last. Line ends are those of one newline.

    :raises Mistake: when it is larger than any form of the pages.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise Mistake("That is more than a form may hold.")
    fields = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: value.replace("\r\n", "\n").strip() for name, value in fields}


def number_in(form: dict[str, str], name: str, label: str = "", *, most: float = 1e15) -> float | None:
    """A number from 0 out of a field, in any digits and with separators; None when it is empty.

    :param label: what the page calls the field, in the catalogue's English.
    :raises Mistake: when it is something else.
    """
    text = form.get(name, "").replace("٫", ".").replace("٬", "").replace(",", "").replace(" ", "")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= most:
        raise Mistake("{field}: give a number from 0.", field=Label(label) if label else Foreign(name))
    return value


def done(path: str, said: str) -> Response:
    """Back to a page, which says ``said`` (a word of :data:`SAID`)."""
    return RedirectResponse(f"{path}{'&' if '?' in path else '?'}said={said}", 303)
