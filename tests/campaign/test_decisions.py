"""What a person sees of a SQL ledger and decides about what is in doubt, by ``ippanel campaign``."""

from __future__ import annotations

import json
import re
import shlex
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.chunks import Chunk
from ippanel_provider.campaign.ledger.base import Claim, Decision, Forgotten, Intent, Outcome, Task
from ippanel_provider.campaign.ledger.decisions import AT_WORK, SETTLE, overviews
from ippanel_provider.campaign.ledger.schema import campaigns, chunks, runs
from ippanel_provider.campaign.ledger.sql import SqlLedger
from ippanel_provider.cli import main
from tests.campaign.conftest import KEY, form_of, people
from tests.docs import pages


class Told(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Told]


@pytest.fixture
def engine(tmp_path: Path) -> sa.Engine:
    return sa.create_engine(f"sqlite:///{tmp_path / 'ledger.sqlite'}")


@pytest.fixture
def command(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run ``ippanel campaign`` over the ledger."""
    monkeypatch.setenv("IPPANEL_LEDGER", str(engine.url))

    def run(*arguments: str) -> Told:
        capsys.readouterr()
        try:
            code = main(["campaign", *arguments])
        except SystemExit as end:
            code = int(end.code or 0)
        return Told(code, *capsys.readouterr())

    return run


def opened(engine: sa.Engine, name: str = "sale", *, number: int = 1, run: str = "monday", **options: Any) -> SqlLedger:
    task = Task(
        "shop", "send", run, options.pop("map_index", -1), number, "ippanel_default", "+983000505", "SharedText"
    )
    ledger = SqlLedger(engine, KEY, name, task=task, **options)
    list(ledger.history())
    return ledger


def claim(ledger: SqlLedger, messages: list[Message]) -> Intent:
    (claimed,) = ledger.intend([Claim.of(Chunk(tuple(messages), form_of(None)), ledger.key)])
    return claimed.intent


def let_pass(engine: sa.Engine, seconds: float) -> None:
    """Make everything that is written down so much older."""
    with engine.begin() as connection:
        for table, names in ((chunks, ("intended_at",)), (runs, ("began_at", "seen_at")), (campaigns, ("touched_at",))):
            connection.execute(sa.update(table).values({name: table.c[name] - seconds for name in names}))


@pytest.fixture
def doubt(engine: sa.Engine) -> Intent:
    """A campaign of 30 with 10 confirmed and 10 in doubt, whose task has ended long ago."""
    ledger = opened(engine)
    ledger.tell({"state": "in doubt", "planned": 30, "cost": 51000, "rejected": 2, "rejected_why": {"no number": 2}})
    ledger.settle(claim(ledger, people(10)), Outcome(tuple(range(10))))
    intent = claim(ledger, people(20)[10:])
    ledger.flush()
    let_pass(engine, AT_WORK + SETTLE)
    return intent


def test_without_a_ledger_it_says_what_to_set(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    assert command("list").out == "No campaigns.\n"
    monkeypatch.delenv("IPPANEL_LEDGER")
    told = command("list")
    assert (told.code, told.out) == (2, "")
    assert "ledger" in told.err
    monkeypatch.setenv("IPPANEL_LEDGER", "sqlite:////nowhere/of/this/name")
    assert command("list").code == 3
    monkeypatch.setenv("IPPANEL_LEDGER", "nonsense://somebody:hidden@host/x")
    told = command("list")
    assert told.code == 3
    assert "hidden" not in told.err


def test_the_list_has_each_campaign_with_what_is_accepted_planned_and_in_doubt(
    command: Command, engine: sa.Engine, doubt: Intent
) -> None:
    done = opened(engine, "تخفیف 🎉")
    done.settle(claim(done, people(5)), Outcome((1,)))
    done.finish()
    first, second = command("list", "--json").json["campaigns"]
    assert (first["name"], first["state"], first["recipients"]) == ("تخفیف 🎉", "done", {"confirmed": 5})
    assert (second["name"], second["state"], second["planned"]) == ("sale", "in doubt", 30)
    assert second["recipients"] == {"confirmed": 10, "open": 10}
    lines = command("list").out.splitlines()
    assert lines[0].startswith("████████████████████  done")
    assert lines[1].startswith("██████▒▒▒▒▒▒▒·······  in doubt   10 of 30 accepted, 10 open")


def test_show_says_who_works_on_it_and_what_is_open_without_a_number_or_text(command: Command, doubt: Intent) -> None:
    told = command("show", "sale", "--json").json
    (part,) = told["parts"]
    assert (part["dag_id"], part["task_id"], part["run_id"]) == ("shop", "send", "monday")
    assert (part["sender"], part["form"], part["report"]["cost"]) == ("+983000505", "SharedText", 51000)
    (chunk,) = told["open"]
    assert (chunk["number"], chunk["size"], chunk["lines"]) == (doubt.number, 10, [11, 20])
    out = command("show", "sale").out
    assert "chunk 2: 10 recipients, source rows 11 to 20" in out
    assert "912000" not in out + json.dumps(told)
    assert "سلام" not in out


@pytest.mark.parametrize("decision", ["look", "send-again", "treat-as-sent"])
def test_a_decision_is_there_for_the_next_try_with_who_and_when(
    command: Command, engine: sa.Engine, doubt: Intent, decision: str
) -> None:
    told = command("resolve", "sale", "2", f"--{decision}", "--by", "Mina")
    assert told.code == 0, told.err
    assert "Clear the task" in told.out
    assert opened(engine, number=2).decided() == {2: decision}
    assert f"Mina: {decision}" in command("show", "sale").out


def test_the_commands_of_the_documentation_show_what_it_shows(command: Command, doubt: Intent) -> None:
    (fence,) = [fence for fence in pages.fences("memory.md", "console") if "ippanel campaign" in fence.code]
    told = "".join(command(*shlex.split(line)[2:]).out for line in pages.commands(fence.code))
    shown = "".join(line for line in fence.code.splitlines(keepends=True) if not line.startswith("$"))
    moment = r"\d{4}-\d\d-\d\dT[\d:]+\+00:00"
    counts = "    planned 30, cost 51,000, rejected 2\n    2 rejected: no number\n"
    assert re.sub(moment, "…", told.replace(counts, "")) == re.sub(moment, "…", shown)


def test_what_is_settled_unknown_or_may_still_be_under_way_is_not_decided(
    command: Command, engine: sa.Engine, doubt: Intent
) -> None:
    for arguments, why in (
        (("nosale", "2"), "not found in this ledger"),
        (("sale", "7"), "chunk: 7 not found"),
        (("sale", "1"), "is confirmed already"),
    ):
        told = command("resolve", *arguments, "--look", "--by", "me")
        assert told.code == 2
        assert why in told.err
    opened(engine, number=2)
    told = command("resolve", "sale", "2", "--send-again", "--by", "me")
    assert told.code == 2
    assert "may still be at work" in told.err
    ledger = opened(engine, number=3)
    claim(ledger, people(30)[20:])
    ledger.tell({"state": "failed"})
    ledger.flush()
    assert "was sent just now" in command("resolve", "sale", "3", "--send-again", "--by", "me").err
    assert ledger.decided() == {}


def test_a_decision_is_made_once_the_chunk_is_open_and_never_after(engine: sa.Engine, doubt: Intent) -> None:
    ledger = opened(engine, number=2)
    assert ledger.decide(doubt.number, Decision.LOOK, "Mina")
    ledger.settle(doubt, Outcome((77,)))
    ledger.flush()
    assert not ledger.decide(doubt.number, Decision.SEND_AGAIN, "Mina")
    assert ledger.decided() == {}


def test_given_up_is_told_from_confirmed(command: Command, engine: sa.Engine, doubt: Intent) -> None:
    ledger = opened(engine, number=2)
    ledger.settle(doubt, Outcome(is_given_up=True))
    ledger.finish()
    assert opened(engine, number=3).outcome_of(doubt) == Outcome(is_given_up=True)
    assert command("list", "--json").json["campaigns"][0]["recipients"] == {"confirmed": 10, "given up": 10}
    assert "10 given up" in command("list").out


def test_a_clear_to_take_up_a_decision_goes_on_with_the_campaign_also_where_a_clear_begins_anew(
    command: Command, engine: sa.Engine
) -> None:
    claim(opened(engine, generation="2"), people(10))
    let_pass(engine, AT_WORK + SETTLE)
    assert command("resolve", "sale", "1", "--look", "--by", "Mina").code == 0
    taking_up = opened(engine, generation="5", number=2)
    assert taking_up.decided() == {1: "look"}
    assert list(taking_up.unknown(people(10))) == []
    assert list(opened(engine, generation="5", number=3).unknown(people(10))) == []
    assert list(opened(engine, generation="8", number=4).unknown(people(10))) == people(10)


def test_a_clear_goes_on_until_what_was_decided_is_done(command: Command, engine: sa.Engine) -> None:
    """The try that was begun for it dies before it comes so far."""
    intent = claim(opened(engine, generation="2"), people(10))
    let_pass(engine, AT_WORK + SETTLE)
    assert command("resolve", "sale", "1", "--send-again", "--by", "Mina").code == 0
    opened(engine, generation="5", number=2)
    doing = opened(engine, generation="8", number=3)
    assert doing.decided() == {1: "send-again"}
    doing.settle(intent, Outcome.nothing(intent))
    assert list(opened(engine, generation="11", number=4).history()) == []


@pytest.mark.parametrize(("settle", "minutes"), [(None, 15), (20.0, 3), (600.0, 75)])
def test_how_long_a_task_may_be_at_work_follows_from_its_own_patience(
    command: Command, engine: sa.Engine, settle: float | None, minutes: int
) -> None:
    ledger = opened(engine)
    claim(ledger, people(10))
    ledger.tell({} if settle is None else {"settle": settle})
    ledger.flush()
    told = command("resolve", "sale", "1", "--look", "--by", "Mina")
    assert f"ask again in {minutes} minutes" in told.err
    let_pass(engine, minutes * 60)
    assert command("resolve", "sale", "1", "--look", "--by", "Mina").code == 0


def test_a_question_that_was_put_is_there_for_a_retry_before_it_is_put_again(engine: sa.Engine) -> None:
    ledger = opened(engine)
    assert ledger.asked() is None
    ledger.ask({"ti_id": "abc", "chunks": [2]})
    assert opened(engine, number=2).asked() == {"ti_id": "abc", "chunks": [2]}
    ledger.ask(None)
    assert opened(engine, number=3).asked() is None


def test_a_part_that_vanished_with_an_earlier_run_is_found_by_the_next_one(engine: sa.Engine) -> None:
    lost = claim(opened(engine, run="monday", part="7", map_index=7), people(10))
    assert [
        intent
        for intent, _ in SqlLedger(engine, KEY, "sale", part="0", task=Task("shop", "send", "tuesday", 0)).history()
    ] == []
    let_pass(engine, AT_WORK + 1)
    other = SqlLedger(engine, KEY, "sale", part="0", task=Task("shop", "send", "tuesday", 0))
    assert [(intent.members, outcome) for intent, outcome in other.history()] == [(lost.members, None)]
    other.settle(lost, Outcome.nothing(lost))
    assert list(other.unknown(people(10))) == people(10)


def test_a_later_try_is_seen_by_the_one_before(engine: sa.Engine) -> None:
    zombie = opened(engine)
    assert not zombie.is_superseded()
    opened(engine, number=2)
    assert zombie.is_superseded()
    assert not opened(engine, number=2).is_superseded()


def test_all_workers_of_a_campaign_share_its_rate(engine: sa.Engine) -> None:
    one, two = opened(engine, part="1", map_index=1), opened(engine, part="2", map_index=2)
    waits = [ledger.pace(0.01) for ledger in (one, two, one, two)]
    assert waits[0] == 0
    assert 200 < waits[3] <= 300


def test_what_was_pruned_is_not_taken_for_new(command: Command, engine: sa.Engine, doubt: Intent) -> None:
    done = opened(engine, "done", keep_for=86400.0)
    done.settle(claim(done, people(5)), Outcome((1,)))
    done.finish()
    assert command("prune", "--json").json == {"pruned": 0, "in_doubt": 0}
    let_pass(engine, 2 * 86400)
    assert command("prune", "--json").json == {"pruned": 1, "in_doubt": 0}
    with pytest.raises(Forgotten, match=r"were pruned, .*Nothing was sent"):
        opened(engine, "done")
    told = command("prune", "--older-than", "1d")
    assert "decide about it first" in told.out
    assert {each["name"]: each["state"] for each in command("list", "--json").json["campaigns"]} == {
        "done": "pruned",
        "sale": "in doubt",
    }


def test_what_was_learnt_holds_for_the_account_and_ids_are_known_to_all_its_campaigns(engine: sa.Engine) -> None:
    one, other = opened(engine, "one", account="a"), opened(engine, "two", account="b")
    one.learn({"lists_text": "folded"})
    one.learn({"lists_text": "hidden"})
    one.settle(claim(one, people(1)), Outcome((5,)))
    one.flush()
    same = opened(engine, "three", account="a")
    assert (same.learnt(), same.claimed(0)) == ({"lists_text": "hidden"}, {5})
    assert (other.learnt(), other.claimed(0)) == ({}, set())
    assert same.claimed(time.time() + 1) == set()


def test_names_that_a_database_may_take_for_one_are_two_campaigns(engine: sa.Engine) -> None:
    names = ["Promo", "promo", "promo ", "promo 🎉", "promo 🎂", "تخفیف ۱", "تخفیف 1", "کد", "كد", "x" * 5000]
    for name in names:
        ledger = opened(engine, name)
        assert list(ledger.unknown(people(1))) == people(1), name
        ledger.settle(claim(ledger, people(1)), Outcome((1,)))
        ledger.flush()
        assert list(opened(engine, name).unknown(people(1))) == []


def test_a_dry_run_writes_nothing_and_knows_whom_others_have_reached(engine: sa.Engine) -> None:
    assert list(opened(engine, only_reads=True).unknown(people(3))) == people(3)
    assert sa.inspect(engine).get_table_names() == []
    ledger = opened(engine)
    ledger.settle(claim(ledger, people(2)), Outcome((1, 2)))
    ledger.flush()
    assert list(opened(engine, only_reads=True, run="tuesday").unknown(people(3))) == people(3)[2:]
    assert list(opened(engine, "another", only_reads=True).unknown(people(3))) == people(3)
    with engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(runs)).scalar() == 1


@pytest.mark.parametrize(
    ("first", "second", "counts"),
    [
        (None, Outcome((7,)), {"open": 10}),
        (None, None, {"open": 10}),
        (Outcome(void=frozenset(range(10))), Outcome((7,)), {"confirmed": 10, "void": 10}),
    ],
    ids=["the second is accepted", "neither is known", "the first got nothing"],
)
def test_people_who_are_sent_to_again_count_once(
    engine: sa.Engine, first: Outcome | None, second: Outcome | None, counts: dict[str, int]
) -> None:
    ledger = opened(engine)
    draft = Claim.of(Chunk(tuple(people(10)), form_of(None)), ledger.key)
    ((one, _),) = ledger.intend([draft])
    ((two, _),) = ledger.intend([draft._replace(intent=replace(draft.intent, again=one.number))])
    for intent, outcome in ((one, first), (two, second)):
        if outcome:
            ledger.settle(intent, outcome)
    ledger.flush()
    (found,) = overviews(engine)
    assert {state: count for state, count in found.recipients.items() if count} == counts


def test_a_task_that_waits_for_an_answer_is_in_doubt_and_not_at_work(
    command: Command, engine: sa.Engine, doubt: Intent
) -> None:
    asking = opened(engine)
    assert command("show", "sale", "--json").json["state"] == "sending"
    asking.ask({"try": 1})
    shown = command("show", "sale", "--json").json
    assert (shown["state"], shown["planned"]) == ("in doubt", 30)
    assert command("resolve", "sale", "2", "--look", "--by", "Mina").code == 0
