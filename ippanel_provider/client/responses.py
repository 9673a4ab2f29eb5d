"""What an answer means: a success if it fits its envelope, or else an error with a sentence. The same for both APIs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
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
    IPPanelClientError,
    NotFound,
    Refused,
    ServerFault,
    Throttled,
    Unauthorized,
    Unconfirmed,
    Unreadable,
)
from ippanel_provider.client.redaction import excerpt, fields_of, scrubber, shown
from ippanel_provider.client.requests import Answer, Page

_MAX_FAULTS = 5
"""Fields that the sentence of an error names."""
_MAX_FIELDS, _MAX_TEXTS = 2_000, 20
"""Fields, and texts of each, that its details hold: twice what a request can have of recipients."""
_YEAR = 365 * 86_400.0
"""Seconds; no wait that is asked for is longer, so that whoever sleeps as long as he is told can."""
_MAX_ERROR_BYTES = 2 * 2**20
_MAX_VALUES = 200_000
"""Values that a body may hold; a page of a thousand rows has 25,000. A few bytes of it become a kilobyte here, whether
they are read or found wrong."""
_TEXTS = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)


_BEFORE_ALL_ELSE = frozenset({413, 414, 431})
"""Said of a request's size, by whoever is first in line, before anybody passes it on."""
# Where a text about a field says one of these, the field is not why. "اعتبارسنجی" is validation.
_OF_THE_ACCOUNT = re.compile("اعتبار(?![\\s\u200c]*سنج)|موجودی|تکرار|credit|balance|duplicate|repeat", re.IGNORECASE)


def kind_of(answer: Answer, ours: bool) -> type[IPPanelClientError] | None:
    """Return the error an answer stands for by its HTTP status; None for a 2xx, whose body decides.

    :param ours: whether it is in the form of the service's refusals. What is not came from something before the
        service; whether that passed the request on, nobody can tell.
    """
    kind = _of_status(answer.status)
    is_doubt = (
        not ours
        and kind is not None
        and issubclass(kind, Refused)
        and answer.status not in _BEFORE_ALL_ELSE
        and answer.request.is_send
    )
    return Unreadable if is_doubt else kind


def is_of_the_request(answer: Answer, kind: type[IPPanelClientError], errors: Any) -> bool:
    """Whether a refusal in the service's form depends on the request alone."""
    if issubclass(kind, Unauthorized | NotFound):
        return True
    named = [str(name) for name, _ in _by_field(errors)]
    sent = fields_of(answer.request)
    return (
        bool(named)
        and all(re.split(r"[.\[]", name, maxsplit=1)[0] in sent for name in named)
        and not _OF_THE_ACCOUNT.search(str(errors))
    )


def _of_status(status: int) -> type[IPPanelClientError] | None:
    if status == 429:
        return Throttled
    if status >= 500:
        return ServerFault
    if status == 408:
        return Unconfirmed
    if 200 <= status < 300:
        return None
    return {401: Unauthorized, 404: NotFound, 422: Invalid}.get(status, Refused)


def error(
    kind: type[IPPanelClientError],
    answer: Answer,
    *,
    ours: bool,
    code: Any,
    message: Any,
    errors: Any,
    misfit: str = "",
    meaning: str = "",
    of_the_request: bool = False,
) -> IPPanelClientError:
    """Return the error, with whatever the service said as ``code``, ``message`` and ``errors`` scrubbed into its
    details.

    :param ours: whether the body has the form all answers of the service have.
    :param misfit: where a 2xx answer differs from what is documented.
    :param meaning: what the code means, for people.
    :param of_the_request: whether it depends on the request alone.
    """
    scrub = scrubber(answer.request, answer.hidden)
    details = Details(
        operation=answer.request.operation,
        is_send=answer.request.is_send,
        http_status=answer.status,
        code=None if code is None else shown(code, scrub),
        server_message=None if message is None else shown(message, scrub),
        field_errors={
            shown(name, scrub): tuple(shown(text, scrub) for text in islice(_listed(texts), _MAX_TEXTS))
            for name, texts in islice(_by_field(errors), _MAX_FIELDS)
        },
        body=excerpt(answer.body, scrub),
        retry_after=_retry_after(answer.headers.get("retry-after")),
        depends_on_request=of_the_request and issubclass(kind, Refused),
    )
    hints = [meaning, *_advice(kind, details)]
    if answer.status == 404 and not ours:
        hints.append("It is not the service's own answer: check the base URL (that of the service ends in /v1).")
    return kind(_sentence(kind, answer, details, scrub(misfit) if kind is Unreadable else "", hints), details)


