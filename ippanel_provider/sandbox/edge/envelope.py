"""How the Edge API answers: the envelope, lists, validation errors. API: success and failure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from pydantic_core import from_json

from ippanel_provider.sandbox.wire import Call, Denied, Reply
from ippanel_provider.service import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE

T = TypeVar("T")
_LONGEST_NUMBER = 20

DONE = "انجام شد"
SUCCESS = "Success"
"""What some chapters say instead."""
WRONG = "اطلاعات وارد شده صحیح نمی باشد"

_LABELS = {"message": "پیام", "password": "گذرواژه", "username": "نام کاربری", "files": "فایل ها", "bulk_id": "bulk_id"}


def done(
    data: object = None, *, status: int = 200, code: str = "200-1", parameters: bool = True, message: str = DONE
) -> Reply:
    """A success. ``message_parameters`` is often absent at the service; reports leave it out."""
    meta: dict[str, object] = {"status": True, "message": message}
    if parameters:
        meta["message_parameters"] = []
    meta["message_code"] = code
    return Reply.json({"data": data, "meta": meta}, status)


def failed(status: int, code: str | None, message: str, errors: dict[str, list[str]] | None = None) -> Reply:
    """A refusal with the service's code and words."""
    meta: dict[str, object] = {"status": False, "message": message, "message_parameters": []}
    if code is not None:
        meta["message_code"] = code
    meta["errors"] = errors or {}
    return Reply.json({"data": None, "meta": meta}, status)


def unauthorized(body: str) -> Reply:
    """One of the two bodies of a 401: ``seen`` in production or ``documented``."""
    if body == "documented":
        return failed(401, "400-1", WRONG)
    return Reply.json({"data": {"data": None}, "meta": {"status": False, "message": "Invalid token"}}, 401)


def for_resellers(call: Call) -> None:
    """Turn away an account that is no reseller; what the service answers then is not documented.

    :raises Denied: it is none.
    """
    if not call.sandbox.account.is_reseller:
        raise Denied(failed(403, "403-1", "دسترسی به این بخش فقط برای نمایندگان مجاز است"))


def not_found(message: str, code: str = "404-1") -> Denied:
    """The refusal, to be raised, where what is asked for does not exist."""
    return Denied(failed(404, code, message))


def required(field: str) -> str:
    """The service's words for a field that is missing."""
    return f"تکمیل گزینه {_LABELS.get(field, field.replace('_', ' '))} الزامی است"


def invalid(field: str) -> str:
    """The service's words for a field it cannot use."""
    return f"گزینه {_LABELS.get(field, field.replace('_', ' '))} معتبر نیست"


class Problems:
    """Collects what is wrong with a request, to answer all of it as one 422."""

    def __init__(self) -> None:
        self._errors: dict[str, list[str]] = {}

    def __bool__(self) -> bool:
        return bool(self._errors)

    def add(self, field: str, text: str | None = None) -> None:
        """Note a problem with ``field``; without words it is "not valid"."""
        self._errors.setdefault(field, []).append(text or invalid(field))

    def require(self, field: str) -> None:
        """Note that ``field`` is missing."""
        self.add(field, required(field))

    def check(self) -> None:
        """Go on only if there is none.

        :raises Denied: with the 422: the first text, how many more there are, and all of them by field.
        """
        if self._errors:
            raise Denied(failed(422, "400-2", self._message(), self._errors))

    def bare_reply(self) -> Reply:
        """The 422 of the login: the errors stand at the top level, and there is no data."""
        meta = {"status": False, "message": self._message(), "message_parameters": [], "message_code": "422-1"}
        return Reply.json({"meta": meta, "errors": self._errors}, 422)

    def _message(self) -> str:
        texts = [text for field_texts in self._errors.values() for text in field_texts]
        return texts[0] + (f" (و {len(texts) - 1} خطای دیگر)" if len(texts) > 1 else "")


