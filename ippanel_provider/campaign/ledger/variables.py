"""The ledger in Airflow's Variables (2.11 to 3.2, which have no task state store).

A Variable can be read, written and deleted, and no more: the last writer wins, nothing lists what is there, and
Airflow 3 swallows a failed write and calls a failed read "not found". Hence each value is written once, under the
number of the try that writes it, and read back; what is not found is only believed while what must be there is. A try
that its supervisor has lost may go on beside the next one: each writes first that it began, and sends nothing after a
later one has.
"""

from __future__ import annotations

import hashlib
import json
import time
from array import array
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from secrets import token_bytes
from typing import Any, Protocol

from ippanel_provider.campaign.ledger.base import Claim, Forgotten, Intent, KeyChanged, LedgerUnusable, Outcome, Task
from ippanel_provider.campaign.ledger.hashes import MEMBER_BYTES, MemberKey
from ippanel_provider.campaign.ledger.memory import REGISTER, KeptLedger
from ippanel_provider.campaign.order import OncePer
from ippanel_provider.client import NotSent

MOST_RECIPIENTS = 50_000
"""Of one run of a task; each thousand takes two Variables of up to 30 KB."""
HOME = "Airflow's Variables"
KEEP_FOR = 30 * 86400.0
_LATER_TRIES = 3
_COLLISION = 1_000_000


class VariableStore(Protocol):
    """Airflow's Variables."""

    def get(self, key: str) -> str | None:
        """Return the value; None if there is none, or it cannot be read."""
        ...

    def set(self, key: str, value: str) -> None:
        """Write the value, or fail without a word."""
        ...

    def delete(self, key: str) -> None:
        """Delete it, if it is there."""
        ...


class NotKept(NotSent):
    """Airflow's Variables do not keep what they are given; that can pass."""

    def __init__(self) -> None:
        super().__init__(
            "ledger: Airflow's Variables do not give back what was written to them, so nothing more was sent. Try "
            "again, or set ledger_conn_id to the connection of a SQL database."
        )


class TooManyRecipients(LedgerUnusable):
    """More than Variables can keep."""

    def __init__(self) -> None:
        super().__init__(
            f"recipients: more than {MOST_RECIPIENTS:,} are too many to be remembered in Airflow's Variables. Set "
            f"ledger_conn_id to the connection of a SQL database. What was sent before stays known."
        )


def _parsed(text: str | None, otherwise: Any) -> Any:
    """Return what JSON says, and ``otherwise`` for none or what is no JSON of that kind."""
    try:
        found = json.loads(text or "null")
    except ValueError:
        return otherwise
    return found if isinstance(found, type(otherwise)) or otherwise is None else otherwise


class VariableFacts:
    """What the tasks of an account share: what was learnt of its panel, and the ids that each was answered of late.

    The last writer of a Variable wins, so that the ids are spread over a few, and looked for after they are written.
    """

    def __init__(self, store: VariableStore, account: str) -> None:
        self._store = store
        self._key = f"ippanel_learnt_{_hashed(account)}"
        self._register = f"ippanel_answered_{_hashed(account)}"

    def learn(self, facts: Mapping[str, Any]) -> None:
        """Write it; what is lost is learnt again."""
        self._store.set(self._key, json.dumps(dict(facts)))

    def learnt(self) -> Mapping[str, Any]:
        """Read it; what cannot be read, as after a change of Airflow's Fernet key, is learnt again."""
        return dict(_parsed(self._store.get(self._key), {}))

    def answer(self, who: str, ids: Sequence[int], at: float) -> None:
        """Put the ids that somebody was answered with on the register, in the place of what they had there."""
        key = f"{self._register}_{int(_hashed(who), 16) % _SLOTS}"
        entry = [_hashed(who), at, list(ids)[-_MOST_ANSWERED:]]
        for _ in range(_WRITES):
            kept = [each for each in self._entries(key) if each[0] != entry[0] and each[1] > at - REGISTER]
            lines = [*kept, entry]
            while len(text := json.dumps(lines)) > _MOST_TEXT and len(lines) > 1:
                lines.pop(0)
            self._store.set(key, text)
            if entry in self._entries(key):
                return

    def answered(self, since: float) -> Mapping[int, float]:
        """Read the register."""
        slots = (self._entries(f"{self._register}_{slot}") for slot in range(_SLOTS))
        return {outbox_id: at for entries in slots for _, at, ids in entries if at >= since for outbox_id in ids}

    def _entries(self, key: str) -> list[Any]:
        return list(_parsed(self._store.get(key), []))


