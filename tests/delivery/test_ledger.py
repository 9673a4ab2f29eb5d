"""One specification for every home of a ledger."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ippanel_provider.delivery.audience import Message, OncePer
from ippanel_provider.delivery.chunks import Chunk
from ippanel_provider.delivery.ledger import KeyChanged, Ledger, Outcome
from ippanel_provider.delivery.members import MemberKey, secret_of
from ippanel_provider.delivery.task_ledger import TaskLedger
from tests.delivery.conftest import KEY, Store, form_of, ledger_home, people


def opened(home: Callable[[], Ledger]) -> Ledger:
    ledger = home()
    list(ledger.history())
    return ledger


def intended(ledger: Ledger, chunk: Chunk):
    claim = ledger.intend(chunk)
    assert claim is not None
    return claim[0]


def chunk_of(messages: list[Message], shared_text: str | None = None) -> Chunk:
    return Chunk(tuple(messages), form_of(shared_text))


def test_an_intent_is_there_for_the_next_try_before_anything_was_sent(home: Callable[[], Ledger]) -> None:
    messages = people(3)
    intent = intended(opened(home), chunk_of(messages))
    later = home()
    assert list(later.history()) == [(intent, None)]
    assert list(later.unknown(messages)) == []


def test_an_outcome_is_there_for_the_next_try(home: Callable[[], Ledger]) -> None:
    ledger = opened(home)
    intent = intended(ledger, chunk_of(people(3)))
    ledger.settle(intent, Outcome((11, 12, 13)))
    ledger.flush()
    assert list(home().history()) == [(intent, Outcome((11, 12, 13)))]
    assert opened(home).claimed(since=0) == {11, 12, 13}
    assert opened(home).outcome_of(intent) == Outcome((11, 12, 13))


def test_known_members_stay_known_in_any_order_and_beside_new_ones(home: Callable[[], Ledger]) -> None:
    messages = people(5)
    ledger = opened(home)
    ledger.settle(intended(ledger, chunk_of(messages[:3])), Outcome((1, 2, 3)))
    assert list(opened(home).unknown([messages[4], *messages[2::-1], messages[3]])) == [messages[4], messages[3]]


def test_members_of_a_void_place_are_free_again(home: Callable[[], Ledger]) -> None:
    messages = people(3)
    ledger = opened(home)
    ledger.settle(intended(ledger, chunk_of(messages)), Outcome((7,), frozenset({0, 2})))
    assert list(opened(home).unknown(messages)) == [messages[0], messages[2]]
    again = opened(home)
    intent = intended(again, chunk_of([messages[0], messages[2]]))
    again.settle(intent, Outcome((8, 9)))
    assert list(opened(home).unknown(messages)) == []


def test_a_chunk_that_never_left_leaves_nobody_known(home: Callable[[], Ledger]) -> None:
    ledger = opened(home)
    intent = intended(ledger, chunk_of(people(3)))
    ledger.settle(intent, Outcome.nothing(intent))
    assert list(opened(home).unknown(people(3))) == people(3)


def test_numbers_go_on_where_the_earlier_try_ended(home: Callable[[], Ledger]) -> None:
    first = intended(opened(home), chunk_of(people(3)))
    second = intended(opened(home), chunk_of(people(6)[3:]))
    assert (first.number, second.number) == (1, 2)


@pytest.mark.parametrize("shared_text", [None, "سلام"])
def test_no_number_and_no_text_can_be_read_out_of_a_home(shared_text: str | None, tmp_path: Path) -> None:
    store = Store()
    ledger = TaskLedger(store, KEY)
    ledger.history()
    messages = people(1000)
    intent = intended(ledger, chunk_of(messages, shared_text))
    ledger.settle(intent, Outcome(tuple(range(10**10, 10**10 + 1000))))
    sql = opened(ledger_home("sql", tmp_path))
    sql.settle(intended(sql, chunk_of(messages, shared_text)), Outcome((1,)))
    kept = json.dumps(store.values).encode() + (tmp_path / "ledger.sqlite").read_bytes()
    for secret in (messages[5].recipient, messages[5].recipient[3:], messages[5].text, "سلام"):
        assert secret.encode() not in kept
        assert json.dumps(secret)[1:-1].encode() not in kept


def test_another_key_is_refused_because_it_cannot_tell_who_was_reached(home: Callable[[], Ledger], monkeypatch: pytest.MonkeyPatch) -> None:
    intended(opened(home), chunk_of(people(3)))
    other = home()
    other.key = MemberKey(secret_of("another"), OncePer.MESSAGE)
    with pytest.raises(KeyChanged, match="another secret"):
        list(other.history())


def test_of_two_workers_claiming_the_same_people_one_wins_whatever_their_chunks(tmp_path: Path) -> None:
    home = ledger_home("sql", tmp_path)
    one, two = opened(home), opened(home)
    messages = people(6)
    assert one.intend(chunk_of(messages[:4])) is not None
    claim = two.intend(chunk_of(messages[2:]))
    assert claim is not None
    assert list(claim[1].messages) == messages[4:]
    assert two.intend(chunk_of(messages)) is None


def test_campaigns_in_one_database_do_not_know_each_other_but_each_others_ids(tmp_path: Path) -> None:
    one = opened(ledger_home("sql", tmp_path, "campaign one"))
    one.settle(intended(one, chunk_of(people(3))), Outcome((1, 2, 3)))
    one.flush()
    two = opened(ledger_home("sql", tmp_path, "campaign two"))
    assert list(two.unknown(people(3))) == people(3)
    assert two.claimed(since=0) == {1, 2, 3}


def test_a_member_is_a_recipient_or_a_recipient_with_a_text() -> None:
    per_recipient = MemberKey(KEY.secret, OncePer.RECIPIENT)
    a, b = Message("+989120000001", "a"), Message("+989120000001", "b")
    assert per_recipient.member(a) == per_recipient.member(b)
    assert KEY.member(a) != KEY.member(b)
    assert per_recipient.fingerprint != KEY.fingerprint
    assert repr(KEY.secret) not in repr(KEY)
