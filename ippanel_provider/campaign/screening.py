"""A campaign on its way to the sender: rows screened and weighed, held back until the credit is known to be enough."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice

from ippanel_provider.campaign.audience import Audience, Message, Row, Suppressing
from ippanel_provider.campaign.cost import Estimate, Tariff, require_credit
from ippanel_provider.campaign.ledger.base import Ledger
from ippanel_provider.campaign.linting import Linter
from ippanel_provider.campaign.order import OncePer
from ippanel_provider.campaign.recording import Recording
from ippanel_provider.campaign.results import Progress
from ippanel_provider.campaign.samples import Samples
from ippanel_provider.client import Client, InvalidInput, NotSent
from ippanel_provider.service import MAX_RECIPIENTS_PER_REQUEST
from ippanel_provider.text._digits import look_rounded
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
    :param lint: ``off``, ``warn`` or ``refuse``, see :class:`~ippanel_provider.campaign.linting.Linter`
    :param max_cost: what may be spent in this run, in rial; it takes a first pass
    :param keyed: whether each row has a key
    :param record: keeps what became of keyed rows; told once, as ``on_reject``
    """

    rows: Callable[[], Iterable[Row]] = field(repr=False)
    once_per: OncePer
    tariff: Tariff
    progress: Progress
    suppressing: Suppressing | None = None
    on_reject: Callable[[Row, str], None] | None = None
    first_pass: bool = False
    check_credit: bool = True
    lint: str = "off"
    max_cost: float | None = None
    keyed: bool = False
    record: Recording | None = None
    first: Message | None = field(init=False, default=None, repr=False)
    """The first message that a preview has met."""
    audience: Audience = field(init=False)
    estimate: Estimate = field(init=False)
    linter: Linter = field(init=False)

    def __post_init__(self) -> None:
        opt_out = self.tariff.opt_out or None
        self.linter = Linter(self.lint, opt_out=opt_out, is_66_char=self.tariff.is_66_char)
        self.audience = self._audience(self.on_reject, self.record)
        self.estimate = Estimate(self.tariff)
        self.first_pass = self.first_pass or self.max_cost is not None

    def _audience(
        self, on_reject: Callable[[Row, str], None] | None = None, record: Recording | None = None
    ) -> Audience:
        return Audience(
            self.once_per,
            suppressing=self.suppressing,
            on_reject=on_reject,
            judge=self.linter.judge if self.lint == "refuse" else None,
            keyed=self.keyed,
            record=record,
        )

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
                self._weigh(block, self.estimate)
                yield from block
        self.progress.refused = self.audience.rejected + self.audience.suppressed
        self.linter.tell()
        # What still comes, as the list of outbox ids, needs the room.
        self.audience.forget()

    def preview(self, ledger: Ledger, samples: Samples | None = None) -> list[dict[str, object]]:
        """Read the whole source, send nothing, and return who would get what: numbers masked, texts as their measure.

        :param samples: shown every message
        :raises NotSent: it would cost more than it may.
        """
        shown: list[dict[str, object]] = []
        with self._source() as rows:
            for block in _blocks(self.audience.screen(rows)):
                new = ledger.unknown(block)
                self.progress.known += len(block) - len(new)
                for message in new:
                    self.first = self.first or message
                    self.linter.look(message.text)
                    size = self.estimate.add(message)
                    if samples:
                        samples.add(message, size.parts, self.tariff.cost(message.recipient, size))
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
        self.linter.tell()
        self._refuse_cost(self.estimate)
        return shown

    def _look_ahead(self, client: Client, ledger: Ledger) -> None:
        ahead, new, total = self._audience(), Estimate(self.tariff), 0
        with self._source() as rows:
            for block in _blocks(ahead.screen(rows)):
                total += len(block)
                self._weigh(ledger.unknown(block), new)
        log.info(
            "%d rows: %d recipients, %d merged as repetitions, %d suppressed, %d rejected. To be sent: %s.",
            ahead.rows,
            total,
            ahead.merged,
            ahead.suppressed,
            ahead.rejected,
            new.sentence(),
        )
        self.linter.tell()
        self._refuse_cost(new)
        self.progress.expect(total)
        if self.check_credit and new.messages:
            require_credit(client, new, "what is to be sent")

    def _weigh(self, messages: Sequence[Message], estimate: Estimate) -> None:
        if self.lint != "off":
            for message in messages:
                self.linter.look(message.text)
        estimate.add_all(messages)

    def _refuse_cost(self, estimate: Estimate) -> None:
        if self.max_cost is None:
            return
        if not self.tariff.prices:
            raise NotSent(
                "max_cost: the service tells no prices, so nobody knows whether it is kept. Nothing was sent."
            )
        if estimate.rial > self.max_cost:
            raise NotSent(
                f"max_cost: what is to be sent ({estimate.sentence()}) costs more than the {self.max_cost:,.0f} rial "
                f"that may be spent. Nothing was sent."
            )

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
    """Yield them by the thousand.

    :raises InvalidInput: the first are strangers, whatever the source says of its columns.
    """
    is_first = True
    while block := list(islice(messages, MAX_RECIPIENTS_PER_REQUEST)):
        if is_first and look_rounded({message.recipient for message in block}):
            raise InvalidInput(
                "recipients: all numbers are rounded, as by a float of 32 bits, so they are other people's; keep the "
                "column as text. Nothing was sent."
            )
        is_first = False
        yield block
