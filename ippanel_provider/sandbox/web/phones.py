"""A person's phone, and the inbox their texts reach."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from ippanel_provider.sandbox.state import FIRST_INBOX_ID, Sandbox
from ippanel_provider.sandbox.wire import with_plus
from ippanel_provider.service import MAX_TEXT_CHARACTERS
from ippanel_provider.text.numbers import InvalidNumber, normalize

from . import phone_screen
from .layout import Mistake, done, form_of, page_number, sandbox_of, show
from .rows import PAGE, Pages, alike, as_number, next_change


async def phone(request: Request) -> Response:
    """What the person at ``?number=`` sees; without one, who there is."""
    return _phone_page(request, request.query_params.get("number", ""))


def _phone_page(
    request: Request, given: str, error: Mistake | None = None, form: dict[str, str] | None = None
) -> Response:
    sandbox = sandbox_of(request)
    shown, number = None, ""
    if given:
        try:
            number = normalize(with_plus(given))
        except InvalidNumber:
            error = error or Mistake("This is no mobile number of Iran. Write it as 09…, nine more digits after it.")
        else:
            shown = phone_screen.phone(sandbox, number)
    last_line = next((bubble.line for bubble in reversed(shown.bubbles)), None) if shown else None
    return show(
        request,
        "phone.html",
        status=422 if error else 200,
        error=error,
        form=form or {},
        given=number or given,
        phone=shown,
        people=phone_screen.recent_people(sandbox),
        lines=_lines(sandbox),
        last_line=last_line,
        next_change=next_change(shown.bulks, sandbox.now(), sandbox.clock.speed) if shown else None,
    )


def _lines(sandbox: Sandbox) -> list[str]:
    """The lines that take texts."""
    return [line.number for line in sandbox.lines.values() if line.gets]


async def reply(request: Request) -> Response:
    """The person answers."""
    form: dict[str, str] = {}
    try:
        form = await form_of(request)
        number = _receive(sandbox_of(request), form)
    except Mistake as mistake:
        return _phone_page(request, form.get("from", ""), mistake, form)
    return done(f"/phone?number={quote(number, safe='')}", "received")


async def inbox(request: Request) -> Response:
    """Texts that came in, newest first."""
    return _inbox_page(request)


def _inbox_page(request: Request, error: Mistake | None = None, form: dict[str, str] | None = None) -> Response:
    sandbox = sandbox_of(request)
    words = request.query_params.get("q", "").strip()
    folded, number = alike(words), as_number(words)
    found = [
        message
        for message in reversed(sandbox.inbox)
        if not words or folded in alike(message.text) or (number is not None and number in message.sender)
    ]
    pages = Pages(min(page_number(request), Pages(1, len(found)).last), len(found))
    return show(
        request,
        "inbox.html",
        status=422 if error else 200,
        error=error,
        form=form or {},
        words=words,
        messages=found[pages.first_row - 1 :][:PAGE],
        pages=pages,
        lines=_lines(sandbox),
        first_own=FIRST_INBOX_ID,
    )


async def text_in(request: Request) -> Response:
    """A person texts in."""
    form: dict[str, str] = {}
    try:
        form = await form_of(request)
        _receive(sandbox_of(request), form)
    except Mistake as mistake:
        return _inbox_page(request, mistake, form)
    return done("/inbox", "received")


def _receive(sandbox: Sandbox, form: dict[str, str]) -> str:
    """Put a text into the inbox; return its sender."""
    line, text = form.get("line", ""), form.get("text", "")
    try:
        sender = normalize(form.get("from", ""))
    except InvalidNumber:
        raise Mistake("This is no mobile number of Iran. Write it as 09…, nine more digits after it.") from None
    if line not in _lines(sandbox):
        raise Mistake("Choose one of the lines.")
    if not text:
        raise Mistake("Write a text first.")
    if len(text) > MAX_TEXT_CHARACTERS:
        raise Mistake("A text has at most {most} characters.", most=MAX_TEXT_CHARACTERS)
    sandbox.receive(sender, line, text)
    return sender
