"""Sending again what left unanswered: at once, or with a send time so far ahead that it can be taken back."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from math import ceil

from ippanel_provider.campaign.attempt import Attempt
from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.chunks import Chunk, Stamp, chunked
from ippanel_provider.campaign.doubts import Doubt, InDoubt, named
from ippanel_provider.campaign.flights import Flight, may_be_taken
from ippanel_provider.campaign.ledger.base import Claim, Outcome, Standing
from ippanel_provider.campaign.schedule import out_of_quiet_hours
from ippanel_provider.client import IPPanelError, Unconfirmed

log = logging.getLogger(__name__)


class Resender:
    """Sends what is missing of doubts again. Everything is written down on the thread that calls it.

    :param errors: takes what went wrong with it
    """

    def __init__(self, attempt: Attempt, errors: list[IPPanelError]) -> None:
        self._attempt = attempt
        self._errors = errors
        self._order = attempt.order
        self._client = attempt.client
        self._ledger = attempt.ledger
        self._panel = attempt.panel
        self._progress = attempt.progress
        self._clock = attempt.clock
        self._patience = attempt.patience
        self._recogniser = attempt.recogniser

    def resend(self, doubt: Doubt) -> None:
        """Take what is missing for not accepted, and send it."""
        still = self._still_named(doubt)
        if gone := len(doubt.missing) - len(still):
            log.warning("Chunk %d: the source no longer names %d of its recipients.", doubt.intent.number, gone)
        self._attempt.settle(doubt, doubt.outcome)
        self.send_now(still, doubt)

    def send_now(self, messages: Iterable[Message], doubt: Doubt) -> None:
        """Send messages as chunks of their own, so that a crash now is cleared up like any other."""
        kind, api = self._order.kind, self._client.settings.api
        for chunk in chunked(messages, kind, api=api, stamp=self._attempt.stamp):
            for claim in self._ledger.intend([Claim.of(chunk, self._ledger.key)]):
                self._post(claim, again=doubt)

    def _post(self, claim: Claim, again: Doubt) -> None:
        flight = Flight(claim.intent, claim.chunk)
        try:
            flight.send(self._attempt)
            if len(flight.ids) != claim.intent.bulks and not claim.intent.is_single:
                raise Unconfirmed("The service answered fewer ids than there are texts.")
        except IPPanelError as error:
            if not may_be_taken(error):
                self._ledger.settle(claim.intent, Outcome.nothing(claim.intent))
                self._errors.append(error)
                return
            self._ledger.stand(claim.intent, Standing(flight.ids, self._clock.now(), flight.is_broken))
            self._progress.unconfirmed += claim.intent.size
            self._errors.append(InDoubt(f"{named([again])} were sent again, and again are not confirmed. {error}"))
        else:
            outcome = Outcome(flight.ids)
            self._ledger.settle(claim.intent, outcome)
            self._panel.answered(claim.intent, flight.ids, self._clock.now())
            self._progress.accepted_now(claim.intent, outcome)

    def send_with_time(self, doubt: Doubt) -> Doubt | None:
        """Send what is missing again, far enough ahead to be taken back; None if it was refused."""
        messages = self._order.kind.arranged(tuple(self._still_named(doubt)))
        draft = Claim.of(Chunk(messages, self._order.kind, lambda _: self._late_stamp()), self._ledger.key)
        draft = draft._replace(intent=replace(draft.intent, again=doubt.intent.number))
        claim = next(iter(self._ledger.intend([draft])))
        second = Doubt(claim.intent, messages=dict(enumerate(messages)), has_words=doubt.has_words)
        log.warning(
            "%s are nowhere to be seen. They are sent again for %s UTC, and taken back should the first ones show.",
            named([doubt]),
            f"{datetime.fromtimestamp(claim.intent.send_at or 0.0, UTC):%H:%M:%S}",
        )
        flight = Flight(claim.intent, claim.chunk)
        try:
            flight.send(self._attempt)
        except IPPanelError as error:
            if not may_be_taken(error):
                self._ledger.settle(claim.intent, Outcome())
                self._errors.append(error)
                return None
            log.warning("The second one is not confirmed either. %s", error)
            second.standing = Standing(left=self._clock.now())
        else:
            second.standing = Standing(flight.ids, self._clock.now())
            second.take_answer()
            self._panel.answered(claim.intent, flight.ids, self._clock.now())
            if not self._panel.has_taught and not second.is_open:
                self._recogniser.samples[flight.ids[0]] = (claim.intent, 0, self._clock.now())
        self._ledger.stand(claim.intent, second.standing)
        return second

    def _late_stamp(self) -> Stamp:
        now = self._clock.now()
        # The service reads it by its own clock, in whole seconds.
        at = ceil(now + self._patience.lead + max(0.0, self._panel.facts.clock_offset)) + 1.0
        asked = self._order.send_time.timestamp() if self._order.send_time else 0.0
        return Stamp(now, out_of_quiet_hours(self._order, max(at, asked), now), self._panel.mark)

    def _still_named(self, doubt: Doubt) -> list[Message]:
        return [doubt.messages[place] for place in sorted(doubt.missing) if place in doubt.messages]
