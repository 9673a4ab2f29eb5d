"""The ledger in a SQL database: it also holds across runs and clears, and between workers.

Two tables, made on first use: a row a chunk, and a row a member. The member's key is unique within a campaign, so of two
workers that want to send to the same person one wins, whatever chunks they made of their rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, IntegrityError

from ippanel_provider.delivery.audience import Message
from ippanel_provider.delivery.chunks import Chunk
from ippanel_provider.delivery.ledger import Intent, KeyChanged, Outcome
from ippanel_provider.delivery.members import MEMBER_BYTES, TEXT_BYTES, MemberKey, pieces

_ATTEMPTS = 20

_metadata = sa.MetaData()
_chunks = sa.Table(
    "ippanel_ledger_chunk",
    _metadata,
    sa.Column("campaign_id", sa.String(250), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("key_fingerprint", sa.String(16), nullable=False),
    sa.Column("intended_at", sa.Float(53), nullable=False, index=True),
    sa.Column("first_line", sa.Integer, nullable=False),
    sa.Column("last_line", sa.Integer, nullable=False),
    sa.Column("members", sa.LargeBinary, nullable=False),
    sa.Column("texts", sa.LargeBinary, nullable=False),
    sa.Column("outcome", sa.Text),
)
_members = sa.Table(
    "ippanel_ledger_member",
    _metadata,
    sa.Column("campaign_id", sa.String(250), primary_key=True),
    sa.Column("member", sa.String(2 * MEMBER_BYTES), primary_key=True),
)


class SqlLedger:
    """One campaign's intents and outcomes in a database.

    :param engine: an SQLAlchemy engine, as any SQL hook gives it
    :param campaign_id: what makes two sendings the same campaign
    """

    def __init__(self, engine: sa.Engine, key: MemberKey, campaign_id: str) -> None:
        if not 0 < len(campaign_id) <= 250:
            raise ValueError(f"campaign_id: {len(campaign_id)} characters; 1 to 250 are taken")
        self.key = key
        self._engine = engine
        self._campaign_id = campaign_id
        self._mine = _chunks.c.campaign_id == campaign_id

    def history(self) -> Iterator[tuple[Intent, Outcome | None]]:
        """Read all records of the campaign, of this run and earlier ones."""
        self._make_tables()
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(_chunks).where(self._mine).order_by(_chunks.c.number)).all()
        for row in rows:
            if row.key_fingerprint != self.key.fingerprint:
                raise KeyChanged
            intent = Intent(
                row.number,
                row.intended_at,
                (row.first_line, row.last_line),
                pieces(row.members, MEMBER_BYTES),
                pieces(row.texts, TEXT_BYTES),
            )
            yield intent, _outcome(row.outcome)

    def unknown(self, messages: Sequence[Message]) -> list[Message]:
        """Return the messages whose member nobody has claimed."""
        with self._engine.connect() as connection:
            known = self._claimed_members(connection, messages)
        return [message for message in messages if self.key.member(message).hex() not in known]

    def intend(self, chunk: Chunk) -> tuple[Intent, Chunk] | None:
        """Claim the members and write the intent in one transaction; what others claimed first is left out."""
        for _ in range(_ATTEMPTS):
            try:
                with self._engine.begin() as connection:
                    number = connection.execute(
                        sa.select(sa.func.coalesce(sa.func.max(_chunks.c.number), 0)).where(self._mine)
                    ).scalar_one()
                    intent = Intent.of(chunk, self.key, number + 1)
                    connection.execute(sa.insert(_members), [self._member_row(member) for member in intent.members])
                    connection.execute(sa.insert(_chunks), self._chunk_row(intent))
                return intent, chunk
            except IntegrityError:
                # Another worker took the number or some of the members; see which and try with the rest.
                rest = tuple(self.unknown(chunk.messages))
                if not rest:
                    return None
                chunk = Chunk(rest, chunk.form)
        raise RuntimeError(f"ledger: {_ATTEMPTS} times other workers were faster; are two of them sending the same campaign?")

    def outcome_of(self, intent: Intent) -> Outcome | None:
        """Read the outcome."""
        with self._engine.connect() as connection:
            return _outcome(connection.execute(sa.select(_chunks.c.outcome).where(self._mine, _chunks.c.number == intent.number)).scalar())

    def settle(self, intent: Intent, outcome: Outcome) -> None:
        """Write the outcome, and set free the members that got nothing."""
        stored = json.dumps({"ids": list(outcome.outbox_ids), "void": sorted(outcome.void)})
        free = [intent.members[place].hex() for place in outcome.void]
        with self._engine.begin() as connection:
            connection.execute(sa.update(_chunks).where(self._mine, _chunks.c.number == intent.number).values(outcome=stored))
            if free:
                connection.execute(sa.delete(_members).where(_members.c.campaign_id == self._campaign_id, _members.c.member.in_(free)))

    def claimed(self, since: float) -> set[int]:
        """Return the outbox ids of all campaigns in this database since then."""
        with self._engine.connect() as connection:
            outcomes = connection.execute(
                sa.select(_chunks.c.outcome).where(_chunks.c.intended_at >= since, _chunks.c.outcome.is_not(None))
            )
            return {outbox_id for stored in outcomes.scalars() for outbox_id in json.loads(stored)["ids"]}

    def _claimed_members(self, connection: sa.Connection, messages: Sequence[Message]) -> set[str]:
        wanted = [self.key.member(message).hex() for message in messages]
        query = sa.select(_members.c.member).where(_members.c.campaign_id == self._campaign_id, _members.c.member.in_(wanted))
        return set(connection.execute(query).scalars())

    def _member_row(self, member: bytes) -> dict[str, Any]:
        return {"campaign_id": self._campaign_id, "member": member.hex()}

    def _chunk_row(self, intent: Intent) -> dict[str, Any]:
        return {
            "campaign_id": self._campaign_id,
            "number": intent.number,
            "key_fingerprint": self.key.fingerprint,
            "intended_at": intent.at,
            "first_line": intent.lines[0],
            "last_line": intent.lines[1],
            "members": b"".join(intent.members),
            "texts": b"".join(intent.texts),
        }

    def _make_tables(self) -> None:
        try:
            _metadata.create_all(self._engine)
        except DatabaseError:
            # Another worker made them between the look and the making.
            _metadata.create_all(self._engine)


def _outcome(stored: str | None) -> Outcome | None:
    if stored is None:
        return None
    content = json.loads(stored)
    return Outcome(tuple(content["ids"]), frozenset(content["void"]))
