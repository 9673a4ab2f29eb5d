"""One door to sending: an order, rows, a client and a ledger go in, and nobody is texted twice or lost untold.

Write down, then send, then confirm. Requests run on threads; everything that is written down is written on the calling
thread, because an Airflow task has only that one to speak to its supervisor.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice

from ippanel_provider.campaign.attempt import Attempt
from ippanel_provider.campaign.audience import Audience, Message, Row, Suppressing
from ippanel_provider.campaign.chunks import Single, chunked
from ippanel_provider.campaign.cost import Tariff, tariff_of
from ippanel_provider.campaign.deciding import Decider
from ippanel_provider.campaign.doubts import Doubt
from ippanel_provider.campaign.ledger.base import Decision, Intent, Ledger, Outcome
from ippanel_provider.campaign.ledger.hashes import MEMBER_BYTES, pieces
from ippanel_provider.campaign.order import OncePer, Order
from ippanel_provider.campaign.pipeline import Pipeline
from ippanel_provider.campaign.recording import Recording, tell_known
from ippanel_provider.campaign.results import Progress, Summary
from ippanel_provider.campaign.schedule import Clock
from ippanel_provider.campaign.screening import Campaign
from ippanel_provider.campaign.width import wide_enough
from ippanel_provider.client import Client, InvalidInput, NotSent
from ippanel_provider.client.gateway import gateway
from ippanel_provider.client.watch import states
from ippanel_provider.service import MAX_RECIPIENTS_PER_REQUEST

log = logging.getLogger(__name__)

_REJECTS_SHOWN = 10

Rows = Callable[[], Iterable[Row]]
"""Reads a source from its beginning."""


def run(
    order: Order,
    rows: Rows | None,
    client: Client,
    ledger: Ledger,
    *,
    suppressing: Suppressing | None = None,
    on_reject: Callable[[Row, str], None] | None = None,
    on_end: Callable[[Summary], None] | None = None,
    record: Recording | None = None,
    clock: Clock = Clock(),  # noqa: B008 - a value
) -> Summary:
    """Send what the order asks for to the rows that no earlier try has reached, and say what came of it.

    :param rows: reads the source from its beginning; None where the service chooses the recipients
        (:class:`~ippanel_provider.campaign.chunks.Single`)
    :param ledger: what is remembered of earlier tries, and for later ones
    :param suppressing: who gets no text whatever the rows say
    :param on_reject: told of every row that gets no text, with the reason
    :param clock: tells the time, and lets it pass
    :param on_end: told once how far it came, also before an error leaves
    :param record: keeps what became of every row by its key
    :raises InDoubt: if something may or may not have gone out and nobody has decided what to do with it.
    :raises IPPanelError: of the first chunk that was not accepted, once all under way have ended. A retry goes on.
    :raises InvalidInput: naming the field; nothing was sent.
    """
    campaign = screened(order, rows, client, suppressing=suppressing, on_reject=on_reject, record=record)
    progress = campaign.progress
    if record:
        record.priced(campaign.tariff)
    try:
        if rows is None:
            # One request: its one member stands for it.
            deliver(order, [Message("", order.sender)], client, ledger, progress, clock=clock)
        else:
            with wide_enough(client, order.concurrency) as wide, closing(campaign.messages(wide, ledger)) as messages:
                deliver(order, messages, wide, ledger, progress, record=record, clock=clock)
    finally:
        summary = Summary.of(progress, campaign.audience, campaign.estimate)
        tell_rejects(campaign.audience)
        if on_end:
            on_end(summary)
    # A try that writes the results of an earlier one may find that the source names nobody any more.
    if rows is not None and not (order.keyed and order.is_retry and summary.accepted):
        refuse_emptiness(order, campaign.audience)
    return summary


def screened(
    order: Order,
    rows: Rows | None,
    client: Client,
    *,
    suppressing: Suppressing | None = None,
    on_reject: Callable[[Row, str], None] | None = None,
    record: Recording | None = None,
) -> Campaign:
    """Return the rows of an order as a campaign that is not sent yet: for :func:`run`, and for a dry run."""
    is_priced = not isinstance(order.kind, Single)
    return Campaign(
        rows=rows or (lambda: ()),
        once_per=OncePer(order.once_per),
        tariff=tariff_of(client, order.sender, opt_out=order.opt_out_suffix) if is_priced else Tariff(),
        progress=Progress(),
        suppressing=suppressing,
        on_reject=on_reject,
        first_pass=order.first_pass,
        check_credit=order.check_credit,
        lint=order.lint,
        max_cost=order.max_cost,
        keyed=order.keyed,
        record=record,
    )


def refuse_emptiness(order: Order, audience: Audience) -> None:
    """Refuse a campaign that reaches nobody, unless it was told that it may be empty.

    :raises NotSent: there are none.
    :raises InvalidInput: none of them can get a text.
    """
    if not audience.rows and not order.allow_empty:
        raise NotSent("recipients: there are none; the source is empty. Nothing was sent.")
    if audience.rejected and audience.rows == audience.rejected + audience.suppressed:
        # What is the same for all is a mistake in the DAG, and nobody should have to look for it.
        reason, count = next(iter(audience.grouped().items()))
        raise InvalidInput(
            f"recipients: none of the {audience.rows} rows can get a text ({count} of them: {reason}); the log says "
            f"why, row by row. Nothing was sent."
        )


def tell_rejects(audience: Audience) -> None:
    """Log the first rows that get no text, and where there are many how many there are for each reason."""
    for rejected in audience.rejects[:_REJECTS_SHOWN]:
        log.warning("Row %d gets no text: %s.", rejected.line, rejected.reason)
    if audience.unassigned:
        log.warning(
            "%d rows have numbers whose prefix no operator is known to have; they are no rejects, but look at them.",
            audience.unassigned,
        )
    if audience.rejected > _REJECTS_SHOWN:
        for reason, count in audience.grouped().items():
            log.warning("%d rows get no text: %s.", count, reason)


def deliver(
    order: Order,
    messages: Iterable[Message],
    client: Client,
    ledger: Ledger,
    progress: Progress,
    *,
    record: Recording | None = None,
    clock: Clock = Clock(),  # noqa: B008 - a value
) -> None:
    """Send the messages that no earlier try has sent, recording in ``progress`` how far it came.

    :param record: told of those that are known already
    :raises InDoubt: if something may or may not have gone out and nobody has decided about it.
    :raises IPPanelError: of the first chunk that was not accepted, once all chunks under way have ended.
    """
    try:
        _Try(order, client, ledger, progress, clock, record).run(messages)
    finally:
        ledger.flush()


class _Try:
    """What earlier tries left, the messages, and what became of those that were not answered."""

    def __init__(
        self,
        order: Order,
        client: Client,
        ledger: Ledger,
        progress: Progress,
        clock: Clock,
        record: Recording | None = None,
    ) -> None:
        self._ledger = ledger
        self._progress = progress
        records = list(ledger.history())
        self._attempt = attempt = Attempt(order, client, ledger, progress, clock, record)
        self._decider = Decider(attempt)
        self._wanted: dict[bytes, tuple[Doubt, int]] = {}
        self._take_up(records)

    def run(self, messages: Iterable[Message]) -> None:
        """Send."""
        attempt = self._attempt
        order, api = attempt.order, attempt.client.settings.api
        chunks = chunked(self._unknown(messages), order.kind, size=order.chunk_size, api=api, stamp=attempt.stamp)
        Pipeline(attempt, self._decider).run(chunks)
        if attempt.doubts:
            self._decider.decide(attempt.doubts)
        self._look_beside()

    def _take_up(self, records: Iterable[tuple[Intent, Outcome | None]]) -> None:
        settled: list[tuple[Intent, Outcome]] = []
        for intent, outcome in records:
            if outcome is not None:
                # A repetition that was taken back is listed all the same.
                ids = outcome.outbox_ids or (self._ledger.standing_of(intent).ids if intent.again else ())
                self._attempt.panel.answered(intent, ids, intent.at)
                settled.append((intent, outcome))
                continue
            doubt = self._attempt.doubt(intent, self._ledger.standing_of(intent))
            if not intent.again:
                members = pieces(intent.members, MEMBER_BYTES)
                self._wanted |= {member: (doubt, place) for place, member in enumerate(members)}
        for intent, outcome in self._reopened(settled):
            self._progress.earlier(intent, outcome)
        if doubts := self._attempt.doubts:
            self._attempt.panel.go_on(min(doubt.intent.at for doubt in doubts))
            self._take_decisions(doubts)
            log.info("Earlier tries left %d chunks unanswered; they are looked for in the outbox.", len(doubts))

    def _take_decisions(self, doubts: Sequence[Doubt]) -> None:
        """Take what was decided about each chunk; about a repetition it is said of what it repeats."""
        decided = self._ledger.decided()
        said = {doubt.intent.again: decided.get(doubt.intent.number) for doubt in doubts if doubt.intent.again}
        for doubt in doubts:
            if not doubt.intent.again:
                number = doubt.intent.number
                doubt.decision = decided.get(number) or said.get(number) or Decision.LOOK

    def _reopened(self, settled: list[tuple[Intent, Outcome]]) -> Iterator[tuple[Intent, Outcome]]:
        """Yield what earlier tries settled, with the bulks void that ended in a state that is to be sent again."""
        again, bad = set(self._attempt.order.resend_states), set[int]()
        if again:
            ids = [outbox_id for intent, outcome in settled for outbox_id in outcome.standing_ids(intent)]
            client = self._attempt.client
            found = client.run(states(ids, gateway(client.settings.api)))
            bad = {outbox_id for outbox_id, state in found.items() if state in again}
        for intent, outcome in settled:
            places = [place for place, outbox_id in enumerate(outcome.outbox_ids) if outbox_id in bad]
            # Who is in a repetition is held by what it repeats.
            if places and not intent.again and len(outcome.outbox_ids) == intent.bulks:
                spans = map(intent.span, places)
                void = frozenset(start + n for start, size in spans for n in range(size))
                outcome = Outcome(outcome.outbox_ids, outcome.void | void)
                self._ledger.settle(intent, outcome)
                log.warning("Chunk %d: %d bulks ended badly and are sent again.", intent.number, len(places))
            yield intent, outcome

    def _unknown(self, messages: Iterable[Message]) -> Iterator[Message]:
        stream = iter(messages)
        while block := list(islice(stream, MAX_RECIPIENTS_PER_REQUEST)):
            new = self._ledger.unknown(block)
            self._progress.known += len(block) - len(new)
            if self._wanted and len(new) < len(block):
                self._keep(block)
            if self._attempt.record and len(new) < len(block):
                tell_known(self._attempt.record, block, new)
            yield from new

    def _keep(self, block: Sequence[Message]) -> None:
        """Keep the messages of chunks in doubt, which may have to be sent again."""
        for message, member in zip(block, pieces(self._ledger.key.members(block), MEMBER_BYTES), strict=True):
            if found := self._wanted.get(member):
                doubt, place = found
                doubt.messages[place] = message

    def _look_beside(self) -> None:
        """See to it that nobody is lost whom another try of the same task claimed meanwhile, and then did not reach.

        :raises NotSent: if there are any; their rows have been read and left out, so it takes another try to send to
            them.
        """
        others = list(self._ledger.beside())
        doubts = [
            self._attempt.doubt(intent, self._ledger.standing_of(intent)) for intent, outcome in others if not outcome
        ]
        for intent, outcome in others:
            if outcome:
                self._progress.earlier(intent, outcome)
        if doubts:
            log.info("Another try of this task, still at work or just ended, left %d chunks unanswered.", len(doubts))
            self._decider.decide(doubts)
        void = sum(len(outcome.void) for intent, _ in others if (outcome := self._ledger.outcome_of(intent)))
        if void:
            raise NotSent(
                f"Another try of this task, at work beside it, did not reach {void} of its recipients; the next try "
                f"sends to them."
            )
