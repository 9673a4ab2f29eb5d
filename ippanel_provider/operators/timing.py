"""When a task's texts go out: at once, at its send time, or when the quiet hours of its line are over."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ippanel_provider.operators.arguments import moment_of
from ippanel_provider.service import MIN_SCHEDULE_AHEAD
from ippanel_provider.text.hours import quiet_hours_of

log = logging.getLogger(__name__)


def send_time_of(given: Any, line: str, quiet_hours: str | Mapping[str, str] | None) -> datetime | None:
    """Return when to schedule a send from ``line``; None is at once.

    :param given: the task's send time: an aware datetime, its ISO text, or nothing
    :raises ValueError: if the time has no zone, or the quiet hours are none.
    """
    moment = moment_of(given, "send_time")
    try:
        hours = quiet_hours_of(line, quiet_hours)
    except ValueError as error:
        raise ValueError(f"quiet_hours: {error}") from None
    if hours is None:
        return moment
    now = datetime.now(UTC)
    earliest = hours.earliest(moment or now)
    if earliest == (moment or now):
        return moment
    log.info("Line %s is quiet then; scheduled for %s.", line, earliest.isoformat())
    # The service schedules no closer than that, and a minute is for the way there.
    return max(earliest, now + timedelta(seconds=MIN_SCHEDULE_AHEAD + 60))
