"""Reading an Edge answer, and judging it when it is not a success (API: success and failure).

A success is a 2xx with a JSON body in which ``meta.status`` is true, and nothing else. Such a body is validated in
one pass; only when that fails is it looked at closely to say which error it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Generic, Literal, TypeVar, cast

from pydantic import BaseModel, BeforeValidator

from ippanel_provider.client import responses as verdict
from ippanel_provider.client.errors import IPPanelClientError, Refused, Unreadable
from ippanel_provider.client.request import Answer, Page

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
        return cast(T, verdict.validated(_Success, data, answer, judge).data)

    return read


def reading_page(item: type[T], number: int, per_page: int) -> Callable[[Answer], Page[T]]:
    """Return a reader of a page of items, which is page ``number`` whatever the service calls it.

    A service that answers page 1 to everything would otherwise be walked for ever.
    """

    def read(answer: Answer) -> Page[T]:
        success: _PageSuccess[T] = verdict.validated(_PageSuccess, item, answer, judge)
        meta = success.meta
        return Page(success.data, number, meta.per_page or per_page, meta.last_page, meta.total)

    return read


def reading_nothing(answer: Answer) -> None:
    """Read an answer whose ``data`` says nothing (null, true, left out)."""
    verdict.validated(_Done, None, answer, judge)


def judge(answer: Answer, misfit: str = "") -> IPPanelClientError:
    """Return the error that ``answer`` is; call it only for what is not a success.

    :param misfit: where a 2xx answer differs from what is documented.
    """
    content = verdict.json_object(answer.body) or {}
    meta = content.get("meta")
    said = meta if isinstance(meta, dict) else {}
    ours = said.get("status") is False
    # A refusal can come as HTTP 200; anything else that is not a success cannot be trusted to mean no.
    kind = verdict.kind_of(answer, ours) or (Refused if ours else Unreadable)
    # A login that fails validation carries its errors beside meta, not in it; some panels put them into the message.
    message = said.get("message")
    errors = said.get("errors") or content.get("errors") or (message if isinstance(message, dict) else None)
    return verdict.error(
        kind,
        answer,
        ours=bool(said),
        code=said.get("message_code"),
        # A gateway's JSON has no meta and often one of the others.
        message=verdict.first(message, content.get("message"), content.get("error")),
        errors=errors,
        misfit=misfit,
        of_the_request=ours and verdict.is_of_the_request(answer, kind, errors),
    )
