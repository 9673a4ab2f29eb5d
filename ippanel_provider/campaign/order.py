"""Everything a sending is asked for, as a value: checked by field in one place, before anything is read or sent."""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ippanel_provider.text.hours import QuietHours
from ippanel_provider.values import InvalidValue, flag, number, seconds, whole

if TYPE_CHECKING:
    from ippanel_provider.campaign.chunks import Form
    from ippanel_provider.service_profile import ServiceProfile

_MOST_AT_ONCE = 100


class OnUnconfirmed(enum.StrEnum):
    """What to do with texts that left unanswered where nothing tells whether they were accepted."""

    ASK = "ask"
    """A person decides; until then each try only looks."""
    FAIL = "fail"
    """Stop, and name what is in doubt. The next try looks again."""
    RESEND = "resend"
    """Send them again; only where a text that comes twice is better than none."""
    SKIP = "skip"
    """Go on without them, and say how many."""


class Delivery(enum.StrEnum):
    """When texts are handed to the operators."""

    DIRECT = "direct"
    """As soon as the service can, or all at the send time."""
    SCHEDULED = "scheduled"
    """Each chunk at a time of its own, far enough ahead that the whole campaign can be taken back."""


class OncePer(enum.StrEnum):
    """What a repetition is."""

    RECIPIENT = "recipient"
    """A second row of the same recipient, whatever its text: a campaign reaches each person once."""
    MESSAGE = "message"
    """The same text to the same recipient."""
    PLACE = "place"
    """A recipient's first text of a source, their second, and so on: a later try of one run may word it anew."""

    @classmethod
    def _missing_(cls, value: object) -> OncePer | None:
        return cls.RECIPIENT if value == "person" else None


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a sending is asked for. Times are seconds, money is rial.

    :param sender: the line, as ``+983000505``
    :param kind: which requests the messages make, see :mod:`ippanel_provider.campaign.chunks`
    :param send_time: when all of it goes out, with a time zone; None is at once
    :param quiet_hours: what would go out in these is scheduled for their end, also where they begin while the campaign
        is under way, and in a later try
    :param delivery: ``direct``, or ``scheduled``: a time of its own for each chunk, from ``send_time`` on
    :param is_retry: whether an earlier try may have come some way, so that a send time may be over by now
    :param once_per: what counts as a repetition
    :param chunk_size: messages in a request; None is as many as the kind takes
    :param concurrency: requests under way at once
    :param rate: requests a second at most; None is no limit
    :param settle: how long the outbox list is given to show what was accepted, counted from the last byte that can have
        left. It has to cover the read timeout twice; every other wait of recognition is a multiple of it
    :param on_unconfirmed: what to do with what stays in doubt
    :param is_urgent: codes and alerts, which are worth nothing later: sent again inside the service's 40-second guard
        where it is proved to work; None is what the kind says
    :param first_pass: read the source once before anything is sent, to count, to price and to see it can be read
    :param check_credit: whether the credit has to cover the whole cost (with a first pass), or the first chunk
    :param opt_out_suffix: the service bills ``لغو11`` at the end of texts from this line; only for parts and cost
    :param lint: ``off``, ``warn`` of what is odd about texts, or ``refuse`` those with errors
    :param max_cost: what may be spent in this run, in rial; None is no limit
    :param keyed: whether each row has a key, by which its results are kept
    :param allow_empty: whether a source without rows is a success
    :param resend_states: final states of a bulk of an earlier try that count as "not sent", so that it is sent again
    :param profile: what is known of the panel beforehand, such as a connection's ``service_profile``
    :raises InvalidValue: naming the field.
    """

    sender: str
    kind: Form
    send_time: datetime | None = None
    quiet_hours: QuietHours | None = None
    delivery: Delivery | str = Delivery.DIRECT
    is_retry: bool = False
    once_per: OncePer | str = OncePer.RECIPIENT
    chunk_size: int | None = None
    concurrency: int = 4
    rate: float | None = None
    settle: float = 120.0
    on_unconfirmed: OnUnconfirmed | str = OnUnconfirmed.FAIL
    is_urgent: bool | None = None
    first_pass: bool = True
    check_credit: bool = True
    opt_out_suffix: bool = False
    keyed: bool = False
    allow_empty: bool = False
    lint: str = "off"
    max_cost: float | None = None
    resend_states: Collection[int] = ()
    profile: ServiceProfile | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not self.sender:
            raise InvalidValue("sender", "required; name a line here or in the connection")
        if self.send_time is not None and self.send_time.tzinfo is None:
            raise InvalidValue("send_time", "give it with a time zone, the service works in UTC")
        self._set("delivery", _one_of(Delivery, self.delivery, "delivery"))
        self._set("once_per", _one_of(OncePer, self.once_per, "once_per"))
        self._set("on_unconfirmed", _one_of(OnUnconfirmed, self.on_unconfirmed, "on_unconfirmed"))
        self._set("concurrency", whole(self.concurrency, "concurrency", low=1, high=_MOST_AT_ONCE))
        self._set("settle", seconds(self.settle, "settle"))
        if self.chunk_size is not None:
            self._set("chunk_size", whole(self.chunk_size, "chunk_size", low=1))
        if self.rate is not None:
            self._set("rate", number(self.rate, "rate", low=0))
            if not self.rate:
                raise InvalidValue("rate", "must be above 0; leave it out for no limit")
        for name in ("first_pass", "check_credit", "opt_out_suffix", "allow_empty", "is_retry"):
            self._set(name, flag(getattr(self, name), name))

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    @property
    def is_scheduled(self) -> bool:
        """Whether every chunk has a time of its own."""
        return self.delivery is Delivery.SCHEDULED


def _one_of(kind: type[enum.StrEnum], value: Any, name: str) -> enum.StrEnum:
    try:
        return kind(value)
    except ValueError:
        raise InvalidValue(name, f"expected one of {', '.join(kind)}") from None
