"""Who has been claimed in a campaign in SQL, in two ways, for there are two kinds of campaigns.

A task alone reads its own records anyway, and knows from them. Parts of a campaign would each read what all others have
written; they ask a table instead, whose primary key is the campaign and the person. Whatever a task alone has claimed
is put into it by the first part that comes.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

import sqlalchemy as sa

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.ledger.base import Claim, Intent
from ippanel_provider.campaign.ledger.hashes import Known, MemberKey
from ippanel_provider.campaign.ledger.records import outcome_from
from ippanel_provider.campaign.ledger.schema import campaigns, chunks, members

_ROWS_A_PAGE = 100
_NAMES_A_QUERY = 500


class Reached(Protocol):
    """Who has been claimed. Whoever writes holds the campaign's row."""

    def catch_up(self, connection: sa.Connection, last_number: int | None = None) -> None:
        """Take up what others have claimed.

        :param last_number: of the campaign, where that is known
        """
        ...

    def unknown(self, connection: sa.Connection, messages: Sequence[Message]) -> Sequence[Message]:
        """Return the messages whose member nobody has claimed."""
        ...

    def left(self, connection: sa.Connection, drafts: Sequence[Claim], *, asks: bool) -> list[Claim]:
        """Return what is left of the drafts without members that are claimed, each once."""
        ...

    def write(self, connection: sa.Connection, claims: Sequence[Claim], last_number: int) -> None:
        """Write that the claims are made."""
        ...

    def undo(self, claims: Sequence[Claim]) -> None:
        """The transaction in which they were made was rolled back."""
        ...

    def hold(self, connection: sa.Connection, intent: Intent) -> None:
        """Claim again what of an intent's members nobody has claimed since they were let go."""
        ...

    def release(self, connection: sa.Connection, intent: Intent, places: Iterable[int]) -> None:
        """Let members be claimed again who are known to have got nothing."""
        ...


class Table:
    """What parts ask."""

    def __init__(self, campaign: int, key: MemberKey) -> None:
        self._campaign = campaign
        self._key = key

    def catch_up(self, connection: sa.Connection, last_number: int | None = None) -> None:
        """Put in what a task alone has claimed."""
        here = campaigns.c.id == self._campaign
        found = connection.execute(sa.select(campaigns.c.last_number, campaigns.c.last_member).where(here)).one()
        if found.last_member < found.last_number:
            for number, hashes in claimed_after(connection, self._campaign, found.last_member):
                self._insert(connection, number, hashes)
            connection.execute(sa.update(campaigns).where(here).values(last_member=found.last_number))

    def unknown(self, connection: sa.Connection, messages: Sequence[Message]) -> Sequence[Message]:
        """Ask who is there."""
        hashes = array("q", self._key.members(messages))
        known = self._known(connection, hashes)
        return [message for message, member in zip(messages, hashes, strict=True) if member not in known]

    def left(self, connection: sa.Connection, drafts: Sequence[Claim], *, asks: bool) -> list[Claim]:
        """Leave out who comes twice; who is there already is only asked for if that is wanted, as writing asks too."""
        taken: set[int] = set()
        claims = []
        for draft in drafts:
            if draft.intent.again:
                claims.append(draft)
                continue
            if asks:
                taken |= self._known(connection, array("q", draft.intent.members))
            if claim := draft.without(taken, self._key):
                claims.append(claim)
                taken.update(array("q", claim.intent.members))
        return claims

    def write(self, connection: sa.Connection, claims: Sequence[Claim], last_number: int) -> None:
        """Put them in."""
        for claim in claims:
            if not claim.intent.again:
                self._insert(connection, claim.intent.number, array("q", claim.intent.members))
        here = campaigns.c.id == self._campaign
        connection.execute(sa.update(campaigns).where(here).values(last_member=last_number))

    def undo(self, claims: Sequence[Claim]) -> None:
        """The database has."""

    def hold(self, connection: sa.Connection, intent: Intent) -> None:
        """Put in who is not there."""
        hashes = array("q", intent.members)
        self._insert(connection, intent.number, set(hashes) - self._known(connection, hashes))

    def release(self, connection: sa.Connection, intent: Intent, places: Iterable[int]) -> None:
        """Take them out."""
        take_out(connection, self._campaign, intent, places)

    def _insert(self, connection: sa.Connection, number: int, hashes: Iterable[int]) -> None:
        row = {"campaign": self._campaign, "number": number}
        # In the order of the key, so that each page of it is met once.
        if rows := [row | {"member": member} for member in sorted(hashes)]:
            connection.execute(sa.insert(members), rows)

    def _known(self, connection: sa.Connection, hashes: Sequence[int]) -> set[int]:
        here = members.c.campaign == self._campaign
        found: set[int] = set()
        for some in _pieces(hashes):
            there = sa.select(members.c.member).where(here, members.c.member.in_(some))
            found.update(connection.execute(there).scalars())
        return found


