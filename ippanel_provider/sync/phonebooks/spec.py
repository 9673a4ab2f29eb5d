"""What is wanted of a phonebook: its title, which column is what, and what may happen to whom."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ippanel_provider.client import InvalidInput
from ippanel_provider.client import validation as checks
from ippanel_provider.service import MAX_PHONEBOOK_CONTACTS, MAX_PHONEBOOK_TITLE
from ippanel_provider.sync.values import READERS

FIELDS = ("name", "email", "pre")
"""What a contact has besides its number and the options."""


class Mode(enum.StrEnum):
    """What may happen to contacts."""

    INSERT = "insert"
    """New ones are created, those that are there stay as they are."""
    UPDATE = "update"
    """Those that are there are changed, nobody is added."""
    UPSERT = "upsert"
    """Both."""
    MIRROR = "mirror"
    """Both, and those the source does not have are deleted."""


@dataclass(frozen=True, slots=True)
class OptionSpec:
    """An option (custom field): its title in the panel, the column it comes from, and ``int``, ``string`` or
    ``date``."""

    title: str
    column: str
    type: str


@dataclass(frozen=True, slots=True)
class BookSpec:
    """A phonebook as it should be.

    :param book: its title; it is created when missing
    :param number: the column with the mobile number
    :param fields: the columns of ``name``, ``email`` and ``pre``; what is not named is left alone
    :param options: the options; they are created when missing
    :param delete_missing: whether contacts that the source does not have are deleted
    :param max_delete: how many contacts a plan may delete: a share below 1 of those there are, or a number
    :param split: whether what does not fit goes into further books, titled ``… 2``, ``… 3``; otherwise it is refused
    :param capacity: how many contacts a book takes
    """

    book: str
    number: str = "number"
    fields: Mapping[str, str] = field(default_factory=dict)
    options: tuple[OptionSpec, ...] = ()
    mode: Mode = Mode.UPSERT
    delete_missing: bool = False
    max_delete: float = 0.1
    split: bool = False
    capacity: int = MAX_PHONEBOOK_CONTACTS

    def as_json(self) -> dict[str, Any]:
        """The spec as data, in the form that :func:`spec_of` reads."""
        return {
            "book": self.book,
            "number": self.number,
            "fields": dict(self.fields),
            "options": {option.title: {"column": option.column, "type": option.type} for option in self.options},
            "mode": self.mode.value,
            "on_missing": "delete" if self.delete_missing else "keep",
            "max_delete": self.max_delete,
            "over_full": "split" if self.split else "refuse",
        }

    def deletions_allowed(self, contacts: int) -> int:
        """How many of so many contacts may be deleted."""
        return int(self.max_delete * contacts + 1e-9) if self.max_delete < 1 else int(self.max_delete)


_KNOWN = ("book", "number", "fields", "options", "mode", "on_missing", "max_delete", "over_full")


def spec_of(given: Mapping[str, Any]) -> BookSpec:
    """Read a spec from the fields of a file or of a task.

    :raises InvalidInput: naming the field that cannot be right.
    """
    checks.keys(given, _KNOWN, ("book",), "phonebook")
    mode = _one_of("mode", given.get("mode") or Mode.UPSERT.value, [mode.value for mode in Mode])
    on_missing = _one_of(
        "on_missing", given.get("on_missing") or ("delete" if mode == Mode.MIRROR else "keep"), ["keep", "delete"]
    )
    if mode == Mode.MIRROR and on_missing == "keep":
        raise InvalidInput("on_missing: a mirror deletes what the source does not have; use mode upsert to keep it")
    if mode == Mode.INSERT and on_missing == "delete":
        raise InvalidInput("on_missing: mode insert only adds; use mirror to delete too")
    over_full = _one_of("over_full", given.get("over_full") or "refuse", ["refuse", "split"])
    return BookSpec(
        book=checks.short(given["book"], MAX_PHONEBOOK_TITLE - 10, "book").strip(),
        number=_column("number", given.get("number") or "number"),
        fields=_fields(given.get("fields") or {}),
        options=_options(given.get("options") or {}),
        mode=Mode(mode),
        delete_missing=on_missing == "delete",
        max_delete=_share(given.get("max_delete")),
        split=over_full == "split",
    )


def _fields(given: Any) -> dict[str, str]:
    if not isinstance(given, Mapping):
        raise InvalidInput("fields: give them as field: column, as name: full_name")
    if unknown := sorted(map(str, given.keys() - set(FIELDS))):
        raise InvalidInput(
            f"fields: a contact has no {', '.join(unknown)}; it has {', '.join(FIELDS)}. The rest are options"
        )
    return {name: _column(f"fields.{name}", given[name]) for name in FIELDS if given.get(name)}


def _options(given: Any) -> tuple[OptionSpec, ...]:
    if not isinstance(given, Mapping):
        raise InvalidInput("options: give them as title: {column: …, type: int | string | date}")
    return tuple(_option(title, about) for title, about in given.items())


def _option(title: Any, about: Any) -> OptionSpec:
    if not isinstance(title, str) or not title.strip():
        raise InvalidInput("options: a title is a text that is not empty")
    if isinstance(about, str):
        # "points:int", or a column alone
        column, _, kind = about.partition(":")
        about = {"column": column.strip(), "type": kind.strip() or "string"}
    if not isinstance(about, Mapping) or about.keys() - {"column", "type"}:
        raise InvalidInput(f"options.{title}: give column and type, as {{column: points, type: int}}")
    kind = _one_of(f"options.{title}.type", about.get("type") or "string", list(READERS))
    return OptionSpec(title.strip(), _column(f"options.{title}", about.get("column") or title), kind)


def _column(field: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InvalidInput(f"{field}: name a column")
    return value


def _one_of(field: str, value: Any, known: Sequence[str]) -> str:
    if value not in known:
        raise InvalidInput(f"{field}: {value!r} is none of {', '.join(known)}")
    return str(value)


def _share(given: Any) -> float:
    if given is None:
        return 0.1
    if isinstance(given, str) and (percent := re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*%\s*", given)):
        # All of them: any number is more than there are.
        return float(percent[1]) / 100 if float(percent[1]) < 100 else float(10**12)
    try:
        allowed = float(given)
    except (TypeError, ValueError):
        allowed = -1.0
    if isinstance(given, bool) or not (0 <= allowed < 1 or (allowed >= 1 and allowed == int(allowed))):
        raise InvalidInput("max_delete: give a share as 0.1 or 10%, or a number of contacts as 500")
    return allowed
