"""Results written behind a send: what the ledger says of those who got a text, what the sending tells of the others.

Nothing of it stands on the way of the send, and nothing of it has to last: the ledger keeps what is not told yet, and
the next try reads the source again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
import threading
import zlib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from ippanel_provider.campaign.cost import Tariff
from ippanel_provider.campaign.order import OncePer
from ippanel_provider.results.fates import Fate, Stage, Status, fates, revision
from ippanel_provider.results.followed import Followed
from ippanel_provider.results.schema import LONGEST_REASON, Tables, Unwritable, naming
from ippanel_provider.results.writing import NOTHING, ResultRow, copies, line_of, moment, upsert, upsert_lines
from ippanel_provider.service import IRANCELL_PREFIXES, MCI_PREFIXES
from ippanel_provider.text.letters import with_opt_out
from ippanel_provider.text.parts import Encoding, TextSize, weigh

if TYPE_CHECKING:
    from ippanel_provider.campaign.audience import Message
    from ippanel_provider.campaign.ledger.base import Intent
    from ippanel_provider.campaign.ledger.sql import SqlLedger
    from ippanel_provider.campaign.ledger.sql_untold import Untold

log = logging.getLogger(__name__)

_CHUNKS_A_BATCH = 5
_PAUSE = 0.5
"""Seconds between two looks at what is to be written."""
_PIECE = 1 << 18
_PERSON_BYTES = 12
_OF_MEMBER = ("row_key", "line", "recipient_hash", "message_hash", "operator", "parts", "cost")
"""What is kept of a member, in this order."""
_OF_CHUNK = ("campaign", "run", "status", "reason", "sender", "accepted_at", "send_at", "revision")
_REPEATED = "another row of the campaign has the same recipient"


class Hasher:
    """Hashes recipients with the salt of a table."""

    def __init__(self, salt: bytes, once_per: OncePer) -> None:
        self._person = hashlib.blake2b(digest_size=20, key=salt, person=b"recipient")
        self._message = hashlib.blake2b(digest_size=8, key=salt, person=b"message")
        self._with_text = once_per is not OncePer.RECIPIENT

    def recipient(self, recipient: str) -> str:
        """Return the hash of a recipient in the wire form."""
        one = self._person.copy()
        one.update(recipient.encode())
        return one.digest()[:_PERSON_BYTES].hex()

    def hashes(self, messages: Iterable[Message]) -> Iterator[str]:
        """Yield for each message the hash of its recipient, and that of what counts as one message: the person, or the
        person with the text.
        """
        for message in messages:
            one = self._person.copy()
            one.update(message.recipient.encode())
            digest = one.digest()
            same = digest[_PERSON_BYTES:]
            if self._with_text:
                two = self._message.copy()
                two.update(f"{message.recipient}\n{message.text}".encode())
                same = two.digest()
            yield f"{digest[:_PERSON_BYTES].hex()}\t{int.from_bytes(same, 'little', signed=True)}"


class Recorder:
    """Writes the results of one try.

    :param engine: of the table
    :param hasher: with the table's salt
    :param campaign: its name
    :param run: the row of this task in the table of runs
    :param behind: write while the send goes on; not where the ledger is in the same file, which takes one writer
    """

    def __init__(
        self,
        engine: sa.Engine,
        tables: Tables,
        hasher: Hasher,
        ledger: SqlLedger,
        *,
        campaign: str,
        run: str,
        sender: str,
        behind: bool,
    ) -> None:
        self._engine = engine
        self._tables = tables
        self._hasher = hasher
        self._ledger = ledger
        self.rows = Followed(engine, tables, campaign)
        """What is written."""
        self._campaign = campaign
        self._run = run
        self._sender = sender
        self._tariff: Tariff | None = None
        self._told_weights: dict[tuple[str, Encoding, int], str] = {}
        # Told rows wait here, not in memory: of a million customers all may be known already.
        self._spool = tempfile.TemporaryFile("w+b")  # noqa: SIM115 - open until the end
        self._spooling = threading.Lock()
        self._read_to = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._write_behind, name="ippanel-results", daemon=True)
        ledger.describe = self.about
        if behind:
            self._thread.start()

    # ---- what a sending tells -------------------------------------------------------------------------------------

    def priced(self, tariff: Tariff) -> None:
        """See :class:`~ippanel_provider.campaign.recording.Recording`."""
        self._tariff = tariff

    def left_out(self, key: str, line: int, reason: str, *, is_suppressed: bool) -> None:
        """See :class:`~ippanel_provider.campaign.recording.Recording`."""
        self._keep(
            (key, line, str(Status.SUPPRESSED if is_suppressed else Status.REJECTED), reason[:LONGEST_REASON], "", 0)
        )

    def repeated(self, message: Message) -> None:
        """See :class:`~ippanel_provider.campaign.recording.Recording`."""
        person, same = next(self._hasher.hashes([message])).split("\t")
        self._keep((message.key, message.line, Status.MERGED.value, _REPEATED, person, int(same)))

    def about(self, messages: Sequence[Message]) -> bytes:
        """Say of messages what the table is to hold of them, for the ledger to keep: lines as COPY takes them."""
        said = zip(messages, self._hasher.hashes(messages), self._weights(messages), strict=True)
        lines = [f"{_copied(message.key)}\t{message.line}\t{hashed}\t{weight}" for message, hashed, weight in said]
        return zlib.compress("\n".join(lines).encode(), 1)

    def _weights(self, messages: Sequence[Message]) -> Iterator[str]:
        """Yield operator, parts and cost of each message."""
        tariff = self._tariff or Tariff()
        texts = [message.text for message in messages]
        # One text for all is one object.
        some = texts[:1] if texts[0] is texts[-1] and len(set(texts)) == 1 else texts
        weights = weigh([with_opt_out(text) for text in some] if tariff.opt_out else some, is_66_char=tariff.is_66_char)
        for message, (encoding, parts) in zip(messages, cycle(weights), strict=False):
            operator = _operator(message.recipient[3:6])
            if (told := self._told_weights.get((operator, encoding, parts))) is None:
                size = TextSize(encoding, 0, 0, parts)
                cost = tariff.cost(message.recipient, size) if tariff.prices else NOTHING
                told = self._told_weights[operator, encoding, parts] = f"{operator}\t{parts}\t{cost}"
            yield told

    def _keep(self, told: tuple[str, int, str, str, str, int]) -> None:
        with self._spooling:
            self._spool.write(json.dumps(told).encode() + b"\n")

    # ---- what is written ------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Write what is left, what is in doubt too.

        :raises Unwritable: rows are missing; the next try writes them.
        """
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        try:
            self._write(settled_only=False)
        except Unwritable:
            # Connections that were open may be of a server that is gone, and has come back.
            self._engine.dispose()
            self._write(settled_only=False)
        self._spool.close()
        self.rows.merge()

    def _write_behind(self) -> None:
        while not self._ended.wait(_PAUSE):
            try:
                self._write(settled_only=True)
            except Unwritable as error:
                log.warning("%s; the rest is written at the end of the send.", error)
                return
            except Exception as error:  # noqa: BLE001 - of the ledger, which has its own to say about it
                log.warning("Results are written at the end of the send (%s).", type(error).__name__)
                return

    def _write(self, *, settled_only: bool) -> None:
        untold = self._ledger.untold(settled_only=settled_only)
        while some := list(islice(untold, _CHUNKS_A_BATCH)):
            self._put_chunks(some)
            if told := [chunk.intent.number for chunk in some if _is_settled(chunk)]:
                self._ledger.told(told)
        while piece := self._piece():
            self._put([self._told(*json.loads(line)) for line in piece.splitlines()])
            self._read_to += len(piece)

    def _put(self, rows: Sequence[ResultRow]) -> None:
        with naming(self._tables), self._engine.begin() as connection:
            upsert(connection, self._tables, rows)

    def _piece(self) -> bytes:
        """Read whole lines of what was told and is not written yet."""
        with self._spooling:
            self._spool.flush()
        read = os.pread(self._spool.fileno(), _PIECE, self._read_to)
        return read[: read.rfind(b"\n") + 1]

    def _told(self, key: str, line: int, status: str, reason: str, person: str, same: int) -> ResultRow:
        is_merged = status == Status.MERGED
        return ResultRow(
            self._campaign,
            key,
            self._run,
            status,
            reason,
            line,
            self._sender,
            recipient_hash=person or None,
            message_hash=same if is_merged else None,
            revision=revision(Stage.MERGED if is_merged else Stage.LEFT_OUT),
        )

    def _put_chunks(self, chunks: Sequence[Untold]) -> None:
        with naming(self._tables), self._engine.begin() as connection:
            if copies(connection):
                lines = "".join([line for chunk in chunks for line in self._lines(chunk)])
                if lines:
                    upsert_lines(connection, self._tables, (*_OF_MEMBER, "outbox_id", *_OF_CHUNK), lines)
            else:
                upsert(connection, self._tables, [row for chunk in chunks for row in self._rows(chunk)])

    def _of_chunk(self, intent: Intent, fate: Fate) -> tuple[Any, ...]:
        """Return what is the same for all members of a chunk that came as far."""
        at = moment(intent.at) if fate.stage is Stage.TAKEN else None
        said = (fate.status.value, fate.reason, self._sender, at, moment(intent.send_at))
        return (self._campaign, self._run, *said, revision(fate.stage, intent.at))

    def _lines(self, chunk: Untold) -> Iterator[str]:
        ends: dict[Stage, str] = {}
        for about, fate in zip(_lines_of(chunk), fates(chunk.intent, chunk.outcome), strict=True):
            if fate is None:
                continue
            if (end := ends.get(fate.stage)) is None:
                end = ends[fate.stage] = line_of(self._of_chunk(chunk.intent, fate))
            yield f"{about}\t{NOTHING if fate.outbox_id is None else fate.outbox_id}\t{end}"

    def _rows(self, chunk: Untold) -> Iterator[ResultRow]:
        for about, fate in zip(_lines_of(chunk), fates(chunk.intent, chunk.outcome), strict=True):
            if fate is None:
                continue
            key, line, person, same, operator, parts, cost = about.split("\t")
            said = dict(zip(_OF_CHUNK, self._of_chunk(chunk.intent, fate), strict=True))
            yield ResultRow(
                row_key=key.replace("\\\\", "\\"),
                line=int(line),
                outbox_id=fate.outbox_id,
                recipient_hash=person,
                message_hash=int(same),
                operator=operator,
                parts=None if parts == NOTHING else int(parts),
                cost=None if cost == NOTHING else float(cost),
                **said,
            )


def _copied(key: str) -> str:
    """Return a key as COPY takes it; one holds no control character."""
    return key.replace("\\", "\\\\") if "\\" in key else key


def _lines_of(chunk: Untold) -> list[str]:
    return zlib.decompress(chunk.about).decode().split("\n")


def _is_settled(chunk: Untold) -> bool:
    return chunk.outcome is not None and not chunk.outcome.is_given_up


@lru_cache(maxsize=1000)
def _operator(prefix: str) -> str:
    """Name the operator that a prefix was given to; who has taken a number to another one is not known."""
    return "mci" if prefix.startswith(MCI_PREFIXES) else "irancell" if prefix.startswith(IRANCELL_PREFIXES) else "other"
