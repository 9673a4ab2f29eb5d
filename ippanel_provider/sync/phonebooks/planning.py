"""The plan of phonebooks: a source's rows against the panel. A flow that reads and writes nothing. API: phonebook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from itertools import chain

from ippanel_provider.client import Contact, Flow, InvalidInput, NotFound, Option, Phonebook, edge
from ippanel_provider.client.contacts import PAGES_AHEAD, listed_contacts
from ippanel_provider.client.requests import each, everything
from ippanel_provider.service import MAX_PAGE_SIZE
from ippanel_provider.sync.errors import Ambiguous, BookFull
from ippanel_provider.sync.phonebooks.index import MASK, BookIndex, compared, listed_of
from ippanel_provider.sync.phonebooks.memory import Memory
from ippanel_provider.sync.phonebooks.plan import BookHead, Head, PhonebookPlan, RowChange
from ippanel_provider.sync.phonebooks.source import Row, Wanted, screened
from ippanel_provider.sync.phonebooks.spec import BookSpec, Mode
from ippanel_provider.sync.plan import Action
from ippanel_provider.sync.values import READERS


def make_plan(spec: BookSpec, rows: Iterable[Row], memory: Memory) -> Flow[PhonebookPlan]:
    """Compare the rows of a source with the panel.

    The source is read once, as a stream of (line, values by column, why it could not be read). The panel is read in
    pages of 1000; the options of a contact are read one by one where nobody remembers them. Close the plan when it is
    no longer needed.

    :raises InvalidInput: the source lacks a column, or an option is of another type in the panel.
    :raises Ambiguous: several phonebooks have the title.
    :raises BookFull: the contacts do not fit.
    """
    options = yield from read_options(spec)
    books = yield from read_books(spec)
    heads = [BookHead(book.title, book.id, option_ids=[option.id for option in book.options]) for book in books]
    heads = heads or [BookHead(spec.book)]
    index = BookIndex(tuple(spec.fields))
    for place, head in enumerate(heads):
        if head.id is not None:
            yield from each(listed_contacts(head.id), partial(index.add, book=place), ahead=PAGES_AHEAD)
    plan = PhonebookPlan(Head(spec, heads, options, memory.key.fingerprint))
    try:
        yield from _Planning(plan, index, memory).run(rows)
    except BaseException:
        plan.close()
        raise
    return plan


def read_options(spec: BookSpec) -> Flow[dict[str, int | None]]:
    """Return the id of each option of the spec by its title.

    :raises InvalidInput: the panel has it with another type.
    """
    if not spec.options:
        return {}
    known: dict[str, Option] = {}
    for option in (yield from everything(edge.phonebook.list_options(per_page=MAX_PAGE_SIZE))):
        # Newest first; of two with one title the oldest is meant, so that a second one made elsewhere changes nothing.
        known[(option.title or "").strip()] = option
    found: dict[str, int | None] = {}
    for wanted in spec.options:
        existing = known.get(wanted.title)
        if existing is not None and existing.type not in (None, wanted.type):
            raise InvalidInput(f"options.{wanted.title}: in the panel it is of type {existing.type}, not {wanted.type}")
        found[wanted.title] = None if existing is None else existing.id
    return found


def read_books(spec: BookSpec) -> Flow[list[Phonebook]]:
    """Return the phonebook of the spec, and where it may be split those that go on from it, in order.

    :raises Ambiguous: several have the title.
    """
    found: dict[str, Phonebook] = {}
    for book in (yield from everything(edge.phonebook.list(title=spec.book, per_page=MAX_PAGE_SIZE))):
        if book.title in found and found[book.title].id != book.id:
            raise Ambiguous(f"book: several phonebooks are titled {book.title!r}; rename all but one in the panel")
        found[book.title] = book
    books: list[Phonebook] = []
    while (title := title_of(spec, len(books))) in found:
        books.append(found[title])
        if not spec.split:
            break
    return books


def title_of(spec: BookSpec, place: int) -> str:
    """The title of a spec's book: the first has it as it is, the others with a number."""
    return spec.book if not place else f"{spec.book} {place + 1}"


