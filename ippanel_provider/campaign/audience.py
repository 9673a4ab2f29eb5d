"""From the rows of a source to the messages that go out: numbers normalised, bad rows refused, repetitions merged."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ippanel_provider.campaign.hash_set import WORD, NumberTable
from ippanel_provider.campaign.keys import SAME, BadKey, Keys, key_of
from ippanel_provider.campaign.order import OncePer
from ippanel_provider.client import InvalidInput
from ippanel_provider.client.validation import text as checked_text
from ippanel_provider.tables.values import ERRORS, NOTHINGS, BadValue, is_unseen, plain, written
from ippanel_provider.text.numbers import InvalidNumber, normalize
from ippanel_provider.text.prefixes import is_assigned

if TYPE_CHECKING:
    from ippanel_provider.campaign.recording import Recording


class Row(NamedTuple):
    """One row of a source as it came; ``line`` counts from 1 and is how the row is named to people."""

    line: int
    recipient: str | int | None
    text: str
    problem: str = ""
    """Why the source could not make a text of the row; empty if it could."""
    variables: Mapping[str, str | int] | None = None
    """The values of a pattern's variables; ``text`` is then the pattern's text with them in place."""
    fallbacks: int = 0
    """How many empty cells the text stands without."""
    key: Any = None
    """The author's own name for the row, as it came; asked for where results are kept by it."""


class Message(NamedTuple):
    """One text for one recipient (``+989XXXXXXXXX``), and the line of the source it came from."""

    recipient: str
    text: str
    line: int = 0
    variables: Mapping[str, str | int] | None = None
    fallbacks: int = 0
    key: str = ""
    nth: int = 0
    """How many other texts of the source its recipient gets before; counted where their place tells them apart."""


class Rejected(NamedTuple):
    """A row that gets no text, and why; it names the row by its line, never by its number."""

    line: int
    reason: str


class Suppressing(Protocol):
    """Knows who gets no text."""

    def reason(self, recipient: str) -> str | None:
        """Return why a recipient gets none; None if nothing is against it."""
        ...


