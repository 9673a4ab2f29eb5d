"""A ledger that lasts as long as the process, and what the homes share that keep JSON under names."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.ledger.base import Claim, Decision, Intent, Outcome, Standing, Task
from ippanel_provider.campaign.ledger.hashes import Known, MemberKey
from ippanel_provider.campaign.ledger.records import (
    intent_from,
    intent_to,
    outcome_from,
    outcome_to,
    standing_from,
    standing_to,
)

REGISTER = 21_600.0
"""Seconds for which other tasks are told which ids one was answered with."""
_TELL_EVERY = 10.0


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

    def decided(self) -> Mapping[int, Decision]:
        """Return the decisions by chunk."""
        return {int(number): Decision(decision) for number, (decision, *_) in (self.noted("decided") or {}).items()}

    def decide(self, number: int, decision: Decision, by: str) -> bool:
        """Keep the decision."""
        self.note("decided", (self.noted("decided") or {}) | {str(number): [decision.value, by, time.time()]})
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

    def answered_others(self, since: float) -> Mapping[int, float]:
        """Nobody else tells."""
        return {}


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


class Facts(Protocol):
    """Keeps what was learnt where all tasks of an account look."""

    def learn(self, facts: Mapping[str, Any]) -> None:
        """Keep it."""
        ...

    def learnt(self) -> Mapping[str, Any]:
        """Return it; empty for nothing."""
        ...

    def answer(self, who: str, ids: Sequence[int], at: float) -> None:
        """Keep which ids somebody was answered with, up to this moment (epoch seconds)."""
        ...

    def answered(self, since: float) -> Mapping[int, float]:
        """Return the ids that anybody was answered with since then, and when at the latest."""
        ...


class KeptLedger(Jotter, ABC):
    """Keeps each intent and each outcome as one value, both written once.

    A thousand members take some 16 KB and their outbox ids some 12 KB.

    :param generation: distinguishes what a user's clear is to start anew, unless a decision was made to be taken up
    :param facts: where what the tasks of the account share is kept; None keeps it with this task
    :param who: the task, to the others
    """

    def __init__(self, key: MemberKey, generation: str, facts: Facts | None, who: Task | None = None) -> None:
        super().__init__()
        self._who = "" if who is None else "\n".join((who.dag_id, who.task_id, who.run_id, str(who.map_index)))
        self._told: tuple[float, int] = (0.0, 0)
        """When others were told of ids that were answered, and of how many outcomes."""
        self.key = key
        self._generation = generation
        self._facts = facts
        self._is_open = False
        self._known = Known(key)
        self._last = 0
        self._read_numbers: set[int] = set()
        self._decided: dict[str, Any] = {}
        # When each intent with an outcome was made, and its outbox ids.
        self._ids: list[tuple[float, array[int]]] = []

    @abstractmethod
    def _get(self, name: str) -> Any:
        """Return what is kept under a name; None if it is nothing."""

    @abstractmethod
    def _put(self, name: str, value: Any) -> None:
        """Keep a value, durable when it returns."""

    def _begin(self) -> None:
        """Show other tries that this one has begun, before anything is read."""

    @abstractmethod
    def _open(self) -> None:
        """Look at what is there, and refuse what cannot tell who was reached; it settles the key."""

    @abstractmethod
    def _name(self, number: int) -> str:
        """Return the name of the chunk of a number."""

    @abstractmethod
    def _stored(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the numbers of the chunks that are there, and what is kept of them."""

    def history(self) -> Iterator[tuple[Intent, Outcome | None]]:
        """Read all records of this task; they are kept only in the home.

        :raises LedgerUnusable: if they cannot tell who was reached.
        """
        if not self._is_open:
            self._begin()
            self._generation = self._goes_on() or self._generation
            self._open()
            self._known = Known(self.key)
            self._is_open = True
        return self._records()

    def _goes_on(self) -> str | None:
        """Return the generation that a clear goes on with, because somebody decided about what was in doubt in it."""
        before = self._get("generation")
        goes_on = None
        if before and before["mark"] != self._generation:
            decided = self._get(f"{before['generation']}.notes.decided")
            # What a try that was begun for it has not done yet is done by the next; to look it only has to begin.
            done = before["taken_up"] or {}
            is_due = any(each[0] != Decision.LOOK or each != done.get(n) for n, each in (decided or {}).items())
            goes_on = before["generation"] if is_due else None
            before = {"mark": self._generation, "generation": goes_on or self._generation, "taken_up": decided}
            self._put("generation", before)
        elif before is None and self._generation != "0":
            self._put("generation", {"mark": self._generation, "generation": self._generation, "taken_up": None})
        return goes_on or (before["generation"] if before else None)

    def _records(self) -> Iterator[tuple[Intent, Outcome | None]]:
        for number, stored in self._stored():
            yield self._read(number, stored)

    def _read(self, number: int, stored: dict[str, Any]) -> tuple[Intent, Outcome | None]:
        intent = intent_from(stored | {"number": number})
        outcome = self.outcome_of(intent)
        if number not in self._read_numbers:
            self._read_numbers.add(number)
            self._last = max(self._last, stored["number"])
            if not intent.again:
                # The members of a repetition are held by what it repeats.
                self._known.remember(intent.members, outcome.void if outcome else frozenset())
            if outcome:
                self._ids.append((intent.at, array("q", outcome.outbox_ids)))
        return intent, outcome

    def unknown(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Return the messages that no earlier try knows."""
        return self._known.unknown(messages)

    def intend(self, drafts: Iterable[Claim]) -> Iterator[Claim]:
        """Store each as it is asked for, so that none waits for another's to be stored."""
        for draft in drafts:
            if claim := draft.among(self._known, self.key):
                self._last += 1
                self._read_numbers.add(self._last)
                claim = claim.numbered(self._last)
                self._put(self._name(self._last), intent_to(claim.intent))
                yield claim

    def outcome_of(self, intent: Intent) -> Outcome | None:
        """Read the outcome."""
        return outcome_from(self._get(f"{self._name(intent.number)}.end"))

    def settle(self, intent: Intent, outcome: Outcome) -> None:
        """Store the outcome."""
        self._put(f"{self._name(intent.number)}.end", outcome_to(outcome))
        if not intent.again:
            self._known.release(intent.members, outcome.void)
        self._ids.append((intent.at, array("q", outcome.outbox_ids)))
        self._tell_others(every=_TELL_EVERY)
        if self._decided.pop(str(intent.number), None):
            # Done: a clear that comes after it begins anew.
            self.note("decided", self._decided)

    def decided(self) -> Mapping[int, Decision]:
        """Read the decisions by chunk."""
        self._decided = dict(self.noted("decided") or {})
        return super().decided()

    def standing_of(self, intent: Intent) -> Standing:
        """Read how far it has come."""
        return standing_from(self._get(f"{self._name(intent.number)}.standing"))

    def stand(self, intent: Intent, standing: Standing) -> None:
        """Store how far it has come."""
        self._put(f"{self._name(intent.number)}.standing", standing_to(standing))

    def note(self, name: str, value: Any) -> None:
        """Store the value."""
        self._put(f"{self._generation}.notes.{name}", value)

    def noted(self, name: str) -> Any:
        """Read the value."""
        return self._get(f"{self._generation}.notes.{name}")

    def learn(self, facts: Mapping[str, Any]) -> None:
        """Keep what was learnt."""
        return self._facts.learn(facts) if self._facts else super().learn(facts)

    def learnt(self) -> Mapping[str, Any]:
        """Return what was learnt."""
        return self._facts.learnt() if self._facts else super().learnt()

    def flush(self) -> None:
        """Tell the other tasks of the account of the ids that they have not heard of; nothing else is held back."""
        self._tell_others()

    def _tell_others(self, every: float = 0.0) -> None:
        now, (at, count) = time.time(), self._told
        if self._facts is None or count == len(self._ids) or now < at + every:
            return
        recent = [outbox_id for made, ids in self._ids if made > now - REGISTER for outbox_id in ids]
        if recent:
            self._facts.answer(self._who, recent, now)
        self._told = now, len(self._ids)

    def beside(self) -> Iterable[tuple[Intent, Outcome | None]]:
        """A try that is no longer the current one cannot reach the home."""
        return ()

    def claimed(self, since: float) -> set[int]:
        """Return the outbox ids of this task since then."""
        return {outbox_id for at, ids in self._ids if at >= since for outbox_id in ids}

    def answered_others(self, since: float) -> Mapping[int, float]:
        """Return what stands on the register of the account."""
        return self._facts.answered(since) if self._facts else {}
