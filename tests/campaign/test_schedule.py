"""Two-phase delivery: a time for each chunk, doubles cancelled, and everything taken back until it goes out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from ippanel_provider.campaign.schedule import Schedule
from ippanel_provider.client import InvalidInput, Unconfirmed, edge
from ippanel_provider.service import BulkState
from tests.campaign.conftest import Campaign, people
from tests.campaign.test_sender import SEND, Killed, everyone_once, kill_at


@pytest.fixture
def scheduled(campaign: Campaign) -> Campaign:
    campaign.sandbox.account(duplicate_guard=0)
    start = datetime.fromtimestamp(campaign.sandbox.now(), UTC) + timedelta(minutes=20)
    return campaign.with_terms(delivery="scheduled", send_time=start)


def go_out(campaign: Campaign) -> None:
    campaign.sandbox.advance(3600)
    campaign.sandbox.settle()


def went_out(campaign: Campaign) -> Counter[tuple[str, str]]:
    return Counter(
        (text["recipient"], text["text"]) for text in campaign.sandbox.messages() if text["state_id"] == BulkState.SENT
    )


def test_every_chunk_has_a_time_of_its_own_and_goes_out_then(scheduled: Campaign) -> None:
    scheduled.attempt(people(25))
    bulks = [scheduled.client.run(edge.report.bulk(outbox_id)) for outbox_id in scheduled.progress.outbox_ids]
    assert len({bulk.send_at for bulk in bulks}) == 3
    go_out(scheduled)
    assert went_out(scheduled) == everyone_once(people(25))


def test_what_is_missing_is_sent_again_without_asking(scheduled: Campaign) -> None:
    scheduled.sandbox.fault("drop_before", **SEND, times=1, after=1)
    scheduled.attempt(people(25))
    go_out(scheduled)
    assert went_out(scheduled) == everyone_once(people(25))


@pytest.mark.parametrize("shared_text", [None, "سلام به همه"])
def test_a_chunk_that_turns_up_after_it_was_sent_again_takes_the_second_back(
    scheduled: Campaign, shared_text: str | None
) -> None:
    messages = [message._replace(text=shared_text or message.text) for message in people(25)]
    scheduled.sandbox.fault("drop_after", **SEND, times=1, after=1)
    scheduled.sandbox.fault("listed_late", **SEND, times=1, after=1, seconds=1)
    scheduled.attempt(messages, shared_text=shared_text, concurrency=1)
    assert scheduled.sandbox.stats()["requests"]["POST /api/send/cancel"] == (1 if shared_text else 10)
    go_out(scheduled)
    assert went_out(scheduled) == everyone_once(messages)


def test_a_double_that_cannot_be_cancelled_any_more_is_told(scheduled: Campaign) -> None:
    scheduled.sandbox.fault("drop_after", **SEND, times=1, after=1)
    scheduled.sandbox.fault("listed_late", **SEND, times=1, after=1, seconds=1)
    scheduled.sandbox.fault("status", path="/api/send/cancel", status=404)
    with pytest.raises(Unconfirmed, match="second copy of chunk 2 and is not cancelled"):
        scheduled.attempt(people(25), concurrency=1)


@pytest.mark.parametrize("step", ["intent", "sent", "answered", "confirmed"])
def test_a_process_killed_at_any_step_needs_no_decision(
    scheduled: Campaign, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill_at(scheduled, step, monkeypatch)
    with pytest.raises(Killed):
        scheduled.attempt(people(25), concurrency=1)
    monkeypatch.undo()
    scheduled.attempt(people(25))
    go_out(scheduled)
    assert went_out(scheduled) == everyone_once(people(25))


def test_until_then_the_whole_campaign_can_be_taken_back(scheduled: Campaign) -> None:
    scheduled.attempt(people(25))
    for outbox_id in scheduled.progress.outbox_ids:
        scheduled.client.run(edge.send.cancel(outbox_id))
    go_out(scheduled)
    assert not went_out(scheduled)


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        (lambda: datetime.now(UTC) + timedelta(minutes=14), "at least 15 minutes ahead"),
        (lambda: datetime.now() + timedelta(hours=1), "time zone"),  # noqa: DTZ005 - naive on purpose
    ],
)
def test_a_start_that_leaves_no_time_for_a_second_look_is_refused(start: Callable[[], datetime], reason: str) -> None:
    with pytest.raises(InvalidInput, match=f"send_time: .*{reason}"):
        Schedule.beginning(start())


def test_without_a_start_it_begins_as_soon_as_it_can() -> None:
    ahead = Schedule.beginning(None).moment(1) - datetime.now(UTC)
    assert timedelta(minutes=15) < ahead < timedelta(minutes=17)


def test_a_late_retry_moves_its_chunks_on_and_never_back(monkeypatch: pytest.MonkeyPatch) -> None:
    schedule = Schedule(datetime.now(UTC) - timedelta(hours=1))
    assert schedule.moment(2) - datetime.now(UTC) > timedelta(minutes=14)
    assert schedule.moment(3) > schedule.moment(2)
