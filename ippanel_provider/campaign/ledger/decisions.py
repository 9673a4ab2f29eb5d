"""What a person sees of the campaigns in a SQL ledger, and decides about what is in doubt.

A decision is advice to the next try, which takes it up before it sends anything: what the service itself shows wins. It
is written only while the chunk is open and nobody can be at work on it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import sqlalchemy as sa
import sqlalchemy.exc

from ippanel_provider.campaign.ledger.base import Decision
from ippanel_provider.campaign.ledger.schema import (
    OPEN,
    campaigns,
    chunks,
    decisions,
    is_there,
    members,
    name_key,
    notes,
    pending,
    put,
    runs,
    touch,
)

SETTLE = 120.0
"""Seconds that a chunk is given to show in the outbox, before anybody decides about it; its task may tell others."""
AT_WORK = 900.0
"""Seconds after its last sign for which such a task may still be at work; it looks and watches without one for less."""


class NotDecided(Exception):
    """The decision was not written down; the text says why and what to do."""


class Unreachable(Exception):
    """The database does not answer."""


@contextmanager
def connected(ledger: str | sa.Engine) -> Iterator[sa.Engine]:
    """Give the engine of a ledger for as long as it is needed.

    :param ledger: an SQLAlchemy URL, or an engine
    :raises Unreachable: naming what went wrong, without the URL, which may hold a password.
    """
    try:
        engine = sa.create_engine(ledger) if isinstance(ledger, str) else ledger
    except (sa.exc.ArgumentError, ModuleNotFoundError) as error:
        raise Unreachable(
            f"ledger: it is no URL of a database that can be used here ({type(error).__name__})"
        ) from None
    try:
        yield engine
    except sa.exc.SQLAlchemyError as error:
        raise Unreachable(f"ledger: the database cannot be reached or read ({type(error).__name__})") from None
    finally:
        engine.dispose()


@dataclass(frozen=True, slots=True)
class Part:
    """One part of one run that works, or has worked, on a campaign. Times are epoch seconds."""

    part: str
    dag_id: str
    task_id: str
    run_id: str
    map_index: int
    try_number: int
    conn_id: str
    sender: str
    form: str
    state: str
    began_at: float
    seen_at: float
    report: dict[str, Any]


@dataclass(frozen=True, slots=True)
class OpenChunk:
    """A chunk that may have gone out: nobody has confirmed it yet."""

    number: int
    size: int
    lines: tuple[int, int]
    intended_at: float
    part: str
    decision: str | None
    decided_by: str | None


@dataclass(frozen=True, slots=True)
class Overview:
    """A campaign in counts of recipients."""

    name: str
    generation: str
    begun_at: float
    touched_at: float
    pruned_at: float | None
    id: int = field(repr=False)
    recipients: dict[str, int] = field(default_factory=dict)
    """By the state of their chunk: ``confirmed``, ``open``, ``void``, ``given up``."""
    planned: int | None = None
    """How many the first pass over the source has counted; None without one."""


def overviews(engine: sa.Engine, name: str | None = None) -> list[Overview]:
    """Return the campaigns, the last active one first; of one name its generations.

    :raises LedgerUnusable: if the records are of another version.
    """
    if not is_there(engine):
        return []
    found = sa.select(campaigns).order_by(campaigns.c.touched_at.desc())
    if name is not None:
        found = found.where(campaigns.c.name_key == name_key(name))
    planned: dict[int, int] = {}
    with engine.connect() as connection:
        recipients = counted(connection)
        for campaign, report in connection.execute(sa.select(runs.c.campaign, runs.c.report)):
            if (count := json.loads(report or "{}").get("planned")) is not None:
                planned[campaign] = planned.get(campaign, 0) + count
        return [
            Overview(
                row.name,
                row.generation,
                row.begun_at,
                row.touched_at,
                row.pruned_at,
                row.id,
                recipients.get(row.id, {}),
                planned.get(row.id),
            )
            for row in connection.execute(found)
        ]


def counted(connection: sa.Connection, only: Sequence[int] | None = None) -> dict[int, dict[str, int]]:
    """Return the recipients of campaigns by the state of their chunk, each person once.

    :param only: ids of campaigns; all without
    """
    asked = sa.select(chunks.c.campaign, chunks.c.state, sa.func.sum(chunks.c.size))
    if only is not None:
        asked = asked.where(chunks.c.campaign.in_(only))
    counts: dict[int, dict[str, int]] = {}
    for campaign, state, count in connection.execute(asked.group_by(chunks.c.campaign, chunks.c.state)):
        counts.setdefault(campaign, {})[state] = int(count)
    for campaign in [campaign for campaign, found in counts.items() if found.get(OPEN)]:
        # A repetition has the members of what it repeats: as long as that is open, they are in doubt and nothing else.
        columns = (chunks.c.number, chunks.c.state, chunks.c.size, chunks.c.details)
        rows = connection.execute(sa.select(*columns).where(chunks.c.campaign == campaign)).all()
        is_open = {row.number for row in rows if row.state == OPEN}
        for row in rows:
            if json.loads(row.details).get("again") in is_open:
                counts[campaign][row.state] -= row.size
    return counts


_DELIVERY = "delivery"


def note_delivery(engine: sa.Engine, name: str, counts: Mapping[str, int]) -> None:
    """Write down what became of a campaign's people, for who lists campaigns; the last word stands.

    :param counts: of rows, by their status in a table of results
    """
    if found := overviews(engine, name):
        put(engine, notes, {"campaign": found[0].id, "name": _DELIVERY}, {"value": json.dumps(dict(counts))})


def delivery(connection: sa.Connection, only: Sequence[int]) -> dict[int, dict[str, int]]:
    """Return what was noted so of campaigns, by their ids."""
    asked = sa.select(notes.c.campaign, notes.c.value).where(notes.c.name == _DELIVERY, notes.c.campaign.in_(only))
    return {row.campaign: json.loads(row.value) for row in connection.execute(asked)}


def standing(states: set[str], recipients: Mapping[str, int], *, is_pruned: bool) -> str:
    """Return how a campaign is: ``sending``, ``waiting``, ``in doubt``, ``failed``, ``done`` or ``pruned``.

    :param states: of its parts
    :param recipients: counts by the state of their chunk
    """
    state = next((state for state in ("sending", "waiting", "failed") if state in states), "done")
    if recipients.get(OPEN) and state != "sending":
        state = "in doubt"
    return "pruned" if is_pruned else state


def parts(engine: sa.Engine, campaign: int) -> list[Part]:
    """Return who works, or has worked, on a campaign, the last one first."""
    found = sa.select(runs).where(runs.c.campaign == campaign).order_by(runs.c.seen_at.desc())
    names = [name for name in Part.__dataclass_fields__ if name != "report"]
    with engine.connect() as connection:
        return [
            Part(**{name: _plain(getattr(row, name)) for name in names}, report=json.loads(row.report or "{}"))
            for row in connection.execute(found)
        ]


def open_chunks(engine: sa.Engine, campaign: int) -> Iterator[OpenChunk]:
    """Yield what is in doubt, or under way, with the last decision on it."""
    names = (chunks.c.number, chunks.c.size, chunks.c.first_line, chunks.c.last_line, chunks.c.intended_at)
    found = (
        sa.select(*names, runs.c.part)
        .join(runs, runs.c.id == chunks.c.run)
        .where(chunks.c.campaign == campaign, chunks.c.state == OPEN)
        .order_by(chunks.c.number)
    )
    decided = sa.select(decisions).where(decisions.c.campaign == campaign).order_by(decisions.c.id)
    with engine.connect() as connection:
        last = {row.number: (row.decision, row.decided_by) for row in connection.execute(decided)}
        rows = connection.execute(found).all()
    for row in rows:
        yield OpenChunk(
            row.number,
            row.size,
            (row.first_line, row.last_line),
            row.intended_at,
            row.part or "",
            *last.get(row.number, (None, None)),
        )


def resolve(engine: sa.Engine, campaign: int, number: int, decision: Decision, by: str) -> None:
    """Write down what a person has decided about an open chunk; the next try takes it up.

    :raises NotDecided: if there is no such chunk, it is settled, or its task may still be at work.
    """
    with engine.begin() as connection:
        # Whoever claims or settles waits for this, and this for them.
        touch(connection, campaign)
        names = (chunks.c.state, chunks.c.intended_at, runs.c.state.label("at"), runs.c.seen_at, runs.c.report)
        found = sa.select(*names).join(runs, runs.c.id == chunks.c.run)
        row = connection.execute(found.where(chunks.c.campaign == campaign, chunks.c.number == number)).first()
        if row is None:
            raise NotDecided(f"chunk: {number} not found in this campaign")
        if row.state != OPEN:
            raise NotDecided(f"chunk: {number} is {row.state} already; there is nothing to decide")
        now = time.time()
        if row.at == "sending" and (left := row.seen_at + at_work(row.report) - now) > 0:
            raise NotDecided(f"chunk: its task may still be at work; end it in Airflow, or ask again in {span(left)}")
        if (left := row.intended_at + settle_of(row.report) - now) > 0:
            raise NotDecided(f"chunk: {number} was sent just now and may still show; ask again in {span(left)}")
        write_decision(connection, campaign, number, decision, by)


def settle_of(report: str | None) -> float:
    """Return how long the task of a report gives the outbox to show what was accepted, in seconds."""
    return float(json.loads(report or "{}").get("settle") or SETTLE)


def at_work(report: str | None) -> float:
    """Return for how many seconds after its last sign the task of a report may still be at work."""
    return AT_WORK * settle_of(report) / SETTLE


def span(seconds: float) -> str:
    """Say how long that is, rounded up."""
    return f"{ceil(seconds / 60)} minutes" if seconds > 90 else f"{ceil(seconds)} seconds"


def write_decision(connection: sa.Connection, campaign: int, number: int, decision: Decision, by: str) -> bool:
    """Write a decision down if the chunk is open; return whether it was."""
    is_open = (chunks.c.campaign == campaign, chunks.c.number == number, chunks.c.state == OPEN)
    if connection.execute(sa.select(chunks.c.number).where(*is_open)).first() is None:
        return False
    row = {"campaign": campaign, "number": number, "decided_by": by, "decided_at": time.time()}
    connection.execute(sa.insert(decisions).values(row | {"decision": Decision(decision).value}))
    return True


def is_to_be_taken_up(connection: sa.Connection, run: Any) -> bool:
    """Return whether somebody decided about a chunk of this run, and no try has done it yet.

    A try that was begun for it may have ended before it came so far; to look again is done by beginning.

    :param run: its ``id`` and ``began_at``
    """
    of_run = (chunks.c.campaign == decisions.c.campaign) & (chunks.c.number == decisions.c.number)
    is_new = decisions.c.decided_at > run.began_at
    is_due = (chunks.c.state == OPEN) & (decisions.c.decision != Decision.LOOK)
    found = sa.select(decisions.c.id).join(chunks, of_run).where(chunks.c.run == run.id, is_new | is_due)
    return connection.execute(found).first() is not None


def prune(engine: sa.Engine, *, older_than: float | None = None) -> tuple[int, int]:
    """Forget who was reached by campaigns that nobody needs any more; that there were records stays known.

    :param older_than: seconds since the last activity; without it each campaign's own ``keep_for``
    :return: how many campaigns were pruned, and how many were not because something in them is still in doubt
    """
    if not is_there(engine):
        return 0, 0
    now, pruned, in_doubt = time.time(), 0, 0
    keep = campaigns.c.keep_for if older_than is None else sa.literal(older_than)
    due = sa.select(campaigns.c.id).where(campaigns.c.pruned_at.is_(None), campaigns.c.touched_at + keep < now)
    with engine.connect() as connection:
        found = list(connection.execute(due).scalars())
    for campaign in found:
        with engine.begin() as connection:
            is_still_due = connection.execute(due.where(campaigns.c.id == campaign)).first() is not None
            touched = sa.select(campaigns.c.touched_at).where(campaigns.c.id == campaign)
            at = connection.execute(touched).scalar_one()
            touch(connection, campaign)
            is_open = sa.select(chunks.c.number).where(chunks.c.campaign == campaign, chunks.c.state == OPEN)
            if connection.execute(is_open).first() is not None or not is_still_due:
                in_doubt += is_still_due
                connection.execute(sa.update(campaigns).where(campaigns.c.id == campaign).values(touched_at=at))
                continue
            for table in (chunks, members, notes, decisions, pending):
                connection.execute(sa.delete(table).where(table.c.campaign == campaign))
            values = {"pruned_at": now, "touched_at": at}
            connection.execute(sa.update(campaigns).where(campaigns.c.id == campaign).values(values))
            pruned += 1
    return pruned, in_doubt


def _plain(value: Any) -> Any:
    return "" if value is None else value
