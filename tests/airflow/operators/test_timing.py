"""When texts go out: at once, at a time, or when a line is no longer quiet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.exceptions import AirflowRescheduleException
from airflow.providers.common.compat.sdk import TaskDeferred, task

from ippanel_provider.operators import timing
from ippanel_provider.operators.phonebook import IPPanelSendPhonebookOperator
from ippanel_provider.operators.send import IPPanelSendOperator
from ippanel_provider.operators.timing import quiet_until, send_time_of
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.text.hours import TEHRAN, QuietHours
from ippanel_provider.triggers.clock import IPPanelClockTrigger

LINE = "+983000505"


def test_without_a_time_or_quiet_hours_it_is_at_once() -> None:
    assert send_time_of(None, LINE, None) is None
    assert send_time_of("", LINE, {"+989999": "00:00-23:59"}) is None


def test_a_time_is_a_datetime_or_the_text_a_template_renders_to() -> None:
    moment = datetime.now(UTC) + timedelta(hours=3)
    assert send_time_of(moment, LINE, None) == send_time_of(moment.isoformat(), LINE, None) == moment
    with pytest.raises(ValueError, match="send_time: has no time zone"):
        send_time_of("2030-01-01T09:00:00", LINE, None)


def test_what_falls_into_quiet_hours_is_scheduled_for_their_end() -> None:
    night = datetime(2030, 1, 1, 23, 0, tzinfo=TEHRAN)
    assert send_time_of(night, LINE, "22:00-08:00") == datetime(2030, 1, 2, 8, 0, tzinfo=TEHRAN)
    assert send_time_of(night, LINE, {LINE: "22:00-08:00"}) == datetime(2030, 1, 2, 8, 0, tzinfo=TEHRAN)
    assert send_time_of(night + timedelta(hours=12), LINE, "22:00-08:00") == night + timedelta(hours=12)


def test_a_time_that_is_over_is_refused_whatever_hours_are_quiet(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any
) -> None:
    for when in (datetime(2025, 1, 1, 23, tzinfo=TEHRAN), datetime.now(UTC) - timedelta(seconds=1)):
        for hours in ("22:00-08:00", "00:00-23:59", None):
            assert send_time_of(when, LINE, hours) == when
    with new_dag() as dag:
        IPPanelSendOperator(
            task_id="send", message="سلام", recipients=["09120000001"], send_time="2025-01-01T23:00+03:30",
            quiet_hours="22:00-08:00"
        )  # fmt: skip
    run = run_dag(dag)
    assert run.state == "failed"
    assert "send_time: it must be at least 5 minutes ahead" in run.log
    assert sandbox.messages() == []


def test_what_the_service_cannot_schedule_so_soon_does_not_fall_into_the_next_quiet_hours() -> None:
    now = datetime.now(TEHRAN)
    hours = f"{now + timedelta(minutes=5):%H:%M}-{now + timedelta(minutes=3):%H:%M}"
    scheduled = send_time_of(None, LINE, hours)
    assert scheduled is not None
    assert not QuietHours.parse(hours).cover(scheduled)


def test_quiet_hours_that_are_none_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="quiet_hours: give it as 22:00-08:00"):
        send_time_of(None, LINE, "at night")


def test_now_in_quiet_hours_is_never_scheduled_closer_than_the_service_takes_it() -> None:
    now = datetime.now(TEHRAN)
    hours = f"{now - timedelta(hours=1):%H:%M}-{now + timedelta(minutes=1):%H:%M}"
    scheduled = send_time_of(None, LINE, hours)
    assert scheduled is not None
    assert scheduled - now >= timedelta(minutes=5, seconds=30)


def test_a_task_sends_at_the_time_its_template_renders_to(sandbox: RunningSandbox, new_dag: Any, run_dag: Any) -> None:
    when = datetime.fromtimestamp(sandbox.now(), UTC) + timedelta(hours=1)
    with new_dag(params={"when": when.isoformat()}) as dag:
        IPPanelSendOperator(task_id="send", message="سلام", recipients=["09120000001"], send_time="{{ params.when }}")
    run = run_dag(dag)
    assert run.state == "success"
    sandbox.settle()
    assert [text["state_id"] for text in sandbox.messages()] == [5]


NIGHT = datetime(2025, 3, 1, 23, 0, tzinfo=TEHRAN)
"""In the past, so that whoever waits for its end by the real clock need not wait."""
MORNING = datetime(2025, 3, 2, 8, 0, tzinfo=TEHRAN)
HOLD: dict[str, Any] = {"quiet_hours": "22:00-08:00", "in_quiet_hours": "hold"}


class Clock:
    """Shows what it is set to; who sleeps moves it on."""

    def __init__(self, time: datetime) -> None:
        self.time = time
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock that tells what is quiet: night."""
    clock = Clock(NIGHT)
    monkeypatch.setattr(timing, "now", clock.now)
    monkeypatch.setattr(timing, "time", clock)
    return clock