def options_of(contact: Contact, spec: BookSpec, ids: Mapping[str, int | None]) -> dict[str, str]:
    """The values of the spec's options, by title, as they would come from a source; empty where there is none."""
    raw = raw_options(contact)
    found = {}
    for option in spec.options:
        value = raw.get(ids.get(option.title) or 0, "")
        try:
            found[option.title] = READERS[option.type](value)
        except ValueError:
            found[option.title] = value
    return found


def raw_options(contact: Contact) -> dict[int, str]:
    """All values by the id of their option. The documents do not settle the form, so both that make sense are read."""
    given = contact.options
    if isinstance(given, Mapping):
        pairs = list(given.items())
    else:
        pairs = [
            (item.get("id", item.get("option_id")), item.get("value"))
            for item in given or ()
            if isinstance(item, Mapping)
        ]
    return {int(key): "" if value is None else str(value) for key, value in pairs if str(key).isdecimal()}


class _Planning:
    """One comparison, row by row."""

    def __init__(self, plan: PhonebookPlan, index: BookIndex, memory: Memory) -> None:
        self._plan = plan
        self._head = plan.head
        self._spec = plan.head.spec
        self._index = index
        self._memory = memory
        self._titles = [option.title for option in self._spec.options]
        self._by_title = sorted((f"{title}\x1f", place) for place, title in enumerate(self._titles))
        self._names = list(self._spec.fields)
        for head in self._head.books:
            head.contacts = head.rest = 0
        extras = [(book, whole) for _, book, _, whole in index.extras]
        for place, whole in chain(zip(index.books, index.whole, strict=True), extras):
            head = self._head.books[place]
            head.contacts += 1
            head.rest += whole
        for head in self._head.books:
            head.untouched, head.rest = head.contacts, head.rest & MASK
        # Where the spec may delete, the room that makes is known only at the end.
        self._first_with_room = 0
        self._room = [self._spec.capacity - head.contacts for head in self._head.books]

    def run(self, rows: Iterable[Row]) -> Flow[None]:
        """Decide about every row, and about the contacts that no row has."""
        if self._titles:
            self._memory.meet(zip(self._index.numbers, self._index.updated, strict=True))
        for wanted in screened(rows, self._spec):
            if self._is_unchanged(wanted):
                continue
            row = yield from self._decide(wanted)
            if row is None:
                continue
            self._plan.add(row)
            if row.action == Action.UPDATE:
                self._touch(row)
        self._missing()
        self._head.learns = self._memory.is_behind
        self._check_room()
        self._plan.seal()

    def _is_unchanged(self, wanted: Wanted) -> bool:
        """Count a row that is known to be in the panel as it is, which most are; nothing is asked for it."""
        index, number = self._index, wanted.number
        if wanted.reason or self._spec.mode is Mode.INSERT:
            return False
        slot = index.slot_of(number)
        if slot is None or index.lines[slot] or compared(wanted.fields) != index.listed[slot]:
            return False
        updated, remember = index.updated[slot], 0
        if self._titles:
            remember = self._remember(wanted)
            if self._memory.options_of(number, updated) != remember:
                return False
        index.lines[slot] = wanted.line
        self._plan.keep(number, remember, updated)
        return True

    def _decide(self, wanted: Wanted) -> Flow[RowChange | None]:
        """Return what becomes of a row; None where it was counted as unchanged."""
        index = self._index
        slot = index.slot_of(wanted.number) if wanted.number else None
        if slot is not None and index.lines[slot]:
            return _rejected(wanted, f"row {index.lines[slot]} has the same number")
        if slot is not None:
            # Also a row that cannot be used speaks for its contact: nobody is deleted for a bad value.
            index.lines[slot] = wanted.line
        if wanted.reason:
            return _rejected(wanted, wanted.reason)
        if slot is None:
            return self._new(wanted)
        return (yield from self._known(wanted, slot))

    def _new(self, wanted: Wanted) -> RowChange:
        if self._spec.mode is Mode.UPDATE:
            return _rejected(wanted, "it is not in the phonebook, and mode update adds nobody")
        self._index.add_new(wanted.number, wanted.line)
        options = self._options(wanted)
        return RowChange(
            wanted.line,
            Action.CREATE,
            wanted.number,
            self._book_with_room(),
            fields={name: value for name, value in zip(self._names, wanted.fields, strict=True) if value},
            options={title: value for title, value in options.items() if value},
            remember=self._remember(wanted),
            listed=listed_of(wanted.fields),
        )

    def _known(self, wanted: Wanted, slot: int) -> Flow[RowChange | None]:
        index, number, updated = self._index, wanted.number, self._index.updated[slot]
        if self._spec.mode is Mode.INSERT:
            self._plan.keep(number, 0, updated)
            return None
        same, remember, has = compared(wanted.fields) == index.listed[slot], 0, 0
        if self._titles:
            remember, known = self._remember(wanted), self._memory.options_of(number, updated)
            if known is None and same:
                try:
                    contact = yield from edge.phonebook.get_contact(index.ids[slot])
                except NotFound:
                    return _rejected(wanted, "its contact was deleted from the panel just now; run again")
                known = self._memory.key.options(options_of(contact, self._spec, self._head.options))
            has = known or 0
        if same and has == remember:
            self._plan.keep(number, remember, updated)
            return None
        return RowChange(
            wanted.line,
            Action.UPDATE,
            number,
            index.books[slot],
            index.ids[slot],
            fields=dict(zip(self._names, wanted.fields, strict=True)) | index.kept.get(slot, {}),
            options=None if has == remember else self._options(wanted),
            remember=remember,
            before=index.whole[slot],
            listed=listed_of(wanted.fields),
        )

    def _missing(self) -> None:
        index = self._index
        gone = [
            (index.ids[slot], index.books[slot], number, index.whole[slot])
            for slot, number in enumerate(index.numbers)
            if index.ids[slot] and not index.lines[slot]
        ]
        gone += index.extras
        if not self._spec.delete_missing:
            self._head.counts[Action.UNMANAGED] += len(gone)
            return
        for contact_id, book, number, whole in gone:
            row = RowChange(0, Action.DELETE, number, book, contact_id, before=whole)
            self._plan.add(row)
            self._touch(row)

    def _touch(self, row: RowChange) -> None:
        head = self._head.books[row.book]
        head.untouched -= 1
        head.rest = (head.rest - row.before) & MASK

    def _book_with_room(self) -> int:
        if not self._spec.split:
            return 0
        # Books fill up in their order, so all before the first with room stay full.
        place = self._first_with_room
        while place < len(self._room) and self._room[place] <= 0:
            place += 1
        self._first_with_room = place
        if place == len(self._room):
            self._head.books.append(BookHead(title_of(self._spec, place)))
            self._room.append(self._spec.capacity)
        self._room[place] -= 1
        return place

    def _check_room(self) -> None:
        first = self._head.books[0]
        will_hold = first.contacts - first.deletes + first.creates
        if not self._spec.split and first.creates and will_hold > self._spec.capacity:
            raise BookFull(
                f"book: {first.title!r} would hold {will_hold} contacts; it takes {self._spec.capacity}. "
                "Nothing was changed. Use over_full: split, or fewer rows."
            )

    def _options(self, wanted: Wanted) -> dict[str, str]:
        return dict(zip(self._titles, wanted.options, strict=True))

    def _remember(self, wanted: Wanted) -> int:
        if not self._titles:
            return 0
        values = wanted.options
        return self._memory.key.written([title + values[place] for title, place in self._by_title if values[place]])


def _rejected(wanted: Wanted, reason: str) -> RowChange:
    return RowChange(wanted.line, Action.REJECT, wanted.number, reason=reason)
