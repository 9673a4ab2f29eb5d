"""When each chunk goes out.

With scheduled delivery every chunk has a time of its own, far enough off to look twice and to take the whole back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ippanel_provider.campaign.chunks import Stamp
from ippanel_provider.campaign.order import Order
from ippanel_provider.campaign.panel import Panel
from ippanel_provider.campaign.patience import Clock
from ippanel_provider.client import InvalidInput
from ippanel_provider.client.validation import send_time
from ippanel_provider.service import MIN_SCHEDULE_AHEAD

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


def refuse_time(order: Order) -> None:
    """Refuse a send time that the first request would be refused for.

    :raises InvalidInput: it is over, too soon or too far.
    """
    if order.is_scheduled and not (order.send_time is not None and order.is_retry):
        Schedule.beginning(order.send_time)
    elif not order.is_scheduled:
        send_time(order.send_time)


def stamper(order: Order, panel: Panel, clock: Clock) -> Callable[[int], Stamp]:
    """Return what stamps an intent that leaves now, by its number."""
    moment: Callable[[int], float | None]
    if order.is_scheduled:
        # A retry may come after the time of what an earlier try has scheduled; what it still sends has times of its
        # own.
        is_late = order.send_time is not None and order.is_retry
        schedule = Schedule(order.send_time) if is_late and order.send_time else Schedule.beginning(order.send_time)
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
