"""Reading an Edge answer, and judging it when it is not a success (API: success and failure).

A success is a 2xx with a JSON body in which ``meta.status`` is true, and nothing else. Such a body is validated in
one pass; only when that fails is it looked at closely to say which error it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, Generic, Literal, TypeVar, cast

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import from_json

from ippanel_provider.client.errors import (
    Details,
    Invalid,
    IPPanelError,
    NotFound,
    Refused,
    ServerFault,
    Throttled,
    Unauthorized,
    Unconfirmed,
    Unreadable,
)
from ippanel_provider.client.request import Answer, Page, Replay

T = TypeVar("T")

MAX_BODY_EXCERPT = 500


class _Meta(BaseModel):
    status: Literal[True]


class _PageMeta(_Meta):
    current_page: int | None = None
    last_page: int | None = None
    per_page: int | None = None
    total: int | None = None


class _Success(BaseModel, Generic[T]):
    data: T
    meta: _Meta


class _PageSuccess(BaseModel, Generic[T]):
    data: list[T]
    meta: _PageMeta


def reading(data: type[T]) -> Callable[[Answer], T]:
    """Return a reader of one ``data`` of the given type."""

    def read(answer: Answer) -> T:
        return cast(T, _validated(_Success, data, answer).data)

    return read


def reading_page(item: type[T], number: int, per_page: int) -> Callable[[Answer], Page[T]]:
    """Return a reader of a page of items; the asked-for figures fill what the service leaves out."""

    def read(answer: Answer) -> Page[T]:
        success: _PageSuccess[T] = _validated(_PageSuccess, item, answer)
        meta = success.meta
        return Page(success.data, meta.current_page or number, meta.per_page or per_page, meta.last_page, meta.total)

    return read


def reading_nothing(answer: Answer) -> None:
    """Read an answer whose ``data`` says nothing (null, true)."""
    _validated(_Success, object, answer)


# Building a validator takes milliseconds, so each is built once and only when an answer of its kind comes.
@cache
def _validator(envelope: Any, content: Any) -> TypeAdapter[Any]:
    return TypeAdapter(envelope[content])


def _validated(envelope: Any, content: Any, answer: Answer) -> Any:
    if 200 <= answer.status < 300:
        try:
            return _validator(envelope, content).validate_json(answer.body)
        except ValidationError:
            pass
    raise judge(answer)


def judge(answer: Answer) -> IPPanelError:
    """Return the error that ``answer`` is; call it only for what is not a success."""
    content = _json_object(answer.body)
    meta = content.get("meta") if content else None
    kind = _kind(answer.status, meta)
    details = _details(answer, content, meta)
    return kind(_sentence(kind, answer, details), details)


def _kind(status: int, meta: Any) -> type[IPPanelError]:
    if status == 429:
        return Throttled
    if status >= 500:
        return ServerFault
    if status == 408:
        return Unconfirmed
    if 200 <= status < 300:
        # A refusal can come as HTTP 200; anything else that is not a success cannot be trusted to mean no.
        return Refused if isinstance(meta, dict) and meta.get("status") is False else Unreadable
    return {401: Unauthorized, 404: NotFound, 422: Invalid}.get(status, Refused)


def _details(answer: Answer, content: dict[str, Any] | None, meta: Any) -> Details:
    meta = meta if isinstance(meta, dict) else {}
    scrub = _scrubber(answer)
    # A login that fails validation carries its errors beside meta, not in it.
    errors = meta.get("errors") or (content or {}).get("errors") or {}
    message = meta.get("message")
    return Details(
        operation=answer.request.operation,
        http_status=answer.status,
        code=str(meta["message_code"]) if meta.get("message_code") is not None else None,
        server_message=scrub(message if isinstance(message, str) else str(message)) if message is not None else None,
        field_errors={scrub(str(name)): tuple(map(scrub, _texts(said))) for name, said in errors.items()}
        if isinstance(errors, dict)
        else {},
        body="" if meta else scrub(answer.body.decode("utf-8", "replace"))[:MAX_BODY_EXCERPT],
        retry_after=_retry_after(answer.headers.get("retry-after")),
    )


def _sentence(kind: type[IPPanelError], answer: Answer, details: Details) -> str:
    sends = answer.request.replay is Replay.IF_UNREACHED
    said = details.server_message or ""
    if details.field_errors:
        said += " [" + "; ".join(f"{name}: {', '.join(texts)}" for name, texts in details.field_errors.items()) + "]"
    if not said and 300 <= answer.status < 400:
        said = "a redirect; set the base URL to where the service is now"
    code = f", code {details.code}" if details.code else ""
    head = f"{answer.request.operation}: {_VERDICTS[kind]} (HTTP {answer.status}{code})"
    tail = _advice(kind, sends, details)
    return " ".join(part for part in (head + (f": {said}." if said else "."), tail) if part)


_VERDICTS: dict[type[IPPanelError], str] = {
    Throttled: "the service asks to come later",
    ServerFault: "the service or a gateway before it failed",
    Unconfirmed: "the service did not take the request in time",
    Unreadable: "the answer is not one the service documents",
    Unauthorized: "the service does not know the credential",
    NotFound: "the service does not know what was asked for",
    Invalid: "the service refused a field",
    Refused: "the service refused",
}


def _advice(kind: type[IPPanelError], sends: bool, details: Details) -> str:
    if kind is Unauthorized:
        return "Check the API key or token: the Edge API takes it bare, the legacy REST API takes keys of its own."
    if kind is Throttled:
        wait = f" {details.retry_after:g} seconds" if details.retry_after is not None else ""
        return f"Wait{wait} before trying again." + (
            " The identical text to the same recipient is held off for 40 seconds." if sends else ""
        )
    if issubclass(kind, Unconfirmed) and sends:
        return "The texts may have gone out: look in the outbox report before sending again."
    return "Nothing was sent." if sends and issubclass(kind, Refused) else ""


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        content = from_json(body)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _texts(said: Any) -> list[str]:
    return [str(text) for text in said] if isinstance(said, list) else [str(said)]


def _retry_after(value: str | None) -> float | None:
    """Seconds from either form of Retry-After; None when absent or unreadable."""
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


_NUMBER = re.compile(r"\+?\d[\d\s-]{7,}\d")


def _scrubber(answer: Answer) -> Callable[[str], str]:
    """Return a function that takes numbers, credentials and whatever the request said out of a text."""
    private = {text for text in (*answer.hidden, *_strings_sent(answer)) if len(text) > 3}
    # Longest first, so that a text holding another goes as a whole.
    ordered = sorted(private, key=len, reverse=True)

    def scrub(text: str) -> str:
        for secret in ordered:
            text = text.replace(secret, "[…]")
        return _NUMBER.sub("[number]", text)

    return scrub


# What these fields hold is neither personal nor secret, and errors are about them.
_OPEN_FIELDS = frozenset({"sending_type", "from_number", "originator", "from", "type", "code", "pattern_code"})


def _strings_sent(answer: Answer) -> Iterable[str]:
    request = answer.request
    for name, value in (*request.query, *(request.form or ())):
        if name not in _OPEN_FIELDS:
            yield value
    if request.body:
        yield from _strings_in(from_json(request.body))


def _strings_in(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            if name not in _OPEN_FIELDS:
                yield from _strings_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings_in(item)
