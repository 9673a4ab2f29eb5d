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
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

import sqlalchemy as sa

from ippanel_provider.campaign.order import OncePer
from ippanel_provider.results.fates import Stage, Status, fates, revision
from ippanel_provider.results.followed import Followed
from ippanel_provider.results.schema import LONGEST_REASON, Tables, Unwritable, naming
from ippanel_provider.results.writing import ResultRow, moment, upsert
from ippanel_provider.service import IRANCELL_PREFIXES, MCI_PREFIXES
from ippanel_provider.text.parts import TextSize, measure

if TYPE_CHECKING:
    from ippanel_provider.campaign.audience import Message
    from ippanel_provider.campaign.cost import Tariff
    from ippanel_provider.campaign.ledger.sql import SqlLedger
    from ippanel_provider.campaign.ledger.sql_untold import Untold

log = logging.getLogger(__name__)

_CHUNKS_A_BATCH = 5
_PAUSE = 0.5
"""Seconds between two looks at what is to be written."""
_PIECE = 1 << 18
_REPEATED = "another row of the campaign has the same recipient"


class Hasher:
    """Hashes recipients with the salt of a table."""

    def __init__(self, salt: bytes, once_per: OncePer) -> None:
        self._person = hashlib.blake2b(digest_size=12, key=salt, person=b"recipient")
        self._message = hashlib.blake2b(digest_size=8, key=salt, person=b"message")
        self._with_text = once_per is not OncePer.RECIPIENT

    def recipient(self, recipient: str) -> str:
        """Return the hash of a recipient in the wire form."""
        one = self._person.copy()
        one.update(recipient.encode())
        return one.hexdigest()

    def message(self, recipient: str, text: str) -> int:
        """Return the hash of what counts as one message: the person, or the person with the text."""
        one = self._message.copy()
        one.update(f"{recipient}\n{text}".encode() if self._with_text else recipient.encode())
        return int.from_bytes(one.digest(), "little", signed=True)


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
        self._size: tuple[str | None, TextSize] = (None, measure(""))
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
        person = self._hasher.recipient(message.recipient)
        same = self._hasher.message(message.recipient, message.text)
        self._keep((message.key, message.line, Status.MERGED.value, _REPEATED, person, same))

    def about(self, messages: Sequence[Message]) -> bytes:
        """Say of messages what the table is to hold of them, for the ledger to keep."""
        return zlib.compress("\n".join(map(self._line, messages)).encode(), 1)

    def _line(self, message: Message) -> str:
        recipient, text = message.recipient, message.text
        parts, cost = "", ""
        if self._tariff:
            if text is not self._size[0]:
                self._size = text, self._tariff.size(text)
            size = self._size[1]
            parts = str(size.parts)
            cost = str(self._tariff.cost(recipient, size)) if self._tariff.prices else ""
        return (
            f"{message.key}\t{message.line}\t{self._hasher.recipient(recipient)}\t"
            f"{self._hasher.message(recipient, text)}\t{_operator(recipient[3:6])}\t{parts}\t{cost}"
        )

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
            self._put([row for chunk in some for row in self._rows(chunk)])
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

    def _rows(self, chunk: Untold) -> Iterator[ResultRow]:
        intent = chunk.intent
        at, send_at = moment(intent.at), moment(intent.send_at)
        lines = zlib.decompress(chunk.about).decode().split("\n")
        for line, fate in zip(lines, fates(intent, chunk.outcome), strict=True):
            if fate is None:
                continue
            key, number, person, same, operator, parts, cost = line.split("\t")
            yield ResultRow(
                self._campaign,
                key,
                self._run,
                fate.status.value,
                fate.reason,
                int(number),
                self._sender,
                fate.outbox_id,
                int(parts) if parts else None,
                float(cost) if cost else None,
                operator,
                at if fate.stage is Stage.TAKEN else None,
                send_at,
                None,
                person,
                int(same),
                revision=revision(fate.stage, intent.at),
            )


def _is_settled(chunk: Untold) -> bool:
    return chunk.outcome is not None and not chunk.outcome.is_given_up


@lru_cache(maxsize=1000)
def _operator(prefix: str) -> str:
    """Name the operator that a prefix was given to; who has taken a number to another one is not known."""
    return "mci" if prefix.startswith(MCI_PREFIXES) else "irancell" if prefix.startswith(IRANCELL_PREFIXES) else "other"
