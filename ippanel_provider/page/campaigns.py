"""What the page tells of the campaigns in a SQL ledger: counts, names and times, and never a number or a text.

Moments are epoch seconds, counts are recipients, money is rial.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from ippanel_provider.campaign.ledger.decisions import counted, delivery, open_chunks, standing
from ippanel_provider.campaign.ledger.schema import CONFIRMED, GIVEN_UP, OPEN, campaigns, is_there, runs

MOST = 500
"""Campaigns that a list shows, the last active ones."""
DAY = 86_400.0
_SUMMED = ("rows", "accepted", "merged", "suppressed", "rejected", "skipped", "parts", "cost", "planned")


@dataclass(frozen=True, slots=True)
class Shown:
    """A campaign with who works on it."""

    id: int
    name: str
    generation: str
    begun_at: float
    touched_at: float
    pruned_at: float | None
    recipients: dict[str, int]
    tasks: tuple[dict[str, Any], ...] = field(repr=False)
    delivery: dict[str, int] = field(default_factory=dict)
    """What became of its rows, by status, where somebody follows them in a table of results."""

    @property
    def dag_ids(self) -> list[str]:
        """The DAGs whose tasks work on it; a right is asked for each."""
        return sorted({task["dag_id"] for task in self.tasks if task["dag_id"]})

    @property
    def state(self) -> str:
        """``sending``, ``waiting``, ``in doubt``, ``failed``, ``done`` or ``pruned``."""
        return standing({task["state"] for task in self.tasks}, self.recipients, is_pruned=self.pruned_at is not None)

    def is_of(self, dag_id: str, task_id: str, run_id: str, map_index: str) -> bool:
        """Return whether this task works on it. A ``+`` in the run may have become a space on its way here."""
        place = int(map_index) if map_index.isdecimal() else -1
        asked = (dag_id, task_id, run_id.replace(" ", "+"), place)
        return any(
            asked == (task["dag_id"], task["task_id"], task["run_id"].replace(" ", "+"), task["map_index"])
            for task in self.tasks
        )

    def told(self) -> dict[str, Any]:
        """Return it as the page's script takes it."""
        sums: Counter[str] = Counter()
        why: Counter[str] = Counter()
        for task in self.tasks:
            report = task["report"]
            sums.update({name: report[name] for name in _SUMMED if isinstance(report.get(name), int | float)})
            why.update(report.get("rejected_why") or {})
        return {
            "id": self.id,
            "name": self.name,
            "generation": self.generation,
            "begun_at": self.begun_at,
            "touched_at": self.touched_at,
            "state": self.state,
            "confirmed": self.recipients.get(CONFIRMED, 0),
            "open": self.recipients.get(OPEN, 0),
            "given_up": self.recipients.get(GIVEN_UP, 0),
            **{name: sums.get(name, 0) for name in _SUMMED},
            "rejected_why": dict(why.most_common()),
            **self._delivered(),
            "seconds_left": self._seconds_left(sums.get("planned", 0)),
            "tasks": [{name: value for name, value in task.items() if name != "report"} for task in self.tasks[:20]],
            "task_count": len(self.tasks),
        }

    def _delivered(self) -> dict[str, int]:
        if not self.delivery:
            return {}
        lost = sum(self.delivery.get(status, 0) for status in ("not_delivered", "blacklisted", "no_report"))
        return {"delivered": self.delivery.get("delivered", 0), "lost": lost}

    def _seconds_left(self, planned: float) -> float | None:
        done = self.recipients.get(CONFIRMED, 0)
        began = min((task["began_at"] for task in self.tasks if task["state"] == "sending"), default=None)
        if began is None or not 0 < done < planned or self.touched_at <= began:
            return None
        return float((self.touched_at - began) * (planned - done) / done)


def shown(engine: sa.Engine, *, only: int | None = None) -> list[Shown]:
    """Return the last active campaigns, or one; the newest activity first. Reads no hash of anybody.

    :raises OlderRecords: if the ledger is of another version.
    """
    if not is_there(engine):
        return []
    found = sa.select(campaigns).order_by(campaigns.c.touched_at.desc()).limit(MOST)
    if only is not None:
        found = found.where(campaigns.c.id == only)
    with engine.connect() as connection:
        rows = connection.execute(found).all()
        ids = [row.id for row in rows]
        counts = counted(connection, ids)
        tasks = _tasks(connection, ids)
        delivered = delivery(connection, ids)
    return [
        Shown(
            row.id,
            row.name,
            row.generation,
            row.begun_at,
            row.touched_at,
            row.pruned_at,
            counts.get(row.id, {}),
            tuple(tasks.get(row.id, ())),
            delivered.get(row.id, {}),
        )
        for row in rows
    ]


_TOLD_OF_A_TASK = (
    *("part", "dag_id", "task_id", "run_id", "map_index", "try_number", "conn_id", "sender", "form"),
    *("state", "began_at", "seen_at"),
)


def _tasks(connection: sa.Connection, ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    columns = [runs.c[name] for name in _TOLD_OF_A_TASK]
    asked = sa.select(runs.c.campaign, runs.c.report, *columns).where(runs.c.campaign.in_(ids))
    tasks: dict[int, list[dict[str, Any]]] = {}
    for row in connection.execute(asked.order_by(runs.c.seen_at.desc())):
        told = {name: "" if getattr(row, name) is None else getattr(row, name) for name in _TOLD_OF_A_TASK}
        tasks.setdefault(row.campaign, []).append(told | {"report": json.loads(row.report or "{}")})
    return tasks


def doubts(engine: sa.Engine, campaign: Shown) -> list[dict[str, Any]]:
    """Return what of a campaign is open, with what somebody has decided about it and which task it belongs to."""
    by_part = {task["part"]: task for task in reversed(campaign.tasks)}
    return [
        {
            "chunk": chunk.number,
            "size": chunk.size,
            "first_line": chunk.lines[0],
            "last_line": chunk.lines[1],
            "left_at": chunk.intended_at,
            "decision": chunk.decision,
            "decided_by": chunk.decided_by,
            "task": {
                name: by_part.get(chunk.part, {}).get(name)
                for name in ("dag_id", "task_id", "run_id", "map_index", "state")
            },
        }
        for chunk in open_chunks(engine, campaign.id)
    ]


def tiles(told: Iterable[dict[str, Any]], now: float) -> dict[str, Any]:
    """Return the counts at the top of the page, of the campaigns that the user may see."""
    every = list(told)
    today = [one for one in every if one["touched_at"] > now - DAY]
    followed = [one["delivered"] for one in today if "delivered" in one]
    return ({"delivered": sum(followed)} if followed else {}) | {
        "in_doubt": sum(one["open"] for one in every if one["state"] == "in doubt"),
        "sending": sum(one["state"] == "sending" for one in every),
        "accepted": sum(one["confirmed"] for one in today),
        "cost": sum(one["cost"] for one in today),
    }
