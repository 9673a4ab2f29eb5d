"""API: report."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic_core import to_json

from ippanel_provider.client import checks
from ippanel_provider.client.envelope import reading, reading_page
from ippanel_provider.client.errors import InvalidInput
from ippanel_provider.client.models import Bulk, Delivery, InboxMessage
from ippanel_provider.client.request import PageRequest, Request
from ippanel_provider.service import MAX_PAGE_SIZE, BulkState


def outbox(
    *,
    page: int = 1,
    per_page: int = 100,
    sender: str | None = None,
    outbox_id: int | None = None,
    message: str | None = None,
    state: BulkState | None = None,
    created_from: datetime | None = None,
    created_to: datetime | None = None,
    send_from: datetime | None = None,
    send_to: datetime | None = None,
    least_exit_count: int | None = None,
    most_exit_count: int | None = None,
    username: str | None = None,
) -> PageRequest[Bulk]:
    """List bulks, newest first. Times are aware; all filters are optional and hold together."""
    checks.between(per_page, 1, MAX_PAGE_SIZE, "per_page")
    filters = {
        "username": username,
        "number": sender,
        "messages_outbox_id": None if outbox_id is None else str(outbox_id),
        "create_from_date": _epoch(created_from, "created_from"),
        "create_to_date": _epoch(created_to, "created_to"),
        "send_from_date": _epoch(send_from, "send_from"),
        "send_to_date": _epoch(send_to, "send_to"),
        "from_exit_count": least_exit_count,
        "to_exit_count": most_exit_count,
        "message": message,
        "state_id": None if state is None else str(int(state)),
    }
    return _outbox_page({name: value for name, value in filters.items() if value is not None}, page, per_page)


def _outbox_page(filters: dict[str, Any], page: int, per_page: int) -> PageRequest[Bulk]:
    body: dict[str, Any] = {"page": page, "limit": per_page}
    if filters:
        body["filters"] = filters
    return PageRequest(
        "report.outbox",
        "POST",
        "/api/report/new_list",
        reading_page(Bulk, page, per_page),
        body=to_json(body),
        number=page,
        turn=lambda number: _outbox_page(filters, number, per_page),
    )


def bulk(outbox_id: int) -> Request[Bulk]:
    """One bulk by its outbox id."""
    return Request(
        "report.bulk",
        "GET",
        "/api/report/by_bulk",
        reading(Bulk),
        query=(("messages_outbox_id", str(outbox_id)),),
        alternates=(("POST", f"/api/report/by_bulk/{outbox_id}"),),
    )


def recipients(outbox_id: int, *, page: int = 1, per_page: int = MAX_PAGE_SIZE) -> PageRequest[Delivery]:
    """List the recipients of a bulk with their delivery status."""
    checks.between(per_page, 1, MAX_PAGE_SIZE, "per_page")
    return PageRequest(
        "report.recipients",
        "GET",
        "/api/report/recipients",
        reading_page(Delivery, page, per_page),
        query=(("bulk_id", str(outbox_id)), ("page", str(page)), ("per_page", str(per_page))),
        number=page,
        turn=lambda number: recipients(outbox_id, page=number, per_page=per_page),
    )


def inbox(*, after_id: int | None = None, page: int = 1, per_page: int = 100) -> PageRequest[InboxMessage]:
    """List received texts, newest first; with ``after_id`` only those with a higher inbox id."""
    checks.between(per_page, 1, MAX_PAGE_SIZE, "per_page")
    body: dict[str, Any] = {"page": page, "per_page": per_page}
    if after_id is not None:
        body["filters"] = {"from_id": after_id}
    return PageRequest(
        "report.inbox",
        "POST",
        "/api/report/messages-inbox",
        reading_page(InboxMessage, page, per_page),
        body=to_json(body),
        number=page,
        turn=lambda number: inbox(after_id=after_id, page=number, per_page=per_page),
    )


def _epoch(moment: datetime | None, field: str) -> str | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise InvalidInput(f"{field}: give it with a time zone")
    return str(int(moment.timestamp()))
