"""What a SQL ledger keeps besides intents and outcomes: how far they have come, what was learnt, who decides."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from ippanel_provider.campaign.ledger.base import Decision, Intent, Standing, Task
from ippanel_provider.campaign.ledger.decisions import write_decision
from ippanel_provider.campaign.ledger.records import standing_from, standing_to
from ippanel_provider.campaign.ledger.schema import (
    OPEN,
    campaigns,
    chunks,
    decisions,
    facts,
    name_key,
    notes,
    put,
    runs,
    touch,
)


class SqlNotes:
    """A campaign's notes in a database. Its number and that of this task's row are known once it is open."""

    def __init__(self, engine: sa.Engine, account: str, task: Task) -> None:
        self._engine = engine
        self._account = name_key(account)
        self._task = task
        self._campaign = self._run = 0

    def standing_of(self, intent: Intent) -> Standing:
        """Read how far it has come."""
        return standing_from(self._value(sa.select(chunks.c.standing).where(*self._at(intent.number))))

    def stand(self, intent: Intent, standing: Standing) -> None:
        """Write how far it has come."""
        with self._engine.begin() as connection:
            stored = json.dumps(standing_to(standing))
            connection.execute(sa.update(chunks).where(*self._at(intent.number)).values(standing=stored))

    def note(self, name: str, value: Any) -> None:
        """Write the value over what is there; of two workers at once the later one's stays."""
        put(self._engine, notes, {"campaign": self._campaign, "name": name}, {"value": json.dumps(value)})

    def noted(self, name: str) -> Any:
        """Read the value."""
        found = sa.select(notes.c.value).where(notes.c.campaign == self._campaign, notes.c.name == name)
        return json.loads(self._value(found) or "null")

    def learn(self, facts_learnt: Mapping[str, Any]) -> None:
        """Write what was learnt."""
        kept = {"facts": json.dumps(dict(facts_learnt)), "learnt_at": time.time()}
        put(self._engine, facts, {"account": self._account}, kept)

    def learnt(self) -> Mapping[str, Any]:
        """Read what was learnt."""
        found = self._value(sa.select(facts.c.facts).where(facts.c.account == self._account))
        return dict(json.loads(found or "{}"))

    def is_superseded(self) -> bool:
        """Read whether a later try has begun."""
        newest = self._value(sa.select(runs.c.try_number).where(runs.c.id == self._run))
        return newest is not None and newest > self._task.try_number

    def decided(self) -> Mapping[int, Decision]:
        """Read the last decision on each open chunk."""
        found = (
            sa.select(decisions.c.number, decisions.c.decision)
            .join(chunks, (chunks.c.campaign == decisions.c.campaign) & (chunks.c.number == decisions.c.number))
            .where(decisions.c.campaign == self._campaign, chunks.c.state == OPEN)
            .order_by(decisions.c.id)
        )
        with self._engine.connect() as connection:
            return {row.number: Decision(row.decision) for row in connection.execute(found)}

    def decide(self, number: int, decision: Decision, by: str) -> bool:
        """Write a decision down while the chunk is open."""
        with self._engine.begin() as connection:
            return write_decision(connection, self._campaign, number, decision, by)

    def ask(self, question: Mapping[str, Any] | None) -> None:
        """Write the question of this part; while it is open nobody is at work."""
        values = (
            {"question": None} if question is None else {"question": json.dumps(dict(question)), "state": "in doubt"}
        )
        with self._engine.begin() as connection:
            connection.execute(sa.update(runs).where(runs.c.id == self._run).values(values))

    def asked(self) -> Mapping[str, Any] | None:
        """Read the question of this part."""
        stored = self._value(sa.select(runs.c.question).where(runs.c.id == self._run))
        return None if stored is None else dict(json.loads(stored))

    def answered_others(self, since: float) -> Mapping[int, float]:
        """Whoever tells, tells it in this database."""
        return {}

    def pace(self, rate: float) -> float:
        """Take the campaign's next turn, whichever worker asks."""
        with self._engine.begin() as connection:
            touch(connection, self._campaign)
            here = campaigns.c.id == self._campaign
            now = time.time()
            # A clock far ahead has not to stop those of the others.
            turn = min(
                max(connection.execute(sa.select(campaigns.c.next_turn).where(here)).scalar() or 0.0, now), now + 3600
            )
            connection.execute(sa.update(campaigns).where(here).values(next_turn=turn + 1 / rate))
        return turn - now

    def _value(self, query: Any) -> Any:
        """Return what the query finds first; None if it is nothing."""
        with self._engine.connect() as connection:
            return connection.execute(query).scalar()

    def _at(self, number: int) -> tuple[Any, Any]:
        return chunks.c.campaign == self._campaign, chunks.c.number == number
