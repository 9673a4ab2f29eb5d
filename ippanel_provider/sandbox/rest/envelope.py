"""How the legacy REST API answers: the envelope, pages from 0, errors by code. API: legacy REST."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus

from ippanel_provider.sandbox.wire import Call, Reply
from ippanel_provider.service import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, LegacyCode

# The documents give the code of each mistake, but no status; only the ones of a credential are certain to be 401.
_STATUS: dict[int | str, int] = {
    LegacyCode.CREDENTIAL: 401,
    LegacyCode.UNAUTHORIZED: 401,
    LegacyCode.KEY_NOT_VALID: 401,
    LegacyCode.KEY_REVOKED: 401,
    LegacyCode.UNPROCESSABLE: 422,
    LegacyCode.INTERNAL: 500,
    404: 404,
    405: 405,
    429: 429,
}

Error = str | Mapping[str, Sequence[str]]


class Refused(Exception):
    """A request the service does not do: the code, and ``error`` as a text or as texts by field."""

    def __init__(self, code: int | str, error: Error, status: int | None = None) -> None:
        super().__init__(str(code))
        self.code = code
        self.error = error
        self.status = status

    def reply(self) -> Reply:
        """The refusal on the wire."""
        return failed(self.code, self.error, self.status)


def done(data: object, *, created: bool = False) -> Reply:
    """A success. ``code`` is the text "OK" where something was made and the number 200 elsewhere: the documents show
    both.
    """
    return Reply.json({"status": "OK", "code": "OK" if created else 200, "message": "Ok", "data": data})


def failed(code: int | str, error: Error, status: int | None = None) -> Reply:
    """A refusal; its code is a text. ``status`` is the HTTP status when the code does not decide it."""
    status = status or _STATUS.get(code, 400)
    phrase = HTTPStatus(status if status >= 400 else 400).phrase
    return Reply.json({"status": phrase, "code": str(code), "message": phrase, "data": {"error": error}}, status)


def listing(call: Call, name: str, entries: Sequence[object], page: int, limit: int, total: int) -> Reply:
    """One page of a list; pages count from 0, and neighbours that do not exist are null."""
    pages = -(-total // limit)

    def url(number: int) -> str:
        return f"http://{call.header(b'host') or 'rest.ippanel.com'}{call.path}?page={number}&limit={limit}"

    meta = {
        "total": total,
        "pages": pages,
        "limit": limit,
        "page": page,
        "prev": url(page - 1) if page > 0 else None,
        "next": url(page + 1) if page + 1 < pages else None,
    }
    shown = figured(call, meta)
    return Reply.json({"status": "OK", "code": 200, "message": "Ok", "data": {name: entries}, "meta": shown})


def figured(call: Call, meta: Mapping[str, object]) -> dict[str, object]:
    """The figures of a page, as far as this panel gives them."""
    hidden = () if call.sandbox.profile.page_figures else ("total", "pages", "next")
    return {name: figure for name, figure in meta.items() if name not in hidden}


def page_of(call: Call, size_name: str = "limit") -> tuple[int, int]:
    """The page asked for, from 0, and its size.

    :raises Refused: for figures that are none.
    """
    page, limit = _figure(call, "page", 0), _figure(call, size_name, DEFAULT_PAGE_SIZE)
    if not 1 <= limit <= MAX_PAGE_SIZE:
        raise Refused(LegacyCode.UNPROCESSABLE, {size_name: [f"{size_name} must be between 1 and {MAX_PAGE_SIZE}"]})
    return page, min(limit, call.sandbox.profile.page_cap or limit)


def _figure(call: Call, name: str, default: int) -> int:
    given = call.query.get(name, "")
    if not given:
        return default
    # Longer figures are no pages, and Python refuses to read the longest.
    if not (given.isascii() and given.isdecimal() and len(given) < 10):
        raise Refused(LegacyCode.UNPROCESSABLE, {name: [f"{name} must be a number"]})
    return int(given)


def moment(epoch: float) -> str:
    """A time as this API writes it."""
    return datetime.fromtimestamp(int(epoch), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
