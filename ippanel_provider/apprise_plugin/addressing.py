"""Reading what people write into an Apprise URL: lines, recipients, phonebooks and times."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from ippanel_provider.client import InvalidInput
from ippanel_provider.client.validation import sender as checked_sender
from ippanel_provider.text.lists import split
from ippanel_provider.text.numbers import InvalidNumber, mask, normalize
from ippanel_provider.values import InvalidValue, duration, moment

_BETWEEN_TARGETS = re.compile(r"[,;|\n،؛]+")
_BEGUN_ANEW = re.compile(r"\?(?=[a-z_]+=)")


@dataclass(frozen=True, slots=True)
class Targets:
    """Who a URL names, each once. ``unusable`` says of each other entry, masked, what is wrong with it."""

    numbers: tuple[str, ...] = field(repr=False)
    phonebooks: tuple[int, ...] = ()
    unusable: tuple[str, ...] = ()


def with_phonebooks(url: str) -> str:
    """Return a URL whose phonebooks are quoted: a raw ``#`` would end it, and what comes after would be forgotten.

    To who reads such a URL as one of the web, it has no query; so hosts append a second ``?`` and their own options.
    Apprise has quoted it by now.
    """
    before, mark, query = url.partition("?")
    if "#" in before or "%23" in before:
        query = _BEGUN_ANEW.sub("&", query)
    return (before + mark + query).replace("#", "%23")


def listed(given: object) -> list[str]:
    """Return entries given as one text that lists them, or as a list (of a configuration file) of texts and numbers."""
    if given is None:
        return []
    if isinstance(given, Iterable) and not isinstance(given, (str, bytes)):
        return [entry for item in given for entry in listed(item)]
    pieces = [piece.strip() for piece in _BETWEEN_TARGETS.split(str(given)) if piece.strip()]
    return [entry for piece in pieces for entry in ([piece] if "#" in piece else split(piece))]


def targets(entries: Iterable[str]) -> Targets:
    """Sort entries into numbers and phonebooks (``#12``); a recipient spelled twice is one."""
    numbers: dict[str, None] = {}
    phonebooks: dict[int, None] = {}
    unusable: list[str] = []
    for entry in entries:
        if entry.startswith("#"):
            phonebook = _latin(entry[1:].strip())
            if phonebook.isascii() and phonebook.isdecimal() and int(phonebook):
                phonebooks[int(phonebook)] = None
            else:
                unusable.append("a phonebook is given as # and its id, #12")
            continue
        try:
            # Forms write a space of the query as +, and Apprise leaves it so.
            numbers[normalize(entry[:1] + entry[1:].replace("+", " "))] = None
        except InvalidNumber as error:
            unusable.append(f"{mask(entry)} {error.problem.value}")
    return Targets(tuple(numbers), tuple(phonebooks), tuple(unusable))


def line(given: str) -> str:
    """Return a line as the service has it: ``3000505``, ``983000505``, ``00983000505`` and ``BANK`` get their ``+98``.

    :raises InvalidInput: if it is none.
    """
    # URLs are mostly written in small letters.
    return checked_sender(given.upper() if given.isascii() and given.isalpha() else given)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When to send: a moment, or so long after the notification."""

    moment: datetime | None = None
    ahead: timedelta | None = None

    def due(self) -> datetime | None:
        """Return the moment to send at; None is at once."""
        return datetime.now(UTC) + self.ahead if self.ahead is not None else self.moment


def schedule(given: str | None, zone: tzinfo | None) -> Schedule:
    """Read ``2027-03-20T09:00:00+03:30``, the same without offset in ``zone``, or ``45m``, ``2h``, ``1d`` from then on.

    :raises InvalidInput: if it is neither.
    """
    if not given:
        return Schedule()
    given = given.strip().removeprefix("+").strip()
    with suppress(InvalidValue):
        return Schedule(ahead=duration(given, "schedule"))
    written: str | datetime = given
    with suppress(ValueError):
        if zone is not None and (local := datetime.fromisoformat(_latin(given))).tzinfo is None:
            written = local.replace(tzinfo=zone)
    try:
        return Schedule(moment(written, "schedule"))
    except InvalidValue as error:
        raise InvalidInput(f"{error}, or add &tz=Asia/Tehran; or so long from now: 45m, 2h, 1d") from None


def _latin(text: str) -> str:
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)


def digits(text: str) -> str:
    """Return a code in Latin digits; spaces around it are dropped."""
    return _latin(text).strip()
