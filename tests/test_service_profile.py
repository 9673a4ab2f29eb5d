"""A service profile: named facts about one panel, which of them are known, and the file that carries them."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ippanel_provider.service_profile import DOCUMENTS, InvalidProfile, ServiceProfile, facts

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def another_value(name: str) -> Any:
    fact = facts()[name]
    if fact.choices:
        return next(choice for choice in fact.choices if choice != fact.default)
    return not fact.default if isinstance(fact.default, bool) else fact.default + 1


def test_an_empty_file_is_the_panel_of_the_documents() -> None:
    assert ServiceProfile.from_json('{"version": 1}') == DOCUMENTS
    assert DOCUMENTS.known == frozenset()
    assert str(DOCUMENTS) == f"as documented (0 of {len(facts())} facts known)"


@pytest.mark.parametrize("name", facts())
def test_every_fact_comes_back_from_its_file(name: str, tmp_path: Path) -> None:
    learnt = dataclasses.replace(DOCUMENTS.learn({name: another_value(name)}, at=NOON), host="edge.ippanel.com")
    learnt.write(tmp_path / "profile.json")
    again = ServiceProfile.read(tmp_path / "profile.json")
    assert again == learnt
    assert again.known == {name}
    assert again.differences(DOCUMENTS) == {name: (another_value(name), facts()[name].default)}
    assert name in str(again)


@pytest.mark.parametrize("name", facts())
def test_every_fact_says_what_it_is_and_refuses_other_values_by_name(name: str) -> None:
    assert facts()[name].says
    wrongs: tuple[object, ...] = ("perhaps", None, [], {}, float("nan"))
    for wrong in wrongs:
        with pytest.raises(InvalidProfile, match=f"^{name}: expected") as caught:
            DOCUMENTS.learn({name: wrong})
        assert caught.value.field == name


@pytest.mark.parametrize("name", [name for name, fact in facts().items() if not isinstance(fact.default, bool)])
def test_a_flag_is_no_number_and_no_choice(name: str) -> None:
    with pytest.raises(InvalidProfile, match=name):
        DOCUMENTS.learn({name: True})


def test_what_is_known_to_be_as_documented_is_written_too() -> None:
    learnt = DOCUMENTS.learn({"ids": "grow"})
    assert json.loads(learnt.to_json())["facts"] == {"ids": "grow"}
    assert ServiceProfile.from_json(learnt.to_json()).known == {"ids"}


def test_the_nearer_word_counts_and_what_only_the_other_knows_stays() -> None:
    near = DOCUMENTS.learn({"letters": "arabic"}, at=NOON)
    far = dataclasses.replace(DOCUMENTS.learn({"letters": "kept", "outbox_lag": 8}), host="edge.ippanel.com")
    both = near.over(far)
    assert (both.letters, both.outbox_lag, both.host, both.learnt_at) == ("arabic", 8, "edge.ippanel.com", NOON)
    assert both.known == {"letters", "outbox_lag"}


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("nonsense", "profile"),
        ("[]", "profile"),
        ("{}", "version"),
        ('{"version": 2}', "version"),
        ('{"version": true}', "version"),
        ('{"version": 1, "fact": {}}', "fact"),
        ('{"version": 1, "facts": []}', "facts"),
        ('{"version": 1, "facts": ["ids"]}', "facts"),
        ('{"version": 1, "facts": {"colour": "red"}}', "colour"),
        ('{"version": 1, "facts": {"host": "elsewhere"}}', "host"),
        ('{"version": 1, "facts": {"page_cap": 1.5}}', "page_cap"),
        ('{"version": 1, "facts": {"page_cap": -1}}', "page_cap"),
        ('{"version": 1, "host": 5}', "host"),
        ('{"version": 1, "learnt_at": "yesterday"}', "learnt_at"),
        ('{"version": 1, "learnt_at": "2026-01-31T12:00:00"}', "learnt_at"),
    ],
)
def test_a_file_that_is_none_is_refused_by_the_part_that_is_wrong(text: str, field: str) -> None:
    with pytest.raises(InvalidProfile) as caught:
        ServiceProfile.from_json(text)
    assert caught.value.field == field


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidProfile, match=r"nowhere\.json cannot be read"):
        ServiceProfile.read(tmp_path / "nowhere.json")
    (tmp_path / "latin.json").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidProfile, match="UTF-8"):
        ServiceProfile.read(tmp_path / "latin.json")


def test_what_recognition_asks_follows_from_the_facts() -> None:
    assert DOCUMENTS.explained == "yes"
    assert DOCUMENTS.learn({"text_listed": "other"}).explained == "no"
    assert DOCUMENTS.learn({"text_listed": "hidden"}).explained == "hidden"


@pytest.mark.parametrize(
    ("host", "account", "days", "words"),
    [
        ("edge.ippanel.com", "7", 89, []),
        ("", "", 0, []),
        ("relay.example.com", "7", 1, ["host"]),
        ("edge.ippanel.com", "8", 1, ["account"]),
        ("edge.ippanel.com", "7", 91, ["90 days"]),
        ("relay.example.com", "8", 400, ["host", "account", "90 days"]),
    ],
)
def test_a_profile_of_others_or_of_long_ago_is_warned_of(host: str, account: str, days: int, words: list[str]) -> None:
    mine = dataclasses.replace(DOCUMENTS.learn({"page_cap": 5}, at=NOON), host="edge.ippanel.com", account="7")
    found = mine.warnings(host=host, account=account, now=NOON + timedelta(days=days))
    assert [word in warning for word, warning in zip(words, found, strict=True)] == [True] * len(words)
    assert DOCUMENTS.warnings(host=host, account=account) == []
    assert ServiceProfile.from_json(mine.to_json()) == mine
