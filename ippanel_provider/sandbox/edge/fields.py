"""The fields of the Edge API's calls: what each kind takes, and what is said of anything else.

A route declares them; :func:`values` reads all of them, and what cannot be used is refused by field. What a kind
cannot say of itself, such as whether an id exists, its handler looks at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ippanel_provider.sandbox.takes import FLAG, NUMBER, NUMBERS, Field, Schema
from ippanel_provider.sandbox.wire import Call

from .envelope import Problems, as_int

_MOST = 2**63
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class Checked(Field):
    """A field that is looked at before its handler does. A subclass says how in :meth:`read`."""

    required: bool = True

    def read(self, value: Any, problems: Problems, at: str) -> Any:
        """The value, or None with a problem; it is neither absent nor empty."""
        return value

    def read_from(self, given: Mapping[str, Any], problems: Problems, at: str = "") -> Any:
        """The value in ``given``; None where there is none. ``at`` is what ``given`` is a part of."""
        value = given.get(self.name)
        if value is None or value == "" or value == []:
            if self.required:
                problems.require(f"{at}{self.name}")
            return None
        return self.read(value, problems, f"{at}{self.name}")


@dataclass(frozen=True)
class Text(Checked):
    """A text of at most ``most`` characters."""

    most: int | None = None

    def read(self, value: Any, problems: Problems, at: str) -> str | None:
        if not isinstance(value, str):
            problems.add(at)
            return None
        if self.most is not None and len(value) > self.most:
            problems.add(at, f"این گزینه نباید بیشتر از {self.most} کاراکتر باشد")
        return value


@dataclass(frozen=True)
class Spelled(Checked):
    """A text that may come as a number, such as a code."""

    def read(self, value: Any, problems: Problems, at: str) -> str | None:
        if not isinstance(value, str | int) or isinstance(value, bool):
            problems.add(at)
        return str(value)


@dataclass(frozen=True)
class Whole(Checked):
    """A whole number from ``low`` to ``high``, however it is written."""

    schema: Schema = field(default_factory=lambda: NUMBER)
    low: int = 0
    high: int = _MOST

    def read(self, value: Any, problems: Problems, at: str) -> int | None:
        number = as_int(value)
        if number is None or not self.low <= number <= self.high:
            problems.add(at)
            return None
        return number


@dataclass(frozen=True)
class Ids(Checked):
    """A list of ids that is not empty."""

    schema: Schema = field(default_factory=lambda: NUMBERS)

    def read(self, value: Any, problems: Problems, at: str) -> list[int]:
        numbers = [as_int(each) for each in value] if isinstance(value, list) else [None]
        if None in numbers:
            problems.add(at)
        return [number for number in numbers if number is not None]


@dataclass(frozen=True)
class OneOf(Checked):
    """One of some texts."""

    among: tuple[str, ...] = ()

    def read(self, value: Any, problems: Problems, at: str) -> str | None:
        if value not in self.among:
            problems.add(at)
            return None
        return str(value)


@dataclass(frozen=True)
class Flag(Checked):
    """Yes or no, as a boolean, 0 or 1, or as a text of either."""

    schema: Schema = field(default_factory=lambda: FLAG)

    def read(self, value: Any, problems: Problems, at: str) -> bool | None:
        if isinstance(value, bool):
            return value
        if str(value) not in _FLAGS:
            problems.add(at)
            return None
        return _FLAGS[str(value)]


def checked(call: Call) -> Iterator[Checked]:
    """The fields of a call that are looked at before its handler does."""
    return (each for each in call.takes if isinstance(each, Checked))


def read(call: Call, problems: Problems) -> dict[str, Any]:
    """The values of the fields that the call's route declares, by name."""
    return {each.name: each.read_from(call.given, problems) for each in checked(call)}


def values(call: Call) -> dict[str, Any]:
    """The same, where nothing else can be wrong.

    :raises Denied: with the 422 that names all that is wrong.
    """
    problems = Problems()
    found = read(call, problems)
    problems.check()
    return found
