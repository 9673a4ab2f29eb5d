"""Airflow's Variables as a home: no list of keys, the last writer wins, and a failure looks like "not there"."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.chunks import Chunk
from ippanel_provider.campaign.ledger.base import Claim, Decision, Forgotten, LedgerUnusable, Outcome, Task
from ippanel_provider.campaign.ledger.memory import REGISTER
from ippanel_provider.campaign.ledger.task_state import TaskLedger
from ippanel_provider.campaign.ledger.variables import (
    MOST_RECIPIENTS,
    NotKept,
    TooManyRecipients,
    VariableFacts,
    VariableLedger,
)
from ippanel_provider.client import NotSent
from tests.campaign.conftest import KEY, Store, Variables, form_of, people


class Unsteady(Variables):
    """Variables that fail without a word at one of the things asked of them, or let something else come first."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.before: dict[int, Callable[[], object]] = {}
        self.fails_at: int | None = None
        self._is_inside = False

    def _comes(self) -> bool:
        if self._is_inside:
            return True
        self.asked += 1
        if act := self.before.get(self.asked):
            self._is_inside = True
            act()
            self._is_inside = False
        return self.asked != self.fails_at

    def get(self, key: str) -> str | None:
        """Return what is stored, or None when it fails."""
        return super().get(key) if self._comes() else None

    def set(self, key: str, value: str) -> None:
        """Store it, or nothing when it fails."""
        if self._comes():
            super().set(key, value)


def ledger(
    store: Variables, number: int = 1, run: str = "run", generation: str = "0", **options: object
) -> VariableLedger:
    return VariableLedger(store, KEY, Task("dag", "task", run, try_number=number), generation, **options)  # type: ignore[arg-type]


def sent(home: VariableLedger, wanted: list[Message], size: int = 1) -> Iterator[Message]:
    """Send to whoever is not known, as the sender does: write, look for a later try, send, confirm."""
    list(home.history())
    for start in range(0, len(wanted), size):
        new = home.unknown(wanted[start : start + size])
        for claim in home.intend([Claim.of(Chunk(tuple(new), form_of(None)), home.key)] if new else []):
            if home.is_superseded():
                home.settle(claim.intent, Outcome.nothing(claim.intent))
                return
            yield from claim.chunk.messages
            home.settle(claim.intent, Outcome(tuple(range(claim.intent.size))))


def steps_of_one_try() -> int:
    store = Unsteady()
    assert len(list(sent(ledger(store), people(3)))) == 3
    return store.asked


@pytest.mark.parametrize("order", [1, -1])
def test_wherever_the_next_try_comes_between_nobody_gets_two_and_the_next_one_knows_all(order: int) -> None:
    for step in range(1, steps_of_one_try() + 1):
        store, got = Unsteady(), list[Message]()

        def next_try(store: Unsteady = store, got: list[Message] = got) -> None:
            got.extend(sent(ledger(store, 2), people(3)[::order]))

        store.before[step] = next_try
        got.extend(sent(ledger(store), people(3)))
        assert len(got) == len(set(got)), f"twice, where the next try came before step {step}"
        assert set(sent(ledger(store, 3), people(3))).isdisjoint(got)


@pytest.mark.parametrize("number", [1, 2])
def test_whatever_write_or_read_fails_nobody_gets_two(number: int) -> None:
    for step in range(1, 60):
        store, got = Unsteady(), list[Message]()
        if number == 2:
            got.extend(sent(ledger(store), people(2)))
            store.asked = 0
        store.fails_at = step
        try:
            for message in sent(ledger(store, number), people(3)):
                got.append(message)
        except (LedgerUnusable, NotSent):
            pass
        store.fails_at = None
        got.extend(sent(ledger(store, number + 1), people(3)))
        assert len(got) == len(set(got)), f"twice, where what was asked at step {step} failed"


def test_a_write_that_airflow_swallows_is_noticed_before_anything_is_sent() -> None:
    store = Unsteady()
    home = ledger(store)
    list(home.history())
    store.fails_at = store.asked + 1
    with pytest.raises(NotKept, match=r"nothing more was sent.*ledger_conn_id"):
        next(iter(home.intend([Claim.of(Chunk(tuple(people(2)), form_of(None)), home.key)])))


def test_more_people_than_can_be_kept_are_refused_with_the_way_out() -> None:
    home = ledger(Variables())
    list(home.history())
    home._people = MOST_RECIPIENTS - 1
    with pytest.raises(TooManyRecipients, match=r"recipients: more than 50,000 .*ledger_conn_id"):
        list(home.intend([Claim.of(Chunk(tuple(people(2)), form_of(None)), home.key)]))
    assert len(list(home.intend([Claim.of(Chunk(tuple(people(1)), form_of(None)), home.key)]))) == 1


def test_after_success_a_tombstone_says_how_many_were_reached_and_nobody_is_sent_to_again() -> None:
    store = Variables()
    home = ledger(store)
    assert len(list(sent(home, people(30), 10))) == 30
    home.note("before", [1, 2])
    home.finish()
    assert not [key for key in store.values if key.endswith((".end", ".secret.1", ".1.1")) and ".1." in key]
    cleared = ledger(store, 2, is_to_remember=True)
    ((intent, outcome),) = cleared.history()
    assert (intent.size, outcome) == (30, Outcome(tuple(sorted(list(range(10)) * 3))))
    assert cleared.unknown(people(40)) == []


