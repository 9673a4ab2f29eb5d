"""Tickets: questions to support and its answers. API: ticket."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

from ippanel_provider.service import TicketState

from .journal import Journal, Store, change

FIRST_TICKET_ID = 200_001
FIRST_INTERACTION_ID = 500_001

CATEGORIES: Mapping[int, str] = {10: "Plugins, Domains, API", 11: "System Questions", 123: "Lines"}
SUB_CATEGORIES: Mapping[int, str] = {20: "System Errors", 21: "Other Issues"}
OTHER_CATEGORY = "Other"


@dataclass(slots=True)
class Interaction:
    """Something said in a ticket, by its owner or, with ``by_support``, by an agent. ``file`` is a name."""

    id: int
    description: str
    created: float
    by_support: bool = False
    file: str | None = None


@dataclass(slots=True)
class Ticket:
    """A question and what was said about it. ``file`` is the name of what was attached."""

    id: int
    user_id: int
    username: str
    subject: str
    category_id: int
    description: str
    created: float
    updated: float
    sms_notification: bool = False
    file: str | None = None
    sub_category_id: int = 21
    state: TicketState = TicketState.WAITING
    interactions: list[Interaction] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """Which tickets are asked for; None means any."""

    username: str | None = None
    ticket_id: int | None = None
    category_id: int | None = None
    sub_category_id: int | None = None
    state_id: int | None = None

    def admits(self, ticket: Ticket) -> bool:
        """Whether ``ticket`` is meant."""
        return (
            (self.username is None or ticket.username == self.username)
            and (self.ticket_id is None or ticket.id == self.ticket_id)
            and (self.category_id is None or ticket.category_id == self.category_id)
            and (self.sub_category_id is None or ticket.sub_category_id == self.sub_category_id)
            and (self.state_id is None or ticket.state == self.state_id)
        )


class Tickets(Store):
    """Tickets by id."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal)
        self._tickets: dict[int, Ticket] = {}
        self._ids = itertools.count(FIRST_TICKET_ID)
        self._interaction_ids = itertools.count(FIRST_INTERACTION_ID)

    def get(self, ticket_id: int) -> Ticket | None:
        """The ticket with this id."""
        return self._tickets.get(ticket_id)

    def matching(self, wanted: TicketFilter) -> list[Ticket]:
        """The tickets that fit, newest first."""
        return [ticket for ticket in reversed(self._tickets.values()) if wanted.admits(ticket)]

    def put(self, ticket: Ticket) -> None:
        """Put a ticket in under an id of its own; the examples do."""
        self._tickets[ticket.id] = ticket

    @change
    def create(
        self,
        user_id: int,
        username: str,
        subject: str,
        category_id: int,
        description: str,
        sms_notification: bool = False,
        file: str | None = None,
    ) -> Ticket:
        """Open a ticket."""
        now = self.now()
        ticket = Ticket(
            next(self._ids), user_id, username, subject, category_id, description, now, now, sms_notification, file
        )
        self.put(ticket)
        return ticket

    @change
    def reply(self, ticket_id: int, description: str, by_support: bool = False, file: str | None = None) -> Interaction:
        """Say something in a ticket: it then waits for the other side.

        :raises KeyError: when there is no such ticket.
        """
        ticket = self._tickets[ticket_id]
        interaction = Interaction(next(self._interaction_ids), description, self.now(), by_support, file)
        ticket.interactions.append(interaction)
        ticket.state = TicketState.ANSWERED if by_support else TicketState.WAITING
        ticket.updated = self.now()
        return interaction

    @change
    def close(self, ticket_id: int) -> None:
        """End a ticket.

        :raises KeyError: when there is no such ticket.
        """
        ticket = self._tickets[ticket_id]
        ticket.state, ticket.updated = TicketState.CLOSED, self.now()
