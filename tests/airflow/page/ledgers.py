"""A ledger with campaigns in every state, as sending tasks leave it, without a number or a text in it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ippanel_provider.campaign.ledger.base import Outcome, Task
from ippanel_provider.campaign.ledger.schema import campaigns, chunks, runs
from ippanel_provider.campaign.ledger.sql import SqlLedger
from tests.campaign.conftest import KEY, people
from tests.campaign.test_decisions import claim

HOUR = 3600.0


def made(path: Path) -> sa.Engine:
    """Make it: one campaign that is sending, one in doubt, one done and one of a DAG that not everybody may read."""
    engine = sa.create_engine(f"sqlite:///{path}")
    _campaign(engine, "invoices", ("billing", "remind"), 2, age=26 * HOUR, report={"cost": 4400, "rejected": 1})
    _campaign(engine, "secret", ("hidden", "send"), 1, age=2 * HOUR)
    _campaign(
        engine,
        "nowruz-1406",
        ("nowruz", "send"),
        2,
        open_=True,
        age=HOUR,
        state="in doubt",
        report={"rejected": 12, "rejected_why": {"the number has too few digits": 9, "name is empty": 3}},
    )
    _campaign(engine, "loyalty", ("loyalty", "send_texts"), 1, state="sending", report={"planned": 40, "cost": 9000})
    return engine


def _campaign(
    engine: sa.Engine,
    name: str,
    of: tuple[str, str],
    settled: int,
    *,
    open_: bool = False,
    age: float = 60.0,
    state: str = "done",
    report: dict[str, Any] | None = None,
) -> None:
    task = Task(*of, "manual__2026-11-28T01:15:15+00:00", -1, 1, "ippanel_default", "+983000505", "SharedText")
    ledger = SqlLedger(engine, KEY, name, task=task)
    list(ledger.history())
    for place in range(settled):
        intent = claim(ledger, people(10 * place + 10)[10 * place :])
        ledger.settle(intent, Outcome((1000 + place,)))
    if open_:
        claim(ledger, people(10 * settled + 10)[10 * settled :])
    counts = {"rows": 10 * settled + 12, "accepted": 10 * settled, "parts": 20 * settled, "cost": 0, "rejected": 0}
    ledger.tell(counts | (report or {}) | {"state": state})
    ledger.flush()
    with engine.begin() as connection:
        (campaign,) = connection.execute(sa.select(campaigns.c.id).order_by(campaigns.c.id.desc()).limit(1)).one()
        for table, names in ((chunks, ("intended_at",)), (runs, ("began_at", "seen_at"))):
            connection.execute(
                sa.update(table).where(table.c.campaign == campaign).values({n: table.c[n] - age for n in names})
            )
        connection.execute(
            sa.update(campaigns)
            .where(campaigns.c.id == campaign)
            .values(begun_at=time.time() - age - 300, touched_at=time.time() - age)
        )
