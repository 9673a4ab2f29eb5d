"""What becomes of texts that left unanswered: found, sent again so that it can be taken back, or left to a person.

Absence is decided last, and never for good: what is nowhere to be seen goes out again with a send time so far ahead
that the first one has time to show; if it does, the second is cancelled while it still can be.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from ippanel_provider.campaign.attempt import Attempt
from ippanel_provider.campaign.doubts import Doubt, InDoubt, named
from ippanel_provider.campaign.ledger.base import Decision, Outcome
from ippanel_provider.campaign.ledger.hashes import MEMBER_BYTES, pieces
from ippanel_provider.campaign.order import OnUnconfirmed
from ippanel_provider.campaign.recognition import Look
from ippanel_provider.campaign.resending import Resender
from ippanel_provider.client import IPPanelError, NotFound, NotSent, Unconfirmed, edge
from ippanel_provider.service import CANCEL_WINDOW, BulkState

log = logging.getLogger(__name__)

_CHECKS = 3
"""How often it is asked whether a bulk is cancelled."""
_SLOWING = 1.3
"""Each further look comes so much later than the one before."""


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
        self._resender = Resender(attempt, self._errors)
        self._last = Look()
        self._said = set[int]()
        self._notes: list[str] = []
        """Why nothing was sent again, where that is not the panel's doing."""

    def decide(self, doubts: Sequence[Doubt]) -> None:
        """Settle the doubts, repetitions of earlier tries among them.

        :raises InDoubt: if any is left for a person, or for the next try.
        :raises IPPanelError: if sending again was refused, or a second copy could not be taken back.
        """
        firsts = [doubt for doubt in doubts if not doubt.intent.again]
        seconds = {doubt.intent.again: doubt for doubt in doubts if doubt.intent.again}
        self._stand_in(seconds)
        if self._attempt.has_outbox:
            self._look_first(doubts, firsts)
        # What the outbox shows goes before what a person has decided.
        undecided = self._as_decided(_open(firsts), seconds)
        if self._attempt.has_outbox:
            undecided = self._absent(undecided, seconds)
        if undecided:
            # A second one that is nowhere to be seen either may still come.
            self._undecided(undecided, {number for number, second in seconds.items() if not second.is_settled})
        for error in self._errors:
            raise error

    def _look_first(self, doubts: Sequence[Doubt], firsts: Sequence[Doubt]) -> None:
        try:
            self._look_until(doubts, self._settled_at(firsts), self._patience.poll, lambda: not _open(firsts))
        except IPPanelError:
            # Where nothing is to be sent again, a report that cannot be read need not stop what was decided.
            if any(doubt.decision is not Decision.TREAT_AS_SENT for doubt in _open(doubts)):
                raise

    def _as_decided(self, left: list[Doubt], seconds: dict[int, Doubt]) -> list[Doubt]:
        """Do what a person has decided about what no look shows; return what nobody has decided about."""
        rest = []
        for doubt in left:
            second = seconds.get(doubt.intent.number)
            if doubt.decision is Decision.TREAT_AS_SENT:
                self._give_up(doubt)
            elif doubt.decision is not Decision.SEND_AGAIN or not (second is None or self._withdraw(second)):
                rest.append(doubt)
            elif second and second.ids:
                # It goes out whatever becomes of the first, so there is nothing left to send.
                self._attempt.settle(doubt, Outcome(doubt.ids, is_given_up=True))
            else:
                seconds.pop(doubt.intent.number, None)
                self._resender.resend(doubt)
        return rest

    def _withdraw(self, second: Doubt) -> bool:
        """Take back a repetition with a time, so that another one can go; return whether it is known what became of
        it.
        """
        if second.is_settled:
            return True
        if second.ids:
            if self._cancel(second):
                second.found = {}
            return True
        if self._clock.now() <= (second.intent.send_at or 0.0) + self._patience.settle:
            return False
        # It is nowhere to be seen, and whoever decided knew that.
        self._attempt.settle(second, Outcome())
        return True

    def _give_up(self, doubt: Doubt) -> None:
        """Nothing more is sent to them, by no later try either."""
        self._attempt.settle(doubt, Outcome(doubt.ids, is_given_up=True))
        self._progress.skipped += len(doubt.missing)

    def _stand_in(self, seconds: dict[int, Doubt]) -> None:
        """Confirm repetitions whose first one was handed over to them, before a crash."""
        for number, second in list(seconds.items()):
            first = self._ledger.outcome_of(replace(second.intent, number=number))
            if first is None or first.is_given_up or second.is_open:
                continue
            if len(first.void) < second.intent.size and len(first.outbox_ids) < second.intent.bulks:
                self._attempt.settle(second, second.outcome)
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
            elif gone := len(doubt.missing - doubt.messages.keys()):
                # Nobody here can text them, and perhaps another part of the campaign names them by now.
                self._notes.append(f"The source no longer names {gone} recipients of chunk {doubt.intent.number}.")
                undecided.append(doubt)
            elif self._can_go_at_once(doubt):
                self._resender.resend(doubt)
            elif second := self._resender.send_with_time(doubt):
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
            if doubt.is_settled or not doubt.is_open:
                continue
            if (outcome := self._ledger.outcome_of(doubt.intent)) is not None:
                doubt.found = dict(enumerate(outcome.outbox_ids))
                doubt.is_settled = True
                self._attempt.count(doubt, outcome)
                if unreached := len(outcome.void & doubt.messages.keys()):
                    self._errors.append(
                        NotSent(
                            f"chunk {doubt.intent.number} was settled by another try, and {unreached} of its "
                            f"recipients were not reached; the next try sends to them."
                        )
                    )
        pending = [doubt for doubt in doubts if not doubt.is_settled]
        self._last = self._client.run(self._recogniser.look(pending, self._clock.now()))
        for copy, first in self._recogniser.doubled.items():
            if copy not in self._said:
                log.warning(
                    "Outbox ids %d and %d are one chunk: the service made two bulks of one request.", first, copy
                )
                self._said.add(copy)
                self._progress.doubled += 1
        for doubt in pending:
            if doubt.is_open or doubt.intent.again:
                continue
            log.info("Chunk %d had been accepted; its outbox ids are found.", doubt.intent.number)
            self._attempt.settle(doubt, doubt.outcome)
        self._take_back(doubts)

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
                    self._attempt.settle(first, Outcome(first.ids, is_given_up=True))
                    continue
            elif self._is_due(second) and self._is_absent(second):
                # It was never listed: it was lost as well.
                self._attempt.settle(second, Outcome())
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
        self._attempt.settle(first, Outcome(first.ids, void))
        self._attempt.settle(second, Outcome(second.ids))
        self._resender.send_now(rest, first)

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
            self._attempt.settle(second, Outcome(second.ids))
            return False
        self._attempt.settle(second, Outcome())
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
                    self._resender.resend(doubt)
            left = [doubt for doubt in left if not doubt.is_settled]
            if not left:
                return
            missing = sum(len(doubt.missing) for doubt in left)
        self._progress.unconfirmed += missing
        if self._order.on_unconfirmed is OnUnconfirmed.SKIP:
            for doubt in left:
                # They stay known, so that no later try sends to them either.
                log.warning("%s are in doubt and skipped.", named([doubt]))
                self._give_up(doubt)
            return
        why = [*self._notes, str(self._errors.pop(0))] if self._errors else self._notes
        raise InDoubt(
            f"{' '.join([f'{named(left)} left unanswered and nothing tells whether they were accepted.', *why])} "
            "The next try looks again before it sends anything; on_unconfirmed='resend' or 'skip' decides otherwise."
        )


def _open(doubts: Iterable[Doubt]) -> list[Doubt]:
    return [doubt for doubt in doubts if doubt.is_open and not doubt.is_settled]
