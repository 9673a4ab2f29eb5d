"""The table of runs: who sent, with what, how many, and what it cost."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ippanel_provider.campaign.ledger.schema import name_key
from ippanel_provider.campaign.results import Summary
from ippanel_provider.results.schema import COUNTS, Tables, naming
from ippanel_provider.results.writing import moment


@dataclass(slots=True)
class Run:
    """A task's row in the table of runs; each try writes over what the one before said."""

    engine: sa.Engine = field(repr=False)
    tables: Tables = field(repr=False)
    id: str

    @classmethod
    def begin(cls, engine: sa.Engine, tables: Tables, *, began_at: float, **about: Any) -> Run:
        """Write that a try begins.

        :param about: columns
        :raises Unwritable: it cannot be written.
        """
        who = (about["dag_id"], about["task_id"], about["run_id"], str(about["map_index"]))
        run = cls(engine, tables, name_key(*who)[:32])
        run._put({**about, "state": "sending", "began_at": moment(began_at)})
        return run

    def end(self, state: str, summary: Summary | None = None) -> None:
        """Write how it ended, and how far it came.

        :raises Unwritable: it cannot be written.
        """
        values: dict[str, Any] = {"state": state, "ended_at": moment(time.time())}
        if summary:
            values |= {"source_rows": summary.rows, "in_doubt": summary.unconfirmed, "cost_estimate": summary.cost}
            values |= {name: getattr(summary, name) for name in COUNTS if name not in values}
        self._put(values)

    def _put(self, values: dict[str, Any]) -> None:
        table = self.tables.runs
        with naming(self.tables, tells=True):
            for _ in range(2):
                with self.engine.begin() as connection:
                    here = table.c.run == self.id
                    if connection.execute(sa.select(table.c.run).where(here)).first() is not None:
                        connection.execute(sa.update(table).where(here).values(values))
                        return
                try:
                    with self.engine.begin() as connection:
                        connection.execute(sa.insert(table).values(values | {"run": self.id}))
                    return
                except IntegrityError:
                    # A try that goes on beside this one was faster.
                    continue
