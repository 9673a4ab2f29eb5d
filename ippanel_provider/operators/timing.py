"""When a task's texts go out: at once, at its send time, or when the quiet hours of its line are over."""

from __future__ import annotations

import logging
import time
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ippanel_provider.operators.arguments import moment_of
from ippanel_provider.operators.door import SENDING
from ippanel_provider.operators.waiting import WaitingOperator
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


def _hours(line: str, quiet_hours: str | Mapping[str, str] | None) -> QuietHours | None:
    try:
        return quiet_hours_of(line, quiet_hours)
    except ValueError as error:
        raise InvalidValue("quiet_hours", f"{error}") from None


class TimedOperator(WaitingOperator):
    """Base of the operators that send: from which line, and when.

    The parameters of :class:`~ippanel_provider.operators.waiting.WaitingOperator` hold too.

    :param sender: the line to send from, as +983000505; default is the connection's (templated)
    :param send_time: when to send: an aware datetime or its ISO text, 5 minutes to 90 days ahead; default is at once
        (templated)
    :param quiet_hours: hours of Tehran in which nothing goes out, as ``22:00-08:00``; a mapping gives them by line
    :param in_quiet_hours: what to do with what falls into them: ``schedule`` (default) hands it over now, for the
        service to send when they are over; ``hold`` lets the task itself wait until then and send after: on the
        triggerer with ``deferrable``, otherwise rescheduled (Airflow 3.2), or asleep on its worker. With a
        ``send_time`` nothing is held
    """

    template_fields: Sequence[str] = ("sender", "send_time", *WaitingOperator.template_fields)
    errors = SENDING

    def __init__(
        self,
        *,
        sender: str | None = None,
        send_time: datetime | str | None = None,
        quiet_hours: str | Mapping[str, str] | None = None,
        in_quiet_hours: str = "schedule",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.sender = sender
        self.send_time = send_time
        self.quiet_hours = quiet_hours
        self.in_quiet_hours = one_of("in_quiet_hours", in_quiet_hours, ("schedule", "hold"))

    @abstractmethod
    def line(self) -> str:
        """Return the line to send from."""

    @property
    @abstractmethod
    def rehearses(self) -> bool:
        """Whether the task is only to say what it would do."""

    def moment(self) -> datetime | None:
        """Return when to schedule what is sent; None is at once."""
        return send_time_of(self.send_time, self.line(), self.quiet_hours)

    def hold(self) -> None:
        """Wait until the line may send, if that is what the task is to do. Nothing may have been done before.

        It comes back at once, or after sleeping; or not at all, and the task is executed again from its beginning.
        """
        if self.in_quiet_hours != "hold" or self.send_time or self.rehearses:
            return
        while (until := quiet_until(self.line(), self.quiet_hours)) is not None:
            self.log.info("Line %s is quiet; the task waits until %s.", self.line(), until.isoformat())
            if self.deferrable:
                from ippanel_provider.triggers.clock import IPPanelClockTrigger

                self.defer(trigger=IPPanelClockTrigger(until.timestamp()), method_name="execute_held")
            if _can_be_rescheduled():
                from airflow.exceptions import AirflowRescheduleException

                raise AirflowRescheduleException(until)
            time.sleep(min(_NAP, max(0.0, (until - now()).total_seconds())))

    def execute_held(self, context: Context, event: Mapping[str, Any]) -> Any:
        """Begin, after the quiet hours."""
        return self.perform(context)


def one_of(name: str, value: str, choices: Sequence[str]) -> str:
    """Return a value that is one of the choices.

    :raises ValueError: naming the argument, if it is none.
    """
    if value not in choices:
        raise InvalidValue(name, f"{value!r} is none of {', '.join(choices)}")
    return value


def _can_be_rescheduled() -> bool:
    """Whether the scheduler lets any task wait for its date; before 3.2 some do so for sensors only, and run others
    again at once.
    """
    from airflow import __version__

    major, minor = (int(part) for part in __version__.split(".")[:2])
    return (major, minor) >= (3, 2)
