"""Situations in which texts came twice, got lost or stuck, each on the homes it is about."""

from __future__ import annotations

import itertools
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ippanel_provider.campaign.audience import Audience, Message, Row
from ippanel_provider.campaign.chunks import OwnTexts, Pattern, SharedText, Single
from ippanel_provider.campaign.doubts import InDoubt
from ippanel_provider.campaign.ledger.base import Ledger, Task
from ippanel_provider.campaign.ledger.hashes import MemberKey, secret_of
from ippanel_provider.campaign.ledger.memory import MemoryLedger
from ippanel_provider.campaign.ledger.sql import SqlLedger
from ippanel_provider.campaign.ledger.task_state import TaskLedger
from ippanel_provider.campaign.ledger.variables import VariableFacts, VariableLedger
from ippanel_provider.campaign.order import OncePer, Order
from ippanel_provider.campaign.results import Progress
from ippanel_provider.campaign.run import deliver
from ippanel_provider.campaign.schedule import Clock
from ippanel_provider.client import Client, IPPanelError, Upload, edge
from ippanel_provider.sandbox.runner import RunningSandbox
from tests.campaign.conftest import KEY, Store, Time, Variables, ledger_home, people
from tests.campaign.test_sender import SEND

TEXT = "سلام به همه"
LIST = "/api/report/new_list"
Attempt = Callable[..., Progress]


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def order(ippanel_sandbox: RunningSandbox) -> Order:
    ippanel_sandbox.account(duplicate_guard=0)
    return Order(sender=ippanel_sandbox.sender, kind=SharedText(TEXT), chunk_size=4, concurrency=1)


@pytest.fixture
def attempt(order: Order, hasty: Client, time: Time) -> Attempt:
    """Try once."""

    def once(
        ledger: Ledger, messages: Iterable[Message] | None = None, clock: Clock = time.clock, **terms: Any
    ) -> Progress:
        progress = Progress()
        sent = people(8, TEXT) if messages is None else messages
        deliver(replace(order, **terms), sent, hasty, ledger, progress, clock=clock)
        return progress

    return once


def until_green(attempt: Attempt, home: Callable[[], Ledger], time: Time, **given: Any) -> int:
    """Try until the task is green; return how many tries it took."""
    for number in itertools.count(1):
        assert number < 6, "the task waits for a person"
        try:
            attempt(home(), **given)
        except (IPPanelError, Killed):
            time.sleep(300)
        else:
            return number
    raise AssertionError


def got(sandbox: RunningSandbox, time: Time) -> Counter[str]:
    time.sleep(20_000)
    sandbox.settle()
    return Counter(text["recipient"] for text in sandbox.messages() if text["state_id"] != 7)


def once_each(count: int = 8) -> Counter[str]:
    return Counter(message.recipient for message in people(count))


def test_the_same_words_to_the_same_people_minutes_before_are_told_apart(
    attempt: Attempt, ippanel_sandbox: RunningSandbox, time: Time, tmp_path: Path
) -> None:
    """An alert of every minute; the second one is cut before it is read, and the first one is listed late."""
    variables = Variables()
    facts = VariableFacts(variables, "account")
    ippanel_sandbox.fault("listed_late", **SEND, times=1, seconds=100)
    attempt(TaskLedger(Store(), KEY, facts=facts, task=Task("d", "alert", "12:00")), people(3, TEXT))
    time.sleep(60)
    ippanel_sandbox.fault("reset", **SEND, times=1)
    second = Store()
    home = lambda: TaskLedger(second, KEY, facts=facts, task=Task("d", "alert", "12:01"))  # noqa: E731
    until_green(attempt, home, time, messages=people(3, TEXT))
    assert got(ippanel_sandbox, time) == once_each(3) + once_each(3)


