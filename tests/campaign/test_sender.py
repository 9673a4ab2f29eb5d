"""Nothing twice, nothing lost: each fault at each step of a campaign, judged by the sandbox's own record."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.chunks import Pattern, filled
from ippanel_provider.campaign.doubts import InDoubt
from ippanel_provider.campaign.ledger.base import Claim, Ledger
from ippanel_provider.campaign.ledger.hashes import MEMBER_BYTES, pieces
from ippanel_provider.campaign.order import OnUnconfirmed
from ippanel_provider.campaign.results import Progress
from ippanel_provider.campaign.run import deliver
from ippanel_provider.client import (
    Client,
    Refused,
    Request,
    Settings,
    Throttled,
    Unauthorized,
    Unreachable,
    edge,
)
from ippanel_provider.service import Api
from tests.campaign.conftest import Campaign, Ticking, form_of, ledger_home, people

SEND = {"path": "^/v1/api/send$"}


class Killed(BaseException):
    """The process ends here; nothing after this point runs."""


def reached(campaign: Campaign) -> Counter[tuple[str, str]]:
    return Counter((text["recipient"], text["text"]) for text in campaign.sandbox.messages())


def everyone_once(messages: list[Message]) -> Counter[tuple[str, str]]:
    return Counter((message.recipient, message.text) for message in messages)


def shared(messages: list[Message]) -> tuple[list[Message], dict[str, Any]]:
    return [message._replace(text="سلام به همه") for message in messages], {"shared_text": "سلام به همه"}


@pytest.mark.parametrize("form", [lambda messages: (messages, {}), shared], ids=["texts of their own", "one text"])
class TestEveryForm:
    def test_everybody_gets_one_text(self, campaign: Campaign, form: Callable[..., Any]) -> None:
        messages, options = form(people(25))
        progress = campaign.attempt(messages, **options)
        assert reached(campaign) == everyone_once(messages)
        assert (progress.accepted, progress.requests, progress.before) == (25, 3, 0)

    # Where a try writes that it began, looking into its home from here would be a later try.
    @pytest.mark.parametrize("home", ["task", "sql"], indirect=True)
    def test_no_request_leaves_before_its_intent_is_written(
        self, campaign: Campaign, form: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        runs, were_written = Client.run, list[bool]()

        def run(self: Client, call: Any) -> Any:
            if getattr(call, "operation", "").startswith("send."):
                ledger = getattr(campaign.open_ledger, "again", campaign.open_ledger)()
                intents = [intent for intent, _ in ledger.history()]
                written = {member for intent in intents for member in pieces(intent.members, MEMBER_BYTES)}
                were_written.append(written.issuperset(map(ledger.key.member, messages_in(call))))
            return runs(self, call)

        monkeypatch.setattr(Client, "run", run)
        messages, options = form(people(55))
        campaign.attempt(messages, **options)
        assert were_written == [True] * 6

    def test_a_second_try_sends_nothing_and_returns_the_same_ids(
        self, campaign: Campaign, form: Callable[..., Any]
    ) -> None:
        messages, options = form(people(25))
        first = campaign.attempt(messages, **options)
        second = campaign.attempt(list(reversed(messages)), **options)
        assert reached(campaign) == everyone_once(messages)
        assert (second.accepted, second.before, second.known) == (0, 25, 25)
        assert sorted(second.outbox_ids) == sorted(first.outbox_ids)

    def test_a_source_that_has_grown_reaches_only_the_new_ones(
        self, campaign: Campaign, form: Callable[..., Any]
    ) -> None:
        messages, options = form(people(30))
        campaign.attempt(messages[5:25], **options)
        random.Random(5).shuffle(messages)
        campaign.attempt(messages, **options)
        assert reached(campaign) == everyone_once(messages)

    @pytest.mark.parametrize(
        "fault",
        ["drop_after", "malformed", "truncated", "status 500 processed", "html processed"],
    )
    def test_an_accepted_chunk_whose_answer_is_lost_is_found_and_not_sent_again(
        self, campaign: Campaign, form: Callable[..., Any], fault: str
    ) -> None:
        name, _, options_text = fault.partition(" ")
        options = {"status": 500} if "500" in options_text else {}
        if "processed" in options_text:
            options["processed"] = True
        campaign.sandbox.fault(name, **SEND, times=1, after=1, **options)
        messages, form_options = form(people(25))
        progress = campaign.attempt(messages, **form_options)
        assert reached(campaign) == everyone_once(messages)
        assert progress.accepted == 25
        assert len(progress.outbox_ids) == len(set(progress.outbox_ids)) == (3 if form_options else 25)

    def test_a_lagging_outbox_is_waited_for(self, campaign: Campaign, form: Callable[..., Any]) -> None:
        campaign.sandbox.fault("drop_after", **SEND, times=1, after=1)
        campaign.sandbox.fault("outbox_lag", seconds=1)
        messages, options = form(people(25))
        campaign.attempt(messages, settle=10, **options)
        assert reached(campaign) == everyone_once(messages)

    @pytest.mark.parametrize("step", ["intent", "sent", "answered", "confirmed"])
    def test_a_process_killed_at_any_step_leaves_a_state_from_which_the_retry_goes_on(
        self, campaign: Campaign, form: Callable[..., Any], step: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        messages, options = form(people(25))
        kill_at(campaign, step, monkeypatch)
        with pytest.raises(Killed):
            campaign.attempt(messages, concurrency=1, **options)
        monkeypatch.undo()
        campaign.attempt(messages, on_unconfirmed=OnUnconfirmed.RESEND, **options)
        assert reached(campaign) == everyone_once(messages)


def messages_in(request: Request[Any]) -> list[Message]:
    """Who gets what by a send."""
    params = json.loads(request.body or b"")
    if request.operation == "send.webservice":
        return [Message(recipient, params["message"]) for recipient in params["params"]["recipients"]]
    return [Message(recipient, item["message"]) for item in params["params"] for recipient in item["recipients"]]


def kill_at(campaign: Campaign, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the second chunk's ``step`` be the last thing the process does."""
    calls = Counter[str]()

    def dying(name: str, function: Callable[..., Any], *, before: bool) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            calls[name] += 1
            if calls[name] == 2 and before:
                raise Killed
            result = function(*arguments, **named)
            if calls[name] == 2:
                raise Killed
            return result

        return call

    open_ledger = campaign.open_ledger

    def ledger_that_dies() -> Ledger:
        ledger = open_ledger()
        if step == "intent":
            monkeypatch.setattr(ledger, "intend", dying("intend", ledger.intend, before=False))
        if step in {"answered", "confirmed"}:
            monkeypatch.setattr(ledger, "settle", dying("settle", ledger.settle, before=step == "answered"))
        return ledger

    monkeypatch.setattr(campaign, "open_ledger", ledger_that_dies)
    if step == "sent":
        sends = Client.run

        def run(self: Client, call: Any) -> Any:
            result = sends(self, call)
            if getattr(call, "operation", "").startswith("send."):
                calls["sends"] += 1
                if calls["sends"] == 2:
                    raise Killed
            return result

        monkeypatch.setattr(Client, "run", run)


