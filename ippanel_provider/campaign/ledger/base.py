"""What has to be remembered so that nobody is texted twice: intents before a send, outcomes after it.

A chunk whose intent has an outcome is settled. An intent without one means that a try ended between the two: the texts
may have gone out, and only the service's outbox can tell (:mod:`ippanel_provider.campaign.recognition`).
"""

from __future__ import annotations

import enum
import time
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.chunks import Chunk, Single, Stamp
from ippanel_provider.campaign.ledger.hashes import MEMBER_BYTES, TEXT_BYTES, Known, MemberKey


@dataclass(frozen=True, slots=True)
class Intent:
    """A chunk that is about to be sent. ``members`` and ``texts`` are hashes, end to end; ``at`` is epoch seconds."""

    number: int
    at: float
    lines: tuple[int, int]
    members: bytes = field(repr=False)
    texts: bytes = field(repr=False)
    send_at: float | None = None
    """When it is to go out, where it has a time of its own."""
    mark: int = 0
    """The highest outbox id that was known when it was written; ids only exclude while they grow."""
    again: int = 0
    """The number of the intent whose texts it repeats, because that one is nowhere to be seen; 0 is none. It has the
    same members, so it claims nobody: whoever holds them holds them for both.
    """
    people: int | None = None
    """How many recipients its one bulk has, where the service chooses them and says how many; None where the members
    are the recipients, or nobody can tell.
    """
    is_single: bool = False
    """Whether the service chooses the recipients: its one member stands for the request, not for a person."""
    recipients: bytes = field(default=b"", repr=False)
    """Hashes of the recipients, in the order of the members; empty where the members are those."""
    sizes: tuple[int, ...] = ()
    """How many members each of its bulks has, one after the other; empty is all in one, or one each."""

    @property
    def size(self) -> int:
        """How many members it has."""
        return len(self.members) // MEMBER_BYTES

    @property
    def bulks(self) -> int:
        """How many bulks the service makes of it."""
        return len(self.texts) // TEXT_BYTES

    @property
    def is_shared(self) -> bool:
        """Whether all members get one text, in one bulk."""
        return self.bulks == 1 and self.size > 1

    def span(self, place: int) -> tuple[int, int]:
        """Return where the members of one of its bulks begin, and how many they are."""
        if self.sizes:
            return sum(self.sizes[:place]), self.sizes[place]
        return (0, self.size) if self.is_shared else (place, 1)


