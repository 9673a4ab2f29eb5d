"""The rows of a campaign that may still change: which bulks they are in, and what is learnt of them.

What is written here counts only for rows that still name the bulk and are not final, so that nothing goes backwards,
whoever else writes. Every row says how far it was followed, so that who takes over needs nothing else.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from ippanel_provider.outbox_ids import OutboxIds
from ippanel_provider.results.fates import FOLLOWED, GONE, OPEN, STAGES, Stage, Status
from ippanel_provider.results.schema import Tables, naming
from ippanel_provider.results.writing import moment, update_by_person
from ippanel_provider.service import BulkState

_AT_ONCE = 500
_NOT_OUT = (Status.REJECTED.value, Status.CANCELLED.value)
SENT = "sent"
"""How ``bulk_state`` says that all of a bulk was handed to the operators."""


class Learnt(NamedTuple):
    """What an operator has reported of a recipient of a bulk."""

    outbox_id: int
    recipient_hash: str
    status: str


@dataclass(frozen=True, slots=True)
class Followed:
    """The rows of one campaign. Every method raises ``Unwritable`` where the table cannot be used."""

    engine: sa.Engine = field(repr=False)
    tables: Tables = field(repr=False)
    campaign: str

    @property
    def is_known(self) -> bool:
        """Whether the campaign has been begun at all."""
        rows, runs = self.tables.results.c, self.tables.runs.c
        with naming(self.tables), self.engine.connect() as connection:
            found = (
                connection.execute(sa.select(column).where(column == self.campaign).limit(1)).first()
                for column in (runs.campaign, rows.campaign)
            )
            return any(row is not None for row in found)

    def bulks(self, *, are_sent: bool) -> OutboxIds:
        """Return the bulks of rows that are followed: those that went out, or those whose state is not final."""
        rows = self.tables.results.c
        is_sent = rows.bulk_state == SENT
        where = is_sent if are_sent else sa.or_(rows.bulk_state.is_(None), ~is_sent)
        found = sa.select(rows.outbox_id).where(*self._open(FOLLOWED), rows.outbox_id.is_not(None), where).distinct()
        with naming(self.tables), self.engine.connect() as connection:
            streamed = connection.execution_options(stream_results=True).execute(found.order_by(rows.outbox_id))
            return OutboxIds(streamed.scalars())

    def learn_state(self, state: BulkState, outbox_ids: Iterable[int]) -> None:
        """Take in the state of bulks."""
        table, rows = self.tables.results, self.tables.results.c
        values: dict[str, Any] = {"bulk_state": state.name.lower()}
        if state in GONE:
            status, reason = GONE[state]
            values |= {"status": status.value, "reason": reason} | self._final()
        has_news = sa.or_(rows.bulk_state.is_(None), rows.bulk_state != values["bulk_state"])
        for some in _pieces(outbox_ids):
            where = (*self._open(FOLLOWED), rows.outbox_id.in_(some), has_news)
            with naming(self.tables), self.engine.begin() as connection:
                connection.execute(sa.update(table).where(*where).values(values))

    def learn(self, reports: Sequence[Learnt]) -> None:
        """Take in what became of people."""
        if not reports:
            return
        stays = [status.value for status in OPEN]
        with naming(self.tables), self.engine.begin() as connection:
            update_by_person(connection, self.tables, self.campaign, reports, stays, self._final())

    def give_up(self) -> None:
        """Say of those that went out, and of whom no operator has said anything final, that nobody did."""
        table, rows = self.tables.results, self.tables.results.c
        stage = rows.revision - rows.revision % STAGES + int(Stage.UNREPORTED)
        where = (*self._open(FOLLOWED), rows.bulk_state == SENT)
        with naming(self.tables), self.engine.begin() as connection:
            values = {"status": Status.NO_REPORT.value, "revision": stage}
            connection.execute(sa.update(table).where(*where).values(values))

    def merge(self) -> None:
        """Give merged rows the key and the fate of the row that got the text."""
        table = self.tables.results
        merged, other = table.alias("merged"), table.alias("other")
        is_same = (
            (other.c.campaign == merged.c.campaign)
            & (other.c.recipient_hash == merged.c.recipient_hash)
            & (other.c.message_hash == merged.c.message_hash)
        )
        has_news = sa.or_(
            merged.c.fate.is_(None), merged.c.fate != other.c.status, merged.c.merged_into != other.c.row_key
        )
        taken = ("outbox_id", "sender", "accepted_at", "send_at", "final_at", "bulk_state")
        found = (
            sa.select(merged.c.row_key, other.c.row_key.label("into"), other.c.status)
            .add_columns(*(other.c[each] for each in taken))
            .select_from(merged.join(other, is_same))
            .where(merged.c.campaign == self.campaign, merged.c.status == Status.MERGED.value)
            .where(other.c.status != Status.MERGED.value, other.c.revision > STAGES, has_news)
            # A later one of several wins.
            .order_by(other.c.revision)
        )
        update = (
            sa.update(table)
            .where(table.c.campaign == self.campaign, table.c.row_key == sa.bindparam("of"))
            .where(table.c.status == Status.MERGED.value)
            .values(merged_into=sa.bindparam("into"), fate=sa.bindparam("become"))
            .values({each: sa.bindparam(f"its_{each}") for each in taken})
        )
        with naming(self.tables), self.engine.connect() as connection:
            pairs = connection.execute(found).all()
        for some in _pieces(pairs):
            values = [
                {"of": row.row_key, "into": row.into, "become": row.status}
                | {f"its_{each}": getattr(row, each) for each in taken}
                for row in some
            ]
            with naming(self.tables), self.engine.begin() as connection:
                connection.execute(update, values)

    def bulks_of_runs(self) -> dict[str, OutboxIds]:
        """Return the bulks of each run."""
        rows = self.tables.results.c
        found = sa.select(rows.run, rows.outbox_id).distinct()
        found = found.where(rows.campaign == self.campaign, rows.outbox_id.is_not(None), rows.merged_into.is_(None))
        ids: dict[str, array[int]] = {}
        with naming(self.tables), self.engine.connect() as connection:
            for run, outbox_id in connection.execution_options(stream_results=True).execute(found):
                ids.setdefault(run, array("q")).append(outbox_id)
        return {run: OutboxIds(bulks) for run, bulks in ids.items()}

    def gone(self) -> dict[str, list[int]]:
        """Return the bulks of each run in which no text went out."""
        rows = self.tables.results.c
        found = sa.select(rows.run, rows.outbox_id).distinct()
        found = found.where(rows.campaign == self.campaign, rows.status.in_(_NOT_OUT), rows.outbox_id.is_not(None))
        ids: dict[str, list[int]] = {}
        with naming(self.tables), self.engine.connect() as connection:
            for run, outbox_id in connection.execute(found):
                ids.setdefault(run, []).append(outbox_id)
        return ids

    def learn_cost(self, run: str, cost: float, returned: float | None) -> None:
        """Take in what the bulks of a run cost, and what of it was given back, in rial."""
        runs = self.tables.runs
        with naming(self.tables), self.engine.begin() as connection:
            values = {"cost": round(cost, 1), "returned": returned}
            connection.execute(sa.update(runs).where(runs.c.run == run).values(values))

    def counts(self) -> dict[str, int]:
        """Return how many rows have which status."""
        rows = self.tables.results.c
        found = sa.select(rows.status, sa.func.count()).where(rows.campaign == self.campaign).group_by(rows.status)
        with naming(self.tables), self.engine.connect() as connection:
            return {str(status): int(count) for status, count in connection.execute(found)}

    def open_count(self, *, delivery: bool) -> int:
        """Return how many rows are followed still.

        :param delivery: whether those that went out are
        """
        rows = self.tables.results.c
        where = () if delivery else (sa.or_(rows.bulk_state.is_(None), rows.bulk_state != SENT),)
        found = sa.select(sa.func.count()).where(*self._open(FOLLOWED), rows.outbox_id.is_not(None), *where)
        with naming(self.tables), self.engine.connect() as connection:
            return int(connection.execute(found).scalar_one())

    def oldest_open(self) -> float:
        """Return for how many seconds the row has been open that was accepted first; 0 where none is."""
        rows = self.tables.results.c
        with naming(self.tables), self.engine.connect() as connection:
            first = connection.execute(sa.select(sa.func.min(rows.accepted_at)).where(*self._open(FOLLOWED))).scalar()
        if first is None:
            return 0.0
        at = datetime.fromisoformat(first) if isinstance(first, str) else first
        return max(0.0, time.time() - (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())

    def _open(self, statuses: Sequence[Status]) -> tuple[Any, ...]:
        rows = self.tables.results.c
        return rows.campaign == self.campaign, rows.status.in_([status.value for status in statuses])

    def _final(self) -> dict[str, Any]:
        rows = self.tables.results.c
        stage = rows.revision - rows.revision % STAGES + int(Stage.FINAL)
        return {"final_at": moment(time.time()), "revision": stage}


def _pieces(values: Iterable[Any]) -> Iterator[list[Any]]:
    some: list[Any] = []
    for value in values:
        some.append(value)
        if len(some) == _AT_ONCE:
            yield some
            some = []
    if some:
        yield some