class TestInDoubt:
    def test_where_the_list_stands_still_the_task_names_what_is_in_doubt_without_a_number(
        self, campaign: Campaign
    ) -> None:
        campaign.sandbox.fault("drop_before", **SEND, times=1, after=1)
        campaign.sandbox.fault("outbox_lag", seconds=3600)
        with pytest.raises(
            InDoubt, match=r"10 of 10 recipients of chunk 2 \(source rows 11 to 20, sent .* UTC\)"
        ) as failed:
            campaign.attempt(people(25), concurrency=1)
        assert "+98912" not in str(failed.value)
        assert campaign.progress.accepted == 15
        assert reached(campaign) == everyone_once([*people(10), *people(25)[20:]])

    def test_a_text_that_nobody_took_goes_out_by_itself_with_a_time_to_take_it_back(self, campaign: Campaign) -> None:
        campaign.sandbox.fault("drop_before", **SEND, times=1, after=1)
        campaign.attempt(people(25))
        assert reached(campaign) == everyone_once(people(25))
        due = {text["send_time"] for text in campaign.sandbox.messages() if text["send_time"] > text["time"]}
        assert len(due) == 1

    def test_the_next_try_looks_again_before_it_sends_anything(self, campaign: Campaign) -> None:
        campaign.sandbox.fault("drop_after", **SEND, times=1, after=1)
        lag = campaign.sandbox.fault("outbox_lag", seconds=3600)
        with pytest.raises(InDoubt):
            campaign.attempt(people(25), concurrency=1)
        with pytest.raises(InDoubt):
            campaign.attempt(people(25), concurrency=1)
        campaign.sandbox.lift(lag)
        campaign.attempt(people(25))
        assert reached(campaign) == everyone_once(people(25))

    def test_resend_sends_again_what_the_outbox_does_not_show(self, campaign: Campaign) -> None:
        campaign.sandbox.fault("drop_before", **SEND, times=1, after=1)
        campaign.attempt(people(25), on_unconfirmed=OnUnconfirmed.RESEND)
        assert reached(campaign) == everyone_once(people(25))

    def test_a_resend_that_meets_the_duplicate_guard_is_no_second_text(self, campaign: Campaign) -> None:
        campaign.sandbox.fault("drop_after", **SEND, times=1, after=1)
        lag = campaign.sandbox.fault("outbox_lag", seconds=3600)
        with pytest.raises(InDoubt, match="were sent again"):
            campaign.attempt(people(25), concurrency=1, on_unconfirmed=OnUnconfirmed.RESEND)
        campaign.sandbox.lift(lag)
        campaign.attempt(people(25))
        assert reached(campaign) == everyone_once(people(25))

    def test_skip_goes_on_without_them_says_how_many_and_never_sends_them_later(self, campaign: Campaign) -> None:
        campaign.sandbox.fault("drop_before", **SEND, times=1, after=1)
        progress = campaign.attempt(people(25), concurrency=1, on_unconfirmed=OnUnconfirmed.SKIP)
        assert (progress.accepted, progress.skipped) == (15, 10)
        campaign.attempt(people(25), on_unconfirmed=OnUnconfirmed.RESEND)
        assert reached(campaign) == everyone_once([*people(10), *people(25)[20:]])


