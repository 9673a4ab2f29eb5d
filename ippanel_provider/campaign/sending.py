"""Sending a stream of messages so that nobody gets one twice and nobody is lost without being told.

Write down, then send, then confirm. Requests run on threads; everything that is written down is written on the calling
thread, because an Airflow task has only that one to speak to its supervisor.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.chunks import Chunk, chunked
from ippanel_provider.campaign.kinds import Form
from ippanel_provider.campaign.ledger.base import Claim, Intent, Ledger, Outcome
from ippanel_provider.campaign.order import OnUnconfirmed
from ippanel_provider.campaign.progress import Progress
from ippanel_provider.campaign.recognition import Finding, Patience, accepted_places, reconcile
from ippanel_provider.campaign.schedule import Schedule, cancel_doubles
from ippanel_provider.client import Client, IPPanelError, NotSent, Throttled, Unconfirmed
from ippanel_provider.client.gateway import gateway
from ippanel_provider.service import MAX_RECIPIENTS_PER_REQUEST, Api

log = logging.getLogger(__name__)

_MOST_READY = 8
"""Chunks in memory that wait for a request to end."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How to send.

    ``rate`` is requests a second at most; ``throttle_patience`` is seconds of 429 to sit out in all. With a
    ``schedule`` every chunk has a send time of its own, doubles are cancelled, and so ``on_unconfirmed`` has nothing to
    decide.
    """

    sender: str
    send_time: datetime | None = None
    schedule: Schedule | None = None
    chunk_size: int | None = None
    concurrency: int = 4
    rate: float | None = None
    on_unconfirmed: OnUnconfirmed = OnUnconfirmed.FAIL
    patience: Patience = field(default_factory=Patience)
    throttle_patience: float = 300.0

    @property
    def decision(self) -> OnUnconfirmed:
        """What to do with what the outbox does not show."""
        return OnUnconfirmed.RESEND if self.schedule else self.on_unconfirmed

    @property
    def moment(self) -> Callable[[int], datetime] | None:
        """What gives a chunk a send time of its own."""
        return self.schedule.moment if self.schedule else None


class InDoubt(Unconfirmed):
    """Messages left unanswered and are not in the outbox; the message names their chunks and source lines."""


@dataclass(slots=True)
class _Flight:
    """A chunk under way, and the outbox ids it has been answered with so far."""

    intent: Intent
    chunk: Chunk
    ids: list[int] = field(default_factory=list)
    in_turn: bool = False
    """Whether it takes a request for each message."""
    throttled_for: float = 0.0

    @property
    def rest(self) -> Chunk:
        """What has not been sent yet."""
        return replace(self.chunk, messages=self.chunk.messages[len(self.ids) :]) if self.ids else self.chunk

    def send(self, client: Client, terms: Terms, took: Callable[[float], None]) -> None:
        """Send the rest, one request after the other, taking down the ids of each and telling how long it took."""
        send_at = self.intent.send_at
        send_time = terms.send_time if send_at is None else datetime.fromtimestamp(send_at, UTC)
        requests = self.rest.requests(gateway(client.settings.api), terms.sender, send_time)
        self.in_turn = self.in_turn or len(requests) > 1
        for request in requests:
            left = time.monotonic()
            try:
                self.ids.extend(client.run(request).outbox_ids)
            finally:
                took(time.monotonic() - left)


def deliver(
    client: Client, ledger: Ledger, messages: Iterable[Message], terms: Terms, progress: Progress, *, form: Form
) -> None:
    """Send the messages that no earlier try has sent, recording in ``progress`` how far it came.

    :param form: what kind of requests the messages make
    :raises InDoubt: under ``on_unconfirmed=fail``, if something may or may not have gone out.
    :raises IPPanelError: of the first chunk that was not accepted, once all chunks under way have ended.
    """
    try:
        doubts: list[Finding] = []
        for intent, outcome in ledger.history():
            if outcome is None:
                doubts.append(Finding(intent))
            else:
                progress.earlier(intent, outcome)
        if doubts:
            log.info(
                "An earlier try left %d chunks unanswered; looking in the outbox before anything is sent.", len(doubts)
            )
            _clear_up(client, ledger, doubts, terms, progress, earlier=True)
        new = _unknown(ledger, messages, progress)
        chunks = chunked(new, form, size=terms.chunk_size, api=client.settings.api, moment=terms.moment)
        _Delivery(client, ledger, terms, progress).run(chunks)
        _look_beside(client, ledger, terms, progress)
        if terms.schedule and progress.void:
            client.run(cancel_doubles(ledger.history(), ledger, terms.sender, terms.patience))
    finally:
        ledger.flush()


def _look_beside(client: Client, ledger: Ledger, terms: Terms, progress: Progress) -> None:
    """See to it that nobody is lost whom another try of the same task claimed meanwhile, and then did not reach.

    :raises NotSent: if there are any; their rows have been read and left out, so it takes another try to send to them.
    """
    others = list(ledger.beside())
    doubts = [Finding(intent) for intent, outcome in others if outcome is None]
    for intent, outcome in others:
        if outcome is not None:
            progress.earlier(intent, outcome)
    if doubts:
        log.info(
            "Another try of this task, still at work or just ended, left %d chunks unanswered; looking in the outbox.",
            len(doubts),
        )
        _clear_up(client, ledger, doubts, terms, progress, earlier=True)
    void = sum(len(outcome.void) for intent, _ in others if (outcome := ledger.outcome_of(intent)))
    if void:
        raise NotSent(
            f"Another try of this task, at work beside it, did not reach {void} of its recipients; the next try "
            f"sends to them."
        )


def _unknown(ledger: Ledger, messages: Iterable[Message], progress: Progress) -> Iterator[Message]:
    stream = iter(messages)
    while block := list(islice(stream, MAX_RECIPIENTS_PER_REQUEST)):
        new = ledger.unknown(block)
        progress.known += len(block) - len(new)
        yield from new


class _Delivery:
    """One run over the chunks: several under way at once, one thread reading the source and keeping the books.

    While requests are under way that thread makes ready as many chunks as may follow them. An intent is written only
    when its chunk can leave at once, so that few are in doubt when the process dies; where several can, they are
    written together.
    """

    def __init__(self, client: Client, ledger: Ledger, terms: Terms, progress: Progress) -> None:
        self._client = client
        self._ledger = ledger
        self._terms = terms
        self._progress = progress
        self._under_way: dict[Future[None], _Flight] = {}
        self._next_start = 0.0
        self._failure: BaseException | None = None
        self._stopping = False

    def run(self, chunks: Iterator[Chunk]) -> None:
        with ThreadPoolExecutor(max_workers=self._terms.concurrency, thread_name_prefix="ippanel-send") as pool:
            try:
                self._run(pool, (Claim.of(chunk, self._ledger.key) for chunk in chunks))
                while self._under_way:
                    self._land(pool)
            finally:
                # Whatever ended the loop, an answer that still comes is written down, and nothing new is begun.
                self._stopping = True
                while self._under_way:
                    self._land(pool)
        if self._failure:
            raise self._failure

    def _run(self, pool: ThreadPoolExecutor, drafts: Iterator[Claim]) -> None:
        ready: deque[Claim] = deque()
        # At a given rate the next one has to wait, and an intent must not wait with it.
        most = 1 if self._terms.rate else min(self._terms.concurrency, _MOST_READY)
        is_read = False
        while not self._failure:
            free = min(self._terms.concurrency - len(self._under_way), most)
            if free and ready and (len(ready) >= free or is_read):
                self._start(pool, [ready.popleft() for _ in range(min(free, len(ready)))])
            elif len(ready) < most and not is_read:
                draft = next(drafts, None)
                is_read = draft is None
                if draft:
                    ready.append(draft)
                self._land(pool, wait_for=0)
            elif ready:
                self._land(pool)
            else:
                return

    def _start(self, pool: ThreadPoolExecutor, drafts: Sequence[Claim]) -> None:
        self._pace()
        self._progress.known += sum(draft.intent.size for draft in drafts)
        for claim in self._ledger.intend(drafts):
            self._progress.known -= claim.intent.size
            self._launch(pool, _Flight(claim.intent, claim.chunk))

    def _pace(self) -> None:
        if self._terms.rate:
            time.sleep(max(0.0, self._next_start - time.monotonic()))
            self._next_start = time.monotonic() + 1 / self._terms.rate

    def _launch(self, pool: ThreadPoolExecutor, flight: _Flight) -> None:
        self._under_way[pool.submit(flight.send, self._client, self._terms, self._progress.latencies.append)] = flight

    def _land(self, pool: ThreadPoolExecutor, wait_for: float | None = None) -> None:
        """Wait until some chunk has its answers, and write down what they are."""
        done, _ = wait(self._under_way, wait_for, FIRST_COMPLETED)
        for future in done:
            flight = self._under_way.pop(future)
            error = future.exception()
            match error:
                case None:
                    self._confirm(flight)
                case Throttled():
                    self._sit_out(pool, flight, error)
                case Unconfirmed():
                    self._doubt(flight, error)
                case IPPanelError():
                    self._give_up(flight, error)
                case _:
                    # Not one of the three outcomes: the intent stays open, so that the next try looks in the outbox.
                    self._fail(error)

    def _confirm(self, flight: _Flight) -> None:
        expected = flight.intent.bulks
        if len(flight.ids) == expected or flight.intent.is_single:
            self._settle(flight, Outcome(tuple(flight.ids)))
            return
        log.warning("Chunk %d: the service took %d of %d messages.", flight.intent.number, len(flight.ids), expected)
        found = self._client.run(accepted_places(flight.intent, flight.ids, self._ledger.key))
        if len(found.ids) != len(flight.ids):
            self._doubt(flight, Unconfirmed("It does not say which it took."))
            return
        # It answered, so the others certainly got nothing and are safe to send.
        self._settle(flight, found.outcome)
        self._send_again(flight)

    def _settle(self, flight: _Flight, outcome: Outcome) -> None:
        self._ledger.settle(flight.intent, outcome)
        if self._client.settings.api is Api.REST:
            # No outbox could confirm it after a crash, so it is not held back.
            self._ledger.flush()
        self._progress.accepted_now(flight.intent, outcome)

    def _give_up(self, flight: _Flight, error: IPPanelError) -> None:
        """What has no answer yet was refused or never left: none of that went out."""
        rest = range(len(flight.ids), flight.intent.size)
        self._settle(flight, Outcome(tuple(flight.ids), frozenset(rest)))
        self._fail(error)

    def _sit_out(self, pool: ThreadPoolExecutor, flight: _Flight, error: Throttled) -> None:
        """Nothing of this chunk has left before, so a 429 is no guard against it: wait and send it again."""
        pause = max(error.retry_after or 0.0, min(60.0, 2.0 + flight.throttled_for))
        if self._failure or self._stopping or flight.throttled_for + pause > self._terms.throttle_patience:
            self._give_up(flight, error)
            return
        log.warning("The service asks to come later (HTTP 429); waiting %.0f seconds.", pause)
        flight.throttled_for += pause
        time.sleep(pause)
        if self._ledger.outcome_of(flight.intent) is not None:
            # Another try of this task has taken it up meanwhile.
            return
        self._pace()
        self._launch(pool, flight)

    def _doubt(self, flight: _Flight, error: Unconfirmed) -> None:
        if self._stopping:
            self._fail(error)
            return
        log.warning("Chunk %d left and is not confirmed; looking in the outbox. %s", flight.intent.number, error)
        try:
            finding = Finding(flight.intent)
            if flight.in_turn:
                # Those before the unanswered request have their ids, whatever the outbox shows; those after it have not
                # left.
                unsent = frozenset(range(len(flight.ids) + 1, flight.intent.bulks))
                finding = Finding(flight.intent, dict(enumerate(flight.ids)), unsent)
            _clear_up(self._client, self._ledger, [finding], self._terms, self._progress, earlier=False)
        except IPPanelError as still:
            self._fail(still)
        else:
            self._send_again(flight)

    def _send_again(self, flight: _Flight) -> None:
        """Send what is void of a chunk, once, as a chunk of its own, so that a crash now is cleared up like any other.

        A 429 now may be the 40-second guard: the first one did arrive. The new intent stays open for the next try to
        find.
        """
        if self._stopping:
            return
        outcome = self._ledger.outcome_of(flight.intent)
        void = [flight.chunk.messages[place] for place in sorted(outcome.void)] if outcome else []
        chunks = chunked(void, flight.chunk.form, api=self._client.settings.api, moment=self._terms.moment)
        for claim in self._ledger.intend(Claim.of(chunk, self._ledger.key) for chunk in chunks):
            again = _Flight(claim.intent, claim.chunk)
            try:
                again.send(self._client, self._terms, self._progress.latencies.append)
            except (Throttled, Unconfirmed) as error:
                self._fail(
                    InDoubt(f"{_named([Finding(again.intent)])} were sent again, and again are not confirmed. {error}")
                )
            except IPPanelError as error:
                self._give_up(again, error)
            else:
                self._confirm(again)

    def _fail(self, error: BaseException) -> None:
        # The first error is the cause; later ones are mostly its echo.
        if self._failure is None:
            self._failure = error
        else:
            log.error("Also: %s", error)


def _clear_up(
    client: Client, ledger: Ledger, findings: Sequence[Finding], terms: Terms, progress: Progress, *, earlier: bool
) -> None:
    """Settle intents by what the outbox shows, and what it does not show by ``on_unconfirmed``."""
    # The legacy API lists nothing of what was sent, so there is no judge to ask.
    left = (
        findings
        if client.settings.api is Api.REST
        else client.run(reconcile(findings, ledger, terms.sender, terms.patience))
    )
    if terms.decision is not OnUnconfirmed.RESEND:
        progress.unconfirmed += sum(finding.missing for finding in left)
    if left and terms.decision in (OnUnconfirmed.FAIL, OnUnconfirmed.ASK):
        raise InDoubt(
            f"{_named(left)} left unanswered and are not in the outbox. "
            "The next try looks again before it sends anything; on_unconfirmed='resend' or 'skip' decides otherwise."
        )
    for finding in left:
        ledger.settle(finding.intent, _decided(finding, terms.decision))
        if terms.decision is OnUnconfirmed.SKIP:
            progress.skipped += finding.missing
            log.warning("%s are in doubt and skipped.", _named([finding]))
    for finding in findings:
        outcome = ledger.outcome_of(finding.intent)
        if outcome is not None:
            (progress.earlier if earlier else progress.accepted_now)(finding.intent, outcome)


def _decided(finding: Finding, decision: OnUnconfirmed) -> Outcome:
    outcome = finding.outcome
    # Skipped members stay known, so that no later try sends to them either.
    return outcome if decision is OnUnconfirmed.RESEND else Outcome(outcome.outbox_ids, finding.unsent)


def _named(findings: Sequence[Finding]) -> str:
    """Name what is missing of chunks for people: how many, where in the source they stand, and when they left."""
    return "; ".join(
        f"{finding.missing} of {finding.intent.size} recipients of chunk {finding.intent.number} "
        f"(source rows {finding.intent.lines[0]} to {finding.intent.lines[1]}, "
        f"sent {datetime.fromtimestamp(finding.intent.at, UTC):%Y-%m-%d %H:%M:%S} UTC)"
        for finding in findings
    )
