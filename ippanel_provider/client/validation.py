"""Input is refused here, by field, before anything is sent (API: limits and formats)."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from ippanel_provider.client.errors import InvalidInput
from ippanel_provider.client.request import Upload
from ippanel_provider.service import (
    MAX_BIRTH_YEAR,
    MAX_SCHEDULE_AHEAD,
    MAX_TEXT_CHARACTERS,
    MAX_TEXT_PARTS,
    MAX_TOKEN_LENGTH,
    MIN_BIRTH_YEAR,
    MIN_SCHEDULE_AHEAD,
    MIN_TOKEN_LENGTH,
    SEND_TIME_FORMAT,
)
from ippanel_provider.text import lines, numbers, parts

T = TypeVar("T")

_DIGITS = re.compile(r"\d{4}")
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")

Id = int | str
"""An id as people have it: a number, or its digits (as templates and reports give it)."""
File = Upload | str | os.PathLike[str]
"""A file to upload: its path, or an :class:`Upload` of bytes or of an open binary file."""


def text(message: str, field: str = "message") -> str:
    """Return ``message`` if it is a text the service takes: not empty, at most 1400 characters and 20 parts."""
    if not isinstance(message, str):
        raise InvalidInput(f"{field}: give a text, not {type(message).__name__}")
    if not message or message.isspace():
        raise InvalidInput(f"{field}: the text is empty")
    whole(message, field)
    if len(message) > MAX_TEXT_CHARACTERS:
        raise InvalidInput(
            f"{field}: the text has {len(message)} characters; at most {MAX_TEXT_CHARACTERS} are taken. Shorten "
            f"it or send two"
        )
    # Far below the limit in the costliest encoding there is nothing to measure.
    if len(message) > MAX_TEXT_PARTS * 33 and (count := parts.measure(message).parts) > MAX_TEXT_PARTS:
        raise InvalidInput(
            f"{field}: the text is {count} parts long; at most {MAX_TEXT_PARTS} are taken. Shorten it or send two"
        )
    return message


def whole(value: str, field: str) -> str:
    """Return ``value`` if it can be written as UTF-8."""
    if _HALF_CHARACTER.search(value):
        raise InvalidInput(
            f"{field}: the text holds half a character (a lone surrogate), as of an emoji that was cut in two"
        )
    return value


def sender(line: object, field: str = "sender") -> str:
    """Return a line, in whatever spelling, as the service has it."""
    try:
        return lines.line(line)
    except lines.InvalidLine:
        raise InvalidInput(
            f"{field}: {numbers.mask(str(line))} is no line; give it as +983000505 (or a bank line as +98BANK)"
        ) from None


def recipient(number: object, field: str = "recipient") -> str:
    """Return a number, in whatever spelling, as +989XXXXXXXXX."""
    if isinstance(number, Mapping | list | tuple | set):
        raise InvalidInput(f"{field}: give one number")
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
    if not isinstance(number, int) or not least <= number <= most:
        raise InvalidInput(f"{field}: {number} is outside {least} to {most}")
    return number


def offset(number: int, field: str) -> int:
    """Return ``number`` if it is 0 or more."""
    if not isinstance(number, int) or number < 0:
        raise InvalidInput(f"{field}: it is a whole number, 0 or more")
    return number


def identifier(value: Id, field: str) -> int:
    """Return an id as a number above 0."""
    number = int(value) if isinstance(value, str) and value.isdecimal() else value
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise InvalidInput(f"{field}: an id is a whole number above 0")
    return number


def identifiers(values: Iterable[Id], field: str, *, most: int | None = None) -> list[int]:
    """Return ids as numbers: at least one, at most ``most``."""
    if isinstance(values, str):
        raise InvalidInput(f"{field}: give a list of ids, not one text")
    ids = [identifier(value, f"{field}[{index}]") for index, value in enumerate(values)]
    return bounded(ids, most=len(ids) if most is None else most, field=field)


def digits(value: Id, least: int, most: int, field: str) -> str:
    """Return ``value`` if it is made of so many digits."""
    text = str(value)
    if not (text.isascii() and text.isdecimal() and least <= len(text) <= most):
        raise InvalidInput(f"{field}: give {least} to {most} digits")
    return text


def birth_years(first: int, last: int, fields: tuple[str, str]) -> tuple[int, int]:
    """Return a range of Jalali years of birth (not ages, whatever the service calls them)."""
    for year, field in zip((first, last), fields, strict=True):
        if not isinstance(year, int) or not MIN_BIRTH_YEAR <= year <= MAX_BIRTH_YEAR:
            raise InvalidInput(
                f"{field}: it is a Jalali year of birth, {MIN_BIRTH_YEAR} to {MAX_BIRTH_YEAR}, and no age"
            )
    if first > last:
        raise InvalidInput(f"{fields[0]}: it is after {fields[1]}")
    return first, last


def one_of(value: T, known: Collection[T], field: str) -> T:
    """Return ``value`` if the service knows it."""
    if value not in known:
        raise InvalidInput(f"{field}: it is one of {', '.join(map(str, known))}")
    return value


def keys(given: Mapping[str, object], known: Collection[str], required: Collection[str], field: str) -> None:
    """Refuse a mapping with a field that does not exist, or without one that is needed."""
    if not isinstance(given, Mapping):
        raise InvalidInput(f"{field}: give a mapping of its fields")
    if missing := [name for name in required if given.get(name) is None]:
        raise InvalidInput(f"{field}: {', '.join(missing)} is missing")
    # Where a mapping by number is given for one of fields, its keys are nobody's business.
    if unknown := sorted(
        numbers.mask(name) if _DIGITS.search(name) else name for name in set(map(str, given)) - set(known)
    ):
        raise InvalidInput(f"{field}: there is no {', '.join(unknown)}; there are {', '.join(sorted(known))}")


def filled(given: Mapping[str, object], field: str) -> None:
    """Refuse a choice of people in which a field is there and holds nothing: it was meant to leave somebody out."""
    for name, value in given.items():
        if value is None or (isinstance(value, str) and not value.strip()):
            raise InvalidInput(f"{field}.{name}: it is empty, which would choose everybody; give it, or leave it out")


def present(value: str, field: str) -> str:
    """Return ``value`` if it is a text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise InvalidInput(f"{field}: it is empty")
    return whole(value, field)


