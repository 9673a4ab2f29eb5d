"""Doing what a plan of phonebooks says: chunk by chunk, every row told. A flow. API: phonebook."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ippanel_provider.client import (
    Flow,
    NotFound,
    Refused,
    Sleep,
    Unauthorized,
    Unconfirmed,
    edge,
)
from ippanel_provider.client.edge.phonebook import NewContact
from ippanel_provider.sync.applying import ATTEMPTS, SETTLE, reason_of
from ippanel_provider.sync.phonebooks import memory as book_memory
from ippanel_provider.sync.phonebooks.adding import Adding, Verdict
from ippanel_provider.sync.phonebooks.memory import Key
from ippanel_provider.sync.phonebooks.plan import PhonebookPlan, RowChange
from ippanel_provider.sync.phonebooks.planning import raw_options, read_books, read_options
from ippanel_provider.sync.phonebooks.verify import Done, verify
from ippanel_provider.sync.plan import Action
from ippanel_provider.tables.storage import Location

CHUNK = 10_000
"""Contacts in a request. The service names no limit; a chunk it finds too large is halved."""


class RowOutcome(NamedTuple):
    """What became of a row; ``line`` is 0 for a contact that no row has. It holds a phone number: for reports only."""

    line: int
    number: str
    action: str
    reason: str
    phonebook: str


@dataclass(frozen=True, slots=True)
class Terms:
    """How a plan is applied.

    :param chunk_size: contacts in a request that adds or deletes
    :param settle: seconds the panel is given to show what an unanswered create may have made
    :param state: where to remember what was applied to options; without it they are read one by one in the next run
    """

    chunk_size: int = CHUNK
    settle: float = SETTLE
    state: Location | None = None


def apply(
    plan: PhonebookPlan, key: Key, tell: Callable[[RowOutcome], None], terms: Terms | None = None, *, check_panel: bool
) -> Flow[dict[str, int]]:
    """Do exactly what the plan says; return how many rows became what.

    A plan that was applied in part, by a process that was killed, is taken up where it ended. ``tell`` is called with
    every row as soon as it is known what became of it; those that stay as they are are only counted.

    :param check_panel: read the panel again and refuse if it has changed; False where the plan was made a moment ago
    :raises TooManyDeletions: before the first call.
    :raises PanelChanged: before the first write.
    """
    plan.check_deletions()
    done = (yield from verify(plan)) if check_panel else Done()
    return (yield from _Applying(plan, key, tell, terms or Terms(), done).run())


class _Applying:
    """One try of a plan."""

    def __init__(
        self, plan: PhonebookPlan, key: Key, tell: Callable[[RowOutcome], None], terms: Terms, done: Done
    ) -> None:
        self._plan = plan
        self._head = plan.head
        self._key = key
        self._tell_reporter = tell
        self._terms = terms
        self._done = done
        self._counts: Counter[str] = Counter({Action.UNCHANGED.done: plan.head.counts[Action.UNCHANGED]})
        self._failed: set[int] = set()
        # Hashes made under another key would never be found again.
        self._remembers = bool(plan.head.spec.options) and terms.state is not None and plan.head.key == key.fingerprint
        self._foreign_options = False

    def run(self) -> Flow[dict[str, int]]:
        began = time.time()
        if self._head.has_changes:
            self._remember(self._known_before(), None)
        yield from self._make_options()
        yield from self._make_books()
        yield from self._delete()
        adding = [Adding(head.id or 0, tuple(self._head.spec.fields), self._terms.settle) for head in self._head.books]
        chunks: list[list[RowChange]] = [[] for _ in self._head.books]
        for row in self._plan.rows():
            if row.action == Action.CREATE and row.number not in self._done.created:
                chunks[row.book].append(row)
                if len(chunks[row.book]) == self._terms.chunk_size:
                    yield from self._add(adding[row.book], chunks[row.book])
                    chunks[row.book] = []
            elif row.action == Action.UPDATE:
                yield from self._update(row)
            elif row.action != Action.DELETE:
                # Rejected, or created already.
                earlier = "by an earlier try" if row.action == Action.CREATE else ""
                self._tell(row, _row_done(row), earlier or row.reason)
        for adder, chunk in zip(adding, chunks, strict=True):
            if chunk:
                yield from self._add(adder, chunk)
            self._judge((yield from adder.resolve()))
        if self._head.has_changes or self._head.learns:
            self._remember(self._known_after(), time.time() - began)
        return {action.done: self._counts[action.done] for action in Action} | {
            Action.UNMANAGED.value: self._head.counts.get(Action.UNMANAGED, 0)
        }

    def _make_options(self) -> Flow[None]:
        head = self._head
        for wanted in head.spec.options:
            attempt = 1
            while head.options[wanted.title] is None:
                try:
                    option = yield from edge.phonebook.create_option(wanted.title, wanted.type)  # type: ignore[arg-type]
                    head.options[wanted.title] = option.id
                except Unconfirmed:
                    yield from Sleep(self._terms.settle)
                    head.options |= {
                        title: found for title, found in (yield from read_options(head.spec)).items() if found
                    }
                    if attempt == ATTEMPTS and head.options[wanted.title] is None:
                        raise
                    attempt += 1

    def _make_books(self) -> Flow[None]:
        ours = [option_id for option_id in self._head.options.values() if option_id is not None]
        for place, book in enumerate(self._head.books):
            attempt = 1
            while book.id is None and book.creates:
                try:
                    made = yield from edge.phonebook.create(book.title, ours or None)
                    book.id, book.option_ids = made.id, ours
                except Unconfirmed:
                    yield from Sleep(self._terms.settle)
                    found = yield from read_books(self._head.spec)
                    if place < len(found):
                        book.id, book.option_ids = found[place].id, [option.id for option in found[place].options]
                    elif attempt == ATTEMPTS:
                        raise
                    attempt += 1
            if book.id is not None and (
                missing := [option_id for option_id in ours if option_id not in book.option_ids]
            ):
                yield from edge.phonebook.update(book.id, options=[*book.option_ids, *missing])
            self._foreign_options |= bool(set(book.option_ids) - set(ours))

    def _delete(self) -> Flow[None]:
        chunk: list[RowChange] = []
        for row in self._plan.rows():
            if row.action != Action.DELETE:
                continue
            if row.contact_id in self._done.deleted:
                self._tell(row, _row_done(row), "by an earlier try")
                continue
            chunk.append(row)
            if len(chunk) == self._terms.chunk_size:
                yield from self._delete_chunk(chunk)
                chunk = []
        if chunk:
            yield from self._delete_chunk(chunk)

    def _delete_chunk(self, chunk: Sequence[RowChange]) -> Flow[None]:
        try:
            yield from edge.phonebook.delete_contacts([row.contact_id for row in chunk])
        except Unauthorized:
            raise
        except Refused as error:
            if len(chunk) > 1:
                # One that is gone, or more than the service takes at once: halves tell.
                middle = len(chunk) // 2
                yield from self._delete_chunk(chunk[:middle])
                yield from self._delete_chunk(chunk[middle:])
            elif isinstance(error, NotFound):
                self._tell(chunk[0], _row_done(chunk[0]), "it was gone already")
            else:
                self._tell(chunk[0], Action.REJECT.done, reason_of(error))
            return
        for row in chunk:
            self._tell(row, _row_done(row), "")

    def _add(self, adding: Adding, chunk: Sequence[RowChange]) -> Flow[None]:
        entries = [self._entry(row, adding.book_id) for row in chunk]
        self._judge((yield from adding.add(list(zip(chunk, entries, strict=True)))))

    def _judge(self, verdicts: Sequence[Verdict]) -> None:
        for verdict in verdicts:
            if verdict.reason:
                self._failed.add(verdict.row.number)
            self._tell(verdict.row, Action.REJECT.done if verdict.reason else Action.CREATE.done, verdict.reason)

    def _entry(self, row: RowChange, book_id: int) -> NewContact:
        entry: NewContact = {"number": f"+{row.number}", "phonebook_id": book_id}
        entry.update(row.fields or {})  # type: ignore[typeddict-item]
        if row.options:
            entry["options"] = {self._head.options[title] or 0: value for title, value in row.options.items()}
        return entry

    def _update(self, row: RowChange) -> Flow[None]:
        options: dict[int | str, str] | None = None
        try:
            if row.options is not None:
                options = {self._head.options[title] or 0: value for title, value in row.options.items()}
                if self._foreign_options:
                    # What is written replaces all values, those of options that are none of ours too.
                    contact = yield from edge.phonebook.get_contact(row.contact_id)
                    options = {key: value for given in (raw_options(contact), options) for key, value in given.items()}
            yield from edge.phonebook.update_contact(
                row.contact_id,
                number=f"+{row.number}",
                phonebook_id=self._head.books[row.book].id or 0,
                options=options,
                **(row.fields or {}),
            )
        except Unauthorized:
            raise
        except Refused as error:
            self._failed.add(row.number)
            gone = isinstance(error, NotFound)
            self._tell(
                row,
                Action.REJECT.done,
                "its contact was deleted from the panel meanwhile; run again" if gone else reason_of(error),
            )
        else:
            self._tell(row, _row_done(row), "")

    def _tell(self, row: RowChange, action: str, reason: str) -> None:
        self._counts[action] += 1
        number = f"+{row.number}" if row.number > 0 else ""
        title = self._head.books[row.book].title if row.action != Action.REJECT else ""
        self._tell_reporter(RowOutcome(row.line, number, action, reason, title))

    def _remember(self, known: Iterator[tuple[int, int, int]], lasted: float | None) -> None:
        if self._remembers and self._terms.state is not None:
            book_memory.save(self._terms.state, self._key, known, lasted)

    def _known_before(self) -> Iterator[tuple[int, int, int]]:
        """What holds whenever this process ends: a contact is created with its options, or not at all."""
        yield from self._plan.kept()
        for row in self._plan.rows():
            if row.remember and row.action == Action.CREATE:
                yield row.number, row.remember, 0

    def _known_after(self) -> Iterator[tuple[int, int, int]]:
        yield from self._plan.kept()
        for row in self._plan.rows():
            if row.remember and row.number not in self._failed:
                yield row.number, row.remember, 0


def _row_done(row: RowChange) -> str:
    """The word for what has become of a row."""
    return Action(row.action).done


def told(counts: dict[str, Any]) -> str:
    """The counts in one sentence."""
    return ", ".join(f"{count} {action}" for action, count in counts.items() if count) or "nothing to do"
