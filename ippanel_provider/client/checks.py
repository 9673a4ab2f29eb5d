"""Input is refused here, by field, before anything is sent (API: limits and formats)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TypeVar

from ippanel_provider.client.errors import InvalidInput
from ippanel_provider.service import (
    MAX_SCHEDULE_AHEAD,
    MAX_TEXT_CHARACTERS,
    MAX_TEXT_PARTS,
    MIN_SCHEDULE_AHEAD,
    SEND_TIME_FORMAT,
)
from ippanel_provider.text import numbers, parts

T = TypeVar("T")


def text(message: str, field: str = "message") -> str:
    """Return ``message`` if it is a text the service takes: not empty, at most 1400 characters and 20 parts."""
    if not message or message.isspace():
        raise InvalidInput(f"{field}: the text is empty")
    if len(message) > MAX_TEXT_CHARACTERS:
        raise InvalidInput(
            f"{field}: the text has {len(message)} characters; at most {MAX_TEXT_CHARACTERS} are taken. Shorten it or send two"
        )
    # Far below the limit in the costliest encoding there is nothing to measure.
    if len(message) > MAX_TEXT_PARTS * 33 and (count := parts.measure(message).parts) > MAX_TEXT_PARTS:
        raise InvalidInput(f"{field}: the text is {count} parts long; at most {MAX_TEXT_PARTS} are taken. Shorten it or send two")
    return message


def sender(line: str, field: str = "sender") -> str:
    """Return ``line`` if it has the form of a sender."""
    if not isinstance(line, str) or not numbers.is_sender(line):
        raise InvalidInput(f"{field}: {line!r} is no line; give it as +983000505 (or a bank line as +98BANK)")
    return line


def recipient(number: str | int, field: str = "recipient") -> str:
    """Return ``number`` as +989XXXXXXXXX."""
    try:
        return numbers.normalize(number)
    except numbers.InvalidNumber as error:
        raise InvalidInput(f"{field}: {error}") from None


def recipients(given: Iterable[str | int], *, most: int, field: str = "recipients") -> list[str]:
    """Return all as +989XXXXXXXXX: at least one, at most ``most``."""
    if isinstance(given, str):
        raise InvalidInput(f"{field}: give a list of numbers, not one text")
    normalized = [recipient(number, f"{field}[{index}]") for index, number in enumerate(given)]
    return bounded(normalized, most=most, field=field)


def bounded(items: list[T], *, most: int, field: str) -> list[T]:
    """Return ``items`` if there is at least one and at most ``most``."""
    if not items:
        raise InvalidInput(f"{field}: it is empty")
    if len(items) > most:
        raise InvalidInput(f"{field}: {len(items)} are too many for one request; at most {most} are taken")
    return items


def between(number: int, least: int, most: int, field: str) -> int:
    """Return ``number`` if it lies in the closed range."""
    if not least <= number <= most:
        raise InvalidInput(f"{field}: {number} is outside {least} to {most}")
    return number


def short(value: str, most: int, field: str) -> str:
    """Return ``value`` if it is not empty and at most ``most`` characters long."""
    if not value:
        raise InvalidInput(f"{field}: it is empty")
    if len(value) > most:
        raise InvalidInput(f"{field}: {len(value)} characters are too many; at most {most} are taken")
    return value


def send_time(moment: datetime | None, field: str = "send_time") -> str | None:
    """Return an aware ``moment`` as the wire's UTC text; None stays None (at once).

    It has to lie 5 minutes to 90 days ahead.
    """
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise InvalidInput(f"{field}: give it with a time zone, the service works in UTC")
    ahead = (moment - datetime.now(UTC)).total_seconds()
    if ahead < MIN_SCHEDULE_AHEAD:
        raise InvalidInput(f"{field}: it must be at least {MIN_SCHEDULE_AHEAD // 60} minutes ahead")
    if ahead > MAX_SCHEDULE_AHEAD:
        raise InvalidInput(f"{field}: it must be at most {MAX_SCHEDULE_AHEAD // 86400} days ahead")
    return moment.astimezone(UTC).strftime(SEND_TIME_FORMAT)