class Claim(NamedTuple):
    """A chunk and the intent to send it; the intent counts from when it has a number."""

    intent: Intent
    chunk: Chunk

    @classmethod
    def of(cls, chunk: Chunk, key: MemberKey) -> Claim:
        """Return the claim of a chunk, not numbered yet."""
        lines = [message.line for message in chunk.messages]
        intent = Intent(
            0,
            0.0,
            (min(lines), max(lines)),
            key.members(chunk.messages),
            key.texts(chunk.texts),
            recipients=key.recipients(chunk.messages),
            sizes=chunk.form.sizes(chunk.messages),
        )
        if isinstance(chunk.form, Single):
            intent = replace(intent, is_single=True, people=chunk.form.expected)
        return cls(intent, chunk)

    def numbered(self, number: int) -> Claim:
        """Return the claim as it is made now, stamped with what goes with its number."""
        stamp = self.chunk.stamp(number) if self.chunk.stamp else Stamp(time.time())
        return self._replace(
            intent=replace(self.intent, number=number, at=stamp.at, send_at=stamp.send_at, mark=stamp.mark)
        )

    def among(self, known: Known, key: MemberKey) -> Claim | None:
        """Make its members known; return it without those that were, None if nothing is left."""
        if self.intent.again:
            return self
        left = known.claim(self.chunk.messages, self.intent.members)
        if len(left) == len(self.chunk.messages):
            return self
        return self._of(left, key)

    def without(self, taken: set[int], key: MemberKey) -> Claim | None:
        """Return it without members that are taken, and with each once; None if nothing is left.

        :param taken: their hashes as signed integers
        """
        hashes = array("q", self.intent.members)
        if len(set(hashes)) == len(hashes) and taken.isdisjoint(hashes):
            return self
        first: dict[int, Message] = {}
        for member, message in zip(hashes, self.chunk.messages, strict=True):
            first.setdefault(member, message)
        return self._of([message for member, message in first.items() if member not in taken], key)

    def _of(self, messages: Sequence[Message], key: MemberKey) -> Claim | None:
        return Claim.of(replace(self.chunk, messages=tuple(messages)), key) if messages else None


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an intent has come that has no outcome yet. Written over as it goes on, durable when it is written."""

    ids: tuple[int, ...] = ()
    """The outbox ids that it is known to have so far: of some of its bulks, or of a repetition that is watched."""
    left: float | None = None
    """When the last byte of a request of it can have left, as epoch seconds; None is not before the intent's moment."""
    is_broken: bool = False
    """Whether nothing but the connection broke, so that no queue between can still hold the request."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an intent: the outbox ids, and the positions of members that certainly got nothing."""

    outbox_ids: tuple[int, ...] = ()
    void: frozenset[int] = frozenset()
    is_given_up: bool = False
    """Whether it is settled because a person or ``skip`` decided so, and not because the service confirmed it."""

    def replaces(self, there: Outcome) -> bool:
        """Return whether it is written over one that is there already, by whoever was faster.

        What the service has answered wins over what was made of its silence, and is only taken back by who knows it: to
        send a bulk again that ended in a bad state.
        """
        if there.outbox_ids:
            return self.outbox_ids == there.outbox_ids and self.void > there.void
        return bool(self.outbox_ids)

    def standing_ids(self, intent: Intent) -> tuple[int, ...]:
        """Return the ids of bulks that count: not of those that ended badly and are sent again."""
        if not self.void or len(self.outbox_ids) != intent.bulks:
            return self.outbox_ids
        spans = (range(start, start + size) for start, size in map(intent.span, range(intent.bulks)))
        ids = zip(self.outbox_ids, spans, strict=True)
        return tuple(outbox_id for outbox_id, span in ids if not self.void.issuperset(span))

    @classmethod
    def nothing(cls, intent: Intent) -> Outcome:
        """The outcome of a chunk that was refused or never left."""
        return cls(void=frozenset(range(intent.size)))


class Decision(enum.StrEnum):
    """What a person decides about a chunk in doubt; what the outbox shows wins over each of them."""

    LOOK = "look"
    """Look for it again."""
    SEND_AGAIN = "send-again"
    """Send it again, unless the outbox shows it by then."""
    TREAT_AS_SENT = "treat-as-sent"
    """Leave it as it is, and send it to nobody."""


@dataclass(frozen=True, slots=True)
class Task:
    """Who works on a campaign, for who lists campaigns later; no number and no text."""

    dag_id: str
    task_id: str
    run_id: str
    map_index: int = -1
    try_number: int = 1
    conn_id: str = ""
    sender: str = ""
    form: str = ""


class LedgerUnusable(Exception):
    """The records cannot tell who was reached, so nobody may be sent to."""


class KeyChanged(LedgerUnusable):
    """The records were made with another key, so they cannot tell who was reached."""

    def __init__(self) -> None:
        super().__init__(
            "ledger: this campaign was begun with another secret (the API key changed?), so nobody can tell who "
            "was reached. "
            "Set the connection's field 'ledger_secret' to the old key, or give a new campaign_id if nothing went out."
        )


class OlderRecords(LedgerUnusable):
    """The records are of another version's form."""

    def __init__(self, where: str, what_to_do: str) -> None:
        super().__init__(
            f"ledger: {where} was written by another version of this package, which cannot tell this one who was "
            f"reached. {what_to_do} Nothing was sent."
        )


