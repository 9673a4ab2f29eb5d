"""Reading an answer of the legacy REST API, and judging it when it is not a success (API: legacy REST).

A success is a 2xx with a JSON body whose ``status`` is "OK" and whose ``code`` is 200 or "OK", and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel

from ippanel_provider.client import responses as verdict
from ippanel_provider.client.errors import Invalid, IPPanelClientError, Refused, ServerFault, Unauthorized, Unreadable
from ippanel_provider.client.requests import Answer, Page
from ippanel_provider.service import LegacyCode

T = TypeVar("T")
D = TypeVar("D")


class _Meta(BaseModel):
    pages: int | None = None
    total: int | None = None


class _Success(BaseModel, Generic[D]):
    status: Literal["OK"]
    code: Literal[200, "OK"]
    data: D
    meta: _Meta | None = None


def reading(data: type[D], take: Callable[[D], T]) -> Callable[[Answer], T]:
    """Return a reader of ``data`` of the given type; ``take`` gives the result in it."""

    def read(answer: Answer) -> T:
        return take(verdict.validated(_Success, data, answer, judge).data)

    return read


def reading_page(
    data: type[D], take: Callable[[D], list[T]], number: int, per_page: int
) -> Callable[[Answer], Page[T]]:
    """Return a reader of a page, which is page ``number`` (from 1) whatever the service calls it."""

    def read(answer: Answer) -> Page[T]:
        success: _Success[D] = verdict.validated(_Success, data, answer, judge)
        meta = success.meta or _Meta()
        return Page(take(success.data), number, per_page, meta.pages, meta.total)

    return read


def judge(answer: Answer, misfit: str = "") -> IPPanelClientError:
    """Return the error that ``answer`` is; call it only for what is not a success."""
    content = verdict.json_object(answer.body) or {}
    data = content.get("data")
    reason = data.get("error") if isinstance(data, dict) else None
    code = _legacy_code(content.get("code"))
    ours = _says_no(content.get("status"), code, reason)
    kind = verdict.kind_of(answer, ours) or (Refused if ours else Unreadable)
    if issubclass(kind, Refused) and code in _KINDS:
        kind = _KINDS[code]
    errors = reason if isinstance(reason, dict) else None
    return verdict.error(
        kind,
        answer,
        ours=isinstance(content.get("status"), str),
        code=content.get("code"),
        message=verdict.first(None if errors else reason, content.get("message")),
        errors=errors,
        misfit=misfit,
        of_the_request=ours and (code in _OF_THE_REQUEST or verdict.is_of_the_request(answer, kind, errors)),
        meaning="" if code is None else code.meaning,
    )


# The code tells more than the HTTP status it comes with. One that failed within may have sent before it did.
_KINDS: dict[LegacyCode | None, type[IPPanelClientError]] = {
    LegacyCode.CREDENTIAL: Unauthorized,
    LegacyCode.UNAUTHORIZED: Unauthorized,
    LegacyCode.KEY_NOT_VALID: Unauthorized,
    LegacyCode.KEY_REVOKED: Unauthorized,
    LegacyCode.UNPROCESSABLE: Invalid,
    LegacyCode.INTERNAL: ServerFault,
}


_OF_THE_REQUEST = frozenset(
    {
        *(LegacyCode.EMPTY_BODY, LegacyCode.NUMBER_NOT_ASSIGNED, LegacyCode.RECIPIENTS_EMPTY),
        *(LegacyCode.TOO_MANY_RECIPIENTS, LegacyCode.PATTERN_INVALID, LegacyCode.PATTERN_PARAMS_INVALID),
        *(LegacyCode.PATTERN_RECIPIENT_INVALID, LegacyCode.NUMBER_NOT_FOUND),
    }
)


def _says_no(status: Any, code: LegacyCode | None, reason: Any) -> bool:
    """Whether it is a refusal: it has to say so, and why; what says neither cannot be trusted to mean no."""
    return isinstance(status, str) and status.upper() != "OK" and bool(code is not None or reason)


def _legacy_code(said: Any) -> LegacyCode | None:
    try:
        return LegacyCode(int(said))
    except (ValueError, TypeError, OverflowError):
        return None
