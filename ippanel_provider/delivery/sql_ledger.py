"""The ledger in a SQL database: it also holds across runs and clears, and between workers.

Its tables are made on first use: a row a campaign, a row a chunk, and a row a member. A member is unique within a campaign,
so of two workers that want to send to the same person one wins, whatever chunks they made of their rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, IntegrityError

from ippanel_provider.delivery.audience import Message
from ippanel_provider.delivery.chunks import Chunk
from ippanel_provider.delivery.ledger import Intent, KeyChanged, Outcome
from ippanel_provider.delivery.members import MEMBER_BYTES, TEXT_BYTES, MemberKey, pieces

_ATTEMPTS = 20

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
    sa.Column("intended_at", sa.Float(53), nullable=False, index=True),
    sa.Column("first_line", sa.Integer, nullable=False),
    sa.Column("last_line", sa.Integer, nullable=False),
    sa.Column("members", sa.LargeBinary, nullable=False),
    sa.Column("texts", sa.LargeBinary, nullable=False),
    sa.Column("send_at", sa.Float(53)),
    sa.Column("outcome", sa.Text),
)
_members = sa.Table(
    "ippanel_ledger_member",
    _metadata,
    sa.Column("campaign", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("member", sa.BigInteger, primary_key=True, autoincrement=False),
)


class SqlLedger:
    """One campaign's intents and outcomes in a database.

    A confirmation is written together with the next intent or at the end, to spare the database every second commit;
    should the process end before, the outbox confirms it.

    :param engine: an SQLAlchemy engine, as any SQL hook gives it
    :param campaign_id: what makes two sendings the same campaign
    :param part: of a campaign that several workers send at once, which part this is: nobody is reached by two of them,
        but each sees, and clears up, only its own chunks
    """

    def __init__(self, engine: sa.Engine, key: MemberKey, campaign_id: str, *, part: str = "") -> None:
        self._book_name = f"{campaign_id} [{part}]" if part else campaign_id
        if not (campaign_id and len(self._book_name) <= 250):
            raise ValueError(f"campaign_id: {len(self._book_name)} characters; 1 to 250 are taken")
        self.key = key
        self._engine = engine
        self._name = campaign_id
        self._held: dict[int, Outcome] = {}
        # While nobody has claimed anything, there is nothing to ask about; a claim that is not ours still stops an insert.
        self._is_new = False

    def history(self) -> Iterator[tuple[Intent, Outcome | None]]:
        """Read all records of the campaign, of this run and earlier ones."""
        self._make_tables()
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(_chunks).where(_chunks.c.campaign == self._book).order_by(_chunks.c.number)).all()
        self._is_new = self._book == self._campaign and not rows
        for row in rows:
            lines = (row.first_line, row.last_line)
            members, texts = pieces(row.members, MEMBER_BYTES), pieces(row.texts, TEXT_BYTES)
            yield Intent(row.number, row.intended_at, lines, members, texts, row.send_at), _outcome(row.outcome)

    def unknown(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Return the messages whose member nobody has claimed."""
        if self._is_new:
            return messages
        wanted = [_whole(self.key.member(message)) for message in messages]
        with self._engine.connect() as connection:
            query = sa.select(_members.c.member).where(_members.c.campaign == self._campaign, _members.c.member.in_(wanted))
            known = set(connection.execute(query).scalars())
        return [message for message, member in zip(messages, wanted, strict=True) if member not in known]

    def intend(self, chunk: Chunk) -> tuple[Intent, Chunk] | None:
        """Claim the members and write the intent in one transaction; what others claimed first is left out."""
        intent = Intent.of(chunk, self.key, 0)
        for _ in range(_ATTEMPTS):
            try:
                return self._claimed(intent, chunk), chunk
            except IntegrityError:
                # Another worker took the number or some of the members; see which and try with the rest.
                self._is_new = False
                rest = tuple(self.unknown(chunk.messages))
                if not rest:
                    return None
                chunk = replace(chunk, messages=rest)
                intent = Intent.of(chunk, self.key, 0)
        raise RuntimeError(f"ledger: {_ATTEMPTS} times other workers were faster; are many of them sending the same campaign?")

    def outcome_of(self, intent: Intent) -> Outcome | None:
        """Read the outcome."""
        if intent.number in self._held:
            return self._held[intent.number]
        with self._engine.connect() as connection:
            return _outcome(connection.execute(sa.select(_chunks.c.outcome).where(*self._at(intent.number))).scalar())

    def settle(self, intent: Intent, outcome: Outcome) -> None:
        """Write the outcome, and set free the members that got nothing."""
        self._held[intent.number] = outcome
        if outcome.void:
            free = [_whole(intent.members[place]) for place in outcome.void]
            with self._engine.begin() as connection:
                connection.execute(sa.delete(_members).where(_members.c.campaign == self._campaign, _members.c.member.in_(free)))
                self._write_held(connection)
            self._held.clear()

    def flush(self) -> None:
        """Write the outcomes that are held back."""
        if self._held:
            with self._engine.begin() as connection:
                self._write_held(connection)
            self._held.clear()

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
        """The campaign that members belong to."""
        return self._numbered(self._name)

    @cached_property
    def _book(self) -> int:
        """The campaign, or the part of it, that chunks belong to."""
        return self._numbered(self._book_name)

    def _numbered(self, name: str) -> int:
        """Return a campaign's number in this database; it is made when it is new.

        :raises KeyChanged: if it was begun with another key.
        """
        find = sa.select(_campaigns.c.id, _campaigns.c.key_fingerprint).where(_campaigns.c.name == name)
        with self._engine.connect() as connection:
            found = connection.execute(find).first()
        if found is None:
            with suppress(IntegrityError), self._engine.begin() as connection:
                connection.execute(sa.insert(_campaigns).values(name=name, key_fingerprint=self.key.fingerprint))
            with self._engine.connect() as connection:
                found = connection.execute(find).one()
        if found.key_fingerprint != self.key.fingerprint:
            raise KeyChanged
        return int(found.id)

    def _claimed(self, intent: Intent, chunk: Chunk) -> Intent:
        with self._engine.begin() as connection:
            last = connection.execute(sa.select(sa.func.max(_chunks.c.number)).where(_chunks.c.campaign == self._book)).scalar()
            numbered = intent.numbered((last or 0) + 1, chunk)
            # In one order, whatever the chunk's: two workers whose people overlap would otherwise lock each other out.
            members = [{"campaign": self._campaign, "member": member} for member in sorted(map(_whole, intent.members))]
            connection.execute(sa.insert(_members), members)
            connection.execute(
                sa.insert(_chunks).values(
                    campaign=self._book,
                    number=numbered.number,
                    intended_at=numbered.at,
                    first_line=numbered.lines[0],
                    last_line=numbered.lines[1],
                    members=b"".join(numbered.members),
                    texts=b"".join(numbered.texts),
                    send_at=numbered.send_at,
                )
            )
            self._write_held(connection)
        self._held.clear()
        return numbered

    def _write_held(self, connection: sa.Connection) -> None:
        for number, outcome in self._held.items():
            stored = json.dumps({"ids": list(outcome.outbox_ids), "void": sorted(outcome.void)})
            connection.execute(sa.update(_chunks).where(*self._at(number)).values(outcome=stored))

    def _at(self, number: int) -> tuple[Any, Any]:
        return _chunks.c.campaign == self._book, _chunks.c.number == number

    def _make_tables(self) -> None:
        try:
            _metadata.create_all(self._engine)
        except DatabaseError:
            # Another worker made them between the look and the making.
            _metadata.create_all(self._engine)


def _whole(member: bytes) -> int:
    """Return a member's hash as the signed 64-bit number a database keeps it as."""
    return int.from_bytes(member, signed=True)


def _outcome(stored: str | None) -> Outcome | None:
    if stored is None:
        return None
    content = json.loads(stored)
    return Outcome(tuple(content["ids"]), frozenset(content["void"]))
