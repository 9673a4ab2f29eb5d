"""A campaign on its way to the sender: rows screened and weighed, held back until the credit is known to be enough."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice

from ippanel_provider.campaign.audience import Audience, Message, Row, Suppressing
from ippanel_provider.campaign.cost import Estimate, Tariff, require_credit
from ippanel_provider.campaign.ledger.base import Ledger
from ippanel_provider.campaign.order import OncePer
from ippanel_provider.campaign.progress import Progress
from ippanel_provider.client import Client
from ippanel_provider.service import MAX_RECIPIENTS_PER_REQUEST
from ippanel_provider.text.numbers import mask

log = logging.getLogger(__name__)

PREVIEWED = 100


@dataclass(slots=True)
class Campaign:
    """The messages of a source.

    :param rows: reads the source from its beginning
    :param once_per: what counts as a repetition
    :param suppressing: who gets no text
    :param on_reject: told of every row that gets no text, once
    :param first_pass: read the whole source once before anything is sent: to know how many there are, what they cost,
        and that the source can be read to its end
    :param check_credit: whether the credit has to cover the whole cost (with a first pass), or that of the first chunk
    """

    rows: Callable[[], Iterable[Row]] = field(repr=False)
    once_per: OncePer
    tariff: Tariff
    progress: Progress
    suppressing: Suppressing | None = None
    on_reject: Callable[[Row, str], None] | None = None
    first_pass: bool = False
    check_credit: bool = True
    audience: Audience = field(init=False)
    estimate: Estimate = field(init=False)

    def __post_init__(self) -> None:
        self.audience = Audience(self.once_per, suppressing=self.suppressing, on_reject=self.on_reject)
        self.estimate = Estimate(self.tariff)

    def messages(self, client: Client, ledger: Ledger) -> Generator[Message, None, None]:
        """Yield all messages. The ledger's history has to be read before the first is asked for.

        :raises TooLittleCredit: before the first, if the credit is not enough for those the ledger does not know.
        """
        checked = not self.check_credit
        if self.first_pass:
            self._look_ahead(client, ledger)
            checked = True
        with self._source() as rows:
            for block in _blocks(self.audience.screen(rows)):
                if not checked and (new := ledger.unknown(block)):
                    require_credit(client, Estimate.of(self.tariff, new), "the first chunk")
                    checked = True
                self.progress.refused = self.audience.rejected + self.audience.suppressed
                for message in block:
                    self.estimate.add(message)
                    yield message
        self.progress.refused = self.audience.rejected + self.audience.suppressed
        # What still comes, as the list of outbox ids, needs the room.
        self.audience.forget()

    def preview(self, ledger: Ledger) -> list[dict[str, object]]:
        """Read the whole source, send nothing, and return who would get what: numbers masked, texts as their
        measure."""
        shown: list[dict[str, object]] = []
        with self._source() as rows:
            for block in _blocks(self.audience.screen(rows)):
                new = ledger.unknown(block)
                self.progress.known += len(block) - len(new)
                for message in new:
                    size = self.estimate.add(message)
                    if len(shown) < PREVIEWED:
                        cost = self.tariff.cost(message.recipient, size)

                        shown.append(
                            {
                                "line": message.line,
                                "recipient": mask(message.recipient),
                                "characters": len(message.text),
                                "encoding": str(size.encoding),
                                "parts": size.parts,
                                "cost": round(cost, 1) if self.tariff.prices else None,
                            }
                        )
        return shown

    def _look_ahead(self, client: Client, ledger: Ledger) -> None:
        ahead, new, total = Audience(self.once_per, suppressing=self.suppressing), Estimate(self.tariff), 0
        with self._source() as rows:
            for block in _blocks(ahead.screen(rows)):
                total += len(block)
                for message in ledger.unknown(block):
                    new.add(message)
        log.info(
            "%d rows: %d recipients, %d merged as repetitions, %d suppressed, %d rejected. To be sent: %s.",
            ahead.rows,
            total,
            ahead.merged,
            ahead.suppressed,
            ahead.rejected,
            new.sentence(),
        )
        self.progress.expect(total)
        if self.check_credit and new.messages:
            require_credit(client, new, "what is to be sent")

    @contextmanager
    def _source(self) -> Iterator[Iterable[Row]]:
        """Read the source; whatever it has open is closed at the end, also by an error whose traceback still holds
        it."""
        rows = self.rows()
        try:
            yield rows
        finally:
            if isinstance(rows, Generator):
                rows.close()


def _blocks(messages: Iterator[Message]) -> Iterator[list[Message]]:
    while block := list(islice(messages, MAX_RECIPIENTS_PER_REQUEST)):
        yield block
