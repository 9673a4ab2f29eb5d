"""API: ticket. For resellers: questions to support and its answers."""

from __future__ import annotations

from ippanel_provider.client import validation as checks
from ippanel_provider.client._fields import PAGE_SIZE, listing, pairs
from ippanel_provider.client.models import Ticket, TicketCreated, TicketReply
from ippanel_provider.client.requests import PageRequest, Replay, Request, Upload
from ippanel_provider.client.responses import reading
from ippanel_provider.client.validation import File, Id
from ippanel_provider.service import MAX_TICKET_FILE_BYTES, TICKET_FILE_KINDS, TicketState


def create_ticket(
    subject: str, category_id: Id, description: str, *, sms_notification: bool = False, file: File | None = None
) -> Request[TicketCreated]:
    """Open a ticket. ``file`` is a zip, jpg or png of at most 10 MB; ``sms_notification`` texts you when it is
    answered.

    :raises InvalidInput: naming the field; nothing was sent.
    """
    form = pairs(
        subject=checks.present(subject, "subject"),
        category_id=checks.identifier(category_id, "category_id"),
        description=checks.present(description, "description"),
        sms_notification="1" if checks.flag(sms_notification, "sms_notification") else None,
    )
    return Request(
        "ticket.create_ticket",
        "POST",
        "/api/ticket",
        reading(TicketCreated),
        form=form,
        files=_attached(file),
        replay=Replay.IF_NOT_SENT,
    )


def list_tickets(
    *,
    page: int = 1,
    per_page: int = PAGE_SIZE,
    username: str | None = None,
    ticket_id: Id | None = None,
    category_id: Id | None = None,
    sub_category_id: Id | None = None,
    state: TicketState | None = None,
) -> PageRequest[Ticket]:
    """List tickets; all filters are optional and hold together."""
    filters = {
        "username": username,
        "ticket_id": None if ticket_id is None else checks.identifier(ticket_id, "ticket_id"),
        "category_id": None if category_id is None else checks.identifier(category_id, "category_id"),
        "sub_category_id": None if sub_category_id is None else checks.identifier(sub_category_id, "sub_category_id"),
        "state_id": checks.code(state, TicketState, "state"),
    }
    return listing("ticket.list_tickets", "/api/ticket", Ticket, page, per_page, filters)


def get_ticket(ticket_id: Id) -> Request[Ticket]:
    """One ticket with what was said in it."""
    query = pairs(ticket_id=checks.identifier(ticket_id, "ticket_id"))
    return Request("ticket.get_ticket", "GET", "/api/ticket/show", reading(Ticket), query=query)


def reply_ticket(ticket_id: Id, description: str, *, file: File | None = None) -> Request[TicketReply]:
    """Say something in a ticket. ``file`` is a zip, jpg or png of at most 10 MB.

    :raises InvalidInput: naming the field; nothing was sent.
    """
    form = pairs(
        ticket_id=checks.identifier(ticket_id, "ticket_id"), description=checks.present(description, "description")
    )
    return Request(
        "ticket.reply_ticket",
        "POST",
        "/api/ticket/interaction",
        reading(TicketReply),
        form=form,
        files=_attached(file),
        replay=Replay.IF_NOT_SENT,
    )


def _attached(file: File | None) -> tuple[tuple[str, Upload], ...]:
    return () if file is None else (("file", checks.upload(file, TICKET_FILE_KINDS, most_bytes=MAX_TICKET_FILE_BYTES)),)
