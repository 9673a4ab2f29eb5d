"""When a text may go out: quiet hours, in the time of Tehran."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta, timezone
from typing import NamedTuple

from ippanel_provider.text.lines import line_key

TEHRAN = timezone(timedelta(hours=3, minutes=30), "Asia/Tehran")
"""Iran keeps this offset the whole year since 2022, so that no time zone database is needed."""

_RANGE = re.compile(r"\s*(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})\s*\Z", re.ASCII)


class QuietHours(NamedTuple):
    """The hours of each day in which nothing goes out, from ``start`` until just before ``end``, over midnight or
    not."""

    start: time
    end: time

    @classmethod
    def parse(cls, text: str) -> QuietHours:
        """Return the hours of a text such as ``22:00-08:00``.

        :raises ValueError: if it is none.
        """
        found = _RANGE.match(text)
        if found is None:
            raise ValueError("give it as 22:00-08:00, in the time of Tehran")
        numbers = [int(number) for number in found.groups()]
        try:
            start, end = time(numbers[0], numbers[1]), time(numbers[2], numbers[3])
        except ValueError:
            raise ValueError("hours go from 0 to 23 and minutes from 0 to 59") from None
        if start == end:
            raise ValueError("it begins when it ends; then nothing could ever go out")
        return cls(start, end)

    def cover(self, moment: datetime) -> bool:
        """Whether an aware ``moment`` lies in them."""
        clock = moment.astimezone(TEHRAN).time()
        if self.start < self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end

    def earliest(self, moment: datetime) -> datetime:
        """Return ``moment`` if something may go out then, or else the end of the quiet hours it lies in."""
        if not self.cover(moment):
            return moment
        local = moment.astimezone(TEHRAN)
        end = datetime.combine(local.date(), self.end, TEHRAN)
        return end if end > local else end + timedelta(days=1)


def quiet_hours_of(line: str, given: str | Mapping[str, str] | None) -> QuietHours | None:
    """Return the quiet hours of a line: of all lines from a text, of this one from a mapping of lines to texts.

    :raises ValueError: if they are none.
    """
    if isinstance(given, Mapping):
        given = next((hours for named, hours in given.items() if line_key(named) == line_key(line)), None)
    return QuietHours.parse(given) if given else None
