"""Which of the texts that come in are meant."""

from __future__ import annotations

import json

import pytest

from ippanel_provider.client import InboxMessage
from ippanel_provider.inbox import InboxFilter, keyword_of, sender_hash

SECRET = "a-secret"


def text(message: str, sender: str = "+989120000001", line: str = "+983000505") -> InboxMessage:
    return InboxMessage.model_validate({"messages_inbox_id": 1, "from": sender, "number": line, "message": message})


@pytest.mark.parametrize("message", ["STOP", "stop.", "  Stop, please", "«stop»"])
def test_a_keyword_is_the_first_word_however_cased(message: str) -> None:
    assert InboxFilter(keywords=["Stop"]).lets_through(text(message), SECRET)


@pytest.mark.parametrize("message", ["do not stop", "stopped", "", "!"])
def test_another_first_word_is_not_it(message: str) -> None:
    assert not InboxFilter(keywords=["stop"]).lets_through(text(message or " "), SECRET)


@pytest.mark.parametrize(("one", "other"), [("لغو11", "لغو۱۱"), ("يك", "یک"), ("می‌خواهم", "میخواهم"), ("٢", "2")])
def test_persian_letters_and_digits_have_one_spelling(one: str, other: str) -> None:
    assert keyword_of(one) == keyword_of(other)


def test_all_that_is_set_has_to_hold() -> None:
    wanted = InboxFilter(line="+983000505", sender=sender_hash("09120000001", SECRET), matching=r"\d{4}")
    assert wanted.lets_through(text("code 1234"), SECRET)
    assert not wanted.lets_through(text("code 12"), SECRET)
    assert not wanted.lets_through(text("code 1234", line="+981000"), SECRET)
    assert not wanted.lets_through(text("code 1234", sender="+989120000002"), SECRET)


def test_a_sender_is_known_by_a_keyed_hash() -> None:
    assert sender_hash("0912 000 0001", SECRET) == sender_hash("+989120000001", SECRET)
    assert sender_hash("+989120000001", SECRET) != sender_hash("+989120000001", "another secret")
    assert sender_hash("IRANCELL", SECRET) == sender_hash(" IRANCELL ", SECRET)


def test_it_comes_back_from_json() -> None:
    wanted = InboxFilter(line="+983000505", keywords=("stop",), matching="x")
    assert InboxFilter(**json.loads(json.dumps(wanted.serialize()))).serialize() == wanted.serialize()
