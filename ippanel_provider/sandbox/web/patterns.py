"""The desk of the person who reviews patterns."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

from .layout import Mistake, done, form_of, page_number, sandbox_of, show
from .rows import PAGE, Pages

STATUSES = {"pending": "Waiting for review", "active": "Approved", "inactive": "Rejected"}
_VARIABLE = re.compile(r"(%[^%\s]+%)")
_LONGEST_COMMENT = 500


async def patterns(request: Request) -> Response:
    """Patterns, those that wait first."""
    return _page(request)


def _page(request: Request, error: Mistake | None = None) -> Response:
    waiting_first = sorted(sandbox_of(request).patterns.matching(), key=lambda pattern: pattern.status != "pending")
    pages = Pages(min(page_number(request), Pages(1, len(waiting_first)).last), len(waiting_first))
    return show(
        request,
        "patterns.html",
        status=422 if error else 200,
        error=error,
        patterns=waiting_first[pages.first_row - 1 :][:PAGE],
        pages=pages,
        pattern_statuses=STATUSES,
        pieces=pieces,
    )


def pieces(message: str) -> list[tuple[bool, str]]:
    """A template in pieces, each with whether it is a variable."""
    return [(bool(_VARIABLE.fullmatch(piece)), piece) for piece in _VARIABLE.split(message) if piece]


async def review(request: Request) -> Response:
    """Approve or reject, with a comment."""
    try:
        form = await form_of(request)
        verdict, comment = form.get("verdict"), form.get("comment", "")
        if verdict not in ("approve", "reject"):
            raise Mistake("Approve the pattern or reject it.")
        if len(comment) > _LONGEST_COMMENT:
            raise Mistake("A text has at most {most} characters.", most=_LONGEST_COMMENT)
        try:
            sandbox_of(request).patterns.review(form.get("code", ""), verdict == "approve", comment)
        except KeyError:
            raise Mistake("This pattern is gone.") from None
    except Mistake as mistake:
        return _page(request, mistake)
    return done("/patterns", "approved" if verdict == "approve" else "rejected")
