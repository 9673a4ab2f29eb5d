"""When a task's texts go out: at once, at its send time, or when the quiet hours of its line are over."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ippanel_provider.operators.fields import moment_of
from ippanel_provider.operators.waiting import time_left
from ippanel_provider.text.hours import QuietHours, quiet_hours_of
from ippanel_provider.values import InvalidValue

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

log = logging.getLogger(__name__)

_NAP = 60.0
"""Seconds a worker sleeps at a time: the clock can be set, and a log that says nothing for hours looks dead."""


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def send_time_of(given: Any, line: str, quiet_hours: str | Mapping[str, str] | None) -> datetime | None:
    """Return when to schedule a send from ``line``; None is at once.

    :param given: the task's send time: an aware datetime, its ISO text, or nothing
    :raises ValueError: if the time has no zone, or the quiet hours are none.
    """
    moment = moment_of(given, "send_time")
    hours = _hours(line, quiet_hours)
    if hours is None:
        return moment
    at = now()
    # A time that is over is refused as it is without quiet hours; moved to their end it would be a time today.
    if (moment is not None and moment <= at) or not hours.cover(moment or at):
        return moment
    from ippanel_provider.service import MIN_SCHEDULE_AHEAD

    # The service schedules no closer than that, and a minute is for the way there.
    soonest = at + timedelta(seconds=MIN_SCHEDULE_AHEAD + 60)
    scheduled = hours.earliest(max(hours.earliest(moment or at), soonest))
    log.info("Line %s is quiet then; scheduled for %s.", line, scheduled.isoformat())
    return scheduled


def quiet_until(line: str, quiet_hours: str | Mapping[str, str] | None) -> datetime | None:
    """Return when the quiet hours of ``line`` are over that last now; None if none do.

    :raises ValueError: if they are none.
    """
    hours, at = _hours(line, quiet_hours), now()
    return hours.earliest(at) if hours is not None and hours.cover(at) else None


def hold(task: Any, context: Context) -> None:
    """Wait until the line of a sending task may send.

    It comes back at once, or after sleeping; or not at all, and the task is executed again from its beginning.
    """
    line, slept = task.line(), False
    while (until := quiet_until(line, task.hours())) is not None:
        task.log.info("Line %s is quiet; the task waits until %s.", line, until.isoformat())
        if task.deferrable:
            from ippanel_provider.triggers.clock import IPPanelClockTrigger

            task.defer(
                trigger=IPPanelClockTrigger(until.timestamp()),
                method_name="execute_held",
                timeout=time_left(task, context),
            )
        if _can_be_rescheduled():
            from airflow.exceptions import AirflowRescheduleException

            raise AirflowRescheduleException(until)
        slept = True
        time.sleep(min(_NAP, max(0.0, (until - now()).total_seconds())))
    if slept:
        # The key may be another in the morning.
        task.hook.read_again()


def _hours(line: str, quiet_hours: str | Mapping[str, str] | None) -> QuietHours | None:
    try:
        return quiet_hours_of(line, quiet_hours)
    except ValueError as error:
        raise InvalidValue("quiet_hours", f"{error}") from None


def _can_be_rescheduled() -> bool:
    """Whether the scheduler lets any task wait for its date; before 3.2 some do so for sensors only, and run others
    again at once.
    """
    from airflow import __version__

    major, minor = (int(part) for part in __version__.split(".")[:2])
    return (major, minor) >= (3, 2)
