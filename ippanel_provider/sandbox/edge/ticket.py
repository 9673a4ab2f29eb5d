"""Questions to support. API: ticket. A list writes a ticket's text as ``desc``, its category and state as objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ippanel_provider.sandbox.takes import FILE, NUMBER, PAGES, Field, fields
from ippanel_provider.sandbox.tickets import (
    CATEGORIES,
    OTHER_CATEGORY,
    SUB_CATEGORIES,
    Interaction,
    Ticket,
    TicketFilter,
)
from ippanel_provider.sandbox.wire import Call, Reply, Route
from ippanel_provider.service import MAX_TICKET_FILE_BYTES, TICKET_FILE_KINDS, TicketState

from .envelope import (
    SUCCESS,
    ListStyle,
    Problems,
    as_int,
    done,
    for_resellers,
    list_of,
    missing,
    moment,
    not_found,
    plain_moment,
)
from .fields import Checked, Whole, read

STYLE = ListStyle(SUCCESS, path="none")
_JIRA_BELOW, _FORWARD_ABOVE = 60_000, 400_000
"""How far the ids of support's own notes lie from a ticket's, as in the documents' example."""
_NO_TICKET = "تیکت مورد نظر یافت نشد"
_STATES = {
    TicketState.WAITING: "waiting",
    TicketState.WAITING_FOR_SUPPORT: "support",
    TicketState.ANSWERED: "replied",
    TicketState.CLOSED: "closed",
    TicketState.FORWARDED: "forwarded",
}


def create(call: Call) -> Reply:
    """Open a ticket, maybe with a file."""
    for_resellers(call)
    problems = Problems()
    given = read(call, problems)
    notification = call.body.get("sms_notification", "0")
    if str(notification) not in ("0", "1"):
        problems.add("sms_notification")
    file = _file(call, problems)
    problems.check()
    account = call.sandbox.account
    ticket = call.sandbox.tickets.create(
        account.user_id,
        account.user_name,
        given["subject"],
        given["category_id"],
        given["description"],
        str(notification) == "1",
        file,
    )
    return done({"ticket_id": ticket.id})


def list_tickets(call: Call) -> Reply:
    """Tickets that fit the filters, newest first. A filter given empty is refused: leave it out instead."""
    for_resellers(call)
    problems = Problems()

    def number(field: str) -> int | None:
        given = call.query.get(field)
        value = as_int(given)
        if given is not None and value is None:
            problems.add(field)
        return value

    wanted = TicketFilter(
        call.query.get("username"),
        number("ticket_id"),
        number("category_id"),
        number("sub_category_id"),
        number("state_id"),
    )
    if wanted.state_id is not None and wanted.state_id not in set(TicketState):
        problems.add("state_id")
    problems.check()
    return list_of(call, call.sandbox.tickets.matching(wanted), lambda ticket: _in_list(call, ticket), STYLE)


def show(call: Call) -> Reply:
    """One ticket with what was said in it."""
    for_resellers(call)
    given = call.query.get("ticket_id")
    if not given:
        raise missing("ticket_id")
    ticket = call.sandbox.tickets.get(as_int(given) or 0)
    if ticket is None:
        raise not_found(_NO_TICKET)
    return done(_alone(call, ticket), message=SUCCESS)


def reply(call: Call) -> Reply:
    """Say something in a ticket, maybe with a file."""
    for_resellers(call)
    problems = Problems()
    given = read(call, problems)
    file = _file(call, problems)
    problems.check()
    ticket = call.sandbox.tickets.get(given["ticket_id"])
    if ticket is None:
        raise not_found(_NO_TICKET)
    interaction = call.sandbox.tickets.reply(ticket.id, given["description"], file=file)
    return done(
        {
            "interaction_id": interaction.id,
            "ticket": {"id": ticket.id, "user_id": ticket.user_id, "parent_id": _parent_id(call, ticket)},
        }
    )


def _file(call: Call, problems: Problems) -> str | None:
    uploads = call.uploads("file")
    if not uploads:
        return None
    name, size = uploads[0].name, len(uploads[0].content)
    if name.rpartition(".")[2].lower() not in TICKET_FILE_KINDS:
        problems.add("file", f"فایل باید از نوع {' یا '.join(TICKET_FILE_KINDS)} باشد")
    if size > MAX_TICKET_FILE_BYTES:
        problems.add("file", f"حجم فایل نباید بیشتر از {MAX_TICKET_FILE_BYTES // 1024 // 1024} مگابایت باشد")
    return name


