"""What a phonebook is made of. Data only; what happens to it is in ``phonebooks``. API: phonebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

JOB_QUEUED = 1.0
"""Seconds of service time an import or export waits before it starts."""
JOB_RUNNING = 1.0
"""Seconds of service time it runs, whatever its size."""
OPTION_TYPES = ("int", "string", "date")
"""What the values of an option may be."""


class Entry(NamedTuple):
    """A contact to be: all that a request or a file says of one. ``options`` are values by the id of their option."""

    book_id: int
    number: str
    pre: str | None = None
    name: str | None = None
    email: str | None = None
    options: Mapping[int, str] | None = None


@dataclass(slots=True)
class Option:
    """A custom field of contacts; ``type`` is one of :data:`OPTION_TYPES`. Options belong to the account."""

    id: int
    title: str
    type: str
    created: float


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact. Never changed but replaced, so that an export can keep what it started with."""

    id: int
    book_id: int
    number: str
    pre: str | None
    name: str | None
    email: str | None
    options: Mapping[int, str]
    created: float
    updated: float


@dataclass(slots=True)
class Job:
    """An import or an export under way, as a function of time; the words are the sandbox's own."""

    started: float

    @property
    def ends(self) -> float:
        """When it is done."""
        return self.started + JOB_QUEUED + JOB_RUNNING

    def status_at(self, now: float) -> str:
        """``pending``, ``processing`` or ``done``."""
        if now < self.started + JOB_QUEUED:
            return "pending"
        return "processing" if now < self.ends else "done"


@dataclass(slots=True)
class Import(Job):
    """Contacts read from a file, that are added when the job ends."""

    entries: Sequence[Entry]


@dataclass(slots=True)
class Export(Job):
    """Contacts as they were when the job started; its file can be fetched when it ends."""

    id: int
    contacts: Sequence[Contact]
    option_ids: Sequence[int]
    """The options that get a column."""


@dataclass(slots=True)
class Book:
    """A phonebook; a number is in it once."""

    id: int
    title: str
    option_ids: list[int]
    created: float
    updated: float
    contacts: dict[int, Contact] = field(default_factory=dict)
    by_number: dict[str, int] = field(default_factory=dict)
    imported: Import | None = None
    exported: Export | None = None


class Added(NamedTuple):
    """What became of contacts to be: added, refused, or in the book already."""

    added: int
    errors: int
    existences: int
