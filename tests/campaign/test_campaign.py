"""Rows on their way to the sender: what is held back, and what is said of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ippanel_provider.campaign.audience import Row
from ippanel_provider.campaign.chunks import OwnTexts
from ippanel_provider.campaign.cost import TooLittleCredit, tariff_of
from ippanel_provider.campaign.ledger.base import Ledger
from ippanel_provider.campaign.order import OncePer, Order
from ippanel_provider.campaign.results import Progress
from ippanel_provider.campaign.run import deliver
from ippanel_provider.campaign.screening import Campaign
from ippanel_provider.client import Client, InvalidInput
from ippanel_provider.sandbox.runner import RunningSandbox

COST = 1330.1
"""Of one part to a number of MCI, in the sandbox."""


class Source:
    """Rows that can be read again, and what became of the reading."""

    def __init__(self, count: int, breaks_at: int | None = None) -> None:
        self.count = count
        self.breaks_at = breaks_at
        self.begun = self.closed = 0

    def __call__(self) -> Iterator[Row]:
        self.begun += 1
        try:
            for n in range(self.count):
                if n == self.breaks_at:
                    raise InvalidInput("line 7: broken")
                yield Row(n + 1, f"0912{n:07d}", f"سلام {n}")
        finally:
            self.closed += 1


@pytest.fixture
def send(ippanel_sandbox: RunningSandbox, client: Client, home: Callable[[], Ledger]) -> Callable[..., Campaign]:
    """Send a source, as a try of a task does."""

    def run(source: Source, **options: Any) -> Campaign:
        sender = ippanel_sandbox.sender
        campaign = Campaign(source, OncePer.MESSAGE, tariff_of(client, sender), Progress(), **options)
        ledger = home()
        order = Order(sender=sender, kind=OwnTexts(), chunk_size=10, settle=0.3)
        deliver(order, campaign.messages(client, ledger), client, ledger, campaign.progress)
        return campaign

    return run


def sent(sandbox: RunningSandbox) -> int:
    return len(sandbox.messages())


def test_with_a_first_pass_the_credit_has_to_cover_the_whole(
    ippanel_sandbox: RunningSandbox, send: Callable[..., Campaign]
) -> None:
    ippanel_sandbox.account(credit=24 * COST)
    with pytest.raises(TooLittleCredit, match="what is to be sent"):
        send(Source(25), first_pass=True)
    assert sent(ippanel_sandbox) == 0
    ippanel_sandbox.account(credit=25 * COST + 1)
    campaign = send(Source(25), first_pass=True)
    assert sent(ippanel_sandbox) == 25
    assert (campaign.progress.total, campaign.estimate.parts) == (25, 25)


def test_a_retry_needs_credit_only_for_those_who_got_nothing(
    ippanel_sandbox: RunningSandbox, send: Callable[..., Campaign]
) -> None:
    send(Source(20), first_pass=True)
    ippanel_sandbox.account(credit=5 * COST + 1)
    send(Source(25), first_pass=True)
    assert sent(ippanel_sandbox) == 25
    ippanel_sandbox.account(credit=0)
    assert send(Source(25), first_pass=True).progress.known == 25


def test_without_a_first_pass_the_credit_has_to_cover_the_first_chunk(
    ippanel_sandbox: RunningSandbox, send: Callable[..., Campaign]
) -> None:
    ippanel_sandbox.account(credit=COST)
    source = Source(25)
    with pytest.raises(TooLittleCredit, match="the first chunk"):
        send(source)
    assert sent(ippanel_sandbox) == 0
    assert (source.begun, source.closed) == (1, 1)
    ippanel_sandbox.account(credit=25 * COST + 1)
    assert send(source).progress.total is None


def test_the_check_can_be_left_out(ippanel_sandbox: RunningSandbox, send: Callable[..., Campaign]) -> None:
    ippanel_sandbox.account(credit=0)
    for first_pass in (True, False):
        send(Source(5), first_pass=first_pass, check_credit=False)
    assert sent(ippanel_sandbox) == 5


def test_a_source_that_breaks_off_is_found_out_before_anything_is_sent(
    ippanel_sandbox: RunningSandbox, send: Callable[..., Campaign]
) -> None:
    source = Source(25, breaks_at=24)
    with pytest.raises(InvalidInput, match="broken"):
        send(source, first_pass=True)
    assert sent(ippanel_sandbox) == 0
    assert source.begun == source.closed


def test_each_reject_is_told_once_and_the_log_says_how_it_goes(
    ippanel_sandbox: RunningSandbox, send: Callable[..., Campaign], caplog: pytest.LogCaptureFixture
) -> None:
    told: list[int] = []
    rows = [Row(1, "09120000001", "سلام"), Row(2, "0912", "سلام"), Row(3, "09120000001", "سلام")]
    with caplog.at_level(logging.INFO):
        campaign = send(lambda: rows, first_pass=True, on_reject=lambda row, reason: told.append(row.line))
    assert told == [2]
    assert campaign.progress.refused == 1
    assert (
        "3 rows: 1 recipients, 1 merged as repetitions, 0 suppressed, 1 rejected. To be sent: 1 recipients, 1 "
        "parts, about 1,330 rial" in (caplog.text)
    )
    sentence = campaign.progress.sentence()
    assert sentence.startswith("1 recipient accepted in 1 request, ")
    assert sentence.endswith(", 1 row rejected or suppressed.")


def test_the_time_left_is_told_where_the_total_is_known() -> None:
    progress = Progress(accepted=10, requests=1)
    assert "left" not in progress.sentence()
    progress.expect(1000)
    assert "left" in progress.sentence()
    progress.known = 990
    assert "left" not in progress.sentence()
