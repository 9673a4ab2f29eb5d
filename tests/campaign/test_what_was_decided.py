"""What a person has decided about texts in doubt: done by the next try, after it has looked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ippanel_provider.campaign.chunks import SharedText
from ippanel_provider.campaign.doubts import InDoubt
from ippanel_provider.campaign.ledger.base import Decision, Ledger, Task
from ippanel_provider.campaign.ledger.task_state import TaskLedger
from ippanel_provider.campaign.ledger.variables import VariableLedger
from ippanel_provider.campaign.order import Order
from ippanel_provider.campaign.results import Progress
from ippanel_provider.campaign.run import deliver
from ippanel_provider.campaign.schedule import Clock
from ippanel_provider.client import Client, IPPanelError
from ippanel_provider.sandbox.runner import RunningSandbox
from tests.campaign.conftest import KEY, Store, Time, Variables, people
from tests.campaign.test_sender import SEND

TEXT = "سلام به همه"
ONCE = Counter(message.recipient for message in people(8, TEXT))
LIST = "/api/report/new_list"


@pytest.fixture
def order(ippanel_sandbox: RunningSandbox) -> Order:
    ippanel_sandbox.account(duplicate_guard=0)
    return Order(sender=ippanel_sandbox.sender, kind=SharedText(TEXT), chunk_size=4, concurrency=1)


@pytest.fixture
def attempt(order: Order, hasty: Client, home: Callable[[], Ledger], time: Time) -> Callable[..., Progress]:
    """Try once; a decision about the first chunk is written down before."""

    def once(decision: Decision | None = None, number: int = 1, clock: Clock = time.clock) -> Progress:
        ledger, progress = home(), Progress()
        if decision:
            list(ledger.history())
            assert ledger.decide(number, decision, "Mina")
        deliver(order, people(8, TEXT), hasty, ledger, progress, clock=clock)
        return progress

    return once


def leave_in_doubt(attempt: Callable[..., Progress], sandbox: RunningSandbox, fault: str, **given: Any) -> None:
    """The first chunk is left unanswered on a list that stands still."""
    sandbox.fault(fault, **SEND, times=1, **given)
    sandbox.fault("outbox_lag", path=LIST, seconds=3600)
    with pytest.raises(InDoubt):
        attempt()
    sandbox.lift()


class Killed(BaseException):
    """The process ends here."""


def scheduled(sandbox: RunningSandbox, time: Time) -> set[int]:
    """The bulks that are still to go out."""
    return {
        text["outbox_id"] for text in sandbox.messages() if text["state_id"] != 7 and text["send_time"] > time.now + 60
    }


def got(sandbox: RunningSandbox, time: Time) -> Counter[str]:
    time.sleep(20_000)
    return Counter(text["recipient"] for text in sandbox.messages() if text["state_id"] != 7)


@pytest.mark.parametrize("decision", [Decision.SEND_AGAIN, Decision.TREAT_AS_SENT])
def test_what_the_outbox_shows_by_then_goes_before_what_was_decided(
    attempt: Callable[..., Progress], ippanel_sandbox: RunningSandbox, time: Time, decision: Decision
) -> None:
    leave_in_doubt(attempt, ippanel_sandbox, "unanswered")
    progress = attempt(decision)
    assert (progress.accepted + progress.before, progress.skipped) == (8, 0)
    assert got(ippanel_sandbox, time) == ONCE


def test_what_no_look_shows_is_sent_again_at_once(
    attempt: Callable[..., Progress], ippanel_sandbox: RunningSandbox, time: Time
) -> None:
    leave_in_doubt(attempt, ippanel_sandbox, "status", status=504)
    attempt(Decision.SEND_AGAIN)
    assert not scheduled(ippanel_sandbox, time)
    assert got(ippanel_sandbox, time) == ONCE


def test_where_the_list_cannot_be_read_nothing_is_sent_again(
    attempt: Callable[..., Progress], ippanel_sandbox: RunningSandbox
) -> None:
    leave_in_doubt(attempt, ippanel_sandbox, "unanswered")
    ippanel_sandbox.fault("status", path=LIST, status=503)
    with pytest.raises(IPPanelError):
        attempt(Decision.SEND_AGAIN)
    ippanel_sandbox.lift()
    assert attempt().skipped == 0


def test_what_is_treated_as_sent_is_sent_to_nobody_and_told_from_what_was(
    attempt: Callable[..., Progress], ippanel_sandbox: RunningSandbox, time: Time
) -> None:
    leave_in_doubt(attempt, ippanel_sandbox, "status", status=504)
    ippanel_sandbox.fault("status", path=LIST, status=503)
    progress = attempt(Decision.TREAT_AS_SENT)
    assert (progress.before, progress.skipped) == (4, 4)
    assert got(ippanel_sandbox, time).total() == 4


@pytest.mark.parametrize("decision", [Decision.SEND_AGAIN, Decision.TREAT_AS_SENT])
@pytest.mark.parametrize("about", [1, 3])
def test_a_repetition_that_waits_for_its_time_is_cancelled_first(
    attempt: Callable[..., Progress],
    ippanel_sandbox: RunningSandbox,
    time: Time,
    decision: Decision,
    about: int,
) -> None:
    """The decision may be about either of the two."""

    def dies(seconds: float) -> None:
        if scheduled(ippanel_sandbox, time):
            raise Killed
        time.sleep(seconds)

    ippanel_sandbox.fault("status", **SEND, times=1, status=504)
    with pytest.raises(Killed):
        attempt(clock=Clock(lambda: time.now, dies))
    waiting = scheduled(ippanel_sandbox, time)
    attempt(decision, about)
    assert {text["state_id"] for text in ippanel_sandbox.messages() if text["outbox_id"] in waiting} == {7}
    assert got(ippanel_sandbox, time).total() == (8 if decision is Decision.SEND_AGAIN else 4)


def made_anew(kind: str) -> Callable[[str, int], Ledger]:
    """Return what opens one home for a generation and a try, as clears with ``on_clear="resend"`` do."""
    if kind == "task":
        store = Store()
        return lambda generation, number: TaskLedger(store, KEY, generation, try_number=number)
    variables = Variables()
    return lambda generation, number: VariableLedger(
        variables, KEY, Task("dag", "task", "run", try_number=number), generation
    )


@pytest.mark.parametrize("kind", ["task", "variables"])
@pytest.mark.parametrize("decision", [Decision.SEND_AGAIN, Decision.TREAT_AS_SENT])
def test_a_clear_goes_on_until_what_was_decided_is_done_and_begins_anew_only_after(
    order: Order, hasty: Client, ippanel_sandbox: RunningSandbox, time: Time, kind: str, decision: Decision
) -> None:
    """The try that was begun for the decision dies before it can do it."""
    home = made_anew(kind)

    def attempt(generation: str, number: int) -> Ledger:
        ledger = home(generation, number)
        deliver(order, people(8, TEXT), hasty, ledger, Progress(), clock=time.clock)
        return ledger

    ippanel_sandbox.fault("status", **SEND, times=1, status=504)
    ippanel_sandbox.fault("outbox_lag", path=LIST, seconds=3600)
    with pytest.raises(InDoubt):
        attempt("2", 1)
    ippanel_sandbox.lift()
    waits = home("2", 1)
    list(waits.history())
    waits.decide(1, decision, "Mina")
    list(home("5", 2).history())
    attempt("8", 3)
    expected = 8 if decision is Decision.SEND_AGAIN else 4
    assert got(ippanel_sandbox, time).total() == expected
    attempt("8", 4)
    assert got(ippanel_sandbox, time).total() == expected
    attempt("11", 5)
    assert got(ippanel_sandbox, time).total() == expected + 8


class TestA429:
    """After which the text may have been taken all the same."""

    @pytest.mark.parametrize("guard", [0, 40])
    def test_nobody_gets_a_text_twice_that_was_taken_before_it(
        self, attempt: Callable[..., Progress], ippanel_sandbox: RunningSandbox, time: Time, guard: int
    ) -> None:
        ippanel_sandbox.account(duplicate_guard=guard)
        ippanel_sandbox.fault("status", **SEND, times=1, status=429, processed=True)
        attempt()
        assert got(ippanel_sandbox, time) == ONCE

    def test_it_is_not_tried_again_where_no_guard_is_known_to_be(
        self, order: Order, hasty: Client, home: Callable[[], Ledger], ippanel_sandbox: RunningSandbox, time: Time
    ) -> None:
        """Also on a list that is later than any pause between two sends."""
        from ippanel_provider.service_profile import ServiceProfile

        ippanel_sandbox.profile(outbox_lag=60.0)
        ippanel_sandbox.fault("status", **SEND, times=1, status=429, processed=True)
        known = replace(order, profile=ServiceProfile().learn({"guard_seconds": 0.0}))
        deliver(known, people(8, TEXT), hasty, home(), Progress(), clock=time.clock)
        assert got(ippanel_sandbox, time) == ONCE

    def test_it_is_waited_out_where_nothing_shows(
        self, attempt: Callable[..., Progress], ippanel_sandbox: RunningSandbox, time: Time
    ) -> None:
        ippanel_sandbox.fault("status", **SEND, times=2, status=429, retry_after=3)
        began = time.now
        attempt()
        assert time.now - began < 30
        assert got(ippanel_sandbox, time) == ONCE


def test_a_text_that_the_service_doubled_is_told_with_both_ids_and_counted(
    attempt: Callable[..., Progress], ippanel_sandbox: RunningSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    ippanel_sandbox.fault("repeated", **SEND, times=1, answer="credit")
    with pytest.raises(IPPanelError):
        attempt()
    first, second = sorted({text["outbox_id"] for text in ippanel_sandbox.messages()})
    assert attempt().doubled == 1
    assert f"Outbox ids {first} and {second} are one chunk: the service made two bulks of one request." in caplog.text