class TestPartlyAccepted:
    def test_a_request_that_was_answered_for_some_is_completed(self, campaign: Campaign) -> None:
        campaign.sandbox.fault("partial", **SEND, times=1, after=1, accept=4)
        progress = campaign.attempt(people(25))
        assert reached(campaign) == everyone_once(people(25))
        assert progress.accepted == 25

    def test_a_request_that_was_taken_for_some_and_not_answered_is_completed_too(
        self, campaign: Campaign, caplog: pytest.LogCaptureFixture
    ) -> None:
        campaign.sandbox.fault("partial", **SEND, times=1, after=1, accept=4, status=500)
        with caplog.at_level("WARNING"):
            campaign.attempt(people(25), concurrency=1)
        assert "6 of 10 recipients of chunk 2" in caplog.text
        assert reached(campaign) == everyone_once(people(25))


class TestPatterns:
    """One recipient a request; several of them share an intent."""

    @pytest.fixture
    def codes(self, campaign: Campaign) -> tuple[list[Message], dict[str, Any]]:
        pattern = campaign.client.run(
            edge.pattern.create("کد شما %code% است", variables={"code": "integer"}, description="ورود")
        )
        campaign.sandbox.approve(pattern.code)
        messages = [
            message._replace(
                text=filled("کد شما %code% است", {"code": 1000 + message.line}), variables={"code": 1000 + message.line}
            )
            for message in people(25)
        ]
        return messages, {"form": Pattern(pattern.code)}

    def test_everybody_gets_the_pattern_with_values_of_their_own_and_a_second_try_sends_nothing(
        self, campaign: Campaign, codes: tuple[list[Message], dict[str, Any]]
    ) -> None:
        messages, options = codes
        first = campaign.attempt(messages, **options)
        assert (first.accepted, len(first.outbox_ids)) == (25, 25)
        assert campaign.attempt(messages, **options).accepted == 0
        assert reached(campaign) == everyone_once(messages)

    def test_an_answer_lost_midway_is_found_and_the_rest_goes_out(
        self, campaign: Campaign, codes: tuple[list[Message], dict[str, Any]]
    ) -> None:
        messages, options = codes
        campaign.sandbox.fault("drop_after", **SEND, times=1, after=13)
        assert campaign.attempt(messages, concurrency=1, **options).accepted == 25
        assert reached(campaign) == everyone_once(messages)

    def test_a_request_lost_midway_leaves_one_recipient_in_doubt(
        self, campaign: Campaign, codes: tuple[list[Message], dict[str, Any]]
    ) -> None:
        messages, options = codes
        campaign.sandbox.fault("drop_before", **SEND, times=1, after=13)
        campaign.sandbox.fault("outbox_lag", path="/api/report/new_list", seconds=3600)
        with pytest.raises(InDoubt, match="1 of 1 recipients of chunk 14"):
            campaign.attempt(messages, concurrency=1, **options)
        campaign.sandbox.lift()
        campaign.attempt(messages, **options)
        assert reached(campaign) == everyone_once(messages)

    def test_what_was_answered_is_not_sent_again_when_the_outbox_does_not_show_it_yet(
        self, campaign: Campaign, codes: tuple[list[Message], dict[str, Any]]
    ) -> None:
        messages, options = codes
        campaign.sandbox.account(duplicate_guard=0)
        campaign.sandbox.fault("drop_before", **SEND, times=1, after=13)
        campaign.sandbox.fault("outbox_lag", path="/api/report/new_list", seconds=3600)
        campaign.attempt(messages, concurrency=1, on_unconfirmed=OnUnconfirmed.RESEND, **options)
        assert reached(campaign) == everyone_once(messages)

    @pytest.mark.parametrize("fault", [("unauthorized", {})])
    def test_a_refusal_midway_keeps_what_was_accepted(
        self, campaign: Campaign, codes: tuple[list[Message], dict[str, Any]], fault: tuple[str, dict[str, Any]]
    ) -> None:
        messages, options = codes
        campaign.sandbox.fault(fault[0], **SEND, times=1, after=13, **fault[1])
        with pytest.raises(Refused):
            campaign.attempt(messages, concurrency=1, **options)
        assert campaign.progress.accepted == 13
        campaign.attempt(messages, **options)
        assert reached(campaign) == everyone_once(messages)


