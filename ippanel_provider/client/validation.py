"""Input is refused here, by field, before anything is sent (API: limits and formats)."""

from __future__ import annotations

import enum
import os
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from ippanel_provider import values
from ippanel_provider.client.errors import InvalidInput, as_invalid_input
from ippanel_provider.client.requests import Upload
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
E = TypeVar("E", bound=enum.IntEnum)

_DIGITS = re.compile(r"\d{4}")
_MAX_ID = 2**63 - 1

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
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidInput(
            f"{field}: the text holds half a character (a lone surrogate), as of an emoji that was cut in two"
        ) from None
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
    # Asking a text whether it is a mapping takes as long as reading its number.
    if type(number) is not str and isinstance(number, Mapping | list | tuple | set):
        raise InvalidInput(f"{field}: give one number")
    try:
        return numbers.normalize(number)
    except numbers.InvalidNumber as error:
        raise InvalidInput(f"{field}: {error}") from None


def recipients(given: Iterable[str | int], *, most: int, field: str = "recipients") -> list[str]:
    """Return all as +989XXXXXXXXX: at least one, at most ``most``."""
    normalized = [
        recipient(number, f"{field}[{index}]") for index, number in enumerate(listed(given, field, "numbers"))
    ]
    return bounded(normalized, most=most, field=field)


def listed(given: Iterable[T], field: str, of: str = "") -> Iterable[T]:
    """Return ``given`` if it is a list or another iterable of things: a text, a mapping, nothing are none."""
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        what = "nothing" if given is None else "one text" if isinstance(given, str) else type(given).__name__
        raise InvalidInput(f"{field}: give a list{of and f' of {of}'}, not {what}")
    return given


def bounded(items: list[T], *, most: int, field: str) -> list[T]:
    """Return ``items`` if there is at least one and at most ``most``."""
    if not items:
        raise InvalidInput(f"{field}: it is empty")
    if len(items) > most:
        raise InvalidInput(f"{field}: {len(items)} are too many for one request; at most {most} are taken")
    return items


def between(number: int, least: int, most: int, field: str) -> int:
    """Return ``number`` if it lies in the closed range."""
    with as_invalid_input():
        return values.whole(number, field, low=least, high=most)


def offset(number: int, field: str) -> int:
    """Return ``number`` if it is 0 or more."""
    try:
        return values.whole(number, field, low=0)
    except values.InvalidValue:
        raise InvalidInput(f"{field}: it is a whole number, 0 or more") from None


def identifier(value: Id, field: str) -> int:
    """Return an id as a number above 0."""
    number = int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 20 else value
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number <= _MAX_ID:
        raise InvalidInput(f"{field}: an id is a whole number above 0")
    return number


def identifiers(given: Iterable[Id], field: str, *, most: int | None = None) -> list[int]:
    """Return ids as numbers: at least one, at most ``most``."""
    ids = [identifier(value, f"{field}[{index}]") for index, value in enumerate(listed(given, field, "ids"))]
    return bounded(ids, most=len(ids) if most is None else most, field=field)


def in_path(code: str, field: str) -> str:
    """Return ``code`` as it stands in a path. ``..`` would lead to another call: it is no code of anything."""
    if any(part in {".", ".."} for part in re.split(r"[/\\]", present(code, field).strip())):
        raise InvalidInput(f"{field}: invalid, a part of it is . or ..; copy it from the panel")
    return quote(code, safe="")


def flag(value: bool | str | int, field: str) -> bool:
    """Return a flag: of True and False, or what a template renders them to."""
    with as_invalid_input():
        return values.flag(value, field)


def code(value: int | str | None, known: type[E], field: str) -> int | None:
    """Return the number of a state or an operator that the service has; None stays None."""
    if value is None:
        return None
    with as_invalid_input():
        return int(one_of(values.whole(value, field), [int(one) for one in known], field))


def digits(value: Id, least: int, most: int, field: str) -> str:
    """Return ``value`` if it is made of so many digits."""
    text = str(value)
    if not (text.isascii() and text.isdecimal() and least <= len(text) <= most):
        raise InvalidInput(f"{field}: give {least} to {most} digits")
    return text


def birth_years(first: int, last: int, fields: tuple[str, str]) -> tuple[int, int]:
    """Return a range of Jalali years of birth (not ages, whatever the service calls them)."""
    read: list[int] = []
    for year, field in zip((first, last), fields, strict=True):
        try:
            read.append(values.whole(year, field, low=MIN_BIRTH_YEAR, high=MAX_BIRTH_YEAR))
        except values.InvalidValue:
            raise InvalidInput(
                f"{field}: it is a Jalali year of birth, {MIN_BIRTH_YEAR} to {MAX_BIRTH_YEAR}, and no age"
            ) from None
    if read[0] > read[1]:
        raise InvalidInput(f"{fields[0]}: it is after {fields[1]}")
    return read[0], read[1]


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


def variables(given: Mapping[str, str | int] | None) -> dict[str, str | int]:
    """Return the values of a pattern's variables: texts and whole numbers."""
    if given is not None and not isinstance(given, Mapping):
        raise InvalidInput("variables: give a mapping of their names to their values")
    checked = dict(given or {})
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


def epoch(moment: datetime | str | None, field: str) -> int | None:
    """Return an aware ``moment``, or its ISO text, in seconds since 1970; None stays None."""
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
    if not isinstance(file, Upload | str | os.PathLike):
        raise InvalidInput(f"{field}: expected a path or an Upload")
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


def _aware(moment: datetime | str, field: str) -> datetime:
    with as_invalid_input():
        return values.moment(moment, field)


def send_time(moment: datetime | str | None, field: str = "send_time") -> str | None:
    """Return an aware ``moment``, or its ISO text, as the wire's UTC text; None stays None (at once).

    It has to lie 5 minutes to 90 days ahead.
    """
    if moment is None:
        return None
    due = _aware(moment, field)
    ahead = (due - datetime.now(UTC)).total_seconds()
    if ahead < MIN_SCHEDULE_AHEAD:
        raise InvalidInput(f"{field}: it must be at least {MIN_SCHEDULE_AHEAD // 60} minutes ahead")
    if ahead > MAX_SCHEDULE_AHEAD:
        raise InvalidInput(f"{field}: it must be at most {MAX_SCHEDULE_AHEAD // 86400} days ahead")
    return due.astimezone(UTC).strftime(SEND_TIME_FORMAT)
