"""The outbox as the pages show it: one row a bulk, a page of rows at a time, however many there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from ippanel_provider.sandbox.lifecycle import ORDINARY, Script, milestones, state_at, statuses_at
from ippanel_provider.sandbox.outbox_report import OutboxFilter
from ippanel_provider.sandbox.records import Bulk
from ippanel_provider.sandbox.state import Sandbox
from ippanel_provider.service import BulkState, DeliveryStatus
from ippanel_provider.text.letters import spelling
from ippanel_provider.text.numbers import InvalidNumber, normalize

PAGE = 50
"""Rows on a page."""
_MOST_TALLIED = 10_000
_PLAIN_DIGITS = {
    ord(digit): str(place) for digits in ("۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩") for place, digit in enumerate(digits)
}


@dataclass(frozen=True, slots=True)
class Row:
    """One bulk at one moment. ``deliveries`` are recipients by status, most frequent first; empty before it is sent."""

    bulk: Bulk
    state: BulkState
    deliveries: Sequence[tuple[DeliveryStatus, int]]

    @property
    def count(self) -> int:
        """How many recipients it has."""
        return len(self.bulk.recipients)

    @property
    def is_scheduled(self) -> bool:
        """Whether it waits, or waited, for a ``send_time``."""
        return self.bulk.due > self.bulk.accepted


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for: words in a text or a part of a number or an outbox id, and a state. Empty is
    everything."""

    words: str = ""
    state: int | None = None


@dataclass(frozen=True, slots=True)
class Pages:
    """Where somebody is in a long list."""

    number: int
    total: int

    @property
    def last(self) -> int:
        """The number of the last page."""
        return max(1, -(-self.total // PAGE))

    @property
    def first_row(self) -> int:
        """The number of the first row shown, from 1."""
        return (self.number - 1) * PAGE + 1

    @property
    def last_row(self) -> int:
        """The number of the last row shown."""
        return min(self.total, self.number * PAGE)


def row(bulk: Bulk, now: float, *, tally_all: bool = False) -> Row:
    """A bulk at ``now``. Of a very large one all recipients pass for ordinary ones, unless ``tally_all``."""
    state = bulk.state_at(now)
    if not state.is_good:
        return Row(bulk, state, ())
    if tally_all or len(bulk.recipients) <= _MOST_TALLIED:
        return Row(bulk, state, statuses_at(now, bulk.accepted, bulk.due, bulk.script, bulk.recipients).most_common())
    return Row(bulk, state, [(bulk.status_at(now, ORDINARY), len(bulk.recipients))])


def page_of_outbox(sandbox: Sandbox, wanted: Wanted, number: int) -> tuple[list[Row], int]:
    """The rows of page ``number`` (from 1), newest first, and how many bulks match in all. Examples are left out."""
    now, outbox, start = sandbox.now(), sandbox.outbox, (number - 1) * PAGE
    if wanted == Wanted():
        bulks, _ = outbox.report(OutboxFilter(), now, offset=start, limit=PAGE)
        return [row(bulk, now) for bulk in bulks if not bulk.is_example], len(outbox) - outbox.example_count
    matching = list(_matching(outbox.newest(), wanted, now))
    return [row(bulk, now) for bulk in matching[start : start + PAGE]], len(matching)


def _matching(bulks: Iterable[Bulk], wanted: Wanted, now: float) -> Iterator[Bulk]:
    words, state, number = alike(wanted.words), wanted.state, as_number(wanted.words)
    bulk_id = wanted.words.translate(_PLAIN_DIGITS)
    life: tuple[float, float, Script] | None = None
    state_there = None
    for bulk in bulks:
        if state is not None:
            # Bulks accepted together live together: their state is worked out once.
            if life != (life := (bulk.accepted, bulk.due, bulk.script)):
                state_there = state_at(now, *life)
            if state_there != state:
                continue
        if (
            words in alike(bulk.text)
            or (
                number is not None
                and (bulk_id == str(bulk.id) or any(number in recipient for recipient in bulk.recipients))
            )
            or (bulk.texts is not None and any(words in alike(text) for text in bulk.texts))
        ):
            yield bulk


def alike(text: str) -> str:
    """What is looked for and looked at alike, whatever the keyboard: letters, digits and spaces do not matter."""
    return spelling(text).replace(" ", "")


def as_number(words: str) -> str | None:
    """What to look for in recipients: a whole number in the service's form, or the digits somebody remembers."""
    try:
        return normalize(words)
    except InvalidNumber:
        digits = words.removeprefix("+").removeprefix("0")
        # Digits of any script count; one or two would find everybody.
        return "".join(str(int(digit)) for digit in digits) if digits.isdecimal() and len(digits) > 2 else None


def next_change(bulks: Iterable[Bulk], now: float, speed: float) -> float | None:
    """Real seconds until one of ``bulks`` moves on by itself; None when none ever does."""
    coming = [
        moment - now for bulk in bulks for moment in milestones(bulk.accepted, bulk.due, bulk.script) if moment > now
    ]
    return min(coming) / speed if coming and speed > 0 else None


def page_of_recipients(bulk: Bulk, number: int) -> list[tuple[int, str]]:
    """The places and numbers of a page of recipients."""
    start = (number - 1) * PAGE
    return list(islice(enumerate(bulk.recipients), start, start + PAGE))
