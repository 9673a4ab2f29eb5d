"""When texts go out: at once, at a time, or when a line is no longer quiet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ippanel_provider.operators.send import IPPanelSendOperator
from ippanel_provider.operators.timing import send_time_of
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.text.hours import TEHRAN

LINE = "+983000505"


def test_without_a_time_or_quiet_hours_it_is_at_once() -> None:
    assert send_time_of(None, LINE, None) is None
    assert send_time_of("", LINE, {"+989999": "00:00-23:59"}) is None


def test_a_time_is_a_datetime_or_the_text_a_template_renders_to() -> None:
    moment = datetime.now(UTC) + timedelta(hours=3)
    assert send_time_of(moment, LINE, None) == send_time_of(moment.isoformat(), LINE, None) == moment
    with pytest.raises(ValueError, match="send_time: give it with a time zone"):
        send_time_of("2030-01-01T09:00:00", LINE, None)


def test_what_falls_into_quiet_hours_is_scheduled_for_their_end() -> None:
    night = datetime(2030, 1, 1, 23, 0, tzinfo=TEHRAN)
    assert send_time_of(night, LINE, "22:00-08:00") == datetime(2030, 1, 2, 8, 0, tzinfo=TEHRAN)
    assert send_time_of(night, LINE, {LINE: "22:00-08:00"}) == datetime(2030, 1, 2, 8, 0, tzinfo=TEHRAN)
    assert send_time_of(night + timedelta(hours=12), LINE, "22:00-08:00") == night + timedelta(hours=12)


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