def test_a_try_that_still_goes_on_when_the_next_has_succeeded_sends_nothing_more() -> None:
    store = Variables()
    zombie, got = ledger(store), list[Message]()
    sending = sent(zombie, people(9), 3)
    got.append(next(sending))
    last = ledger(store, 2)
    got.extend(sent(last, people(9), 3))
    last.finish()
    got.extend(sending)
    assert len(got) == len(set(got)) == 9 - 2 + 2


def test_what_is_left_of_a_run_is_deleted_by_a_later_run_of_the_task_when_it_is_old() -> None:
    store = Variables()
    first = ledger(store, run="monday")
    list(sent(first, people(3)))
    first.note("before", [1])
    first.finish()
    failed = ledger(store, run="tuesday")
    list(sent(failed, people(3)))
    there = set(store.values)
    list(ledger(store, run="wednesday").history())
    assert there <= set(store.values), "nothing is old yet"
    only = ledger(Variables(), run="thursday")
    list(only.history())
    list(ledger(store, run="thursday", keep_for=-1).history())
    assert set(store.values) == set(only._store.values)  # type: ignore[attr-defined]


def test_a_cleared_task_whose_records_are_gone_is_refused() -> None:
    with pytest.raises(Forgotten, match=r"was cleared, .*Nothing was sent"):
        ledger(Variables(), 2, is_to_remember=True).history()


def test_a_clear_begins_anew_where_that_is_wanted_but_goes_on_where_a_decision_is_to_be_taken_up() -> None:
    store = Variables()
    first = ledger(store, 1, generation="2")
    assert len(list(sent(first, people(3)))) == 3
    assert list(sent(ledger(store, 2, generation="2"), people(3))) == []
    ledger_after_clear = ledger(store, 3, generation="5")
    assert len(list(sent(ledger_after_clear, people(3)))) == 3
    ledger_after_clear.decide(1, Decision.LOOK, "somebody")
    taking_up = ledger(store, 4, generation="8")
    assert list(sent(taking_up, people(3))) == []
    assert taking_up.decided() == {1: "look"}
    assert list(sent(ledger(store, 5, generation="8"), people(3))) == []
    assert len(list(sent(ledger(store, 6, generation="11"), people(3)))) == 3


def test_what_was_learnt_is_kept_for_all_tasks_of_the_account() -> None:
    store = Variables()
    facts = VariableFacts(store, "https://host/v1 account")
    one = ledger(store, facts=facts)
    list(one.history())
    one.learn({"lists_text": "folded"})
    other = VariableLedger(store, KEY, Task("other", "task", "run"), facts=facts)
    assert other.learnt() == {"lists_text": "folded"}


def test_the_ids_a_task_was_answered_with_are_told_to_all_tasks_of_the_account() -> None:
    store = Variables()
    facts = VariableFacts(store, "https://host/v1 account")
    one = TaskLedger(Store(), KEY, facts=facts, task=Task("dag", "task", "run"))
    list(one.history())
    for claim in one.intend([Claim.of(Chunk(tuple(people(3)), form_of("سلام")), one.key)]):
        one.settle(claim.intent, Outcome((7,)))
    one.flush()
    other = ledger(store, facts=facts)
    assert other.answered_others(0.0).keys() == {7}
    assert VariableFacts(store, "another account").answered(0.0) == {}
    later = next(iter(other.answered_others(0.0).values())) + 2 * REGISTER
    facts.answer("later", [9], later)
    assert facts.answered(later - REGISTER) == {9: later}


def test_of_two_tasks_that_tell_their_ids_at_once_neither_is_lost() -> None:
    class Raced(Variables):
        def set(self, key: str, value: str) -> None:
            super().set(key, value)
            if rivals:
                super().set(key, rivals.pop())

    rivals = ['[["rival", 5.0, [1]]]']
    facts = VariableFacts(Raced(), "account")
    facts.answer("task", [2], 6.0)
    assert facts.answered(0.0) == {1: 5.0, 2: 6.0}


def test_no_name_and_no_number_stands_in_the_variables() -> None:
    store = Variables()
    list(sent(ledger(store), people(3)))
    kept = json.dumps(store.values)
    assert not any(word in kept for word in ('"dag', '"task"', "+98912", "912000000", "سلام"))


@pytest.mark.parametrize("unreadable", ["gAAAAABnUnreadable", "", "[]", "7", "null"])
def test_what_was_learnt_and_cannot_be_read_is_learnt_again(unreadable: str) -> None:
    """As after a change of Airflow's Fernet key; a task sends all the same."""
    store = Variables()
    facts = VariableFacts(store, "account")
    facts.learn({"text_listed": "as sent"})
    assert facts.learnt() == {"text_listed": "as sent"}
    for key in store.values:
        store.values[key] = unreadable
    assert facts.learnt() == {}
    assert facts.answered(0.0) == {}


def test_a_record_that_cannot_be_read_is_not_taken_for_none() -> None:
    store = Variables()
    assert len(list(sent(ledger(store), people(3)))) == 3
    for key in [key for key in store.values if ".secret." in key or ".0." in key]:
        store.values[key] = "gAAAAABnUnreadable"
    with pytest.raises((NotKept, LedgerUnusable)):
        list(sent(ledger(store, 2), people(3)))