def validated(envelope: Any, content: Any, answer: Answer, judge: Callable[[Answer, str], IPPanelClientError]) -> Any:
    """Return the body of a 2xx as an ``envelope`` with ``content``; raise what ``judge`` makes of anything else."""
    misfit = ""
    if 200 <= answer.status < 300 and _has_too_many(answer.body):
        misfit = f"the body holds more than {_MAX_VALUES} values"
    elif 200 <= answer.status < 300:
        try:
            return _validator(envelope, content).validate_json(answer.body)
        except ValidationError as error:
            misfit = _misfit(error)
    raise judge(answer, misfit)


def _has_too_many(body: bytes) -> bool:
    return body.count(b",") > _MAX_VALUES and _TEXTS.sub(b"", body).count(b",") > _MAX_VALUES


# Building a validator takes milliseconds, so each is built once and only when an answer of its kind comes.
@cache
def _validator(envelope: Any, content: Any) -> TypeAdapter[Any]:
    return TypeAdapter(envelope if content is None else envelope[content])


def _misfit(invalid: ValidationError) -> str:
    """Say where and how a body differs from what is documented, never with which value."""
    faults = invalid.errors(include_url=False, include_context=False, include_input=False)[:_MAX_FAULTS]
    if faults[0]["type"] == "json_invalid" and "recursion limit" in faults[0]["msg"]:
        return "the body is nested too deep"
    return ", ".join(f"{'.'.join(map(str, fault['loc'])) or 'the body'} ({fault['type']})" for fault in faults)


