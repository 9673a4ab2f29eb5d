"""When each chunk goes out, and how long things are waited for; how long the outbox list may take to settle scales it.

With scheduled delivery every chunk has a time of its own, far enough off to look twice and to take the whole back.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ippanel_provider.campaign.chunks import Stamp
from ippanel_provider.campaign.order import Order
from ippanel_provider.campaign.panel import Panel
from ippanel_provider.client import InvalidInput
from ippanel_provider.service import CANCEL_WINDOW, MIN_SCHEDULE_AHEAD

_USUAL = 120.0
"""Seconds for which the sentences below are written; a shorter ``settle`` shortens them all, a longer one only those
that wait for the list, because the service's guard keeps its own time."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The time here, and a way to let it pass; tests bring a time of their own."""

    now: Callable[[], float] = time.time
    """Epoch seconds."""
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Patience:
    """Times in seconds.

    ``settle`` counts from the last byte of a request that can have left. It has to cover the read timeout twice and the
    lag of the outbox list, which only the live service can tell.
    """

    settle: float = _USUAL

    @property
    def poll(self) -> float:
        """Between two looks."""
        return max(0.01, self.settle / 24)

    @property
    def expiry(self) -> float:
        """An intent older than this is written anew, not sent: whoever wrote it may have been asleep meanwhile."""
        return self._at_most(60.0)

    @property
    def guard_retry(self) -> float:
        """So long after the first byte a 429 is tried again: a guard that had seen the text would repeat its answer."""
        return self._at_most(30.0)

    @property
    def guard_again(self) -> float:
        """So long after the first byte a code is sent again, while the guard still knows the first one."""
        return self._at_most(25.0)

    @property
    def guard_end(self) -> float:
        """So long after the first byte the guard certainly still knows the first one."""
        return self._at_most(35.0)

    @property
    def watch(self) -> float:
        """How long a repetition with a send time is watched for the first one to show."""
        return 4 * self.settle

    @property
    def lead(self) -> float:
        """How far ahead a repetition goes out: cancelling ends some minutes before, and it is watched until then."""
        return CANCEL_WINDOW + 5 * self.settle

    def _at_most(self, usual: float) -> float:
        return min(usual, usual * self.settle / _USUAL)


LEAD = timedelta(minutes=15)
"""How far ahead the first chunk has to be, to leave time for a second look before the cancel window closes."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When each chunk goes out: the first at ``start``, each further one a second later."""

    start: datetime

    @classmethod
    def beginning(cls, start: datetime | None) -> Schedule:
        """Return a schedule from ``start``, or from as soon as it can be.

        :raises InvalidInput: if that is less than 15 minutes ahead.
        """
        soonest = datetime.now(UTC) + LEAD
        if start is None:
            return cls(soonest + timedelta(minutes=1))
        if start.tzinfo is None:
            raise InvalidInput("send_time: give it with a time zone, the service works in UTC")
        if start < soonest:
            raise InvalidInput(f"send_time: scheduled delivery needs it at least {LEAD.seconds // 60} minutes ahead")
        return cls(start.astimezone(UTC))

    def moment(self, number: int) -> datetime:
        """Return when the chunk of this number goes out; never less than the lead ahead, so a late retry moves on."""
        return (max(self.start, datetime.now(UTC) + LEAD) + timedelta(seconds=number)).replace(microsecond=0)


def first_time(order: Order) -> datetime | None:
    """Return when what leaves first would go out; None is at once.

    :raises InvalidInput: that is too soon for scheduled delivery.
    """
    return _schedule_of(order).moment(1) if order.is_scheduled else order.send_time


def _schedule_of(order: Order) -> Schedule:
    # A retry may come after the time of what an earlier try has scheduled; what it still sends has times of its own.
    if order.is_retry and order.send_time is not None:
        return Schedule(order.send_time)
    return Schedule.beginning(order.send_time)


def stamper(order: Order, panel: Panel, clock: Clock) -> Callable[[int], Stamp]:
    """Return what stamps an intent that leaves now, by its number."""
    moment: Callable[[int], float | None]
    if order.is_scheduled:
        schedule = _schedule_of(order)
        moment = lambda number: schedule.moment(number).timestamp()  # noqa: E731
    else:
        moment = lambda _: order.send_time.timestamp() if order.send_time else None  # noqa: E731

    def stamp(number: int) -> Stamp:
        now, asked = clock.now(), moment(number)
        at = out_of_quiet_hours(order, asked, now)
        # Each chunk keeps a second of its own.
        return Stamp(now, at + number if order.is_scheduled and at and at != asked else at, panel.mark)

    return stamp


def out_of_quiet_hours(order: Order, send_at: float | None, now: float) -> float | None:
    """Return when something goes out that is to go out at ``send_at`` (None is at once): then, or when the quiet hours
    are over that it would fall into. A time that is over stays, and is refused.
    """
    at = now if send_at is None else send_at
    if order.quiet_hours is None or at < now or not order.quiet_hours.cover(datetime.fromtimestamp(at, UTC)):
        return send_at
    # The service schedules no closer than that, and a minute is for the way there.
    soonest = datetime.fromtimestamp(now + MIN_SCHEDULE_AHEAD + 60, UTC)
    over = order.quiet_hours.earliest(datetime.fromtimestamp(at, UTC))
    return order.quiet_hours.earliest(max(over, soonest)).timestamp()