def short(value: str, most: int, field: str) -> str:
    """Return ``value`` if it is not empty and at most ``most`` characters long."""
    if len(present(value, field)) > most:
        raise InvalidInput(f"{field}: {len(value)} characters are too many; at most {most} are taken")
    return value


def variables(values: Mapping[str, str | int] | None) -> dict[str, str | int]:
    """Return the values of a pattern's variables: texts and whole numbers."""
    checked = dict(values or {})
    for name, value in checked.items():
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            raise InvalidInput(f"variables[{name}]: give a text or a whole number")
        if isinstance(value, str):
            whole(value, f"variables[{name}]")
    return checked


def token(value: str, field: str = "token") -> str:
    """Return ``value`` if it has the length of a token."""
    if not MIN_TOKEN_LENGTH <= len(present(value, field)) <= MAX_TOKEN_LENGTH:
        raise InvalidInput(
            f"{field}: a token has {MIN_TOKEN_LENGTH} to {MAX_TOKEN_LENGTH} characters; this has {len(value)}"
        )
    return value


def epoch(moment: datetime | None, field: str) -> int | None:
    """Return an aware ``moment`` in seconds since 1970; None stays None."""
    return None if moment is None else int(_aware(moment, field).timestamp())


_CONTENT_TYPES = {
    "csv": "text/csv",
    "jpg": "image/jpeg",
    "png": "image/png",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}


def upload(file: File, kinds: Collection[str], field: str = "file", *, most_bytes: int | None = None) -> Upload:
    """Return ``file`` if it can be read, is of one of the ``kinds`` (by its name), and neither empty nor too large."""
    given = file if isinstance(file, Upload) else Upload(Path(file).name, Path(file))
    kind = Path(given.filename).suffix.removeprefix(".").lower()
    if kind not in kinds:
        raise InvalidInput(
            f"{field}: a file of this name is not taken; its name ends in {' or '.join('.' + known for known in kinds)}"
        )
    size = _size(given, field)
    if not size:
        raise InvalidInput(f"{field}: the file is empty")
    if most_bytes is not None and size > most_bytes:
        raise InvalidInput(f"{field}: the file has {size} bytes; at most {most_bytes} are taken")
    return given if isinstance(file, Upload) else Upload(given.filename, given.content, _CONTENT_TYPES[kind])


def _size(given: Upload, field: str) -> int:
    content = given.content
    if isinstance(content, bytes):
        return len(content)
    try:
        if isinstance(content, Path):
            with content.open("rb") as opened:
                return opened.seek(0, os.SEEK_END)
        if isinstance(content.read(0), str):
            raise InvalidInput(f"{field}: the file is open as text; open it in binary mode")
        # It is sent from its start, and again should the request be repeated, so it has to be one that can go back.
        size = content.seek(0, os.SEEK_END)
        content.seek(0)
    except (OSError, ValueError) as error:
        if isinstance(error, InvalidInput):
            raise
        reason = (
            error.strerror
            if isinstance(error, OSError) and error.strerror
            else "its size cannot be told; give a path or bytes"
        )
        raise InvalidInput(f"{field}: {reason}") from None
    return size


def _aware(moment: datetime, field: str) -> datetime:
    if not isinstance(moment, datetime):
        raise InvalidInput(f"{field}: give a datetime, not {type(moment).__name__}")
    if moment.tzinfo is None:
        raise InvalidInput(f"{field}: give it with a time zone, the service works in UTC")
    return moment


def send_time(moment: datetime | None, field: str = "send_time") -> str | None:
    """Return an aware ``moment`` as the wire's UTC text; None stays None (at once).

    It has to lie 5 minutes to 90 days ahead.
    """
    if moment is None:
        return None
    ahead = (_aware(moment, field) - datetime.now(UTC)).total_seconds()
    if ahead < MIN_SCHEDULE_AHEAD:
        raise InvalidInput(f"{field}: it must be at least {MIN_SCHEDULE_AHEAD // 60} minutes ahead")
    if ahead > MAX_SCHEDULE_AHEAD:
        raise InvalidInput(f"{field}: it must be at most {MAX_SCHEDULE_AHEAD // 86400} days ahead")
    return moment.astimezone(UTC).strftime(SEND_TIME_FORMAT)