class TestIdenticalTextsOfOthers:
    @pytest.mark.parametrize("shift", [1, 10])
    def test_another_tasks_bulk_is_not_taken_for_ours(self, campaign: Campaign, client: Client, shift: int) -> None:
        campaign.sandbox.account(duplicate_guard=0)
        ours, theirs = people(10, "سلام"), people(10 + shift, "سلام")[shift:]
        client.run(
            edge.send.webservice("سلام", [message.recipient for message in theirs], sender=campaign.sandbox.sender)
        )
        campaign.sandbox.fault("drop_before", **SEND, times=1)
        campaign.attempt(ours, shared_text="سلام")
        assert reached(campaign) == everyone_once(ours) + everyone_once(theirs)

    def test_ids_another_campaign_has_claimed_are_not_claimed_again(self, campaign: Campaign, tmp_path: Path) -> None:
        campaign.sandbox.account(duplicate_guard=0)
        one = replace(campaign, open_ledger=ledger_home("sql", tmp_path, "campaign one"))
        one.attempt(people(10, "سلام"), shared_text="سلام")
        two = replace(campaign, open_ledger=ledger_home("sql", tmp_path, "campaign two"))
        campaign.sandbox.fault("drop_before", **SEND, times=1)
        two.attempt(people(10, "سلام"), shared_text="سلام")
        assert set(reached(campaign).values()) == {2}


class TestRefusals:
    def test_a_refused_chunk_is_no_doubt_and_the_retry_goes_on_from_there(self, campaign: Campaign) -> None:
        campaign.sandbox.fault("refused", **SEND, times=1, after=1)
        with pytest.raises(Refused):
            campaign.attempt(people(25), concurrency=1)
        assert campaign.progress.accepted == 10
        campaign.attempt(people(25))
        assert reached(campaign) == everyone_once(people(25))

    def test_a_wrong_key_sends_nothing(self, campaign: Campaign) -> None:
        campaign.sandbox.fault("unauthorized", **SEND)
        with pytest.raises(Unauthorized):
            campaign.attempt(people(25))
        campaign.sandbox.lift()
        campaign.attempt(people(25))
        assert reached(campaign) == everyone_once(people(25))

    def test_a_service_that_is_down_leaves_no_doubt(self, campaign: Campaign) -> None:
        down = replace(
            campaign, client=Client("key", replace(campaign.client.settings, base_url="http://127.0.0.1:9/v1"))
        )
        with pytest.raises(Unreachable):
            down.attempt(people(25))
        campaign.attempt(people(25))
        assert reached(campaign) == everyone_once(people(25))

    def test_credit_that_runs_out_midway_ends_in_a_state_from_which_the_retry_goes_on(self, campaign: Campaign) -> None:
        campaign.sandbox.account(without_credit="refuse")
        price = campaign.client.run(edge.send.calculate_price("سلام شماره 1", sender=campaign.sandbox.sender))
        campaign.sandbox.account(credit=12 * max(price.mci_price, price.other_price))
        with pytest.raises(Refused):
            campaign.attempt(people(25), concurrency=1)
        assert len(campaign.sandbox.messages()) == 10
        campaign.sandbox.account(credit=1_000_000)
        campaign.attempt(people(25))
        assert reached(campaign) == everyone_once(people(25))

    def test_a_storm_of_429_is_sat_out_for_as_long_as_a_guard_would_repeat_it(self, campaign: Campaign) -> None:
        ticking = Ticking()
        campaign.sandbox.fault("status", **SEND, times=3, status=429, retry_after=7)
        campaign.attempt(people(25), concurrency=1, settle=120, clock=ticking.clock)
        assert ticking.sleeps == [7.0] * 3
        assert reached(campaign) == everyone_once(people(25))

    def test_a_longer_storm_fails_and_the_next_try_clears_it_up(self, campaign: Campaign) -> None:
        campaign.sandbox.fault("status", **SEND, status=429, retry_after=7)
        with pytest.raises(Throttled):
            campaign.attempt(people(25))
        campaign.sandbox.lift()
        campaign.attempt(people(25))
        assert reached(campaign) == everyone_once(people(25))


