"""On any panel: what was accepted is recognised, however it is listed, and what was not goes out once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.chunks import SharedText, Single
from ippanel_provider.campaign.ledger.base import Ledger
from ippanel_provider.campaign.ledger.memory import MemoryLedger
from ippanel_provider.campaign.order import Order
from ippanel_provider.campaign.results import Progress
from ippanel_provider.campaign.run import deliver, run
from ippanel_provider.client import Client, IPPanelError, edge
from tests.campaign.conftest import KEY, Campaign, people
from tests.campaign.test_sender import SEND

TEXT = "سلام، کتاب‌های تازهٔ ما رسید ۱۲۳\r\nفروشگاه "
PANELS: list[dict[str, Any]] = [
    {"suffix_appended": True},
    {"letters": "arabic"},
    {"letters": "persian", "line_ends": "crlf"},
    {"half_spaces": "dropped", "trailing_space": "dropped"},
    {"half_spaces": "space", "line_ends": "lf"},
    {"recipient_form": "98"},
    {"recipient_form": "0", "recipient_texts": False},
    {"counts": "zero"},
    {"counts": "one_less", "recipients_lacking": 1},
    {"text_listed": "other"},
    {"text_listed": "hidden"},
    {"send_times": "minute"},
    {"send_times": "created", "filter_zone": "tehran"},
    {"clock_offset": -120.0},
    {"clock_offset": 120.0},
    {"ids": "blocks"},
    {"page_figures": False},
    {"page_cap": 5},
    {"pages_shift": 1},
    {"page_order": "oldest"},
    {"suffix_appended": True, "letters": "arabic", "half_spaces": "dropped", "recipient_form": "0", "counts": "zero"},
]


def named(facts: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in facts.items())


def everybody() -> list[Message]:
    return people(25, TEXT)


def went_out(campaign: Campaign) -> Counter[str]:
    """Who gets a text, and how many."""
    campaign.sandbox.advance(7200)
    campaign.sandbox.settle()
    return Counter(text["recipient"] for text in campaign.sandbox.messages() if text["state_id"] != 7)


@pytest.fixture(params=["task"])
def home(request: pytest.FixtureRequest, tmp_path: Any) -> Callable[[], Ledger]:
    from tests.campaign.conftest import ledger_home

    return ledger_home(request.param, tmp_path)


@pytest.fixture
def on_panel(campaign: Campaign) -> Callable[[dict[str, Any]], Campaign]:
    def furnish(facts: dict[str, Any]) -> Campaign:
        campaign.sandbox.account(duplicate_guard=0)
        campaign.sandbox.profile(**facts)
        campaign.client.run(edge.send.webservice("پیام دیروز", ["09120000999"], sender=campaign.sandbox.sender))
        return campaign

    return furnish


@pytest.mark.parametrize("facts", PANELS, ids=named)
@pytest.mark.parametrize(("delivery", "shared"), [("direct", True), ("scheduled", True), ("direct", False)])
def test_a_send_whose_answer_is_lost_is_recognised_and_not_repeated(
    on_panel: Callable[[dict[str, Any]], Campaign], facts: dict[str, Any], delivery: str, shared: bool
) -> None:
    campaign = on_panel(facts)
    campaign.sandbox.fault("drop_after", **SEND, times=1, after=1)
    messages = everybody()
    campaign.attempt(messages, shared_text=TEXT if shared else None, delivery=delivery)
    assert campaign.sandbox.stats()["requests"]["POST /api/send"] == 4
    others = Counter({"+989120000999": 1})
    assert went_out(campaign) - others == Counter(message.recipient for message in messages)


@pytest.mark.parametrize("facts", PANELS[::4], ids=named)
def test_a_send_that_nobody_took_goes_out_once(
    on_panel: Callable[[dict[str, Any]], Campaign], facts: dict[str, Any]
) -> None:
    campaign = on_panel(facts)
    campaign.sandbox.fault("drop_before", **SEND, times=1, after=1)
    campaign.attempt(everybody(), shared_text=TEXT)
    assert went_out(campaign) - Counter({"+989120000999": 1}) == Counter(to.recipient for to in everybody())


@pytest.mark.parametrize("fault", [{"status": 403}, {"status": 499}, {"status": 200}])
def test_a_page_of_the_cdn_after_it_was_taken_is_a_doubt(
    on_panel: Callable[[dict[str, Any]], Campaign], fault: dict[str, Any]
) -> None:
    campaign = on_panel({})
    campaign.sandbox.fault("html", **SEND, times=1, after=1, processed=True, **fault)
    campaign.attempt(everybody(), shared_text=TEXT)
    assert went_out(campaign) - Counter({"+989120000999": 1}) == Counter(to.recipient for to in everybody())


@pytest.mark.parametrize("status", [302, 303])
def test_a_redirect_after_it_was_taken_is_a_doubt(on_panel: Callable[[dict[str, Any]], Campaign], status: int) -> None:
    campaign = on_panel({})
    campaign.sandbox.fault("redirect", **SEND, times=1, after=1, processed=True, status=status)
    campaign.attempt(everybody(), shared_text=TEXT)
    assert went_out(campaign) - Counter({"+989120000999": 1}) == Counter(to.recipient for to in everybody())


def test_fewer_ids_than_were_accepted_are_looked_for(on_panel: Callable[[dict[str, Any]], Campaign]) -> None:
    campaign = on_panel({})
    campaign.sandbox.fault("fewer_ids", **SEND, times=1, after=1, accept=4)
    assert campaign.attempt(everybody()).accepted == 25
    assert went_out(campaign) - Counter({"+989120000999": 1}) == Counter(to.recipient for to in everybody())


def test_two_phonebooks_with_one_text_are_told_apart_by_their_numbers(
    on_panel: Callable[[dict[str, Any]], Campaign], client: Client, tmp_path: Any
) -> None:
    from tests.campaign.conftest import ledger_home

    campaign = on_panel({})
    sandbox = campaign.sandbox
    books = [
        sandbox.add_phonebook(f"book {count}", [{"number": f"09120{count}00{n:03d}"} for n in range(count)])["id"]
        for count in (2, 3)
    ]

    def order(book: int, count: int) -> Order:
        build = lambda send_time: edge.send.phonebook(TEXT, [book], sender=sandbox.sender, send_time=send_time)  # noqa: E731
        return Order(sender=sandbox.sender, kind=Single(build, TEXT, count), settle=0.3)

    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    second = ledger_home("task", tmp_path / "b")
    sandbox.fault("drop_before", **SEND, times=1)
    try:
        run(order(books[1], 3), None, client, second())
    except IPPanelError:
        sandbox.lift()
    run(order(books[0], 2), None, client, ledger_home("task", tmp_path / "a")())
    run(order(books[1], 3), None, client, second())
    assert went_out(campaign).total() == 1 + 2 + 3


class TestWhatItCosts:
    """Requests beside the sends, when nothing goes wrong."""

    def beside(self, campaign: Campaign, ledger: MemoryLedger) -> Counter[str]:
        campaign.sandbox.account(duplicate_guard=0)
        before = Counter(campaign.sandbox.stats()["requests"])
        deliver(replace(campaign.terms, kind=SharedText(TEXT)), everybody(), campaign.client, ledger, Progress())
        return Counter(campaign.sandbox.stats()["requests"]) - before - Counter({"POST /api/send": 3})

    def test_the_first_campaign_reads_the_newest_page_and_an_own_bulk_back(self, campaign: Campaign) -> None:
        assert self.beside(campaign, MemoryLedger(KEY)) == {
            "POST /api/report/new_list": 2,
            "GET /api/report/recipients": 1,
        }

    def test_within_a_day_a_campaign_reads_only_the_newest_page(self, campaign: Campaign) -> None:
        first, second = MemoryLedger(KEY), MemoryLedger(KEY)
        self.beside(campaign, first)
        second.learn(first.learnt())
        assert self.beside(campaign, second) == {"POST /api/report/new_list": 1}

    def test_a_try_that_has_nothing_to_send_asks_nothing(self, campaign: Campaign) -> None:
        campaign.attempt(everybody(), shared_text=TEXT)
        before = Counter(campaign.sandbox.stats()["requests"])
        assert campaign.attempt(everybody(), shared_text=TEXT).before == 25
        assert Counter(campaign.sandbox.stats()["requests"]) == before
