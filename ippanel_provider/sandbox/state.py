"""The service itself: one account with its lines, credit, bulks, inbox and patterns.

Everything that changes what the service knows goes through a method here that takes plain data, so that a journal can
write it down before it is answered and play it back later.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ippanel_provider.service import CANCEL_WINDOW, BulkState
from ippanel_provider.text.parts import Encoding, TextSize, measure

from .clock import Clock
from .drafts import Drafts
from .events import Hub
from .faults import Faults
from .guard import DuplicateGuard
from .journal import Journal
from .life import FATEFUL, Script, Timing
from .logins import Logins
from .outbox import Outbox
from .patterns import Patterns
from .people import People, User
from .phonebooks import Phonebooks
from .prices import PART_PRICES, is_mci
from .records import Account, Bulk, Credential, InboxMessage, Item, Line, Pattern, Submission
from .tickets import Tickets

DEFAULT_API_KEY = "sandbox-key"
DEFAULT_SENDER = "+983000505"
# Ids of the real service have passed 2^31, and clients have broken on it.
FIRST_BULK_ID = 5_700_000_001
FIRST_INBOX_ID = 2_200_000_001


class Refusal(Exception):
    """The service does not accept a send. The wire modules turn it into the answer of their API."""


class Duplicate(Refusal):
    """The same text from the same line to the same recipient came a moment ago."""


class NoCredit(Refusal):
    """The account cannot pay, and is set to be refused for that."""


class Sandbox:
    """A service with one account.

    :param api_key: the key clients use.
    :param timing: how long new bulks take to become final.
    :param seed: fills the account at the start and after each :meth:`reset`, such as ``examples.fill``.
    """

    def __init__(
        self,
        *,
        api_key: str = DEFAULT_API_KEY,
        timing: Timing | None = None,
        clock: Clock | None = None,
        seed: Callable[[Sandbox], None] | None = None,
    ) -> None:
        self.api_key = api_key
        self.clock = clock or Clock()
        self.journal = Journal(self.clock)
        self._start = (Script(timing or Timing()), self.clock.speed)
        self.hub = Hub()
        self._seed = seed
        self._clear()

    def _clear(self) -> None:
        self.script, speed = self._start
        self.clock.set_speed(speed)
        self.account = Account()
        self.credentials: dict[str, Credential] = {self.api_key: Credential("key")}
        self.lines: dict[str, Line] = {}
        self.outbox = Outbox()
        self.inbox: list[InboxMessage] = []
        self.patterns = Patterns(self.journal)
        self.logins = Logins(self.journal)
        self.phonebooks = Phonebooks(self.journal)
        self.tickets = Tickets(self.journal)
        self.drafts = Drafts(self.journal)
        self.people = People(self.journal)
        self.people.put(User(self.account.user_id, self.account.user_name, 0, 0, self.account.name, is_reseller=True))
        self.faults = Faults()
        self.requests: Counter[str] = Counter()
        self.alternates: Counter[str] = Counter()
        self._guard = DuplicateGuard()
        self._bulk_ids = itertools.count(FIRST_BULK_ID)
        self._inbox_ids = itertools.count(FIRST_INBOX_ID)
        self.lines[DEFAULT_SENDER] = Line(10001, DEFAULT_SENDER)
        if self._seed is not None:
            self._seed(self)

    def reset(self) -> None:
        """Forget everything since the start; the clock keeps the time it shows, at the speed it had."""
        self._clear()
        self.hub.changed()

    def change_account(self, changes: Mapping[str, Any], lines: Sequence[str] = ()) -> None:
        """Set fields of the account, and give it more lines."""
        for name, value in changes.items():
            setattr(self.account, name, value)
        for line in lines:
            self.lines.setdefault(line, Line(20001 + len(self.lines), line))
        self.hub.changed()

    def now(self) -> float:
        """The service's time, in seconds since the epoch."""
        return self.clock.now()

    def credential(self, value: str) -> Credential | None:
        """The key or living token with this value."""
        known = self.credentials.get(value) or self.logins.credential(value)
        if known is None or (known.expires is not None and known.expires <= self.now()):
            return None
        return known

    def takes_alternate(self, name: str) -> bool:
        """Whether the alternate of this name is served; if so, its use is counted."""
        if not self.account.alternates or name in self.account.without_alternates:
            return False
        self.alternates[name] += 1
        return True

    def size(self, text: str, line: str) -> TextSize:
        """How long ``text`` is on ``line``."""
        known = self.lines.get(line)
        return measure(text, is_66_char=known is not None and known.is_66_char)

    def submit(self, submission: Submission) -> list[int]:
        """Accept texts: one bulk an item, in order. Return their ids.

        :raises Duplicate: when the guard meets one of the texts again; nothing is accepted then.
        :raises NoCredit: when the account cannot pay and is set to refuse.
        """
        now, line, window = self.now(), submission.line, self.account.duplicate_guard
        keys = [
            (recipient, line, text)
            for item in submission.items
            for recipient, text in zip(item.recipients, item.texts or itertools.repeat(item.text), strict=False)
        ]
        if window and self._guard.repeats(keys, now, window):
            raise Duplicate
        due = now if submission.due is None else submission.due
        script = submission.script or self.script
        bulks = [self._bulk(item, submission, now, due, script) for item in submission.items]
        self._charge(bulks)
        if window:
            self._guard.remember(keys, now, window)
        self.outbox.add(bulks)
        self.hub.changed()
        return [bulk.id for bulk in bulks]

    def _bulk(self, item: Item, submission: Submission, now: float, due: float, script: Script) -> Bulk:
        text, recipients, texts = item
        fate = FATEFUL.get(recipients[0]) if len(recipients) == 1 else next(filter(None, map(FATEFUL.get, recipients)), None)
        if fate is not None and script.end is BulkState.SENT:
            script = script.ending(fate)
        parts, cost = self._price(item, submission)
        if script.end is not BulkState.SENT:
            cost = 0.0
        return Bulk(next(self._bulk_ids), submission.kind, submission.line, text, recipients, parts, cost, now, due, script, texts)

    def _price(self, item: Item, submission: Submission) -> tuple[int, float]:
        """Parts of the (first) text, and rial for all recipients."""
        text, recipients, texts = item
        line = submission.line
        size = self.size(text if texts is None else texts[0], line)
        if submission.price is not None:
            return size.parts, submission.price * len(recipients)
        if texts is not None:
            costs = (_cost(self.size(each, line), recipient) for each, recipient in zip(texts, recipients, strict=True))
            return size.parts, round(sum(costs), 1)
        if len(recipients) == 1:
            return size.parts, _cost(size, recipients[0])
        mci_price, other_price = part_prices(size.encoding)
        at_mci = sum(map(is_mci, recipients))
        return size.parts, round(size.parts * (at_mci * mci_price + (len(recipients) - at_mci) * other_price), 1)

    def _charge(self, bulks: Sequence[Bulk]) -> None:
        """Take the price of what will go out; a bulk that ends badly costs nothing, one there is no credit for ends in state 8."""
        credit = self.account.credit
        total = sum(bulk.cost for bulk in bulks)
        if total <= credit:
            self.account.credit = credit - total
            return
        if self.account.without_credit == "refuse":
            raise NoCredit
        for bulk in bulks:
            if bulk.cost <= credit:
                credit -= bulk.cost
            else:
                bulk.script, bulk.cost = bulk.script.ending(BulkState.NO_CREDIT), 0.0
        self.account.credit = credit

    def cancel(self, bulk_id: int) -> bool:
        """Cancel a scheduled bulk and give its price back; False when it is unknown, not scheduled, or due within five minutes."""
        bulk = self.outbox.get(bulk_id)
        if bulk is None or not bulk.script.end.is_good or bulk.due == bulk.accepted or bulk.due - self.now() < CANCEL_WINDOW:
            return False
        self.decide(bulk_id, Script(bulk.script.timing, BulkState.CANCELLED))
        return True

    def decide(self, bulk_id: int, script: Script) -> None:
        """Give a bulk another fate; its price comes back when it does not go out after all.

        :raises KeyError: when there is no such bulk.
        """
        bulk = self.outbox.get(bulk_id)
        if bulk is None:
            raise KeyError(bulk_id)
        if bulk.script.end.is_good and not script.end.is_good:
            self.account.credit += bulk.cost
            bulk.cost = 0.0
        bulk.script = script
        self.hub.changed()

    def receive(self, sender: str, number: str, text: str) -> InboxMessage:
        """A person texts in."""
        message = InboxMessage(next(self._inbox_ids), sender, number, text, int(self.now()))
        self.inbox.append(message)
        self.hub.changed()
        return message

    def review_pattern(self, code: str, *, approved: bool, comment: str = "") -> Pattern:
        """The person who reviews patterns decides.

        :raises KeyError: when there is no such pattern.
        """
        pattern = self.patterns.review(code, approved, comment)
        self.hub.changed()
        return pattern


def part_prices(encoding: Encoding) -> tuple[float, float]:
    """Rial a part to MCI and to the others."""
    return PART_PRICES[encoding]


def _cost(size: TextSize, recipient: str) -> float:
    mci_price, other_price = PART_PRICES[size.encoding]
    return round(size.parts * (mci_price if is_mci(recipient) else other_price), 1)