def test_no_more_is_claimed_than_can_leave_at_once(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a killed process leaves in doubt is as little as can be."""
    counts, most = Counter[str](), list[int]()
    runs, ledger = Client.run, campaign.open_ledger()
    intend = ledger.intend

    def run(self: Client, call: Any) -> Any:
        result = runs(self, call)
        counts["answered"] += getattr(call, "operation", "").startswith("send.")
        return result

    def counting(drafts: Iterable[Claim]) -> Iterator[Claim]:
        for draft in (drafts := list(drafts)):
            counts["claimed"] += draft.intent.size // 10
        most.append(counts["claimed"] - counts["answered"])
        return intend(drafts)

    monkeypatch.setattr(Client, "run", run)
    monkeypatch.setattr(ledger, "intend", counting)
    monkeypatch.setattr(campaign, "open_ledger", lambda: ledger)
    campaign.sandbox.fault("latency", **SEND, seconds=0.02)
    campaign.attempt(people(200), concurrency=3)
    assert max(most) == 3
    assert reached(campaign) == everyone_once(people(200))


def test_a_source_that_breaks_midway_loses_nothing_of_what_was_read(campaign: Campaign) -> None:
    def source() -> Any:
        yield from people(25)[:17]
        raise OSError("the database went away")

    with pytest.raises(OSError, match="went away"):
        campaign.attempt(source())
    assert campaign.progress.accepted == 0
    campaign.attempt(people(25))
    assert reached(campaign) == everyone_once(people(25))


def test_answers_under_way_are_written_down_when_the_task_is_cancelled(campaign: Campaign) -> None:
    campaign.sandbox.fault("latency", **SEND, seconds=0.3)

    def source() -> Any:
        yield from people(2000)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        campaign.attempt(source(), chunk_size=1000)
    assert campaign.progress.accepted == 2000
    assert all(outcome for _, outcome in campaign.open_ledger().history())


def test_where_no_outbox_could_confirm_it_an_answer_is_written_down_at_once(
    campaign: Campaign, home: Callable[[], Ledger]
) -> None:
    """The legacy API lists nothing of what was sent: an answer that a crash loses is in doubt for good."""
    ledger, stored = home(), []

    def look_into_the_home() -> tuple[()]:
        stored.extend(outcome for _, outcome in home().history())
        return ()

    ledger.beside = look_into_the_home  # type: ignore[method-assign]
    settings = Settings(api=Api.REST, base_url=campaign.sandbox.base_url)
    with Client(campaign.sandbox.api_key, settings) as client:
        order = replace(campaign.terms, kind=form_of("سلام به همه"))
        deliver(order, people(25, "سلام به همه"), client, ledger, Progress())
    assert len(stored) == 3
    assert all(stored)


@pytest.mark.parametrize("shared_text", [None, "سلام به همه"])
def test_bulks_that_ended_badly_are_sent_again_if_that_is_asked_for(
    campaign: Campaign, shared_text: str | None
) -> None:
    campaign.sandbox.account(duplicate_guard=0)
    messages = [message._replace(text=shared_text or message.text) for message in people(25)]
    first = campaign.attempt(messages, shared_text=shared_text)
    bad = sorted(first.outbox_ids)[0]
    campaign.sandbox.decide(bad, state_id=8)
    campaign.sandbox.settle()
    kept = campaign.attempt(messages, shared_text=shared_text)
    assert kept.accepted == 0
    again = campaign.attempt(messages, shared_text=shared_text, resend_states=(8,))
    assert (again.accepted, again.before) == ((10, 15) if shared_text else (1, 24))
    assert bad not in again.outbox_ids
    assert campaign.attempt(messages, shared_text=shared_text, resend_states=(8,)).accepted == 0
