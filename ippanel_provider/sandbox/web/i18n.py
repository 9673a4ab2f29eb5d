"""The two languages of the pages: words, numbers and times. English is the key, Persian is looked up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from ippanel_provider.service import BulkState, DeliveryStatus
from ippanel_provider.text.hours import TEHRAN
from ippanel_provider.text.jalali import year_month_day as jalali

from .persian import PERSIAN

_DIGITS = str.maketrans("0123456789,.", "۰۱۲۳۴۵۶۷۸۹٬٫")

STATES: dict[BulkState, str] = {
    BulkState.CREATING: "Being created",
    BulkState.MONITORING: "In review",
    BulkState.SENDING: "Being sent",
    BulkState.REJECTED: "Rejected",
    BulkState.INVALID_RECIPIENTS: "Bad recipients",
    BulkState.QUEUED: "Queued",
    BulkState.SENT: "Sent",
    BulkState.CANCELLED: "Cancelled",
    BulkState.NO_CREDIT: "No credit",
    BulkState.SYSTEM_ERROR: "System error",
}
STATUSES: dict[DeliveryStatus, str] = {
    DeliveryStatus.SENT_TO_OPERATOR: "To operator",
    DeliveryStatus.OPERATOR_RECEIVED: "At operator",
    DeliveryStatus.DELIVERED: "Delivered",
    DeliveryStatus.NOT_DELIVERED: "Not delivered",
    DeliveryStatus.BLACKLISTED: "Blacklisted",
}


@dataclass(frozen=True, slots=True)
class Tongue:
    """A language. Called with an English text it returns that text in this language, ``{…}`` filled in."""

    code: str

    @property
    def direction(self) -> str:
        """``rtl`` or ``ltr``."""
        return "rtl" if self.code == "fa" else "ltr"

    def __call__(self, english: str, **values: object) -> str:
        words = PERSIAN[english] if self.code == "fa" else english
        return words.format(**values) if values else words

    def digits(self, text: str) -> str:
        """Figures in this language's digits."""
        return text.translate(_DIGITS) if self.code == "fa" else text

    def number(self, value: float, places: int = 0) -> str:
        """A quantity, in groups of three, with at most so many decimal places."""
        return self.digits(f"{value:,.{places}f}".removesuffix(".0"))

    def count(self, value: int, one: str, many: str) -> str:
        """``one`` or ``many`` with the number for ``{n}``; Persian has one form."""
        return self(one if value == 1 else many, n=self.number(value))

    def ago(self, time: float, now: float) -> str:
        """How long ago ``time`` was, or until it comes, as a person says it. Coarse, so that it stands still for a
        while.
        """
        seconds = now - time
        if seconds < -1:
            return self("in {time}", time=self._span(-seconds))
        if seconds < 10:
            return self("just now")
        return self("{time} ago", time=self._span(seconds)) if seconds < 86_400 else self.day(time)

    def _span(self, seconds: float) -> str:
        if seconds < 60:
            return self("{n} s", n=self.number(max(1, seconds // 10 * 10 if seconds >= 10 else seconds)))
        if seconds < 3600:
            return self("{n} min", n=self.number(seconds // 60))
        return (
            self("{n} h", n=self.number(seconds // 3600))
            if seconds < 86_400
            else self("{n} d", n=self.number(seconds // 86_400))
        )

    def day(self, time: float) -> str:
        """The date in Iran, in this language's calendar."""
        day = datetime.fromtimestamp(time, TEHRAN).date()
        return self.digits("{}/{:02}/{:02}".format(*jalali(day))) if self.code == "fa" else day.isoformat()

    def moment(self, time: float) -> str:
        """Date and time of day in Iran, to the second."""
        return f"{self.day(time)} {self.digits(datetime.fromtimestamp(time, TEHRAN).strftime('%H:%M:%S'))}"

    def clock(self, time: float) -> str:
        """Hours and minutes in Iran."""
        return self.digits(datetime.fromtimestamp(time, TEHRAN).strftime("%H:%M"))


def machine_time(time: float) -> str:
    """``time`` as machines read it, in UTC."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


ENGLISH, FARSI = Tongue("en"), Tongue("fa")


def tongue_of(chosen: str | None, accepted: str) -> Tongue:
    """The language somebody chose, or else the first of ``Accept-Language`` that there is."""
    for code in (chosen or "", *(part.strip()[:2].lower() for part in accepted.split(","))):
        if code in ("en", "fa"):
            return FARSI if code == "fa" else ENGLISH
    return ENGLISH
