"""Chunks on their way: several requests under way at once, and the book of them."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import replace
from itertools import chain

from ippanel_provider.campaign.attempt import Attempt
from ippanel_provider.campaign.chunks import Chunk
from ippanel_provider.campaign.deciding import Decider
from ippanel_provider.campaign.doubts import Doubt, named
from ippanel_provider.campaign.flights import Expired, Flight, Learner, may_be_taken
from ippanel_provider.campaign.ledger.base import Claim, Outcome, Standing
from ippanel_provider.campaign.recording import tell_known
from ippanel_provider.client import IPPanelError, NotSent, Refused, Throttled, Unconfirmed

log = logging.getLogger(__name__)

_MOST_READY = 8
"""Chunks in memory that wait for a request to end; of one message each, as many as may leave at once."""
_MOST_THROTTLED = 2
"""So many chunks after each other that a 429 did not let through are a service that wants to be left alone."""


class Pipeline:
    """One run over the chunks: several under way at once, one thread reading the source and keeping the books.

    While requests are under way that thread makes ready as many chunks as may follow them. An intent is written only
    when its chunk can leave at once, so that few are in doubt when the process dies; where several can, they are
    written together.
    """

    def __init__(self, attempt: Attempt, decider: Decider) -> None:
        self._attempt = attempt
        self._decider = decider
        self._order = attempt.order
        self._client = attempt.client
        self._ledger = attempt.ledger
        self._clock = attempt.clock
        self._patience = attempt.patience
        self._progress = attempt.progress
        is_fresh = attempt.panel.is_fresh(attempt.clock.now(), scheduled=attempt.order.is_scheduled)
        learns = attempt.has_outbox and not is_fresh
        self._learner = Learner(self._client, attempt.recogniser, self._patience, self._clock, learns)
        self._under_way: dict[Future[None], Flight] = {}
        self._throttled = 0
        self._has_begun = False
        self._failure: BaseException | None = None
        self._stopping = False

    def run(self, chunks: Iterator[Chunk]) -> None:
        """Send the chunks; what is not confirmed is among the attempt's doubts after it.

        :raises IPPanelError: of the first that was not accepted, once all under way have ended.
        """
        workers = self._order.concurrency + self._learner.is_needed
        with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="ippanel-send") as pool:
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
            self._progress.unconfirmed += sum(len(doubt.missing) for doubt in self._attempt.doubts)
            raise self._failure
        self._learner.finish()

    def _run(self, pool: ThreadPoolExecutor, drafts: Iterator[Claim]) -> None:
        ready: deque[Claim] = deque()
        # At a given rate the next one has to wait, and an intent must not wait with it.
        most = 1 if self._order.rate else self._order.concurrency
        if self._order.kind.chunk_limit(self._client.settings.api) > 1:
            most = min(most, _MOST_READY)
        is_read = False
        while not self._failure:
            free = min(self._order.concurrency - len(self._under_way), most)
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
        if not self._has_begun:
            self._has_begun = True
            planned = {} if self._progress.total is None else {"planned": self._progress.total}
            self._ledger.tell({"settle": self._patience.settle, **planned})
            self._attempt.begin()
        self._pace()
        claims: list[Claim] = []
        try:
            claims.extend(self._ledger.intend(drafts))
        finally:
            # Asked once, after all of them are written down and before any of them leaves.
            is_superseded = bool(claims) and self._ledger.is_superseded()
            for claim in claims:
                self._launch(pool, Flight(claim.intent, claim.chunk), is_superseded=is_superseded)
        known = sum(draft.intent.size for draft in drafts) - sum(claim.intent.size for claim in claims)
        self._progress.known += known
        if known and self._attempt.record:
            left = chain.from_iterable(claim.chunk.messages for claim in claims)
            tell_known(self._attempt.record, chain.from_iterable(draft.chunk.messages for draft in drafts), left)

    def _pace(self) -> None:
        if self._order.rate:
            # In turn with the other tasks of the campaign, where there is a ledger that all of them see.
            self._clock.sleep(max(0.0, self._ledger.pace(self._order.rate)))

    def _launch(self, pool: ThreadPoolExecutor, flight: Flight, *, is_superseded: bool) -> None:
        if is_superseded:
            self._give_up(flight, NotSent("A later try of this task has begun; this one sends nothing more."))
            return
        sent = pool.submit(flight.send, self._attempt)
        self._under_way[sent] = flight

    def _land(self, pool: ThreadPoolExecutor, wait_for: float | None = None) -> None:
        """Wait until some chunk has its answers, and write down what they are."""
        done, _ = wait(self._under_way, wait_for, FIRST_COMPLETED)
        for future in done:
            flight = self._under_way.pop(future)
            if flight.left is not None:
                self._progress.latencies.append(flight.seconds)
            error = future.exception()
            match error:
                case None:
                    self._confirm(flight)
                case Expired():
                    self._renew(pool, flight, error)
                case Throttled() | Unconfirmed():
                    self._doubt(flight, error)
                case Refused() if may_be_taken(error):
                    # No credit, or a repetition: of another copy of this very text, perhaps.
                    self._doubt(flight, error)
                    self._fail(error)
                case IPPanelError():
                    self._give_up(flight, error)
                case _:
                    # Not one of the three outcomes: the intent stays open, so that the next try looks in the outbox.
                    self._fail(error)
        self._learner.step(pool)

    def _confirm(self, flight: Flight) -> None:
        expected = flight.intent.bulks
        if len(flight.ids) != expected and not flight.intent.is_single:
            log.warning("Chunk %d: the service answered %d of %d ids.", flight.intent.number, len(flight.ids), expected)
            self._doubt(flight, Unconfirmed("It does not say which texts it took."))
            return
        self._throttled = 0
        self._settle(flight, Outcome(flight.ids))

    def _settle(self, flight: Flight, outcome: Outcome) -> None:
        self._ledger.settle(flight.intent, outcome)
        if not self._attempt.has_outbox:
            # No outbox could confirm it after a crash, so it is not held back.
            self._ledger.flush()
        now = self._clock.now()
        self._attempt.panel.answered(flight.intent, outcome.outbox_ids, now)
        self._learner.offer(flight.intent, outcome.outbox_ids, now)
        self._progress.accepted_now(flight.intent, outcome)

    def _give_up(self, flight: Flight, error: IPPanelError) -> None:
        """It was refused or never left: none of it went out."""
        self._settle(flight, Outcome.nothing(flight.intent))
        self._fail(error)

    def _renew(self, pool: ThreadPoolExecutor, flight: Flight, error: IPPanelError) -> None:
        """Write an intent anew that waited too long to be sent."""
        self._settle(flight, Outcome.nothing(flight.intent))
        if self._stopping or self._failure:
            self._fail(error)
            return
        for claim in self._ledger.intend([Claim.of(flight.chunk, self._ledger.key)]):
            self._launch(pool, Flight(claim.intent, claim.chunk), is_superseded=self._ledger.is_superseded())

    def _doubt(self, flight: Flight, error: IPPanelError) -> None:
        """Write down what is known of it; it is decided about when all else has been sent."""
        log.warning("Chunk %d left and is not confirmed. %s", flight.intent.number, error)
        standing = Standing(flight.ids, self._clock.now(), flight.is_broken)
        self._ledger.stand(flight.intent, standing)
        doubt = self._attempt.doubt(flight.intent, standing, flight.chunk)
        if self._stopping:
            self._fail(error)
        elif self._is_guarded(flight):
            self._send_inside_guard(flight, doubt)
        elif isinstance(error, Throttled):
            self._throttled += 1
            if self._throttled >= _MOST_THROTTLED:
                self._fail(error)
        elif self._attempt.has_outbox and flight.intent.bulks == 1:
            # Once at once, before others' bulks push it off a short list; the rest of the looks come at the end.
            self._look_once(doubt)

    def _look_once(self, doubt: Doubt) -> None:
        with suppress(IPPanelError):
            self._decider.look([doubt])
        if doubt.is_settled:
            self._attempt.doubts.remove(doubt)

    def _is_guarded(self, flight: Flight) -> bool:
        """Whether it cannot wait, and the service is known to refuse a second copy for long enough."""
        facts, order = self._attempt.panel.facts, self._order
        is_urgent = order.kind.is_urgent if order.is_urgent is None else order.is_urgent
        is_proved = "guard_seconds" in facts.known and facts.guard_seconds >= self._patience.guard_end
        return is_urgent and is_proved and flight.intent.send_at is None and self._attempt.has_outbox

    def _send_inside_guard(self, flight: Flight, doubt: Doubt) -> None:
        """Look for it at once, then send it again while the guard still knows the first one: a 429 says it does."""
        left = flight.left or flight.intent.at
        while doubt.is_open and self._clock.now() < left + self._patience.guard_again:
            self._decider.look([doubt])
            if doubt.is_open:
                rest = left + self._patience.guard_again - self._clock.now()
                self._clock.sleep(max(0.0, min(self._patience.poll, rest)))
        if doubt.is_open and self._clock.now() < left + self._patience.guard_end:
            try:
                again = Flight(replace(flight.intent, at=self._clock.now()), flight.chunk)
                again.send(self._attempt, is_last=True)
            except Throttled:
                log.info("Chunk %d: the service's guard says that it has it.", flight.intent.number)
                self._settle(flight, Outcome(is_given_up=True))
                self._attempt.doubts.remove(doubt)
            except IPPanelError as error:
                log.warning("%s were sent again inside the guard and are not confirmed. %s", named([doubt]), error)
                return
            else:
                self._settle(flight, Outcome(again.ids))
                self._attempt.doubts.remove(doubt)
        elif not doubt.is_open:
            self._attempt.doubts.remove(doubt)

    def _fail(self, error: BaseException) -> None:
        # The first error is the cause; later ones are mostly its echo.
        if self._failure is None:
            self._failure = error
        elif error is not self._failure:
            log.error("Also: %s", error)