def unknown_choice(field: str) -> str:
    """The service's words for the id of something that is not there."""
    return f"گزینه انتخاب شده {_LABELS.get(field, field.replace('_', ' '))} صحیح نمی باشد"


def wrong(field: str, text: str | None = None) -> Denied:
    """The 422, to be raised, for one field alone; without words it is "not valid"."""
    text = text or invalid(field)
    return Denied(failed(422, "400-2", text, {field: [text]}))


def missing(field: str) -> Denied:
    """The 422, to be raised, for a request that lacks the one field it needs."""
    return wrong(field, required(field))


def moment(time: float) -> str:
    """A time as most chapters write it: ``2025-06-01T08:27:32.000000Z``."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def plain_moment(time: float) -> str:
    """A time as the others do: ``2025-06-01 08:27:32``."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S")


@dataclass(frozen=True)
class Pages:
    """Which page is asked for; pages count from 1."""

    page: int
    size: int

    @property
    def offset(self) -> int:
        """How many entries come before."""
        return (self.page - 1) * self.size


def pages_of(call: Call, *, size_key: str = "per_page", maximum: int = MAX_PAGE_SIZE) -> Pages:
    """The page asked for in the body or the query.

    :raises Denied: for figures that are none.
    """
    problems = Problems()
    figures = []
    for field, default, most in (("page", 1, None), (size_key, DEFAULT_PAGE_SIZE, maximum)):
        given = call.body.get(field, call.query.get(field))
        number = default if given is None or given == "" else as_int(given)
        if number is None or number < 1 or (most is not None and number > most):
            problems.add(field)
            number = default
        figures.append(number)
    problems.check()
    page, size = figures
    return Pages(page, min(size, call.sandbox.profile.page_cap or size))


@dataclass(frozen=True)
class ListStyle:
    """How a chapter writes what goes with a list: the chapters differ."""

    message: str = DONE
    figures: bool = True
    """Whether it says which page this is, and of how many."""
    path: str = "relative"
    """``relative``, ``absolute`` or ``none``."""


USUAL = ListStyle()


def listing(call: Call, data: Sequence[object], total: int, pages: Pages, style: ListStyle = USUAL) -> Reply:
    """One page of a list."""
    meta: dict[str, object] = {}
    if style.figures:
        meta = {
            "current_page": pages.page,
            "from": pages.offset + 1 if data else None,
            "last_page": max(1, -(-total // pages.size)),
            "path": _path(call, style.path),
            "per_page": pages.size,
            "to": pages.offset + len(data) if data else None,
            "total": total,
        }
        left_out = [] if call.sandbox.profile.page_figures else ["total", "last_page"]
        for name in [*left_out, *(["path"] if style.path == "none" else [])]:
            del meta[name]
    meta |= {"status": True, "message": style.message, "message_code": "200-1"}
    return Reply.json({"data": data, "meta": meta})


def _path(call: Call, kind: str) -> str:
    path = call.path.removeprefix("/v1")
    return f"http://{call.header(b'host') or 'edge.ippanel.com'}{path}" if kind == "absolute" else path


def list_of(call: Call, entries: Sequence[T], render: Callable[[T], object], style: ListStyle = USUAL) -> Reply:
    """A page of ``entries`` that are all at hand."""
    pages = pages_of(call)
    shown = [render(entry) for entry in entries[pages.offset : pages.offset + pages.size]]
    return listing(call, shown, len(entries), pages, style)


def in_message(reply: Reply) -> Reply:
    """The same refusal, where a panel puts what is wrong with each field into ``meta.message``."""
    content = from_json(reply.body)
    meta = content.get("meta", {})
    if errors := meta.pop("errors", None) or content.pop("errors", None):
        meta["message"] = errors
    return Reply.json(content, reply.status)


def as_int(value: object) -> int | None:
    """A whole number however it was written (``5``, ``"5"``, ``5.0``), or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    # No number of the service has as many digits, and Python refuses to read the longest.
    if isinstance(value, str) and value.strip().isdecimal() and len(value) <= _LONGEST_NUMBER:
        return int(value)
    return None
