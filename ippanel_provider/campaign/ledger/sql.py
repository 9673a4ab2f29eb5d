"""The ledger in a SQL database: it also holds across runs and clears, and between workers.

Its tables are made on first use: a row a campaign and a row a chunk. The chunks of a campaign are numbered in the order
in which they were claimed, whoever claimed them, and a number is taken only by who knows all chunks before it. So of
two workers that want to send to the same person one wins, whatever chunks they made of their rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, IntegrityError

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.ledger.base import Claim, Intent, Jotter, KeyChanged, Outcome
from ippanel_provider.campaign.ledger.hashes import MemberKey
from ippanel_provider.campaign.ledger.reached import Known

_ATTEMPTS = 20
_ROWS_A_PAGE = 100

_metadata = sa.MetaData()
_campaigns = sa.Table(
    "ippanel_ledger_campaign",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(250), nullable=False, unique=True),
    sa.Column("key_fingerprint", sa.String(16), nullable=False),
)
_chunks = sa.Table(
    "ippanel_ledger_chunk",
    _metadata,
    sa.Column("campaign", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    # To Oracle an empty text is NULL.
    sa.Column("part", sa.String(250)),
    sa.Column("intended_at", sa.Float(53), nullable=False, index=True),
    sa.Column("first_line", sa.Integer, nullable=False),
    sa.Column("last_line", sa.Integer, nullable=False),
    sa.Column("members", sa.LargeBinary, nullable=False),
    sa.Column("texts", sa.LargeBinary, nullable=False),
    sa.Column("send_at", sa.Float(53)),
    sa.Column("outcome", sa.Text),
)


class OtherTables(Exception):
    """The database has tables of these names from another version, which cannot tell who was reached."""

    def __init__(self, missing: Iterable[str]) -> None:
        super().__init__(
            f"ledger: the table {_chunks.name} was made by another version of this package (it has no "
            f"{', '.join(missing)}). "
            "End its campaigns with that version, then drop the tables ippanel_ledger_…, or name another "
            "database. Nothing was sent."
        )


class SqlLedger(Jotter):
    """One campaign's intents and outcomes in a database.

    A confirmation is written together with the next intents or at the end, to spare the database every second commit;
    should the process end before, the outbox confirms it.

    :param engine: an SQLAlchemy engine, as any SQL hook gives it
    :param campaign_id: what makes two sendings the same campaign
    :param part: of a campaign that several workers send at once, which part this is: nobody is reached by two of them,
        but each sees, and clears up, only its own chunks
    """

    def __init__(self, engine: sa.Engine, key: MemberKey, campaign_id: str, *, part: str = "") -> None:
        super().__init__()
        for what, name, least in (("campaign_id", campaign_id, 1), ("part", part, 0)):
            if not least <= len(name) <= 250:
                raise ValueError(f"{what}: {len(name)} characters; {least} to 250 are taken")
        self.key = key
        self._engine = engine
        self._name = campaign_id
        self._part = part
        self._known = Known(key)
        self._last = 0
        """The number of the last chunk of the campaign that is known here, whoever claimed it."""
        self._beside: set[int] = set()
        """The numbers of chunks that another try of this part has claimed since the history was read."""
        self._held: dict[int, Outcome] = {}

    def history(self) -> Iterator[tuple[Intent, Outcome | None]]:
        """Read all records of the campaign, of this run and earlier ones; those of other parts are only remembered.

        :raises OtherTables: if the tables are not of this version.
        """
        self._make_tables()
        self.flush()
        number = 0
        while page := self._page(number):
            for row in page:
                number, outcome = row.number, _outcome(row.outcome)
                self._remember(row, outcome)
                if (row.part or "") == self._part:
                    yield _intent(row), outcome

    def unknown(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Return the messages whose member nobody has claimed, as far as is known; :meth:`intend` looks again."""
        return self._known.unknown(messages)

    def intend(self, drafts: Iterable[Claim]) -> Iterator[Claim]:
        """Claim the members of all chunks and write their intents in one transaction."""
        drafts = list(drafts)
        for _ in range(_ATTEMPTS if drafts else 0):
            claims: list[Claim] = []
            try:
                self._write(drafts, claims)
            except IntegrityError:
                # Another worker took the numbers at the same moment; the next attempt reads whom it claimed.
                for claim in claims:
                    self._known.release(claim.intent.members, range(claim.intent.size))
            else:
                self._last += len(claims)
                yield from claims
                return
        if drafts:
            raise RuntimeError(
                f"ledger: {_ATTEMPTS} times other workers were faster; are many of them sending the same campaign?"
            )

    def outcome_of(self, intent: Intent) -> Outcome | None:
        """Read the outcome."""
        if intent.number in self._held:
            return self._held[intent.number]
        with self._engine.connect() as connection:
            return _outcome(connection.execute(sa.select(_chunks.c.outcome).where(*self._at(intent.number))).scalar())

    def settle(self, intent: Intent, outcome: Outcome) -> None:
        """Keep the outcome to be written; at once if members got nothing, whom others may then claim."""
        self._known.release(intent.members, outcome.void)
        self._held[intent.number] = outcome
        if outcome.void:
            self.flush()

    def flush(self) -> None:
        """Write the outcomes that are held back."""
        if self._held:
            with self._engine.begin() as connection:
                self._write_held(connection)
            self._held.clear()

    def beside(self) -> Iterator[tuple[Intent, Outcome | None]]:
        """Yield what another try of this part has claimed since the history was read.

        A task whose supervisor was killed goes on to its end, while Airflow has already begun the next try.
        """
        with self._engine.connect() as connection:
            self._catch_up(connection)
            for number in sorted(self._beside):
                row = connection.execute(sa.select(_chunks).where(*self._at(number))).one()
                yield _intent(row), _outcome(row.outcome)

    def claimed(self, since: float) -> set[int]:
        """Return the outbox ids of all campaigns in this database since then."""
        self.flush()
        with self._engine.connect() as connection:
            outcomes = connection.execute(
                sa.select(_chunks.c.outcome).where(_chunks.c.intended_at >= since, _chunks.c.outcome.is_not(None))
            )
            return {outbox_id for stored in outcomes.scalars() for outbox_id in json.loads(stored)["ids"]}

    @cached_property
    def _campaign(self) -> int:
        """The campaign's number in this database; it is made when it is new.

        :raises KeyChanged: if it was begun with another key.
        """
        find = sa.select(_campaigns.c.id, _campaigns.c.key_fingerprint).where(_campaigns.c.name == self._name)
        with self._engine.connect() as connection:
            found = connection.execute(find).first()
        if found is None:
            with suppress(IntegrityError), self._engine.begin() as connection:
                connection.execute(sa.insert(_campaigns).values(name=self._name, key_fingerprint=self.key.fingerprint))
            with self._engine.connect() as connection:
                found = connection.execute(find).one()
        if found.key_fingerprint != self.key.fingerprint:
            raise KeyChanged
        return int(found.id)

    def _write(self, drafts: Sequence[Claim], claims: list[Claim]) -> None:
        """Write the claims that are left of the drafts, and put them into ``claims``."""
        with self._engine.begin() as connection:
            # Whoever writes the campaign's row first goes first, and the others wait here. Where a database lets two
            # through, the primary key stops the second.
            connection.execute(sa.update(_campaigns).where(_campaigns.c.id == self._campaign).values(name=self._name))
            self._catch_up(connection)
            for draft in drafts:
                if claim := draft.among(self._known, self.key):
                    claims.append(claim.numbered(self._last + len(claims) + 1))
            if claims:
                connection.execute(sa.insert(_chunks), [self._row(claim.intent) for claim in claims])
            self._write_held(connection)
        self._held.clear()

    def _catch_up(self, connection: sa.Connection) -> None:
        """Read what others have claimed meanwhile."""
        while page := self._page(self._last, connection):
            for row in page:
                self._remember(row, _outcome(row.outcome))
                if (row.part or "") == self._part:
                    self._beside.add(row.number)

    def _row(self, intent: Intent) -> dict[str, Any]:
        return {
            "campaign": self._campaign,
            "number": intent.number,
            "part": self._part,
            "intended_at": intent.at,
            "first_line": intent.lines[0],
            "last_line": intent.lines[1],
            "members": intent.members,
            "texts": intent.texts,
            "send_at": intent.send_at,
        }

    def _write_held(self, connection: sa.Connection) -> None:
        for number, outcome in self._held.items():
            stored = json.dumps({"ids": list(outcome.outbox_ids), "void": sorted(outcome.void)})
            connection.execute(sa.update(_chunks).where(*self._at(number)).values(outcome=stored))

    def _page(self, after: int, connection: sa.Connection | None = None) -> Sequence[sa.Row[Any]]:
        """Read some chunks of the campaign after the number."""
        if connection is None:
            with self._engine.connect() as connection:
                return self._page(after, connection)
        found = sa.select(_chunks).where(_chunks.c.campaign == self._campaign, _chunks.c.number > after)
        return connection.execute(found.order_by(_chunks.c.number).limit(_ROWS_A_PAGE)).all()

    def _remember(self, row: Any, outcome: Outcome | None) -> None:
        if row.number > self._last:
            self._last = row.number
            self._known.remember(row.members, outcome.void if outcome else frozenset())

    def _at(self, number: int) -> tuple[Any, Any]:
        return _chunks.c.campaign == self._campaign, _chunks.c.number == number

    def _make_tables(self) -> None:
        try:
            _metadata.create_all(self._engine)
        except DatabaseError:
            # Another worker made them between the look and the making.
            _metadata.create_all(self._engine)
        there = {column["name"] for column in sa.inspect(self._engine).get_columns(_chunks.name)}
        if missing := [column.name for column in _chunks.columns if column.name not in there]:
            raise OtherTables(missing)


def _intent(row: Any) -> Intent:
    return Intent(row.number, row.intended_at, (row.first_line, row.last_line), row.members, row.texts, row.send_at)


def _outcome(stored: str | None) -> Outcome | None:
    if stored is None:
        return None
    content = json.loads(stored)
    return Outcome(tuple(content["ids"]), frozenset(content["void"]))
