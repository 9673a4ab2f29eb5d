"""A plan of phonebooks as data: a head that says what it is about, and a line for every row that changes something.

It can be of a million rows, so the rows are in a file that is read as a stream, and those that stay as they are only
counted. Rows hold phone numbers; the head and what is made of it for people do not.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import IO, Any, NamedTuple

from ippanel_provider.client import InvalidInput
from ippanel_provider.sync.errors import TooManyDeletions
from ippanel_provider.sync.phonebooks.spec import BookSpec, spec_of
from ippanel_provider.sync.plan import Action, changes_of, digest
from ippanel_provider.tables.storage import Location, writing
from ippanel_provider.text.numbers import mask

_SHOWN = 10
_VERSION = 2
_KEPT = struct.Struct("<QQI")
"""What is remembered of a contact that stays as it is: number, hash of its options, time of its last change."""


class RowChange(NamedTuple):
    """What becomes of one row of the source that changes something, or of a contact that no row has (``line`` 0).

    ``number`` is 98… without the plus; ``book`` a place in the head's books. ``fields`` and ``options`` are what is
    written, by name and by title, None where they stay as they are.
    """

    line: int
    action: str
    number: int = 0
    book: int = 0
    contact_id: int = 0
    fields: dict[str, str] | None = None
    options: dict[str, str] | None = None
    reason: str = ""
    remember: int = 0
    """The hash of the options it has afterwards; 0 where none are synced."""
    before: int = 0
    """The hash of the contact as it was listed."""
    listed: int = 0
    """The hash of the fields the source has a say in, as they are afterwards."""


@dataclass(slots=True)
class BookHead:
    """A phonebook of the plan; ``id`` is None where it is yet to be made. ``rest`` is the sum of the hashes of the
    contacts
    that the plan does not touch, and ``untouched`` their number."""

    title: str
    id: int | None = None
    contacts: int = 0
    option_ids: list[int] = field(default_factory=list)
    untouched: int = 0
    rest: int = 0
    creates: int = 0
    deletes: int = 0


@dataclass(slots=True)
class Head:
    """What the plan is about."""

    spec: BookSpec
    books: list[BookHead]
    options: dict[str, int | None]
    """The id of each option by its title, None where it is yet to be made."""
    key: str
    """The fingerprint of the key that ``remember`` was made with."""
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(Action, 0))
    rows_digest: str = ""
    learns: bool = False
    """Whether more is known of what stays as it is than was remembered."""

    @property
    def setup(self) -> list[str]:
        """What has to be made before contacts are, in words."""
        new = [title for title, option_id in self.options.items() if option_id is None]
        made = [f"create option {title!r}" for title in new]
        for book in self.books:
            if book.id is None and book.creates:
                made.append(f"create phonebook {book.title!r}")
            elif book.id is not None and (
                missing := [t for t, i in self.options.items() if i is None or i not in book.option_ids]
            ):
                made.append(f"give phonebook {book.title!r} the options {', '.join(map(repr, missing))}")
        return made

    @property
    def has_changes(self) -> bool:
        """Whether applying it would write anything."""
        return bool(changes_of(self.counts) or self.setup)

    @property
    def contacts(self) -> int:
        """How many contacts the books hold now."""
        return sum(book.contacts for book in self.books)

    @property
    def plan_id(self) -> str:
        """The same for the same rows and the same panel."""
        return digest([self.spec.as_json(), [asdict(book) for book in self.books], self.options, self.rows_digest])

    def summary(self) -> dict[str, Any]:
        """Counts and titles: what may be told to everybody."""
        books = [
            {
                "title": book.title,
                "id": book.id,
                "contacts": book.contacts,
                "create": book.creates,
                "delete": book.deletes,
            }
            for book in self.books
        ]
        return {
            "plan_id": self.plan_id,
            "changed": self.has_changes,
            "counts": self.counts,
            "setup": self.setup,
            "books": books,
        }


class PhonebookPlan:
    """A plan: its head, and its rows in a temporary file that is gone when the plan is closed."""

    def __init__(self, head: Head) -> None:
        self.head = head
        self._file: IO[bytes] = tempfile.TemporaryFile("w+b")  # noqa: SIM115 - closed by close()
        self._hash = hashlib.sha256()
        self._kept = bytearray()

    def close(self) -> None:
        """Let the rows go."""
        self._file.close()

    def add(self, row: RowChange) -> None:
        """Take a row, and count it."""
        line = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        self._hash.update(line)
        self._file.write(line)
        self.head.counts[row.action] += 1
        if row.action == Action.CREATE:
            self.head.books[row.book].creates += 1
        elif row.action == Action.DELETE:
            self.head.books[row.book].deletes += 1

    def keep(self, number: int, remember: int, stamp: int) -> None:
        """Count a row that stays as it is.

        :param remember: the hash of the options it has; 0 where none are synced
        :param stamp: when the panel last changed it
        """
        self.head.counts[Action.UNCHANGED] += 1
        if remember:
            self._kept += _KEPT.pack(number, remember, stamp)

    def kept(self) -> Iterator[tuple[int, int, int]]:
        """Return what is to be remembered of the rows that stay as they are, as :meth:`keep` took it."""
        return _KEPT.iter_unpack(self._kept)

    def seal(self) -> None:
        """No more rows come."""
        self._hash.update(self._kept)
        self.head.rows_digest = self._hash.hexdigest()

    def rows(self) -> Iterator[RowChange]:
        """Read all rows."""
        self._file.seek(0)
        for line in self._file:
            yield RowChange._make(json.loads(line))

    def check_deletions(self) -> None:
        """Refuse a plan that deletes more than it may.

        :raises TooManyDeletions: naming the first of them, masked.
        """
        spec, deletions = self.head.spec, self.head.counts[Action.DELETE]
        allowed = spec.deletions_allowed(self.head.contacts)
        if deletions <= allowed:
            return
        rows = (row for row in self.rows() if row.action == Action.DELETE)
        shown = ", ".join(
            mask(f"+{row.number}") if row.number > 0 else "a contact without a mobile number"
            for row in islice(rows, _SHOWN)
        )
        more = f" and {deletions - _SHOWN} more" if deletions > _SHOWN else ""
        raise TooManyDeletions(
            f"max_delete: {deletions} of {self.head.contacts} contacts would be deleted, at most {allowed} may "
            f"be: {shown}{more}. "
            "Nothing was changed. Look at the source; if it is right, raise max_delete."
        )

    def save(self, path: Location) -> None:
        """Write the plan down, for :meth:`load`."""
        head = self.head
        content = {
            "version": _VERSION,
            "kind": "phonebook",
            "plan_id": head.plan_id,
            "spec": head.spec.as_json(),
            "books": [asdict(book) for book in head.books],
            "options": head.options,
            "key": head.key,
            "counts": head.counts,
            "rows_digest": head.rows_digest,
            "learns": head.learns,
            "kept": len(self._kept),
        }
        with writing(path) as file:
            file.write(json.dumps(content, ensure_ascii=False).encode() + b"\n")
            file.write(self._kept)
            self._file.seek(0)
            shutil.copyfileobj(self._file, file, 1 << 20)

    @classmethod
    def load(cls, path: Location) -> PhonebookPlan:
        """Read a plan that was written down.

        :raises InvalidInput: it is none, or was changed by hand.
        """
        if not path.exists():
            raise InvalidInput(f"plan {path}: there is no such file")
        with path.open("rb") as file:
            try:
                data = json.loads(file.readline())
                if data["kind"] != "phonebook":
                    raise InvalidInput(f"plan {path}: it is one of {data['kind']}, not of a phonebook")
                if data["version"] != _VERSION:
                    raise InvalidInput(f"plan {path}: another version of this package made it; make a new one")
                books, said = [BookHead(**book) for book in data["books"]], data["rows_digest"]
                spec = spec_of(data["spec"])
                plan = cls(Head(spec, books, data["options"], data["key"], data["counts"], said, data["learns"]))
                plan._kept += file.read(data["kept"])
            except (KeyError, TypeError, ValueError) as error:
                if isinstance(error, InvalidInput):
                    raise
                raise InvalidInput(f"plan {path}: it is not a plan of a phonebook") from None
            while block := file.read(1 << 20):
                plan._hash.update(block)
                plan._file.write(block)
        plan._hash.update(plan._kept)
        if plan._hash.hexdigest() != plan.head.rows_digest or plan.head.plan_id != data["plan_id"]:
            plan.close()
            raise InvalidInput(f"plan {path}: it was changed after it was made; make a new one")
        return plan
