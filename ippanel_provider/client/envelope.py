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
from itertools import islice
from typing import Annotated, Any, Generic, Literal, TypeVar, cast

from pydantic import BaseModel, BeforeValidator, TypeAdapter, ValidationError
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
from ippanel_provider.client.scrub import excerpt, scrubber, shown

T = TypeVar("T")

_MAX_FAULTS = 5
"""Fields that the sentence of an error names; all are in its details."""


class _Meta(BaseModel):
    # A literal alone would take 1 for true.
    status: Annotated[Literal[True], BeforeValidator(lambda said: said is True)]


class _PageMeta(_Meta):
    last_page: int | None = None
    per_page: int | None = None
    total: int | None = None


class _Success(BaseModel, Generic[T]):
    data: T
    meta: _Meta


class _Done(BaseModel):
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
    """Return a reader of a page of items, which is page ``number`` whatever the service calls it.

    A service that answers page 1 to everything would otherwise be walked for ever.
    """

    def read(answer: Answer) -> Page[T]:
        success: _PageSuccess[T] = _validated(_PageSuccess, item, answer)
        meta = success.meta
        return Page(success.data, number, meta.per_page or per_page, meta.last_page, meta.total)

    return read


def reading_nothing(answer: Answer) -> None:
    """Read an answer whose ``data`` says nothing (null, true, left out)."""
    _validated(_Done, None, answer)


# Building a validator takes milliseconds, so each is built once and only when an answer of its kind comes.
@cache
def _validator(envelope: Any, content: Any) -> TypeAdapter[Any]:
    return TypeAdapter(envelope if content is None else envelope[content])


def _validated(envelope: Any, content: Any, answer: Answer) -> Any:
    misfit = ""
    if 200 <= answer.status < 300:
        try:
            return _validator(envelope, content).validate_json(answer.body)
        except ValidationError as error:
            # Where and of what kind, never with which value.
            faults = error.errors(include_url=False, include_context=False, include_input=False)[:_MAX_FAULTS]
            misfit = ", ".join(f"{'.'.join(map(str, fault['loc'])) or 'the body'} ({fault['type']})" for fault in faults)
    raise judge(answer, misfit)


def judge(answer: Answer, misfit: str = "") -> IPPanelError:
    """Return the error that ``answer`` is; call it only for what is not a success.

    :param misfit: where a 2xx answer differs from what is documented.
    """
    scrub = scrubber(answer.request, answer.hidden)
    content = _json_object(answer.body)
    meta = content.get("meta") if content else None
    kind = _kind(answer.status, meta)
    details = _details(answer, content or {}, meta if isinstance(meta, dict) else {}, scrub)
    return kind(_sentence(kind, answer, details, scrub(misfit) if kind is Unreadable else ""), details)


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


def _details(answer: Answer, content: dict[str, Any], meta: dict[str, Any], scrub: Callable[[str], str]) -> Details:
    code = meta.get("message_code")
    # A gateway's JSON has no meta and often one of these.
    said = next((said for said in (meta.get("message"), content.get("message"), content.get("error")) if said is not None), None)
    # A login that fails validation carries its errors beside meta, not in it.
    errors = meta.get("errors") or content.get("errors") or {}
    return Details(
        operation=answer.request.operation,
        http_status=answer.status,
        code=None if code is None else shown(code, scrub),
        server_message=None if said is None else shown(said, scrub),
        field_errors={shown(name, scrub): tuple(shown(text, scrub) for text in _listed(texts)) for name, texts in _by_field(errors)},
        body=excerpt(answer.body, scrub),
        retry_after=_retry_after(answer.headers.get("retry-after")),
    )


def _by_field(errors: Any) -> Iterable[tuple[str, Any]]:
    return errors.items() if isinstance(errors, dict) else [("errors", errors)]


def _listed(said: Any) -> list[Any]:
    return said if isinstance(said, list) else [said]


def _sentence(kind: type[IPPanelError], answer: Answer, details: Details, misfit: str) -> str:
    code = f", code {details.code}" if details.code else ""
    head = f"{answer.request.operation}: {_VERDICTS[kind]} (HTTP {answer.status}{code})"
    said = " ".join(part for part in (details.server_message or details.body, _fields(details), misfit and f"[{misfit}]") if part)
    tail = _advice(kind, answer.request.replay is Replay.IF_UNREACHED, details)
    return " ".join(part for part in (head + (f": {said}." if said else "."), tail) if part)


def _fields(details: Details) -> str:
    """The refused fields for the sentence; a chunk of a thousand recipients can have a thousand."""
    if not details.field_errors:
        return ""
    named = [f"{name}: {', '.join(texts)}" for name, texts in islice(details.field_errors.items(), _MAX_FAULTS)]
    more = len(details.field_errors) - len(named)
    return "[" + "; ".join(named) + (f"; and {more} more" if more else "") + "]"


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
    if details.http_status is not None and 300 <= details.http_status < 400:
        return "It is a redirect: set the base URL to where the service is now."
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


def _retry_after(value: str | None) -> float | None:
    """Seconds from either form of Retry-After; None when absent or unreadable."""
    if value is None:
        return None
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", value.strip(), re.ASCII):
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None
