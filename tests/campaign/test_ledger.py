"""One specification for every home of a ledger."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.chunks import Chunk
from ippanel_provider.campaign.ledger.base import Claim, Intent, KeyChanged, Ledger, OlderRecords, Outcome
from ippanel_provider.campaign.ledger.hashes import MemberKey, secret_of
from ippanel_provider.campaign.ledger.task_state import TaskLedger
from ippanel_provider.campaign.order import OncePer
from tests.campaign.conftest import KEY, Store, form_of, ledger_home, people


def opened(home: Callable[[], Ledger]) -> Ledger:
    ledger = home()
    list(ledger.history())
    return ledger


def claimed(ledger: Ledger, *groups: list[Message]) -> list[list[Message]]:
    """Claim chunks together; return who is left in each."""
    return [list(claim.chunk.messages) for claim in ledger.intend(draft_of(ledger, messages) for messages in groups)]


def intended(ledger: Ledger, messages: list[Message], shared_text: str | None = None) -> Intent:
    (claim,) = ledger.intend([draft_of(ledger, messages, shared_text)])
    return claim.intent


def draft_of(ledger: Ledger, messages: list[Message], shared_text: str | None = None) -> Claim:
    return Claim.of(Chunk(tuple(messages), form_of(shared_text)), ledger.key)


def test_an_intent_is_there_for_the_next_try_before_anything_was_sent(home: Callable[[], Ledger]) -> None:
    messages = people(3)
    intent = intended(opened(home), messages)
    later = home()
    assert list(later.history()) == [(intent, None)]
    assert list(later.unknown(messages)) == []


def test_an_outcome_is_there_for_the_next_try(home: Callable[[], Ledger]) -> None:
    ledger = opened(home)
    intent = intended(ledger, people(3))
    ledger.settle(intent, Outcome((11, 12, 13)))
    ledger.flush()
    assert list(home().history()) == [(intent, Outcome((11, 12, 13)))]
    assert opened(home).claimed(since=0) == {11, 12, 13}
    assert opened(home).outcome_of(intent) == Outcome((11, 12, 13))


def test_known_members_stay_known_in_any_order_and_beside_new_ones(home: Callable[[], Ledger]) -> None:
    messages = people(5)
    ledger = opened(home)
    ledger.settle(intended(ledger, messages[:3]), Outcome((1, 2, 3)))
    assert list(opened(home).unknown([messages[4], *messages[2::-1], messages[3]])) == [messages[4], messages[3]]


def test_members_of_a_void_place_are_free_again(home: Callable[[], Ledger]) -> None:
    messages = people(3)
    ledger = opened(home)
    ledger.settle(intended(ledger, messages), Outcome((7,), frozenset({0, 2})))
    assert list(opened(home).unknown(messages)) == [messages[0], messages[2]]
    again = opened(home)
    intent = intended(again, [messages[0], messages[2]])
    again.settle(intent, Outcome((8, 9)))
    assert list(opened(home).unknown(messages)) == []


def test_a_chunk_that_never_left_leaves_nobody_known(home: Callable[[], Ledger]) -> None:
    ledger = opened(home)
    intent = intended(ledger, people(3))
    ledger.settle(intent, Outcome.nothing(intent))
    assert list(opened(home).unknown(people(3))) == people(3)


def test_numbers_go_on_where_the_earlier_try_ended(home: Callable[[], Ledger]) -> None:
    first = intended(opened(home), people(3))
    second = intended(opened(home), people(6)[3:])
    assert (first.number, second.number) == (1, 2)


@pytest.mark.parametrize("shared_text", [None, "سلام"])
def test_no_number_and_no_text_can_be_read_out_of_a_home(shared_text: str | None, tmp_path: Path) -> None:
    store = Store()
    ledger = TaskLedger(store, KEY)
    ledger.history()
    messages = people(1000)
    intent = intended(ledger, messages, shared_text)
    ledger.settle(intent, Outcome(tuple(range(10**10, 10**10 + 1000))))
    sql = opened(ledger_home("sql", tmp_path))
    sql.settle(intended(sql, messages, shared_text), Outcome((1,)))
    kept = json.dumps(store.values).encode() + (tmp_path / "ledger.sqlite").read_bytes()
    for secret in (messages[5].recipient, messages[5].recipient[3:], messages[5].text, "سلام"):
        assert secret.encode() not in kept
        assert json.dumps(secret)[1:-1].encode() not in kept


def test_another_key_is_refused_because_it_cannot_tell_who_was_reached(
    home: Callable[[], Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    intended(opened(home), people(3))
    other = home()
    other.key = MemberKey(secret_of("another"), OncePer.MESSAGE)
    with pytest.raises(KeyChanged, match="another secret"):
        list(other.history())


def test_of_two_workers_claiming_the_same_people_one_wins_whatever_their_chunks(tmp_path: Path) -> None:
    home = ledger_home("sql", tmp_path)
    one, two = opened(home), opened(home)
    messages = people(6)
    assert claimed(one, messages[:4]) == [messages[:4]]
    assert claimed(two, messages[2:]) == [messages[4:]]
    assert claimed(two, messages) == []


def test_chunks_claimed_together_are_there_for_the_next_try_in_their_order(home: Callable[[], Ledger]) -> None:
    messages = people(9)
    ledger = opened(home)
    drafts = [draft_of(ledger, messages[:4]), draft_of(ledger, messages[4:])]
    intents = [claim.intent for claim in ledger.intend(drafts)]
    assert [intent.number for intent in intents] == [1, 2]
    assert list(home().history()) == [(intent, None) for intent in intents]


def test_an_intent_is_written_when_it_is_given_out_and_not_after(home: Callable[[], Ledger]) -> None:
    messages = people(9)
    ledger = opened(home)
    drafts = (draft_of(ledger, messages[start : start + 3]) for start in (0, 3, 6))
    for count, claim in enumerate(ledger.intend(drafts), start=1):
        assert list(home().history())[count - 1] == (claim.intent, None)


def test_who_comes_twice_in_one_try_is_claimed_once(home: Callable[[], Ledger]) -> None:
    messages = people(6)
    ledger = opened(home)
    assert claimed(ledger, [*messages[:3], messages[0]], messages[1:4], messages[:2]) == [messages[:3], messages[3:4]]
    assert claimed(ledger, messages) == [messages[4:]]


def test_what_another_worker_claims_is_left_out_though_it_was_unknown_when_the_try_began(tmp_path: Path) -> None:
    home = ledger_home("sql", tmp_path)
    one, two = opened(home), opened(home)
    messages = people(300)
    for start in range(0, 250, 2):
        claimed(one, messages[start : start + 2])
    assert list(two.unknown(messages)) == messages
    assert claimed(two, messages[:100], messages[200:]) == [messages[250:]]
    assert list(home().history())[-1][0].size == 50


def test_workers_that_claim_at_the_same_moment_share_nobody_and_lose_nobody(tmp_path: Path) -> None:
    messages = people(400)
    home = ledger_home("sql", tmp_path)
    opened(home)

    def work(seed: int) -> list[Message]:
        mine = messages[:]
        random.Random(seed).shuffle(mine)
        ledger = opened(home)
        return [
            each for start in range(0, 400, 20) for group in claimed(ledger, mine[start : start + 20]) for each in group
        ]

    with ThreadPoolExecutor(4) as pool:
        got = [message for part in pool.map(work, range(4)) for message in part]
    assert sorted(got) == messages


def test_what_got_nothing_can_be_claimed_by_another_try(home: Callable[[], Ledger]) -> None:
    ledger = opened(home)
    messages = people(4)
    intent = intended(ledger, messages)
    ledger.settle(intent, Outcome((1, 2), frozenset({1, 3})))
    assert claimed(ledger, messages) == [[messages[1], messages[3]]]
    assert claimed(opened(home), messages) == []


@pytest.mark.parametrize("kind", ["variables", "sql"])
def test_what_the_service_answered_is_taken_back_only_by_who_knows_it(kind: str, tmp_path: Path) -> None:
    """A try that goes on beside the next one may learn nothing of a chunk that was found meanwhile."""
    home = ledger_home(kind, tmp_path)
    zombie = opened(home)
    intent = intended(zombie, people(3))
    ledger = opened(home)
    ledger.settle(intent, Outcome((7, 8, 9)))
    ledger.flush()
    zombie.settle(intent, Outcome.nothing(intent))
    assert opened(home).outcome_of(intent) == Outcome((7, 8, 9))
    assert list(opened(home).unknown(people(3))) == []
    ended_badly = Outcome((7, 8, 9), frozenset({1}))
    ledger.settle(intent, ended_badly)
    assert opened(home).outcome_of(intent) == ended_badly
    assert list(opened(home).unknown(people(3))) == people(3)[1:2]


@pytest.mark.parametrize("kind", ["variables", "sql"])
def test_an_answer_that_comes_after_all_wins_over_what_was_made_of_the_silence(kind: str, tmp_path: Path) -> None:
    home = ledger_home(kind, tmp_path)
    slow = opened(home)
    intent = intended(slow, people(3))
    other = opened(home)
    other.settle(intent, Outcome.nothing(intent))
    slow.settle(intent, Outcome((7, 8, 9)))
    slow.flush()
    assert opened(home).outcome_of(intent) == Outcome((7, 8, 9))
    assert list(opened(home).unknown(people(3))) == []


@pytest.mark.parametrize(
    "made_by",
    [
        "CREATE TABLE ippanel_ledger_chunk (campaign INTEGER, number INTEGER, members BLOB)",
        "CREATE TABLE ippanel_ledger AS SELECT 1 AS id, 3 AS version, 'x' AS secret",
    ],
)
def test_tables_of_another_version_are_refused_before_anything_is_sent(tmp_path: Path, made_by: str) -> None:
    with sqlite3.connect(tmp_path / "ledger.sqlite") as database:
        database.execute(made_by)
    with pytest.raises(OlderRecords, match=r"was written by another version of this package"):
        opened(ledger_home("sql", tmp_path))


@pytest.mark.parametrize("older", [{"ippanel.0": '{"key": "abc"}'}, {"ippanel.once.0": '{"ids": [1]}'}])
def test_what_another_version_left_in_the_task_state_store_is_refused(older: dict[str, str]) -> None:
    store = Store()
    store.values |= older
    with pytest.raises(OlderRecords, match=r"task state store .*Nothing was sent"):
        TaskLedger(store, KEY).history()


def test_campaigns_in_one_database_do_not_know_each_other_but_each_others_ids(tmp_path: Path) -> None:
    one = opened(ledger_home("sql", tmp_path, "campaign one"))
    one.settle(intended(one, people(3)), Outcome((1, 2, 3)))
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
