"""The ledger in a SQL database: it also holds across runs and clears, and between workers.

Chunks are numbered in the order in which they were claimed. Who is in one is also a row of its own, keyed by campaign
and person: of two workers that want the same person one wins, and neither reads what the other has written.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.ledger import sql_untold
from ippanel_provider.campaign.ledger.base import Claim, Forgotten, Intent, KeyChanged, Outcome, Task
from ippanel_provider.campaign.ledger.decisions import AT_WORK, at_work, is_to_be_taken_up, prune
from ippanel_provider.campaign.ledger.hashes import MemberKey
from ippanel_provider.campaign.ledger.records import outcome_from, outcome_to
from ippanel_provider.campaign.ledger.schema import (
    CONFIRMED,
    GIVEN_UP,
    OPEN,
    UNFINISHED,
    VOID,
    campaigns,
    chunks,
    is_there,
    name_key,
    prepare,
    put,
    runs,
    touch,
)
from ippanel_provider.campaign.ledger.sql_members import Alone, Reached, Table
from ippanel_provider.campaign.ledger.sql_notes import SqlNotes
from ippanel_provider.campaign.ledger.sql_rows import intent_of, row_of
from ippanel_provider.campaign.ledger.sql_untold import Describe, Untold

log = logging.getLogger(__name__)

_ATTEMPTS = 20
_ROWS_A_PAGE = 100
_TOLD_EVERY = 10.0


class SqlLedger(SqlNotes):
    """One campaign's intents and outcomes in a database.

    A confirmation is written together with the next intents or at the end, to spare the database every second commit;
    should the process end before, the outbox confirms it.

    :param engine: an SQLAlchemy engine, as any SQL hook gives it
    :param campaign_id: what makes two sendings the same campaign; a text of any length
    :param part: of a campaign that several workers send at once, which part this is: nobody is reached by two of them,
        but each sees, and clears up, only its own chunks, and those of parts that have vanished
    :param account: the host and the account, in any words: what was learnt, and which ids were answered, holds for it
    :param task: who sends
    :param generation: what a user's clear is to start anew has another one; but a clear to take up a decision goes on
    :param keep_for: seconds after its last activity for which the campaign has to be remembered; None is for ever
    :param only_reads: write nothing, for a dry run; without tables or campaign it knows of nobody
    """

    def __init__(
        self,
        engine: sa.Engine,
        key: MemberKey,
        campaign_id: str,
        *,
        part: str = "",
        account: str = "",
        task: Task | None = None,
        generation: str = "0",
        keep_for: float | None = None,
        only_reads: bool = False,
    ) -> None:
        if not campaign_id:
            raise ValueError("campaign_id: it is empty; give the campaign a name")
        super().__init__(engine, account, task or Task("", "", ""))
        self.key = key
        self._name = campaign_id
        self._part = part
        self._generation = generation
        self._keep_for = keep_for
        self._only_reads = only_reads
        self._holds_any = False
        """Whether the campaign had claims when it was opened, so that it is worth asking who is known."""
        self._reached: Reached = Alone(0, key)
        self._seen: set[int] = set()
        """The numbers of chunks that this try has read or made."""
        self._held: dict[int, tuple[Intent, Outcome]] = {}
        self._by: dict[str, Any] = {}
        """What a chunk of this try has in its row besides the intent."""
        self._report: dict[str, Any] = {}
        self._told_at = 0.0
        self.describe: Describe | None = None
        """What is kept for a table of results; None where there is none."""

    def history(self) -> Iterator[tuple[Intent, Outcome | None]]:
        """Read all records of this part, of this run and earlier ones, and the open ones of parts that have vanished.

        :raises LedgerUnusable: if they cannot tell who was reached.
        """
        self._open()
        self.flush()
        number = 0
        while self._campaign and (page := self._page(number)):
            for row in page:
                number = row.number
                self._seen.add(number)
                yield intent_of(row), outcome_from(row.outcome)

    def unknown(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Return the messages whose member nobody has claimed; :meth:`intend` looks again."""
        if not self._holds_any:
            return messages
        with self._engine.connect() as connection:
            return self._reached.unknown(connection, messages)

    def intend(self, drafts: Iterable[Claim]) -> Iterator[Claim]:
        """Claim the members of all chunks and write their intents in one transaction."""
        drafts = list(drafts)
        for attempt in range(_ATTEMPTS if drafts else 0):
            claims: list[Claim] = []
            try:
                with self._engine.begin() as connection:
                    # That somebody else has claimed one of them is rare enough to ask only after it has come to it.
                    self._claim(connection, drafts, claims, asks=attempt > 0)
                    self._write_held(connection)
                    self._sign(connection)
            except IntegrityError:
                self._reached.undo(claims)
                continue
            self._held.clear()
            self._seen.update(claim.intent.number for claim in claims)
            yield from claims
            return
        if drafts:
            raise RuntimeError(
                f"ledger: {_ATTEMPTS} times other workers were faster; are many of them sending the same campaign?"
            )

    def outcome_of(self, intent: Intent) -> Outcome | None:
        """Read the outcome."""
        if intent.number in self._held:
            return self._held[intent.number][1]
        return outcome_from(self._value(sa.select(chunks.c.outcome).where(*self._at(intent.number))))

    def settle(self, intent: Intent, outcome: Outcome) -> None:
        """Keep the outcome to be written; at once if members got nothing, whom others may then claim."""
        self._held[intent.number] = intent, outcome
        if outcome.void:
            self.flush()

    def flush(self) -> None:
        """Write what is held back."""
        if self._held or self._report:
            with self._engine.begin() as connection:
                touch(connection, self._campaign)
                self._write_held(connection)
                self._sign(connection, at_once=True)
            self._held.clear()

    def tell(self, report: Mapping[str, Any]) -> None:
        """Keep the report for the next transaction."""
        self._report |= report

    def finish(self) -> None:
        """Say that it is done; the records stay until they are pruned, which those that are due are on the way."""
        self.tell({"state": "done"})
        self.flush()
        if self._keep_for is not None:
            prune(self._engine)

    def beside(self) -> Iterator[tuple[Intent, Outcome | None]]:
        """Yield what another try of this part has claimed since the history was read.

        A task whose supervisor was killed goes on to its end, while Airflow has already begun the next try.
        """
        with self._engine.connect() as connection:
            there = connection.execute(sa.select(chunks.c.number).where(*self._readable(connection))).scalars()
            new = sorted(set(there) - self._seen)
            for number in new:
                row = connection.execute(sa.select(chunks).where(*self._at(number))).one()
                yield intent_of(row), outcome_from(row.outcome)

    def claimed(self, since: float) -> set[int]:
        """Return the outbox ids of this account in all campaigns of this database since then."""
        self.flush()
        answered = sa.select(chunks.c.outcome).where(
            chunks.c.account == self._account, chunks.c.intended_at >= since, chunks.c.outcome.is_not(None)
        )
        with self._engine.connect() as connection:
            return {
                outbox_id
                for stored in connection.execute(answered).scalars()
                for outbox_id in json.loads(stored)["ids"]
            }

    def untold(self, *, settled_only: bool) -> Iterator[Untold]:
        """Yield what no table of results says yet of the chunks of this part, and of those nobody works at any more,
        oldest first; any thread may ask.

        :param settled_only: leave out what is in doubt, given up, or under way
        """
        number = 0
        while self._campaign:
            with self._engine.connect() as connection:
                are_mine = (runs.c.part_key == name_key(self._part)) | (runs.c.seen_at < time.time() - AT_WORK)
                of_whom = sa.select(runs.c.id).where(runs.c.campaign == self._campaign, are_mine)
                mine = list(connection.execute(of_whom).scalars())
                page = list(sql_untold.read(connection, self._campaign, mine, number, settled_only=settled_only))
            if not page:
                return
            yield from page
            number = page[-1].intent.number

    def told(self, numbers: Sequence[int]) -> None:
        """Let go of chunks of which a table of results says durably what became of them."""
        sql_untold.forget(self._engine, self._campaign, numbers)

    def _open(self) -> None:
        """Find the campaign and this task's row in it, or make them."""
        if self._campaign:
            return
        if self._only_reads and not is_there(self._engine):
            return
        self.key = self.key.mixed(prepare(self._engine))
        place = (self._task.dag_id, self._task.task_id, self._task.run_id, str(self._task.map_index))
        who = name_key(*place, self._part)
        found = self._found(who)
        if found is None:
            return
        if found.fingerprint != self.key.fingerprint:
            raise KeyChanged
        if found.pruned_at is not None:
            raise Forgotten("the records of this campaign were pruned, as nothing had been sent in it for long")
        self._campaign = campaign = found.id
        self._holds_any = found.last_number > 0
        self._reached = Table(campaign, self.key) if self._part else Alone(campaign, self.key)
        if not self._only_reads:
            self._sign_up(campaign, who)
            with self._engine.begin() as connection:
                touch(connection, campaign)
                self._reached.catch_up(connection)
        elif not self._part:
            with self._engine.connect() as connection:
                self._reached.catch_up(connection)

    def _sign_up(self, campaign: int, who: str) -> None:
        """Find this task's row in the campaign, or make it."""
        own = {name: getattr(self._task, name) for name in ("dag_id", "task_id", "run_id", "conn_id", "sender", "form")}
        now = time.time()
        newest = {"try_number": self._task.try_number, "mark": self._generation, "state": "sending"}
        there = {"campaign": campaign, "who_key": who}
        values = (
            own | newest | {"part": self._part, "part_key": name_key(self._part), "map_index": self._task.map_index}
        )
        with self._engine.connect() as connection:
            known = connection.execute(sa.select(runs.c.try_number).where(*_is(runs, there))).scalar()
        # What a try that is no longer the current one writes here must not make it that again.
        if known is None or known <= self._task.try_number:
            put(self._engine, runs, there, values | {"began_at": now, "seen_at": now})
        self._run = self._value(sa.select(runs.c.id).where(*_is(runs, there)))
        own_chunks = {"campaign": campaign, "run": self._run, "try_number": self._task.try_number}
        self._by = own_chunks | {"account": self._account}

    def _found(self, who: str) -> Any:
        """Return the campaign's row in this database; it is made when it is new, unless nothing is to be written."""
        name = name_key(self._name)
        find = sa.select(campaigns).where(campaigns.c.name_key == name)
        generation = self._generation
        mine = (
            sa.select(runs.c.id, runs.c.mark, runs.c.began_at, campaigns.c.generation)
            .join(campaigns, campaigns.c.id == runs.c.campaign)
            .where(campaigns.c.name_key == name, runs.c.who_key == who)
            .order_by(runs.c.id.desc())
        )
        with self._engine.connect() as connection:
            last = connection.execute(mine).first()
            if last is not None and (last.mark == generation or is_to_be_taken_up(connection, last)):
                generation = last.generation
            found = connection.execute(find.where(campaigns.c.generation == generation)).first()
        if found is None and not self._only_reads:
            now = time.time()
            row = {"name_key": name, "name": self._name, "generation": generation, "fingerprint": self.key.fingerprint}
            times = {"begun_at": now, "touched_at": now, "keep_for": self._keep_for}
            with suppress(IntegrityError), self._engine.begin() as connection:
                connection.execute(sa.insert(campaigns).values(row | times | {"last_number": 0, "last_member": 0}))
            with self._engine.connect() as connection:
                found = connection.execute(find.where(campaigns.c.generation == generation)).one()
        return found

    def _claim(self, connection: sa.Connection, drafts: Sequence[Claim], claims: list[Claim], *, asks: bool) -> None:
        """Write the claims that are left of the drafts, and put them into ``claims``."""
        # Whoever writes the campaign's row first goes first, and the others wait here. Where a database lets two
        # through, the primary keys stop the second.
        touch(connection, self._campaign)
        here = campaigns.c.id == self._campaign
        number = connection.execute(sa.select(campaigns.c.last_number).where(here)).scalar_one()
        self._reached.catch_up(connection, number)
        left = self._reached.left(connection, drafts, asks=asks)
        claims += [claim.numbered(number + count) for count, claim in enumerate(left, start=1)]
        if claims:
            connection.execute(sa.update(campaigns).where(here).values(last_number=claims[-1].intent.number))
            connection.execute(sa.insert(chunks), [self._by | row_of(claim.intent) for claim in claims])
            self._reached.write(connection, claims, claims[-1].intent.number)
            if self.describe:
                sql_untold.write(connection, self._campaign, claims, self.describe)

    def _write_held(self, connection: sa.Connection) -> None:
        held = list(self._held.values())
        rows = [_settled(self._campaign, intent, outcome) for intent, outcome in held if not outcome.void]
        is_one = len(rows) == len(held) > 1 and connection.dialect.supports_sane_multi_rowcount
        if is_one and connection.execute(_SETTLE, rows).rowcount == len(held):
            # What all of them mostly are: still open, and confirmed.
            return
        for intent, outcome in held:
            row = _settled(self._campaign, intent, outcome)
            values = {"state": row["now"], "outcome": row["is"], "settled_at": row["when"]}
            at = self._at(intent.number)
            if connection.execute(_SETTLE, row).rowcount:
                self._release(connection, intent, outcome)
                continue
            # Another try, or one who took it up, was faster.
            there = outcome_from(connection.execute(sa.select(chunks.c.outcome).where(*at)).scalar())
            if there is not None and outcome.replaces(there):
                connection.execute(sa.update(chunks).where(*at).values(values))
                self._reached.hold(connection, intent)
                self._release(connection, intent, outcome)
            elif there != outcome:
                log.warning("Chunk %d was settled by somebody else meanwhile, in another way.", intent.number)

    def _release(self, connection: sa.Connection, intent: Intent, outcome: Outcome) -> None:
        """Let members be claimed again who are known to have got nothing."""
        # Those of a repetition are held by the chunk that it repeats.
        if outcome.void and not intent.again:
            self._reached.release(connection, intent, outcome.void)

    def _sign(self, connection: sa.Connection, *, at_once: bool = False) -> None:
        """Show that the task is alive, and how far it has come."""
        now = time.time()
        if not at_once and now < self._told_at + _TOLD_EVERY:
            return
        self._told_at = now
        values: dict[str, Any] = {"seen_at": now}
        if self._report:
            values |= {"state": self._report.get("state", "sending"), "report": json.dumps(self._report)}
        still_ours = (runs.c.id == self._run, runs.c.try_number == self._task.try_number)
        connection.execute(sa.update(runs).where(*still_ours).values(values))

    def _page(self, after: int) -> Sequence[sa.Row[Any]]:
        """Read some chunks after the number."""
        with self._engine.connect() as connection:
            found = sa.select(chunks).where(*self._readable(connection), chunks.c.number > after)
            return connection.execute(found.order_by(chunks.c.number).limit(_ROWS_A_PAGE)).all()

    def _readable(self, connection: sa.Connection) -> tuple[Any]:
        """What tells the chunks of this part, and the open ones of parts that have vanished."""
        # A task of the same run shows red in Airflow and is tried again; nobody comes back to one of an earlier run.
        is_here = runs.c.campaign == self._campaign
        are_ours = sa.select(runs.c.id).where(is_here, runs.c.part_key == name_key(self._part))
        unfinished = sa.select(runs.c.id, runs.c.seen_at, runs.c.report).where(
            is_here, runs.c.state.in_(UNFINISHED), runs.c.run_id != self._task.run_id
        )
        ours, now = list(connection.execute(are_ours).scalars()), time.time()
        vanished = [run.id for run in connection.execute(unfinished) if run.seen_at < now - at_work(run.report)]
        return (chunks.c.run.in_(ours) | (chunks.c.run.in_(vanished) & (chunks.c.state == OPEN)),)


def _is(table: sa.Table, values: Mapping[str, Any]) -> list[Any]:
    return [table.c[name] == value for name, value in values.items()]


_SETTLE = (
    sa.update(chunks)
    .where(chunks.c.campaign == sa.bindparam("of"), chunks.c.number == sa.bindparam("nr"), chunks.c.state == OPEN)
    .values(state=sa.bindparam("now"), outcome=sa.bindparam("is"), settled_at=sa.bindparam("when"))
)
"""Made once: to make it takes longer than to execute it."""


def _settled(campaign: int, intent: Intent, outcome: Outcome) -> dict[str, Any]:
    state = GIVEN_UP if outcome.is_given_up else VOID if len(outcome.void) == intent.size else CONFIRMED
    is_now = {"now": state, "is": json.dumps(outcome_to(outcome)), "when": time.time()}
    return {"of": campaign, "nr": intent.number} | is_now
