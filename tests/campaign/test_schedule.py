"""Two-phase delivery: a time for each chunk, doubles cancelled, and everything taken back until it goes out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from ippanel_provider.campaign.chunks import OwnTexts
from ippanel_provider.campaign.order import Order
from ippanel_provider.campaign.schedule import Schedule, out_of_quiet_hours
from ippanel_provider.client import InvalidInput, Unconfirmed, edge
from ippanel_provider.service import BulkState
from ippanel_provider.text.hours import TEHRAN, QuietHours
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
    scheduled.sandbox.fault("listed_late", **SEND, times=1, after=1, seconds=2.5)
    scheduled.attempt(messages, shared_text=shared_text, concurrency=1, settle=0.8)
    assert scheduled.sandbox.stats()["requests"]["POST /api/send/cancel"] == (1 if shared_text else 10)
    go_out(scheduled)
    assert went_out(scheduled) == everyone_once(messages)


def test_a_double_that_cannot_be_cancelled_any_more_is_told(scheduled: Campaign) -> None:
    scheduled.sandbox.fault("drop_after", **SEND, times=1, after=1)
    scheduled.sandbox.fault("listed_late", **SEND, times=1, after=1, seconds=2.5)
    scheduled.sandbox.fault("status", path="/api/send/cancel", status=404)
    with pytest.raises(Unconfirmed, match="second copy of chunk 2 and is not cancelled"):
        scheduled.attempt(people(25), concurrency=1, settle=0.8)


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


def quiet(start: datetime, hours: int = 2) -> QuietHours:
    """The quiet hours that begin with the minute of ``start``."""
    begin = start.astimezone(TEHRAN)
    return QuietHours.parse(f"{begin:%H:%M}-{begin + timedelta(hours=hours):%H:%M}")


def send_times(campaign: Campaign) -> set[datetime | None]:
    return {campaign.client.run(edge.report.bulk(outbox_id)).send_at for outbox_id in campaign.progress.outbox_ids}


def test_quiet_hours_that_begin_while_a_campaign_is_under_way_hold_for_what_is_left(campaign: Campaign) -> None:
    now = datetime.fromtimestamp(campaign.sandbox.now(), UTC)
    begun = campaign.with_terms(quiet_hours=quiet(now))
    begun.attempt(people(25))
    assert send_times(begun) == {(now + timedelta(hours=2)).replace(second=0, microsecond=0)}


def test_chunks_whose_second_falls_into_quiet_hours_go_out_after_them(scheduled: Campaign) -> None:
    last_minute = (datetime.fromtimestamp(scheduled.sandbox.now(), UTC) + timedelta(minutes=20)).replace(
        second=0, microsecond=0
    )
    hours = quiet(last_minute)
    late = scheduled.with_terms(send_time=last_minute - timedelta(seconds=2), quiet_hours=hours)
    late.attempt(people(25), concurrency=1)
    times = send_times(late)
    assert len(times) == 3
    assert not any(hours.cover(at) for at in times if at)


@pytest.mark.parametrize(
    ("now", "send_at", "expected"),
    [
        ("2026-12-01T21:59", None, None),
        ("2026-12-01T22:00", None, "2026-12-02T08:00"),
        ("2026-12-02T07:57", None, "2026-12-02T08:03"),
        ("2026-12-01T12:00", "2026-12-01T23:00", "2026-12-02T08:00"),
        ("2026-12-01T12:00", "2026-12-02T08:00", "2026-12-02T08:00"),
        ("2026-12-01T23:00", "2026-12-01T22:30", "2026-12-01T22:30"),
    ],
)
def test_a_time_in_quiet_hours_moves_to_their_end_and_one_that_is_over_stays(
    now: str, send_at: str | None, expected: str | None
) -> None:
    order = Order(sender="+983000505", kind=OwnTexts(), quiet_hours=QuietHours.parse("22:00-08:00"))
    given, at, moved = (
        None if text is None else datetime.fromisoformat(text).replace(tzinfo=TEHRAN).timestamp()
        for text in (send_at, now, expected)
    )
    assert at is not None
    assert out_of_quiet_hours(order, given, at) == moved