def json_object(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object in ``body``, or None; one of many megabytes is no error the service documents."""
    if len(body) > _MAX_ERROR_BYTES:
        return None
    try:
        content = from_json(body)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def first(*values: Any) -> Any:
    """Return the first value that is not None."""
    return next((value for value in values if value is not None), None)


def _by_field(errors: Any) -> Iterable[tuple[str, Any]]:
    if not errors:
        return ()
    return errors.items() if isinstance(errors, dict) else [("errors", errors)]


def _listed(said: Any) -> list[Any]:
    return said if isinstance(said, list) else [said]


def _sentence(
    kind: type[IPPanelClientError], answer: Answer, details: Details, misfit: str, hints: Iterable[str]
) -> str:
    code = f", code {details.code}" if details.code else ""
    head = f"{answer.request.operation}: {_VERDICTS[kind]} (HTTP {answer.status}{code})"
    message = "" if _is_of_a_field(details) else details.server_message or details.body
    said = " ".join(part for part in (message, _fields(details), misfit and f"[{misfit}]") if part)
    return " ".join(part for part in (head + (f": {said}." if said else "."), *hints) if part)


def _is_of_a_field(details: Details) -> bool:
    """Whether the message only repeats what is said of one of the fields that are named, as the service's mostly
    does."""
    named = islice(details.field_errors.values(), _MAX_FAULTS)
    return details.server_message in {text for texts in named for text in texts}


def _fields(details: Details) -> str:
    """The refused fields for the sentence; a chunk of a thousand recipients can have a thousand."""
    if not details.field_errors:
        return ""
    alike: dict[str, list[str]] = {}
    for name, texts in islice(details.field_errors.items(), _MAX_FAULTS):
        alike.setdefault(", ".join(texts), []).append(name)
    more = max(0, len(details.field_errors) - _MAX_FAULTS)
    named = [f"{', '.join(names)}: {texts}" for texts, names in alike.items()]
    return "[" + "; ".join(named) + (f"; and {more} more" if more else "") + "]"


_VERDICTS: dict[type[IPPanelClientError], str] = {
    Throttled: "the service asks to come later",
    ServerFault: "the service or a gateway before it failed",
    Unconfirmed: "the service did not take the request in time",
    Unreadable: "the answer is not one the service documents",
    Unauthorized: "the service does not know the credential",
    NotFound: "the service does not know what was asked for",
    Invalid: "the service refused a field",
    Refused: "the service refused",
}


def _advice(kind: type[IPPanelClientError], details: Details) -> Iterator[str]:
    if details.http_status is not None and 300 <= details.http_status < 400:
        yield "It is a redirect: set the base URL to where the service is now."
    if details.http_status == 401 or kind is Unauthorized:
        yield "Check the API key or token: the Edge API takes it bare, the legacy REST API takes keys of its own."
    if kind is Throttled:
        wait = f" {details.retry_after:g} seconds" if details.retry_after is not None else ""
        yield f"Wait{wait} before trying again." + (
            " The identical text to the same recipient is held off for 40 seconds." if details.is_send else ""
        )
    if details.is_send and issubclass(kind, Unconfirmed):
        yield "The texts may have gone out: look in the outbox report before sending again."
    elif details.is_send and details.depends_on_request:
        yield "Nothing was sent."
    elif details.is_send and issubclass(kind, Refused):
        yield "Nothing was sent by this request; if a copy of it came before, look in the outbox report first."


def _retry_after(value: str | None) -> float | None:
    """Seconds from either form of Retry-After; None when absent or unreadable."""
    if value is None:
        return None
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", value.strip(), re.ASCII):
        return min(float(value), _YEAR)
    try:
        return min(max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()), _YEAR)
    except (ValueError, TypeError, OverflowError):
        return None


T = TypeVar("T")


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
        return cast(T, validated(_Success, data, answer, judge).data)

    return read


def reading_page(item: type[T], number: int, per_page: int) -> Callable[[Answer], Page[T]]:
    """Return a reader of a page of items, which is page ``number`` whatever the service calls it.

    A service that answers page 1 to everything would otherwise be walked for ever.
    """

    def read(answer: Answer) -> Page[T]:
        success: _PageSuccess[T] = validated(_PageSuccess, item, answer, judge)
        meta = success.meta
        return Page(success.data, number, meta.per_page or per_page, meta.last_page, meta.total)

    return read


def reading_nothing(answer: Answer) -> None:
    """Read an answer whose ``data`` says nothing (null, true, left out)."""
    validated(_Done, None, answer, judge)


def judge(answer: Answer, misfit: str = "") -> IPPanelClientError:
    """Return the error that ``answer`` is; call it only for what is not a success.

    :param misfit: where a 2xx answer differs from what is documented.
    """
    content = json_object(answer.body) or {}
    meta = content.get("meta")
    said = meta if isinstance(meta, dict) else {}
    ours = said.get("status") is False
    # A refusal can come as HTTP 200; anything else that is not a success cannot be trusted to mean no.
    kind = kind_of(answer, ours) or (Refused if ours else Unreadable)
    # A login that fails validation carries its errors beside meta, not in it; some panels put them into the message.
    message = said.get("message")
    errors = said.get("errors") or content.get("errors") or (message if isinstance(message, dict) else None)
    return error(
        kind,
        answer,
        ours=bool(said),
        code=said.get("message_code"),
        # A gateway's JSON has no meta and often one of the others.
        message=first(message, content.get("message"), content.get("error")),
        errors=errors,
        misfit=misfit,
        of_the_request=ours and is_of_the_request(answer, kind, errors),
    )