def _parent_id(call: Call, ticket: Ticket) -> int | None:
    owner = call.sandbox.people.users.get(ticket.user_id)
    return None if owner is None else owner.parent_id


def _shared(call: Call, ticket: Ticket) -> dict[str, object]:
    return {
        "id": ticket.id,
        "ticket_id": ticket.id,
        "user_id": ticket.user_id,
        "parent_id": _parent_id(call, ticket),
        "category_id": ticket.category_id,
        "sub_category_id": ticket.sub_category_id,
        "importance": "acute",
        "state_id": int(ticket.state),
        "subject": ticket.subject,
        "close_desc": None,
        "user_seen": 1,
        "sms_notification": int(ticket.sms_notification),
        "jira_id": ticket.id - _JIRA_BELOW,
        "rate": 0,
    }


def _forwarded(ticket: Ticket) -> dict[str, object]:
    """To whom at support it was handed on: each new ticket is."""
    return {
        "id": ticket.id + _FORWARD_ABOVE,
        "from": ticket.user_id,
        "ticket_id": ticket.id,
        "to": 1,
        "created_at": moment(ticket.created),
        "updated_at": moment(ticket.updated),
        "deleted_at": None,
    }


def _in_list(call: Call, ticket: Ticket) -> dict[str, object]:
    return _shared(call, ticket) | {
        "desc": ticket.description,
        "manager_comment": None,
        "admin_seen": int(ticket.state is TicketState.ANSWERED),
        "interaction_count": len(ticket.interactions),
        "longest_interaction": 0,
        "min_rate": None,
        "deleted_at": None,
        "created_at": moment(ticket.created),
        "updated_at": moment(ticket.updated),
        "rate_comment": None,
        "user": {"user_id": ticket.user_id, "uname": ticket.username},
        "category": {"id": ticket.category_id, "name": CATEGORIES.get(ticket.category_id, OTHER_CATEGORY)},
        "sub_category": {
            "id": ticket.sub_category_id,
            "title": SUB_CATEGORIES.get(ticket.sub_category_id, OTHER_CATEGORY),
        },
        "state": {"id": int(ticket.state), "name": _STATES[ticket.state]},
        "forward": _forwarded(ticket) | {"seen": int(_was_seen(ticket))},
    }


def _was_seen(ticket: Ticket) -> bool:
    return ticket.state is not TicketState.WAITING


def _alone(call: Call, ticket: Ticket) -> dict[str, object]:
    return _shared(call, ticket) | {
        "category": CATEGORIES.get(ticket.category_id, OTHER_CATEGORY),
        "state": _STATES[ticket.state],
        "sub_state_id": None,
        "description": ticket.description,
        "created_at": plain_moment(ticket.created),
        "attachment": _attachment(ticket.username, ticket.file),
        "interactions": [_interaction(ticket, interaction) for interaction in ticket.interactions],
        "forward": _forwarded(ticket) | {"seen": _was_seen(ticket)},
        "manager_comment": "",
    }


def _interaction(ticket: Ticket, interaction: Interaction) -> dict[str, object]:
    agent = "support" if interaction.by_support else None
    return {
        "id": interaction.id,
        "description": interaction.description,
        "agent_id": 1 if interaction.by_support else None,
        "agent_username": agent,
        "created_at": plain_moment(interaction.created),
        "attachment": _attachment(ticket.username, interaction.file),
        "partner_title": agent,
        "private": 0,
        "username": agent or ticket.username,
    }


def _attachment(username: str, file: str | None) -> str | None:
    return None if file is None else f"https://storage.example.com/{username}/ticket/{file}"


@dataclass(frozen=True)
class _Words(Checked):
    """A text, whatever it is given as."""

    def read(self, value: Any, problems: Problems, at: str) -> str:
        return str(value)


_DESCRIPTION, _FILE = _Words("description"), Field("file", FILE)
_NEW = (_Words("subject"), Whole("category_id", low=1), _DESCRIPTION, Field("sms_notification"), _FILE)
_FILTERS = (*PAGES, Field("username"), *fields("ticket_id category_id sub_category_id state_id", NUMBER))

routes = (
    Route("POST", "/api/ticket", create, "create_ticket", takes=_NEW),
    Route("GET", "/api/ticket", list_tickets, "list_tickets", takes=_FILTERS),
    Route("GET", "/api/ticket/show", show, "get_ticket", takes=(Field("ticket_id", NUMBER, required=True),)),
    Route(
        "POST",
        "/api/ticket/interaction",
        reply,
        "reply_ticket",
        takes=(Whole("ticket_id", low=1), _DESCRIPTION, _FILE),
    ),
)