def test_of_a_pattern_campaign_that_is_killed_midway_one_request_at_most_is_in_doubt(
    attempt: Attempt, hasty: Client, home: Callable[[], Ledger], ippanel_sandbox: RunningSandbox, time: Time
) -> None:
    made = edge.pattern.create("کد شما %code% است", variables={"code": "integer"}, description="ورود")
    code = hasty.run(made).code
    ippanel_sandbox.approve(code)
    rows = [Message(to.recipient, f"کد شما {n} است", n, {"code": n}) for n, to in enumerate(people(12), start=1)]

    def until_killed() -> Iterator[Message]:
        yield from rows[:5]
        raise Killed

    with pytest.raises(Killed):
        attempt(home(), until_killed(), kind=Pattern(code))
    ledger = home()
    assert sum(outcome is None for _, outcome in ledger.history()) <= 1
    assert until_green(attempt, getattr(home, "again", home), time, messages=rows, kind=Pattern(code)) == 1
    assert got(ippanel_sandbox, time) == once_each(12)


def test_a_list_that_lags_for_longer_than_it_is_given_leaves_a_doubt_at_every_try_and_repeats_nothing(
    attempt: Attempt, home: Callable[[], Ledger], ippanel_sandbox: RunningSandbox, time: Time
) -> None:
    ippanel_sandbox.fault("unanswered", **SEND, times=1)
    ippanel_sandbox.fault("outbox_lag", path=LIST, seconds=3600)
    for _ in range(2):
        with pytest.raises(InDoubt):
            attempt(home(), on_unconfirmed="fail")
    time.sleep(3600)
    attempt(home(), on_unconfirmed="fail")
    assert got(ippanel_sandbox, time) == once_each()


@pytest.mark.parametrize("service", [-120.0, 0.0])
@pytest.mark.parametrize("ahead", [360.0, -360.0])
def test_clocks_that_differ_by_minutes_confirm_and_repeat_nothing(
    attempt: Attempt,
    home: Callable[[], Ledger],
    ippanel_sandbox: RunningSandbox,
    time: Time,
    service: float,
    ahead: float,
) -> None:
    """The service's from ours, and ours of the first try from that of the next, on another machine."""
    ippanel_sandbox.profile(clock_offset=service)
    ippanel_sandbox.fault("unanswered", **SEND, times=1, after=1)
    ippanel_sandbox.fault("unauthorized", **SEND, times=1, after=1)
    ippanel_sandbox.fault("status", path=LIST, times=2, after=2, status=503)
    first = Clock(lambda: time.now + ahead, time.sleep)
    try:
        attempt(home(), clock=first)
    except IPPanelError:
        time.sleep(300)
    until_green(attempt, home, time)
    assert got(ippanel_sandbox, time) == once_each()


@pytest.mark.parametrize("kind", ["task", "variables", "sql"])
def test_a_text_with_the_time_of_the_try_in_it_comes_once(
    attempt: Attempt, ippanel_sandbox: RunningSandbox, time: Time, tmp_path: Path, kind: str
) -> None:
    """Two of the people get two texts each."""
    key = MemberKey(secret_of("places"), OncePer.PLACE)
    home = ledger_home(kind, tmp_path, key=key)

    def written(at: str) -> Iterator[Message]:
        words = [
            (to.recipient, f"{word} {at}")
            for word in ("سلام", "باز هم")
            for to in people(8)[: 8 if word == "سلام" else 2]
        ]
        rows = (Row(line, number, text) for line, (number, text) in enumerate(words, start=1))
        return Audience(OncePer.PLACE).screen(rows)

    ippanel_sandbox.fault("unauthorized", **SEND, times=1, after=1)
    with pytest.raises(IPPanelError):
        attempt(home(), written("12:00"), kind=OwnTexts(), once_per="place")
    attempt(home(), written("12:05"), kind=OwnTexts(), once_per="place")
    assert got(ippanel_sandbox, time) == once_each() + once_each(2)


def test_a_slow_request_of_a_try_that_still_goes_on_is_not_sent_again(
    attempt: Attempt, ippanel_sandbox: RunningSandbox, time: Time, tmp_path: Path
) -> None:
    """What settles a doubt counts from its last byte, whoever asks, also under ``resend``."""
    home = ledger_home("sql", tmp_path)
    ippanel_sandbox.fault("held", **SEND, times=1, seconds=100)
    slow = home()

    def gone(_: float) -> None:
        raise Killed

    with pytest.raises(Killed):
        attempt(slow, clock=Clock(lambda: time.now, gone))
    attempt(home(), on_unconfirmed="resend")
    assert got(ippanel_sandbox, time) == once_each()


