"""A ledger that lasts as long as the process, and what homes have in common that do not keep everything elsewhere."""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.ledger.base import Claim, Intent, Outcome, Standing
from ippanel_provider.campaign.ledger.hashes import MemberKey
from ippanel_provider.campaign.ledger.reached import Known


class Jotter:
    """Keeps what a campaign notes besides intents and outcomes for as long as the object lives."""

    def __init__(self) -> None:
        self._standings: dict[int, Standing] = {}
        self._notes: dict[str, Any] = {}
        self._next_turn = 0.0

    def standing_of(self, intent: Intent) -> Standing:
        """Return how far it has come."""
        return self._standings.get(intent.number, Standing())

    def stand(self, intent: Intent, standing: Standing) -> None:
        """Keep how far it has come."""
        self._standings[intent.number] = standing

    def note(self, name: str, value: Any) -> None:
        """Keep the value."""
        self._notes[name] = value

    def noted(self, name: str) -> Any:
        """Return the value."""
        return self._notes.get(name)

    def learn(self, facts: Mapping[str, Any]) -> None:
        """Keep the facts."""
        self.note("learnt", dict(facts))

    def learnt(self) -> Mapping[str, Any]:
        """Return the facts."""
        return self.noted("learnt") or {}

    def is_superseded(self) -> bool:
        """Nobody else has this object."""
        return False

    def decided(self) -> Mapping[int, str]:
        """Return the decisions by chunk."""
        return {int(number): decision for number, (decision, _) in (self.noted("decided") or {}).items()}

    def decide(self, number: int, decision: str, by: str) -> bool:
        """Keep the decision."""
        self.note("decided", (self.noted("decided") or {}) | {str(number): (decision, by)})
        return True

    def ask(self, question: Mapping[str, Any] | None) -> None:
        """Keep the question."""
        self.note("asked", dict(question or {}))

    def asked(self) -> Mapping[str, Any] | None:
        """Return the question."""
        return self.noted("asked") or None

    def pace(self, rate: float) -> float:
        """Take the next turn of this process."""
        now = time.monotonic()
        turn = max(self._next_turn, now)
        self._next_turn = turn + 1 / rate
        return turn - now

    def tell(self, report: Mapping[str, Any]) -> None:
        """Nobody lists what only this home knows."""

    def finish(self) -> None:
        """Nothing has to go."""


class MemoryLedger(Jotter):
    """A ledger that lasts as long as the object."""

    def __init__(self, key: MemberKey) -> None:
        super().__init__()
        self.key = key
        self.known = Known(key)
        self._intents: dict[int, Intent] = {}
        self._ends: dict[int, tuple[array[int], frozenset[int], bool]] = {}

    def history(self) -> Iterator[tuple[Intent, Outcome | None]]:
        """Yield all records."""
        for intent in self._intents.values():
            yield intent, self.outcome_of(intent)

    def unknown(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Return the messages that no earlier try knows."""
        return self.known.unknown(messages)

    def intend(self, drafts: Iterable[Claim]) -> Iterator[Claim]:
        """Keep each under the next number."""
        for draft in drafts:
            if claim := draft.among(self.known, self.key):
                claim = claim.numbered(len(self._intents) + 1)
                self._intents[claim.intent.number] = claim.intent
                yield claim

    def outcome_of(self, intent: Intent) -> Outcome | None:
        """Return the outcome."""
        if intent.number not in self._ends:
            return None
        outbox_ids, void, is_given_up = self._ends[intent.number]
        return Outcome(tuple(outbox_ids), void, is_given_up)

    def settle(self, intent: Intent, outcome: Outcome) -> None:
        """Keep the outcome."""
        if not intent.again:
            self.known.release(intent.members, outcome.void)
        self._ends[intent.number] = array("q", outcome.outbox_ids), outcome.void, outcome.is_given_up

    def flush(self) -> None:
        """Nothing is held back."""

    def beside(self) -> tuple[()]:
        """Nobody else has this object."""
        return ()

    def claimed(self, since: float) -> set[int]:
        """Return the outbox ids of this ledger since then."""
        return {
            outbox_id
            for number, (ids, *_) in self._ends.items()
            if self._intents[number].at >= since
            for outbox_id in ids
        }
