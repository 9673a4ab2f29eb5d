"""What a table of results does not say yet of a SQL ledger's chunks.

What it needs of their members is written in one transaction with the intent, and goes when the table says it: whatever
ends a task between the two, the next try knows which rows are missing, whether or not the source still names them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.ledger.base import Claim, Intent, Outcome
from ippanel_provider.campaign.ledger.records import outcome_from
from ippanel_provider.campaign.ledger.schema import CONFIRMED, VOID, chunks, pending
from ippanel_provider.campaign.ledger.sql_rows import intent_of

_CHUNKS_A_PAGE = 10

Describe = Callable[[Sequence[Message]], bytes]
"""Says what a table of results is to hold of members; no number and no text."""


class Untold(NamedTuple):
    """A chunk of which a table of results does not say yet what became of it."""

    intent: Intent
    outcome: Outcome | None
    about: bytes
    """What was said of its members, in their order."""


def write(connection: sa.Connection, campaign: int, claims: Sequence[Claim], describe: Describe) -> None:
    """Keep what a table of results will have to say of claims."""
    rows = [(claim.intent.number, describe(claim.chunk.messages)) for claim in claims]
    named = [{"campaign": campaign, "number": number, "members": about} for number, about in rows]
    connection.execute(sa.insert(pending), named)


def read(
    connection: sa.Connection, campaign: int, of_runs: Sequence[int], after: int, *, settled_only: bool
) -> Iterator[Untold]:
    """Yield the next few after a number, in order.

    :param settled_only: leave out what is in doubt, given up, or under way
    """
    is_same = (pending.c.campaign == chunks.c.campaign) & (pending.c.number == chunks.c.number)
    found = sa.select(chunks, pending.c.members.label("about")).join(pending, is_same)
    found = found.where(chunks.c.campaign == campaign, chunks.c.number > after, chunks.c.run.in_(of_runs))
    if settled_only:
        found = found.where(chunks.c.state.in_((CONFIRMED, VOID)))
    for row in connection.execute(found.order_by(chunks.c.number).limit(_CHUNKS_A_PAGE)).all():
        yield Untold(intent_of(row), outcome_from(row.outcome), bytes(row.about))


def forget(engine: sa.Engine, campaign: int, numbers: Sequence[int]) -> None:
    """Let go of what a table of results says now; it has to be durable there."""
    with engine.begin() as connection:
        here = (pending.c.campaign == campaign, pending.c.number.in_(numbers))
        connection.execute(sa.delete(pending).where(*here))