def sending(**fields: Any) -> IPPanelSendOperator:
    return IPPanelSendOperator(
        **({"task_id": "send", "message": "سلام", "recipients": ["09120000001"]} | HOLD | fields)
    )


class TestHolding:
    """The task itself waits until its line may send."""

    def test_quiet_hours_are_those_of_the_line_and_of_tehran(self, clock: Clock) -> None:
        assert quiet_until(LINE, "22:00-08:00") == MORNING
        assert quiet_until(LINE, {LINE: "22:00-08:00"}) == MORNING
        assert quiet_until(LINE, {"+989999": "22:00-08:00"}) is None
        assert quiet_until(LINE, None) is None
        clock.time = MORNING
        assert quiet_until(LINE, "22:00-08:00") is None

    @pytest.mark.parametrize("kind", ["many", "one request", "decorated"])
    def test_deferred_it_sends_when_they_are_over(
        self,
        sandbox: RunningSandbox,
        clock: Clock,
        new_dag: Any,
        run_dag: Any,
        monkeypatch: pytest.MonkeyPatch,
        kind: str,
    ) -> None:
        book = sandbox.add_phonebook("all", [{"number": "+989120000001"}])["id"]
        called: list[datetime] = []
        monkeypatch.setattr(IPPanelClockTrigger, "run", _wakes(clock))
        with new_dag() as dag:
            if kind == "many":
                sending(deferrable=True)
            elif kind == "one request":
                IPPanelSendPhonebookOperator(task_id="send", message="سلام", books=book, deferrable=True, **HOLD)
            else:

                @task.ippanel_sms(recipients=["09120000001"], deferrable=True, **HOLD)
                def send() -> str:
                    called.append(clock.time)
                    return "سلام"

                send()
        run = run_dag(dag)
        assert run.state == "success", run.log
        assert f"Line {LINE} is quiet; the task waits until {MORNING.isoformat()}" in run.log
        (text,) = sandbox.messages()
        assert text["send_time"] == text["time"], "the service schedules nothing"
        assert called == ([MORNING] if kind == "decorated" else [])

    def test_deferred_it_waits_on_the_triggerer(self, sandbox: RunningSandbox, clock: Clock) -> None:
        with pytest.raises(TaskDeferred) as deferred:
            sending(deferrable=True).execute({})
        assert deferred.value.trigger.serialize()[1] == {"moment": MORNING.timestamp()}
        assert sandbox.stats()["requests"] == {}

    def test_otherwise_the_scheduler_is_asked_to_come_back(
        self, sandbox: RunningSandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(timing, "_can_be_rescheduled", lambda: True)
        with pytest.raises(AirflowRescheduleException) as back:
            sending(deferrable=False).execute({})
        assert back.value.reschedule_date == MORNING
        assert clock.slept == []

    def test_rescheduled_it_sends_when_they_are_over(
        self, sandbox: RunningSandbox, clock: Clock, new_dag: Any, run_dag: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        looked: list[datetime] = []

        def now() -> datetime:
            looked.append(clock.time)
            clock.time = MORNING
            return looked[-1]

        monkeypatch.setattr(timing, "now", now)
        with new_dag() as dag:
            sending(deferrable=False)
        run = run_dag(dag)
        assert run.state == "success", run.log
        assert looked[:2] == [NIGHT, MORNING]
        assert len(sandbox.messages()) == 1

    def test_where_it_cannot_the_task_sleeps(
        self, sandbox: RunningSandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(timing, "_can_be_rescheduled", lambda: False)
        sending(deferrable=False).hold({})
        assert clock.time == MORNING
        assert max(clock.slept) <= 60

    @pytest.mark.parametrize(
        "fields",
        [
            {"quiet_hours": {"+989999": "22:00-08:00"}},
            {"send_time": MORNING},
            {"dry_run": True},
            {"in_quiet_hours": "schedule"},
        ],
    )
    def test_what_goes_out_later_or_never_is_not_held(
        self, sandbox: RunningSandbox, clock: Clock, fields: dict[str, Any]
    ) -> None:
        sending(deferrable=True, **fields).hold({})

    def test_a_send_time_in_quiet_hours_is_moved_to_their_end(self, sandbox: RunningSandbox, clock: Clock) -> None:
        tomorrow = NIGHT + timedelta(days=1)
        assert sending(send_time=tomorrow).moment() == MORNING + timedelta(days=1)

    def test_what_it_cannot_do_is_refused_when_the_dag_is_read(self) -> None:
        with pytest.raises(ValueError, match="in_quiet_hours: expected one of schedule, hold"):
            sending(in_quiet_hours="drop")


def _wakes(clock: Clock) -> Any:
    """A triggerer that is up when the hours are over, as the real one is."""
    run = IPPanelClockTrigger.run

    async def wake(trigger: IPPanelClockTrigger) -> Any:
        async for event in run(trigger):
            clock.time = datetime.fromtimestamp(trigger.moment, TEHRAN)
            yield event

    return wake