class VariableLedger(KeptLedger):
    """Keeps the records of one run of a task.

    When it has succeeded, a tombstone takes their place. A later run of the same task deletes it when it is old.

    :param is_to_remember: whether an earlier try must have written something, because the task has been cleared
    :param keep_for: seconds after which the next run deletes what is left of a run
    """

    most = MOST_RECIPIENTS

    def __init__(
        self,
        store: VariableStore,
        key: MemberKey,
        task: Task,
        generation: str = "0",
        *,
        is_to_remember: bool = False,
        facts: VariableFacts | None = None,
        keep_for: float = KEEP_FOR,
    ) -> None:
        super().__init__(key, generation, facts, who=task)
        self._store = store
        self._try = task.try_number
        self._is_to_remember = is_to_remember
        self._keep_for = keep_for
        who = (task.dag_id, task.task_id, str(task.map_index))
        self._prefix = f"ippanel_ledger_{_hashed(*who, task.run_id)}"
        self._index = f"ippanel_ledger_{_hashed(*who)}_runs"
        self._names: dict[int, str] = {}
        self._made: dict[int, int] = {}
        """How many chunks each try is known to have made."""
        self._has_begun = False
        self._people = 0
        self._tombstone: dict[str, Any] | None = None

    def is_superseded(self) -> bool:
        """Read whether a later try has begun.

        :raises NotKept: if Variables cannot be read.
        """
        later = (self._store.get(f"{self._prefix}_{_began(self._try + more)}") for more in range(1, _LATER_TRIES + 1))
        return any(later) or self._get(_began(self._try)) is None

    def intend(self, drafts: Iterable[Claim]) -> Iterator[Claim]:
        """Store each as it is asked for.

        :raises TooManyRecipients: if they are more than can be kept.
        """
        for claim in super().intend(self._within_limit(drafts)):
            self._people += claim.intent.size
            yield claim

    def _read(self, number: int, stored: dict[str, Any]) -> tuple[Intent, Outcome | None]:
        is_new = number not in self._read_numbers
        intent, outcome = super()._read(number, stored)
        self._people += (intent.size - len(outcome.void if outcome else ())) * is_new
        return intent, outcome

    def note(self, name: str, value: Any) -> None:
        """Store the value, and its name for who deletes it."""
        names = self._get(f"{self._generation}.notes") or []
        if name not in names:
            self._put(f"{self._generation}.notes", [*names, name])
        super().note(name, value)

    def beside(self) -> Iterator[tuple[Intent, Outcome | None]]:
        """Yield what an earlier try, which still goes on, has written since the history was read."""
        for number, stored in self._stored(range(1, self._try)):
            yield self._read(number, stored)

    def unknown(self, messages: Any) -> Any:
        """Return the messages that no earlier try knows; none once the run has succeeded."""
        return [] if self._tombstone else super().unknown(messages)

    def settle(self, intent: Intent, outcome: Outcome) -> None:
        """Store the outcome, unless a better one is there."""
        there = self.outcome_of(intent)
        super().settle(intent, outcome if there is None or outcome.replaces(there) else there)

    def finish(self) -> None:
        """Put a tombstone in the place of the records; that tries have begun stays, for those that still go on."""
        if self._tombstone:
            return
        records = list(self._everything())
        ids = sorted(outbox_id for _, outcome in records if outcome for outbox_id in outcome.outbox_ids)
        people = sum(intent.size - len(outcome.void) for intent, outcome in records if outcome)
        given_up = sum(intent.size for intent, outcome in records if outcome and outcome.is_given_up)
        packed = b64encode(array("q", ids).tobytes()).decode() if len(ids) <= _MOST_IDS else ""
        self._put(f"{self._generation}.end", {"at": time.time(), "people": people, "given_up": given_up, "ids": packed})
        self._delete_records(self._prefix, self._generation)

    def _everything(self) -> Iterator[tuple[Intent, Outcome | None]]:
        self._made.clear()
        self._names.clear()
        yield from super()._records()

    def _records(self) -> Iterator[tuple[Intent, Outcome | None]]:
        if self._tombstone is None:
            yield from self._everything()
            return
        # Who was reached is put away; how many they were, and as what, is not.
        kept = self._tombstone
        ids = array("q", b64decode(kept["ids"]))
        intent = Intent(1, kept["at"], (0, 0), bytes(MEMBER_BYTES * kept["people"]), b"")
        yield intent, Outcome(tuple(ids), is_given_up=kept["given_up"] == kept["people"] > 0)

    def begin(self, home: str) -> None:
        """Write down that this try begins, and where its records are, unless it is."""
        if self._get(_began(self._try)) is None:
            self._put(_began(self._try), {"at": time.time(), "home": home})
            self._tidy("0")
        self._has_begun = True

    def home_of_earlier_tries(self) -> str | None:
        """Return where the last of them that got so far has kept its records; None if none did."""
        began = (self._get(_began(number)) for number in range(self._try - 1, 0, -1))
        return next((str(each["home"]) for each in began if each), None)

    def _begin(self) -> None:
        self.begin(HOME)

    def _open(self) -> None:
        self._tombstone = self._get(f"{self._generation}.end")
        if self._tombstone is not None:
            return
        # Who finds none has the first word, and an earlier try that comes with one later has not sent, nor will it.
        found = (self._get(f"{self._generation}.secret.{number}") for number in range(self._try, 0, -1))
        kept = next((kept for kept in found if kept is not None), None)
        if kept is not None:
            self.key = self.key.mixed(bytes.fromhex(kept["secret"]))
            if kept["key"] != self.key.fingerprint:
                raise KeyChanged
            return
        if self._is_to_remember and not any(self._get(_began(number)) for number in range(1, self._try)):
            raise Forgotten("the task was cleared, and Airflow's Variables hold nothing of it any more")
        secret = token_bytes(32)
        self.key = self.key.mixed(secret)
        self._put(f"{self._generation}.secret.{self._try}", {"key": self.key.fingerprint, "secret": secret.hex()})
        if self._generation != "0":
            self._tidy(self._generation)

    def _get(self, name: str) -> Any:
        value = self._store.get(f"{self._prefix}_{name}")
        if value is None and self._has_begun:
            # A read that failed looks like this too: what must be there is to be found, and this again not.
            if self._store.get(f"{self._prefix}_{_began(self._try)}") is None:
                raise NotKept
            value = self._store.get(f"{self._prefix}_{name}")
        if value is not None and (found := _parsed(value, None)) is None:
            # There is something, and nobody can read it.
            raise NotKept
        return None if value is None else found

    def _put(self, name: str, value: Any) -> None:
        key, text = f"{self._prefix}_{name}", json.dumps(value)
        self._store.set(key, text)
        if self._store.get(key) != text:
            raise NotKept

    def _name(self, number: int) -> str:
        if number not in self._names:
            made = self._made[self._try] = self._made.get(self._try, 0) + 1
            self._names[number] = f"{self._generation}.{self._try}.{made}"
        return self._names[number]

    def _stored(self, tries: Iterable[int] | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
        for one in range(1, self._try + 1) if tries is None else tries:
            name = f"{self._generation}.{one}.{self._made.get(one, 0) + 1}"
            while (stored := self._get(name)) is not None:
                self._made[one] = self._made.get(one, 0) + 1
                number = stored["number"]
                # A try that went on beside this one has counted on from the same.
                while number in self._names:
                    number += _COLLISION
                self._names[number] = name
                yield number, stored
                name = f"{self._generation}.{one}.{self._made[one] + 1}"

    def _within_limit(self, drafts: Iterable[Claim]) -> Iterator[Claim]:
        for draft in drafts:
            if self._people + draft.intent.size > MOST_RECIPIENTS:
                raise TooManyRecipients
            yield draft

    def _tidy(self, generation: str) -> None:
        """Delete what is left of runs of this task that have grown old, and put this one on their list.

        Runs at the same time may lose each other's lines; what is then left over disturbs nobody.
        """
        # Written by somebody else, or with another key: what stays is not tidied, and no task fails for it.
        runs = _parsed(self._store.get(self._index), [])
        now = time.time()
        for prefix, generation, at in runs:
            if at + self._keep_for < now and prefix != self._prefix:
                self._delete_records(prefix, generation)
                for name in (f"{generation}.end", "generation", *map(_began, self._tries(prefix))):
                    self._store.delete(f"{prefix}_{name}")
        this = [self._prefix, generation]
        if any(run[:2] == this for run in runs):
            return
        kept = [run for run in runs if run[2] + self._keep_for >= now]
        self._store.set(self._index, json.dumps([*kept, [*this, now]]))

    def _tries(self, prefix: str) -> list[int]:
        """Return the numbers of the tries of a run, with those between that died too early to begin."""
        last = number = 0
        while number < last + _LATER_TRIES:
            number += 1
            if self._store.get(f"{prefix}_{_began(number)}") is not None:
                last = number
        return list(range(1, last + 1))

    def _delete_records(self, prefix: str, generation: str) -> None:
        names = [f"notes.{name}" for name in _parsed(self._store.get(f"{prefix}_{generation}.notes"), [])]
        for one in self._tries(prefix):
            names.append(f"secret.{one}")
            number = 1
            while self._store.get(f"{prefix}_{generation}.{one}.{number}") is not None:
                names += [f"{one}.{number}{end}" for end in ("", ".end", ".standing")]
                number += 1
        for name in (*names, "notes"):
            self._store.delete(f"{prefix}_{generation}.{name}")


def begin(store: VariableStore, task: Task, home: str = HOME, keep_for: float = KEEP_FOR) -> str | None:
    """Write down that a try begins, and where its records are; return where those of earlier tries are, None if none
    has got so far.

    It comes before anything that may fail: of a task that was cleared and never began, nothing can have been lost.
    """
    ledger = VariableLedger(store, MemberKey(b"", OncePer.MESSAGE), task, keep_for=keep_for)
    there = ledger.home_of_earlier_tries()
    ledger.begin(home)
    return there


def home_of_earlier_tries(store: VariableStore, task: Task) -> str | None:
    """Return where earlier tries, perhaps under an older Airflow, have kept their records."""
    return VariableLedger(store, MemberKey(b"", OncePer.MESSAGE), task).home_of_earlier_tries()


_SLOTS, _WRITES = 8, 3
_MOST_ANSWERED = 200
_MOST_TEXT = 40_000
"""Characters of the register in one Variable; MySQL keeps 64 KB."""
_MOST_IDS = 2_000
"""What a tombstone keeps of the outbox ids, in a value as large as those of a chunk."""


def _began(number: int) -> str:
    return f"began.{number}"


def _hashed(*names: str) -> str:
    """Return a short name without what people may have named; no two lists of names have the same."""
    return hashlib.sha256("".join(f"{len(name)}:{name}" for name in names).encode()).hexdigest()[:24]