def test_names_of_any_length_are_no_reason_to_fail(
    attempt: Attempt, ippanel_sandbox: RunningSandbox, time: Time, tmp_path: Path
) -> None:
    import sqlalchemy as sa

    engine = sa.create_engine(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    task = Task("d" * 250, "t" * 250, "r" * 250)
    for _ in range(2):
        attempt(SqlLedger(engine, KEY, f"{task.dag_id}/{task.task_id}/{task.run_id}", task=task))
        attempt(VariableLedger(Variables(), KEY, replace(task, run_id="x" * 250)), people(9, TEXT)[8:])
    assert got(ippanel_sandbox, time)["+989120000001"] == 1


@pytest.mark.parametrize("kind", ["variables", "task", "sql"])
@pytest.mark.parametrize("fault", [("status", {"status": 413}), ("unauthorized", {})])
def test_a_file_that_certainly_was_not_taken_is_sent_by_the_next_try(
    attempt: Attempt,
    ippanel_sandbox: RunningSandbox,
    time: Time,
    tmp_path: Path,
    kind: str,
    fault: tuple[str, dict[str, Any]],
) -> None:
    home, sender = ledger_home(kind, tmp_path), ippanel_sandbox.sender
    file = Upload("people.csv", "\n".join(["recipient", *once_each()]).encode())
    single = Single(lambda at: edge.send.file(TEXT, file, sender=sender, send_time=at), TEXT, 8)
    ippanel_sandbox.fault(fault[0], **SEND, times=1, **fault[1])
    assert until_green(attempt, home, time, messages=[Message("", sender)], kind=single) == 2
    assert got(ippanel_sandbox, time) == once_each()


@pytest.mark.parametrize("fault", ["unanswered", "reset"])
def test_what_is_listed_without_people_until_it_is_final_may_be_ours_and_is_never_absent(
    attempt: Attempt, home: Callable[[], Ledger], ippanel_sandbox: RunningSandbox, time: Time, fault: str
) -> None:
    """A person reviews it for an hour, and the texts are hidden."""
    ippanel_sandbox.profile(text_listed="hidden", recipients_listed="when_final")
    ippanel_sandbox.pace(3600 / float(ippanel_sandbox.control("GET", "clock")["life"]))
    ippanel_sandbox.fault(fault, **SEND, times=1)
    for _ in range(4):
        try:
            attempt(home())
        except IPPanelError:
            time.sleep(1500)
    assert set(got(ippanel_sandbox, time).values()) == {1}
    attempt(home())
    assert got(ippanel_sandbox, time) == once_each()


def test_ids_that_do_not_only_grow_are_said_and_their_order_counts_no_more(
    attempt: Attempt, ippanel_sandbox: RunningSandbox, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = MemoryLedger(KEY)
    ippanel_sandbox.profile(ids="blocks")
    with caplog.at_level(logging.WARNING):
        attempt(ledger, people(120, TEXT))
    assert "Outbox ids do not only grow on this panel; their order is not relied upon." in caplog.text
    ippanel_sandbox.fault("unanswered", **SEND, times=1, after=1)
    attempt(ledger, people(132, TEXT))
    assert got(ippanel_sandbox, time) == once_each(132)


def test_a_list_that_lags_seconds_at_noon_and_minutes_at_night_doubles_nothing(
    attempt: Attempt, home: Callable[[], Ledger], ippanel_sandbox: RunningSandbox, time: Time
) -> None:
    ippanel_sandbox.profile(outbox_lag=2.0)
    attempt(home(), people(8, TEXT))
    ippanel_sandbox.profile(outbox_lag=600.0)
    ippanel_sandbox.fault("unanswered", **SEND, times=1)
    until_green(attempt, home, time, messages=people(16, TEXT))
    assert got(ippanel_sandbox, time) == once_each(16)