_new = tuple.__new__  # what Message(…) does, at half the price
REJECTS_KEPT = 100
_REASONS_KEPT = 50
_OTHER = "other reasons"
_LONGEST_LEFTOVER = max(map(len, ERRORS | NOTHINGS)) + 8
"""Characters, with a few blanks around it."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_ANOTHER_TEXT = "an earlier row has the same recipient with another text, and each gets one"


class Audience:
    """Screens rows into messages as they stream by; counts what it leaves out and keeps the first hundred rejects.

    Every row is a message, or ``merged``, ``suppressed`` or ``rejected``; ``unassigned`` counts rows whose number has a
    prefix that no operator is known to have, which are sent all the same. It holds 25 MB for a million messages.

    :param once_per: what counts as a repetition. Repetitions with the same text are merged silently into ``merged``;
        under ``OncePer.RECIPIENT`` a repetition with another text is refused, so that nobody wonders where it went.
    :param suppressing: who gets no text; what it does not hold is sent
    :param on_reject: told of every rejected or suppressed row, with the reason
    :param judge: says why a text is refused that could be sent; empty if it is not
    :param keyed: whether each row has a key, which stands for one text to one number; without it a row is rejected
    :param record: keeps what became of keyed rows
    """

    def __init__(
        self,
        once_per: OncePer = OncePer.MESSAGE,
        *,
        suppressing: Suppressing | None = None,
        on_reject: Callable[[Row, str], None] | None = None,
        judge: Callable[[str], str] | None = None,
        keyed: bool = False,
        record: Recording | None = None,
    ) -> None:
        self.once_per = once_per
        self.rows = 0
        self.merged = 0
        self.suppressed = 0
        self.rejected = 0
        self.rejects: list[Rejected] = []
        self.unassigned = 0
        self._reasons: Counter[str] = Counter()
        self._suppressing = suppressing
        self._on_reject = on_reject
        self._judge = judge
        self._keys = Keys() if keyed else None
        self._key = ""
        self._record = record
        # With the hash of the text, to tell a repetition from a contradiction.
        self._seen = NumberTable(several=once_per is not OncePer.RECIPIENT)
        self._placed = NumberTable() if once_per is OncePer.PLACE else None
        self._further: Counter[str] = Counter()

    def screen(self, rows: Iterable[Row]) -> Iterator[Message]:
        """Yield the messages of the rows that get one."""
        for row in rows:
            self.rows += 1
            if self._keys and (problem := self._named(row)):
                self._reject(row, problem)
                continue
            if row.problem:
                self._reject(row, row.problem)
                continue
            try:
                recipient = normalize("" if row.recipient is None else row.recipient)
                text = sendable(row.text, "text")
            except InvalidNumber as error:
                self._reject(row, _why_no_number(row.recipient, error))
                continue
            except InvalidInput as error:
                self._reject(row, str(error))
                continue
            if self._judge and (problem := self._judge(text)):
                self._reject(row, problem)
                continue
            if self._suppressing and (against := self._suppressing.reason(recipient)):
                self.suppressed += 1
                self._tell(row, against, is_suppressed=True)
                continue
            if not _is_assigned(recipient[3:7]):
                self.unassigned += 1
            content = hash(text)
            if self._keys and (taken := self._keys.take(self._key, recipient, content)):
                if taken is SAME:
                    self.merged += 1
                else:
                    self._reject(row, taken)
                continue
            there = self._seen.add(recipient, content)
            if there is None:
                nth = self._nth(recipient) if self._placed is not None else 0
                yield _new(Message, (recipient, text, row.line, row.variables, row.fallbacks, self._key, nth))
            elif there == content & WORD:
                self.merged += 1
                if self._record:
                    self._record.repeated(Message(recipient, text, row.line, key=self._key))
            else:
                self._reject(row, _ANOTHER_TEXT)

    def grouped(self) -> dict[str, int]:
        """Return how many rows were rejected for each reason, the most common first."""
        return dict(self._reasons.most_common())

    def forget(self) -> None:
        """Let go of who was seen, once all rows are through; the counts stay."""
        self._seen = NumberTable()
        self._placed = None
        self._keys = None

    def _nth(self, recipient: str) -> int:
        if self._placed is None or self._placed.add(recipient, 0) is None:
            return 0
        self._further[recipient] += 1
        return self._further[recipient]

    def _named(self, row: Row) -> str:
        """Take up the key of a row; return what is wrong with it."""
        try:
            self._key = key_of(row.key)
        except BadKey as error:
            self._key = ""
            return str(error)
        return ""

    def _reject(self, row: Row, reason: str) -> None:
        self.rejected += 1
        known = reason in self._reasons or len(self._reasons) < _REASONS_KEPT
        self._reasons[reason if known else _OTHER] += 1
        if len(self.rejects) < REJECTS_KEPT:
            self.rejects.append(Rejected(row.line, reason))
        self._tell(row, reason)

    def _tell(self, row: Row, reason: str, *, is_suppressed: bool = False) -> None:
        if self._on_reject:
            self._on_reject(row, reason)
        if self._record and self._key:
            self._record.left_out(self._key, row.line, reason, is_suppressed=is_suppressed)


@lru_cache(maxsize=10_000)
def _is_assigned(prefix: str) -> bool:
    return is_assigned(f"+98{prefix}")


def _why_no_number(given: object, error: InvalidNumber) -> str:
    """Why something is no number: the error of a formula says which."""
    try:
        plain(given if isinstance(given, str) else "")
    except BadValue as bad:
        return f"the number {bad}"
    return str(error)


def sendable(given: object, field: str) -> str:
    """Return a text as it can go to somebody: a number is written as people do, nothing is an empty text.

    :raises InvalidInput: naming ``field``: it stands for nothing, is the error of a formula or of a damaged file,
        nothing of it is seen, or the service takes no such text.
    """
    is_long = type(given) is str and len(given) > _LONGEST_LEFTOVER
    text = checked_text(given if is_long else _text_of(given, field), field)  # type: ignore[arg-type]
    if not text.isprintable():
        if _CONTROL.search(text):
            raise InvalidInput(f"the {field} holds a control character, as of a damaged file")
        if is_unseen(text):
            raise InvalidInput(f"{field}: the text is empty")
    return text


def _text_of(value: object, field: str) -> str:
    try:
        said = plain(value)
        if said is None and isinstance(value, str) and value.strip() in NOTHINGS:
            raise InvalidInput(f"{field}: it is what programs leave where there was nothing (None, nan)")
        return value if isinstance(value, str) and said is not None else "" if said is None else written(said)
    except BadValue as error:
        raise InvalidInput(f"{field}: it {error}") from None
