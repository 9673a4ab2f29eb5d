"""What becomes of texts that left unanswered: found, sent again so that it can be taken back, or left to a person.

Absence is decided last, and never for good: what is nowhere to be seen goes out again with a send time so far ahead
that the first one has time to show; if it does, the second is cancelled while it still can be.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from math import ceil

from ippanel_provider.campaign.attempt import Attempt
from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.chunks import Chunk, Stamp, chunked
from ippanel_provider.campaign.flights import Flight, may_be_taken
from ippanel_provider.campaign.ledger.base import Claim, Outcome, Standing
from ippanel_provider.campaign.ledger.hashes import MEMBER_BYTES, pieces
from ippanel_provider.campaign.order import OnUnconfirmed
from ippanel_provider.campaign.recognition import Doubt, Look, named
from ippanel_provider.campaign.schedule import out_of_quiet_hours
from ippanel_provider.client import IPPanelError, NotFound, Unconfirmed, edge
from ippanel_provider.service import CANCEL_WINDOW, BulkState

log = logging.getLogger(__name__)

_CHECKS = 3
"""How often it is asked whether a bulk is cancelled."""
_SLOWING = 1.3
"""Each further look comes so much later than the one before."""


class InDoubt(Unconfirmed):
    """Texts left unanswered and nothing tells whether they were accepted; the message names their chunks and source
    lines.
    """


class Decider:
    """Decides about the doubts of one try. Everything is written down on the thread that calls it."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt
        self._order = attempt.order
        self._client = attempt.client
        self._ledger = attempt.ledger
        self._panel = attempt.panel
        self._progress = attempt.progress
        self._clock = attempt.clock
        self._patience = attempt.patience
        self._recogniser = attempt.recogniser
        self._errors: list[IPPanelError] = []
        self._last = Look()
        self._said = set[int]()

    def decide(self, doubts: Sequence[Doubt]) -> None:
        """Settle the doubts, repetitions of earlier tries among them.

        :raises InDoubt: if any is left for a person, or for the next try.
        :raises IPPanelError: if sending again was refused, or a second copy could not be taken back.
        """
        firsts = [doubt for doubt in doubts if not doubt.intent.again]
        seconds = {doubt.intent.again: doubt for doubt in doubts if doubt.intent.again}
        undecided = firsts
        self._stand_in(seconds)
        if self._attempt.has_outbox:
            self._look_until(doubts, self._settled_at(firsts), self._patience.poll, lambda: not _open(firsts))
            undecided = self._absent(_open(firsts), seconds)
        if undecided:
            # A second one that is nowhere to be seen either may still come.
            self._undecided(undecided, {number for number, second in seconds.items() if not second.is_settled})
        for error in self._errors:
            raise error

    def _stand_in(self, seconds: dict[int, Doubt]) -> None:
        """Confirm repetitions whose first one was handed over to them, before a crash."""
        for number, second in list(seconds.items()):
            first = self._ledger.outcome_of(replace(second.intent, number=number))
            if first is None or first.is_given_up or second.is_open:
                continue
            if len(first.void) < second.intent.size and len(first.outbox_ids) < second.intent.bulks:
                self._settle(second, second.outcome)
                del seconds[number]

    def _settled_at(self, doubts: Sequence[Doubt]) -> float:
        # Of one whose writer died nobody knows when its last byte left, only that it could not later than this.
        latest = self._patience.expiry + self._patience.guard_retry
        left = [doubt.standing.left or doubt.intent.at + latest for doubt in doubts]
        return max(left, default=0.0) + self._patience.settle

    def _absent(self, left: list[Doubt], seconds: dict[int, Doubt]) -> list[Doubt]:
        """Send again what is absent; return what nobody can tell."""
        if not left and not seconds:
            return []
        if self._order.on_unconfirmed is OnUnconfirmed.SKIP:
            return left
        undecided = []
        for doubt in left:
            if doubt.intent.number in seconds:
                continue
            if not self._is_absent(doubt):
                undecided.append(doubt)
            elif not any(place in doubt.messages for place in doubt.missing):
                log.warning("Chunk %d: the source no longer names its rows.", doubt.intent.number)
                undecided.append(doubt)
            elif self._can_go_at_once(doubt):
                self._resend(doubt)
            elif second := self._send_with_time(doubt):
                seconds[doubt.intent.number] = second
            else:
                undecided.append(doubt)
        watched = [doubt for doubt in left if doubt.intent.number in seconds]
        return undecided + self._watch(watched, seconds)

    def _is_absent(self, doubt: Doubt) -> bool:
        """Whether a look that proves something does not show it, and nothing that could be it."""
        is_unsure = doubt.intent.number in self._last.unsure
        # On a panel nobody has learnt anything of, the repetition itself teaches how it lists.
        return self._last.is_bracketed and not (is_unsure and self._panel.has_taught)

    def _can_go_at_once(self, doubt: Doubt) -> bool:
        """Whether nothing but the connection broke, and a bulk made after the settling time is listed already."""
        if not doubt.standing.is_broken or doubt.found or doubt.standing.ids:
            return False
        after = (doubt.standing.left or doubt.intent.at) + self._patience.settle
        if any(self._panel.own.get(outbox_id, 0.0) > after for outbox_id in self._last.listed):
            return True
        if "clock_offset" not in self._panel.facts.known:
            return False
        after += self._panel.facts.clock_offset + 1
        return any(bulk.created_at and bulk.created_at.timestamp() > after for bulk in self._last.listed.values())

    # ---- looking --------------------------------------------------------------------------------------------------

    def _look_until(self, doubts: Sequence[Doubt], end: float, pause: float, is_done: Callable[[], bool]) -> None:
        """Look again and again until it is done, or the time is over."""
        has_said = False
        while True:
            self.look(doubts)
            left = end - self._clock.now()
            if is_done() or left <= 0:
                return
            if not has_said:
                log.info("%d chunks are not in the outbox yet; looking on for up to %.0f s.", len(_open(doubts)), left)
                has_said = True
            self._clock.sleep(min(pause, left))
            pause = min(pause * _SLOWING, max(pause, self._patience.settle / 4))

    def look(self, doubts: Sequence[Doubt]) -> None:
        """Look once, write down what is found, and take back what came twice."""
        for doubt in doubts:
            # Whoever made the intent may still be at work and have settled it meanwhile.
            if doubt.is_open and (outcome := self._ledger.outcome_of(doubt.intent)) is not None:
                doubt.found = dict(enumerate(outcome.outbox_ids))
                doubt.is_settled = True
                self._count(doubt, outcome)
        pending = [doubt for doubt in doubts if not doubt.is_settled]
        self._last = self._client.run(self._recogniser.look(pending, self._clock.now()))
        for copy in self._recogniser.doubled - self._said:
            log.warning("Outbox id %d is a second bulk of a chunk: the service made two of one request.", copy)
        self._said |= self._recogniser.doubled
        for doubt in pending:
            if doubt.is_open or doubt.intent.again:
                continue
            log.info("Chunk %d had been accepted; its outbox ids are found.", doubt.intent.number)
            self._settle(doubt, doubt.outcome)
        self._take_back(doubts)

    def _settle(self, doubt: Doubt, outcome: Outcome) -> None:
        self._ledger.settle(doubt.intent, outcome)
        doubt.is_settled = True
        self._panel.answered(doubt.intent, outcome.outbox_ids, self._clock.now())
        self._count(doubt, outcome)

    def _count(self, doubt: Doubt, outcome: Outcome) -> None:
        (self._progress.earlier if doubt.is_earlier else self._progress.accepted_now)(doubt.intent, outcome)

    # ---- sending again --------------------------------------------------------------------------------------------

    def _resend(self, doubt: Doubt) -> None:
        """Take what is missing for not accepted, and send it."""
        messages = self._messages(doubt)
        self._settle(doubt, doubt.outcome)
        self._send_now(messages, doubt)

    def _send_now(self, messages: Iterable[Message], doubt: Doubt) -> None:
        """Send messages as chunks of their own, so that a crash now is cleared up like any other."""
        kind, api = self._order.kind, self._client.settings.api
        for chunk in chunked(messages, kind, api=api, stamp=self._attempt.stamp):
            for claim in self._ledger.intend([Claim.of(chunk, self._ledger.key)]):
                self._post(claim, again=doubt)

    def _post(self, claim: Claim, again: Doubt) -> None:
        flight = Flight(claim.intent, claim.chunk)
        try:
            flight.send(self._client, self._order, self._patience, self._clock)
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

    def _send_with_time(self, doubt: Doubt) -> Doubt | None:
        """Send what is missing again, far enough ahead to be taken back; None if it was refused."""
        messages = self._order.kind.arranged(tuple(self._messages(doubt)))
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
            flight.send(self._client, self._order, self._patience, self._clock)
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

    def _messages(self, doubt: Doubt) -> Iterable[Message]:
        still = [doubt.messages[place] for place in sorted(doubt.missing) if place in doubt.messages]
        if gone := len(doubt.missing) - len(still):
            log.warning("Chunk %d: the source no longer names %d of its recipients.", doubt.intent.number, gone)
        return still

    # ---- watching -------------------------------------------------------------------------------------------------

    def _watch(self, firsts: list[Doubt], seconds: dict[int, Doubt]) -> list[Doubt]:
        """Watch repetitions until they can no longer be taken back; return what stays undecided."""
        pending = [second for second in seconds.values() if not second.is_settled]
        if not pending:
            return []
        shown = set[int]()
        end = min(self._watch_end(second) for second in pending)

        def is_done() -> bool:
            for second in pending:
                if second.ids:
                    shows: bool = self._client.run(self._recogniser.shows(second, second.ids[0], self._last))
                    shown.update([second.intent.number] if shows else [])
            return all(second.is_settled for second in pending)

        self._look_until([*firsts, *pending], end, self._patience.settle / 4, is_done)
        undecided = []
        for first in _open(firsts):
            second = seconds[first.intent.number]
            is_known = second.ids and (not second.is_open or self._is_absent(second))
            if is_known and second.intent.number in shown and self._is_absent(first):
                self._hand_over(first, second)
                continue
            if second.ids:
                log.warning("The second one is not recognised either, so it is cancelled.")
                if not self._cancel(second):
                    # It goes out whatever becomes of the first, so there is nothing left to send.
                    self._settle(first, Outcome(first.ids, is_given_up=True))
                    continue
            elif self._is_due(second) and self._is_absent(second):
                # It was never listed: it was lost as well.
                self._settle(second, Outcome())
            undecided.append(first)
        numbers = {first.intent.number for first in undecided}
        for second in pending:
            if not second.is_settled and second.intent.again not in numbers:
                # The first one was found, and not all of the second has come by now.
                self._cancel(second)
        return undecided

    def _watch_end(self, second: Doubt) -> float:
        """Return until when a repetition is watched: at the latest while there is still time to cancel it."""
        # Cancelling ends by the service's clock.
        last = (second.intent.send_at or 0.0) - self._panel.facts.clock_offset - CANCEL_WINDOW - self._patience.settle
        return min(last, (second.standing.left or second.intent.at) + self._patience.watch)

    def _is_due(self, second: Doubt) -> bool:
        """Whether a repetition that was taken would be listed by now: where scheduled bulks are, before its time."""
        end = (second.intent.send_at or 0.0) + self._patience.settle
        facts = self._panel.facts
        if facts.scheduled_listed and "scheduled_listed" in facts.known:
            end = min(end, self._settled_at([second]) + self._patience.watch)
        return self._clock.now() > end

    def _hand_over(self, first: Doubt, second: Doubt) -> None:
        """Let the second one stand for the first. Whom it does not hold is sent to now: it was taken in part, or an
        earlier try's source did not name them.
        """
        held = {
            member
            for place, member in enumerate(pieces(second.intent.members, MEMBER_BYTES))
            if place not in second.missing
        }
        members = pieces(first.intent.members, MEMBER_BYTES)
        void = frozenset(place for place in first.missing if members[place] not in held)
        rest = [first.messages[place] for place in sorted(void) if place in first.messages]
        # A crash between the two leaves the second one standing.
        self._settle(first, Outcome(first.ids, void))
        self._settle(second, Outcome(second.ids))
        self._send_now(rest, first)

    def _take_back(self, doubts: Sequence[Doubt]) -> None:
        """Cancel each repetition whose first one was found, whichever try sent it."""
        open_numbers = {doubt.intent.number for doubt in _open(doubts)}
        for second in doubts:
            if second.intent.again and not second.is_open and not second.is_settled:
                if second.intent.again in open_numbers:
                    continue
                log.warning("The first one of chunk %d shows: the second is cancelled.", second.intent.again)
                self._cancel(second)

    def _cancel(self, second: Doubt) -> bool:
        """Cancel, and see that it is cancelled; return whether it is."""
        for outbox_id in second.ids:
            if self._is_cancelled(outbox_id):
                continue
            self._errors.append(
                Unconfirmed(
                    f"outbox id {outbox_id} is a second copy of chunk {second.intent.again} and is not cancelled "
                    f"(that ends {CANCEL_WINDOW // 60} minutes before its time). Cancel it in the panel."
                )
            )
            self._settle(second, Outcome(second.ids))
            return False
        self._settle(second, Outcome())
        return True

    def _is_cancelled(self, outbox_id: int) -> bool:
        """Cancel a bulk; return whether the report says that it is."""
        with suppress(NotFound):
            self._client.run(edge.send.cancel(outbox_id))
        for _ in range(_CHECKS):
            with suppress(NotFound):
                if self._client.run(edge.report.bulk(outbox_id)).state is BulkState.CANCELLED:
                    return True
            self._clock.sleep(self._patience.poll)
        return False

    # ---- what nobody can tell ---------------------------------------------------------------------------------------

    def _undecided(self, left: list[Doubt], repeated: set[int]) -> None:
        missing = sum(len(doubt.missing) for doubt in left)
        if self._order.on_unconfirmed is OnUnconfirmed.RESEND and not self._errors:
            for doubt in left:
                if doubt.intent.number not in repeated:
                    self._resend(doubt)
            left = [doubt for doubt in left if not doubt.is_settled]
            if not left:
                return
            missing = sum(len(doubt.missing) for doubt in left)
        self._progress.unconfirmed += missing
        if self._order.on_unconfirmed is OnUnconfirmed.SKIP:
            for doubt in left:
                # They stay known, so that no later try sends to them either.
                self._settle(doubt, Outcome(doubt.ids, is_given_up=True))
                self._progress.skipped += len(doubt.missing)
                log.warning("%s are in doubt and skipped.", named([doubt]))
            return
        why = self._errors.pop(0) if self._errors else ""
        raise InDoubt(
            f"{named(left)} left unanswered and nothing tells whether they were accepted. {why} "
            "The next try looks again before it sends anything; on_unconfirmed='resend' or 'skip' decides otherwise."
        )


def _open(doubts: Iterable[Doubt]) -> list[Doubt]:
    return [doubt for doubt in doubts if doubt.is_open and not doubt.is_settled]