class Alone:
    """What a task knows that reads all records of its campaign."""

    def __init__(self, campaign: int, key: MemberKey) -> None:
        self._campaign = campaign
        self._key = key
        self._known = Known(key)
        self._last = self._last_but_one = 0

    def catch_up(self, connection: sa.Connection, last_number: int | None = None) -> None:
        """Read what has been written since."""
        if last_number is not None and last_number == self._last:
            return
        for number, hashes in claimed_after(connection, self._campaign, self._last):
            self._known.remember(array("q", hashes).tobytes(), frozenset())
            self._last = self._last_but_one = number

    def unknown(self, connection: sa.Connection, messages: Sequence[Message]) -> Sequence[Message]:
        """Say it without asking."""
        return self._known.unknown(messages)

    def left(self, connection: sa.Connection, drafts: Sequence[Claim], *, asks: bool) -> list[Claim]:
        """Make them known."""
        return [claim for draft in drafts if (claim := draft.among(self._known, self._key))]

    def write(self, connection: sa.Connection, claims: Sequence[Claim], last_number: int) -> None:
        """Remember how far all is known."""
        self._last_but_one, self._last = self._last, last_number

    def undo(self, claims: Sequence[Claim]) -> None:
        """Forget them."""
        self._last = min(self._last, self._last_but_one)
        for claim in claims:
            if not claim.intent.again:
                self._known.release(claim.intent.members, range(claim.intent.size))

    def hold(self, connection: sa.Connection, intent: Intent) -> None:
        """Know them again, and have the parts know them."""
        self._known.remember(intent.members, frozenset())
        Table(self._campaign, self._key).hold(connection, intent)

    def release(self, connection: sa.Connection, intent: Intent, places: Iterable[int]) -> None:
        """Forget them; parts may have put them into the table."""
        places = list(places)
        self._known.release(intent.members, places)
        take_out(connection, self._campaign, intent, places)


def claimed_after(connection: sa.Connection, campaign: int, number: int) -> Iterator[tuple[int, list[int]]]:
    """Yield the chunks after a number with the members that they hold."""
    found = sa.select(chunks.c.number, chunks.c.members, chunks.c.outcome, chunks.c.details)
    while page := connection.execute(
        found.where(chunks.c.campaign == campaign, chunks.c.number > number)
        .order_by(chunks.c.number)
        .limit(_ROWS_A_PAGE)
    ).all():
        for row in page:
            number, outcome = row.number, outcome_from(row.outcome)
            void = outcome.void if outcome else frozenset()
            hashes = [] if json.loads(row.details)["again"] else array("q", bytes(row.members))
            yield number, [member for place, member in enumerate(hashes) if place not in void]


def take_out(connection: sa.Connection, campaign: int, intent: Intent, places: Iterable[int]) -> None:
    """Delete members of a chunk from the table, as far as they are there."""
    hashes = array("q", intent.members)
    here: tuple[Any, ...] = members.c.campaign == campaign, members.c.number == intent.number
    for some in _pieces([hashes[place] for place in places]):
        connection.execute(sa.delete(members).where(*here, members.c.member.in_(some)))


def _pieces(hashes: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(hashes), _NAMES_A_QUERY):
        yield hashes[start : start + _NAMES_A_QUERY]