class Forgotten(LedgerUnusable):
    """There were records, and they are gone."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"ledger: {why}, so nobody can tell who was reached before. Give a new campaign_id, or on_clear='resend' "
            f"and clear the task, to send to everybody again. Nothing was sent."
        )


class HomeChanged(LedgerUnusable):
    """Earlier tries of the run have kept their records elsewhere."""

    def __init__(self, there: str, here: str) -> None:
        super().__init__(
            f"ledger_conn_id: earlier tries of this run have written down whom they reached in {there}, and this one "
            f"would look into {here}. Set it as it was until the run has ended. Nothing was sent."
        )


class Ledger(Protocol):
    """A home of intents and outcomes. Called from one thread; the history is read before anything else is asked."""

    key: MemberKey

    def history(self) -> Iterable[tuple[Intent, Outcome | None]]:
        """Yield what is written down, oldest first.

        :raises KeyChanged: if it was written with another key.
        """
        ...

    def unknown(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Return the messages whose member is in no intent of an earlier try, or only in void places."""
        ...

    def intend(self, drafts: Iterable[Claim]) -> Iterator[Claim]:
        """Write down that chunks are about to be sent; each is durable when it is yielded.

        Members that are known, or that others were faster to claim, are left out, and chunks of only such members too.
        """
        ...

    def outcome_of(self, intent: Intent) -> Outcome | None:
        """Return the outcome as it is now, perhaps written by another worker."""
        ...

    def settle(self, intent: Intent, outcome: Outcome) -> None:
        """Write down what became of an intent. What is settled so stays so, but for an intent whose bulk ended in a
        state that is sent again.
        """
        ...

    def standing_of(self, intent: Intent) -> Standing:
        """Return how far an intent without an outcome has come."""
        ...

    def stand(self, intent: Intent, standing: Standing) -> None:
        """Write down how far an intent has come; durable when it returns."""
        ...

    def note(self, name: str, value: Any) -> None:
        """Keep a JSON value with the campaign, durable when it returns: what was listed before its first intent. Of
        workers that share the campaign the first one's stays: later ones would list the others' bulks as foreign.
        """
        ...

    def noted(self, name: str) -> Any:
        """Return the value kept under the name; None if there is none."""
        ...

    def learn(self, facts: Mapping[str, Any]) -> None:
        """Keep what was learnt of how the service lists, for this host and account, where all their tasks look."""
        ...

    def learnt(self) -> Mapping[str, Any]:
        """Return what was learnt for this host and account, by this or other tasks; empty if nothing was."""
        ...

    def is_superseded(self) -> bool:
        """Return whether a later try of this task has begun, so that this one may send nothing more."""
        ...

    def decided(self) -> Mapping[int, Decision]:
        """Return what a person decided about open chunks, by their numbers."""
        ...

    def pace(self, rate: float) -> float:
        """Take the campaign's next turn at so many requests a second; return the seconds to wait for it."""
        ...

    def tell(self, report: Mapping[str, Any]) -> None:
        """Keep how far the task has come, for who lists campaigns: ``state`` (``sending``, ``waiting``, ``in doubt``,
        ``failed``, ``done``) and counts, costs and reasons by name; no number and no text. It is written with what is
        written next.
        """
        ...

    def ask(self, question: Mapping[str, Any] | None) -> None:
        """Keep where a person was asked about what is in doubt, durable when it returns; None takes it back."""
        ...

    def asked(self) -> Mapping[str, Any] | None:
        """Return the question that an earlier try has put, whose answer counts before another one is put."""
        ...

    def decide(self, number: int, decision: Decision, by: str) -> bool:
        """Write down what a person decided about a chunk, for :meth:`decided`; False if it is settled meanwhile."""
        ...

    def finish(self) -> None:
        """The task has succeeded: what nobody needs any more may go; who was reached stays known."""
        ...

    def flush(self) -> None:
        """Make durable what is still held back; called when a run ends, however it ends."""
        ...

    def beside(self) -> Iterable[tuple[Intent, Outcome | None]]:
        """Yield what another try of the same task has written down since the history was read, as far as there can be
        one.
        """
        ...

    def answered_others(self, since: float) -> Mapping[int, float]:
        """Return the outbox ids that other tasks of the account, which keep their records elsewhere, were answered with
        since then, and when at the latest (epoch seconds).
        """
        ...

    def claimed(self, since: float) -> set[int]:
        """Return the account's register: outbox ids that are known to belong to intents made after ``since``, in this
        campaign or any other that looks into this home.
        """
        ...
