"""The account: credit, how the service behaves towards it, its lines; and how to connect to it."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ippanel_provider.text.numbers import is_sender

from .layout import Mistake, done, form_of, language, number_in, sandbox_of, show
from .snippets import base_url, snippets

_CHOICES = {"without_credit": ("state", "refuse"), "unauthorized_body": ("seen", "documented")}
_BOXES = ("local_numbers", "alternates", "send_block", "document_block")


async def account(request: Request) -> Response:
    """What the service knows of the account, to see and to set."""
    return _page(request)


def _page(request: Request, error: Mistake | None = None, form: dict[str, str] | None = None) -> Response:
    sandbox = sandbox_of(request)
    return show(
        request,
        "account.html",
        status=422 if error else 200,
        error=error,
        form=form or {},
        setting=sandbox.setting,
        lines=list(sandbox.lines.values()),
        routes=sandbox.requests.most_common(12),
    )


async def credit(request: Request) -> Response:
    """Set the credit, in rial."""
    form: dict[str, str] = {}
    try:
        form = await form_of(request)
        rial = number_in(form, "credit", "Credit")
        if rial is None:
            raise Mistake("Give the credit in rial.")
    except Mistake as mistake:
        return _page(request, mistake, form)
    sandbox_of(request).change_account({"credit": rial})
    return done("/account", "credit")


async def save(request: Request) -> Response:
    """Set how the service behaves, and add a line."""
    form: dict[str, str] = {}
    try:
        form = await form_of(request)
        changes: dict[str, Any] = {name: form.get(name) == "on" for name in _BOXES}
        changes |= {name: form[name] for name, choices in _CHOICES.items() if form.get(name) in choices}
        guard = number_in(form, "duplicate_guard", "Same text refused for, in seconds", most=86_400)
        if guard is not None:
            changes["duplicate_guard"] = guard
        line = form.get("line", "")
        if line and not is_sender(line):
            raise Mistake("A line is written as +983000505, or as +98BANK.")
    except Mistake as mistake:
        return _page(request, mistake, form)
    sandbox_of(request).change_account(changes, [line] if line else [])
    return done("/account", "account")


async def reset(request: Request) -> Response:
    """Back to the start."""
    sandbox_of(request).reset()
    return done("/", "reset")


async def connect(request: Request) -> Response:
    """How to point Airflow, and everything else, at this sandbox."""
    sandbox = sandbox_of(request)
    return show(
        request,
        "connect.html",
        snippets=snippets(request, language(request)),
        base_url=base_url(request),
        line=next(iter(sandbox.lines), ""),
    )
