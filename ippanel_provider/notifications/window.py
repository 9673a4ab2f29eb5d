"""At most one alert to a person in a window of time, however many processes raise it.

Callbacks run in workers, the DAG processor and the triggerer, each a process of its own and often on machines of their
own, so what was sent lies outside of all of them, in two books:

- a file on each machine, locked for the moment of a claim: among the processes of one machine it is exact;
- an Airflow Variable for each alert, by which machines know of each other. Variables know no locks: machines that claim
  within the same fraction of a second can each come through, and counts of what pods held back can come out too low.

Where a book cannot be used the alert goes out: too many alerts are better than none. Both hold hashes and times only.
"""

from __future__ import annotations

import json
import logging
import random
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

log = logging.getLogger(__name__)

KEPT_DAYS = 30
LOCK_SECONDS = 5.0
VARIABLE_PREFIX = "ippanel_alert_"


@dataclass(frozen=True, slots=True)
class Entry:
    """When an alert last went to a person (epoch seconds, 0 for never), and how many were held back since."""

    sent_at: float = 0.0
    held: int = 0

    def covers(self, now: float, seconds: float) -> bool:
        """Whether ``now`` lies within the window; a clock that was set back closes it for no longer than forward."""
        return abs(now - self.sent_at) < seconds


class Book(Protocol):
    """Remembers alerts by hash."""

    def claim(self, alert: str, people: Iterable[str], seconds: float) -> dict[str, Entry]:
        """Return what was known of each person; those whose entry does not cover now are entered as sent now."""
        ...

    def enter(self, alert: str, entries: Mapping[str, Entry]) -> None:
        """Set what is known of people."""
        ...


class Window:
    """Several books asked one after the other; an alert goes to whom none of them holds back.

    :param seconds: how long after an alert the same one is held back
    :param books: the cheapest first; one that says no spares the others
    """

    def __init__(self, seconds: float, books: Iterable[Book]) -> None:
        self.seconds = seconds
        self.books = tuple(books)

    def claim(self, alert: str, people: Iterable[str]) -> dict[str, int]:
        """Return who may be told now, each with how many alerts were held back since the last one."""
        free = dict.fromkeys(people, 0)
        asked: list[tuple[Book, dict[str, Entry]]] = []
        for book in self.books:
            if not free:
                break
            now = time.time()
            known = dict.fromkeys(free, Entry())
            with _in_use(book):
                known = book.claim(alert, free, self.seconds)
            closed = {person: entry for person, entry in known.items() if entry.covers(now, self.seconds)}
            # This book has counted it; the ones before take over the time and have back the count that they gave out.
            for earlier, were in asked if closed else ():
                with _in_use(earlier):
                    earlier.enter(
                        alert, {person: Entry(entry.sent_at, were[person].held) for person, entry in closed.items()}
                    )
            asked.append((book, known))
            free = {person: held + known[person].held for person, held in free.items() if person not in closed}
        return free

    def give_back(self, alert: str, claimed: Mapping[str, int]) -> None:
        """Undo a claim whose alert did not go out, so that the next one may."""
        for number, book in enumerate(self.books):
            # The count is kept once.
            entries = {person: Entry(0.0, held if number == 0 else 0) for person, held in claimed.items()}
            with _in_use(book):
                book.enter(alert, entries)


@contextmanager
def _in_use(book: Book) -> Iterator[None]:
    """Whatever a disk or a backend of Variables raises, the alert goes out."""
    try:
        yield
    except Exception as error:  # noqa: BLE001
        log.warning("The alert window cannot use its %s (%s).", type(book).__name__, type(error).__name__)


class MachineBook:
    """A SQLite file that the processes of one machine share."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def claim(self, alert: str, people: Iterable[str], seconds: float) -> dict[str, Entry]:
        """See :class:`Book`; atomic among all who use the file."""
        now = time.time()
        known: dict[str, Entry] = {}
        with self._locked() as database:
            database.execute(
                "DELETE FROM alerts WHERE sent_at > 0 AND abs(? - sent_at) > ?", (now, max(seconds, KEPT_DAYS * 86400))
            )
            for person in people:
                row = database.execute(
                    "SELECT sent_at, held FROM alerts WHERE alert = ? AND person = ?", (alert, person)
                ).fetchone()
                known[person] = entry = Entry(*row) if row else Entry()
                after = Entry(entry.sent_at, entry.held + 1) if entry.covers(now, seconds) else Entry(now)
                _write(database, alert, person, after)
        return known

    def enter(self, alert: str, entries: Mapping[str, Entry]) -> None:
        """See :class:`Book`."""
        with self._locked() as database:
            for person, entry in entries.items():
                _write(database, alert, person, entry)

    @contextmanager
    def _locked(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.path, timeout=LOCK_SECONDS, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            database.execute(
                "CREATE TABLE IF NOT EXISTS alerts (alert TEXT, person TEXT, sent_at REAL, held INTEGER, "
                "PRIMARY KEY (alert, person))"
            )
            yield database
            database.execute("COMMIT")


def _write(database: sqlite3.Connection, alert: str, person: str, entry: Entry) -> None:
    database.execute("INSERT OR REPLACE INTO alerts VALUES (?, ?, ?, ?)", (alert, person, entry.sent_at, entry.held))


class DeploymentBook:
    """An Airflow Variable for each alert, ``ippanel_alert_<hash>``; it may be deleted at any time."""

    def claim(self, alert: str, people: Iterable[str], seconds: float) -> dict[str, Entry]:
        """See :class:`Book`. What was written is read again after a moment; where another's stands, that one was
        first."""
        now = time.time()
        entries = {
            person: entry for person, entry in self._read(alert).items() if entry.covers(now, seconds) or entry.held
        }
        known = {person: entries.get(person, Entry()) for person in people}
        mine = {person for person, entry in known.items() if not entry.covers(now, seconds)}
        for person, entry in known.items():
            entries[person] = Entry(now) if person in mine else Entry(entry.sent_at, entry.held + 1)
        self._store(alert, entries)
        if mine:
            time.sleep(0.1 + random.random() / 5)  # noqa: S311 - spreads claims, guards nothing
            stored = self._read(alert)
            known |= {person: stored[person] for person in mine if person in stored and stored[person].sent_at != now}
        return known

    def enter(self, alert: str, entries: Mapping[str, Entry]) -> None:
        """See :class:`Book`."""
        self._store(alert, self._read(alert) | dict(entries))

    def _read(self, alert: str) -> dict[str, Entry]:
        from airflow.providers.common.compat.sdk import Variable

        # The default has another name on Airflow 2.
        try:
            stored = json.loads(Variable.get(VARIABLE_PREFIX + alert, "{}"))
            return {person: Entry(float(sent_at), int(held)) for person, (sent_at, held) in stored.items()}
        except (ValueError, TypeError, AttributeError):
            # Written with another Fernet key, or by hand: an alert too many is better than none.
            return {}

    def _store(self, alert: str, entries: Mapping[str, Entry]) -> None:
        from airflow.providers.common.compat.sdk import Variable

        value = json.dumps({person: [entry.sent_at, entry.held] for person, entry in entries.items()})
        Variable.set(VARIABLE_PREFIX + alert, value, description="When an IPPanel alert last went out. May be deleted.")
