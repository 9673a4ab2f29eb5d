"""API: report."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ippanel_provider.client import validation as checks
from ippanel_provider.client._fields import PAGE_SIZE, body, given, listing, page_bounds, pairs
from ippanel_provider.client.models import Bulk, BulkStats, Delivery, InboxMessage
from ippanel_provider.client.requests import PageRequest, Request
from ippanel_provider.client.responses import reading, reading_page
from ippanel_provider.client.validation import Id
from ippanel_provider.service import MAX_PAGE_SIZE, BulkState


def outbox(
    *,
    page: int = 1,
    per_page: int = PAGE_SIZE,
    sender: str | None = None,
    outbox_id: Id | None = None,
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
    """List bulks, newest first. Times are aware; all filters are optional and hold together.

    The exit counts bound how many recipients the operators took.
    """
    page_bounds(page, per_page)
    filters = pairs(
        username=username,
        number=sender,
        messages_outbox_id=None if outbox_id is None else checks.identifier(outbox_id, "outbox_id"),
        create_from_date=checks.epoch(created_from, "created_from"),
        create_to_date=checks.epoch(created_to, "created_to"),
        send_from_date=checks.epoch(send_from, "send_from"),
        send_to_date=checks.epoch(send_to, "send_to"),
        message=message,
        state_id=checks.code(state, BulkState, "state"),
    )
    # The service takes texts for all filters but these two.
    counts = {
        "from_exit_count": None if least_exit_count is None else checks.offset(least_exit_count, "least_exit_count"),
        "to_exit_count": None if most_exit_count is None else checks.offset(most_exit_count, "most_exit_count"),
    }
    return _outbox_page({**dict(filters), **given(counts)}, page, per_page)


def _outbox_page(filters: dict[str, Any], page: int, per_page: int) -> PageRequest[Bulk]:
    return PageRequest(
        "report.outbox",
        "POST",
        "/api/report/new_list",
        reading_page(Bulk, page, per_page),
        # The one list that calls its page size by another name.
        body=body(page=page, limit=per_page, filters=filters or None),
        number=page,
        turn=lambda number: _outbox_page(filters, number, per_page),
    )


def bulk(outbox_id: Id) -> Request[Bulk]:
    """One bulk by its outbox id."""
    outbox_id = checks.identifier(outbox_id, "outbox_id")
    return Request(
        "report.bulk",
        "GET",
        "/api/report/by_bulk",
        reading(Bulk),
        query=pairs(messages_outbox_id=outbox_id),
        alternates=(("POST", f"/api/report/by_bulk/{outbox_id}"),),
    )


def bulk_stats(outbox_id: Id) -> Request[BulkStats]:
    """How many recipients of a bulk are where, by operator and language."""
    query = pairs(bulk_id=checks.identifier(outbox_id, "outbox_id"))
    return Request("report.bulk_stats", "GET", "/api/report/bulk_stats", reading(BulkStats), query=query)


def recipients(outbox_id: Id, *, page: int = 1, per_page: int = MAX_PAGE_SIZE) -> PageRequest[Delivery]:
    """List the recipients of a bulk with their delivery status."""
    filters = {"bulk_id": checks.identifier(outbox_id, "outbox_id")}
    return listing("report.recipients", "/api/report/recipients", Delivery, page, per_page, filters)


def inbox(*, after_id: int | None = None, page: int = 1, per_page: int = PAGE_SIZE) -> PageRequest[InboxMessage]:
    """List received texts, newest first; with ``after_id`` only those with a higher inbox id (0: all)."""
    page_bounds(page, per_page)
    filters = None if after_id is None else {"from_id": checks.offset(after_id, "after_id")}
    return PageRequest(
        "report.inbox",
        "POST",
        "/api/report/messages-inbox",
        reading_page(InboxMessage, page, per_page),
        body=body(page=page, per_page=per_page, filters=filters),
        number=page,
        turn=lambda number: inbox(after_id=after_id, page=number, per_page=per_page),
    )
