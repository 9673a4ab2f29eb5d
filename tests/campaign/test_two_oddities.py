"""Two things go wrong at once: what the second one hides must not undo what is known of the first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ippanel_provider.campaign.chunks import OwnTexts, SharedText, Single
from ippanel_provider.campaign.doubts import InDoubt
from ippanel_provider.campaign.ledger.base import Decision, Ledger
from ippanel_provider.campaign.ledger.memory import MemoryLedger
from ippanel_provider.campaign.order import Order
from ippanel_provider.campaign.results import Progress
from ippanel_provider.campaign.run import deliver, run
from ippanel_provider.client import Client, IPPanelError, edge
from ippanel_provider.sandbox.runner import RunningSandbox
from tests.campaign.conftest import KEY, Time, people
from tests.campaign.test_sender import SEND

TEXT = "سلام به همه"


@pytest.fixture
def order(ippanel_sandbox: RunningSandbox) -> Order:
    return Order(sender=ippanel_sandbox.sender, kind=SharedText(TEXT), chunk_size=4, concurrency=1)


def tries(order: Order, client: Client, home: Callable[[], Ledger], time: Time, gap: float = 300.0) -> int:
    """Try until the task is green, at most five times; return how many tries it took."""
    for number in range(1, 6):
        try:
            deliver(
                order,
                people(12, TEXT if isinstance(order.kind, SharedText) else f"{TEXT} {{n}}"),
                client,
                home(),
                Progress(),
                clock=time.clock,
            )
        except IPPanelError:
            time.sleep(gap)
        else:
            return number
    raise AssertionError("the task waits for a person")


def got(sandbox: RunningSandbox, time: Time) -> Counter[str]:
    time.sleep(20_000)
    return Counter(text["recipient"] for text in sandbox.messages() if text["state_id"] != 7)


def everybody() -> Counter[str]:
    return Counter(message.recipient for message in people(12, TEXT))


def test_a_repetition_that_a_gateway_doubled_and_the_credit_refused_is_looked_for(
    order: Order, hasty: Client, home: Callable[[], Ledger], time: Time, ippanel_sandbox: RunningSandbox
) -> None:
    ippanel_sandbox.fault("reset", **SEND, times=1, after=2)
    ippanel_sandbox.fault("repeated", **SEND, times=1, after=2, answer="credit")
    tries(replace(order, kind=OwnTexts(), delivery="scheduled", settle=200), hasty, home, time)
    assert got(ippanel_sandbox, time) == everybody()


def test_both_requests_of_a_campaign_for_later_were_lost_and_it_goes_on_before_its_time(
    order: Order, hasty: Client, home: Callable[[], Ledger], time: Time, ippanel_sandbox: RunningSandbox
) -> None:
    due = datetime.fromtimestamp(time.now, UTC) + timedelta(hours=6)
    ippanel_sandbox.fault("status", **SEND, times=1, after=1, status=503)
    ippanel_sandbox.fault("status", **SEND, times=1, after=2, status=503)
    tries(replace(order, send_time=due), hasty, home, time)
    assert time.now < due.timestamp() - 3600
    assert got(ippanel_sandbox, time) == everybody()


@pytest.mark.parametrize("fault", ["unanswered", "drop_before"])
def test_a_phonebook_on_a_panel_that_counts_nobody_is_told_by_how_many_are_listed(
    order: Order, hasty: Client, home: Callable[[], Ledger], time: Time, ippanel_sandbox: RunningSandbox, fault: str
) -> None:
    ippanel_sandbox.profile(counts="zero")
    book = ippanel_sandbox.add_phonebook("all", [{"number": message.recipient} for message in people(12, TEXT)])["id"]
    build = lambda at: edge.send.phonebook(TEXT, [book], sender=order.sender, send_time=at)  # noqa: E731
    ippanel_sandbox.fault(fault, **SEND, times=1)
    single = replace(order, kind=Single(build, TEXT, 12))
    for _ in range(4):
        try:
            run(single, None, hasty, home(), clock=time.clock)
            break
        except IPPanelError:
            time.sleep(300)
    else:
        raise AssertionError("the task waits for a person")
    assert got(ippanel_sandbox, time) == everybody()


def lose_the_first_chunk(
    order: Order, client: Client, home: Callable[[], Ledger], time: Time, sandbox: RunningSandbox
) -> None:
    sandbox.fault("unauthorized", **SEND, times=1, after=1)
    sandbox.fault("reset", **SEND, times=1)
    with pytest.raises(IPPanelError):
        deliver(order, people(12, TEXT), client, home(), Progress(), clock=time.clock)


def test_of_people_of_a_lost_request_whom_the_source_names_no_more_a_person_is_asked(
    order: Order, hasty: Client, home: Callable[[], Ledger], time: Time, ippanel_sandbox: RunningSandbox
) -> None:
    lose_the_first_chunk(order, hasty, home, time, ippanel_sandbox)
    with pytest.raises(InDoubt, match="The source no longer names 2 recipients of chunk 1"):
        deliver(order, people(12, TEXT)[2:], hasty, home(), Progress(), clock=time.clock)
    deliver(order, people(12, TEXT), hasty, home(), Progress(), clock=time.clock)
    assert got(ippanel_sandbox, time) == everybody()


def test_those_whom_the_source_still_names_are_sent_to_when_a_person_says_so(
    order: Order, hasty: Client, home: Callable[[], Ledger], time: Time, ippanel_sandbox: RunningSandbox
) -> None:
    lose_the_first_chunk(order, hasty, home, time, ippanel_sandbox)
    ledger = home()
    list(ledger.history())
    assert ledger.decide(1, Decision.SEND_AGAIN, "Mina")
    deliver(order, people(12, TEXT)[2:], hasty, home(), Progress(), clock=time.clock)
    assert got(ippanel_sandbox, time) == Counter(message.recipient for message in people(12, TEXT)[2:])


@pytest.mark.parametrize("fault", ["unanswered", "reset"])
@pytest.mark.parametrize("listed", ["hidden", "other"])
def test_a_panel_that_lists_texts_otherwise_than_was_learnt_is_learnt_anew(
    order: Order, hasty: Client, time: Time, ippanel_sandbox: RunningSandbox, fault: str, listed: str
) -> None:
    yesterday, today = MemoryLedger(KEY), MemoryLedger(KEY)
    deliver(replace(order, kind=SharedText("x")), people(12, "x"), hasty, yesterday, Progress(), clock=time.clock)
    today.learn(yesterday.learnt())
    first = {text["outbox_id"] for text in ippanel_sandbox.messages()}
    time.sleep(600)
    ippanel_sandbox.profile(text_listed=listed)
    ippanel_sandbox.fault(fault, **SEND, times=1, after=1)
    deliver(order, people(12, TEXT), hasty, today, Progress(), clock=time.clock)
    time.sleep(20_000)
    texts = [text for text in ippanel_sandbox.messages() if text["outbox_id"] not in first and text["state_id"] != 7]
    assert Counter(text["recipient"] for text in texts) == everybody()


def test_what_a_refusal_says_after_a_429_is_not_said_of_the_copy_before_it(
    order: Order, hasty: Client, home: Callable[[], Ledger], time: Time, ippanel_sandbox: RunningSandbox
) -> None:
    ippanel_sandbox.fault("repeated", **SEND, times=1, answer="guard")
    ippanel_sandbox.fault("unauthorized", **SEND, times=1)
    tries(order, hasty, home, time)
    assert got(ippanel_sandbox, time) == everybody()
