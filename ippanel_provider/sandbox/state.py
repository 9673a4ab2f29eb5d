"""The service itself: one account with its lines, credit, bulks, inbox and patterns.

Everything that changes what the service knows goes through a method here that takes plain data, so that a journal can
write it down before it is answered and play it back later.
"""

from __future__ import annotations

import itertools
import math
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ippanel_provider.service import CANCEL_WINDOW, BulkState
from ippanel_provider.service_profile import DOCUMENTS, ServiceProfile
from ippanel_provider.text.parts import TextSize, measure

from . import panel
from .acceptance import blocks_of, guard_keys, within_credit
from .bulk_ids import BulkIds
from .clock import Clock
from .defaults import API_KEY, SENDER
from .drafts import Drafts
from .duplicate_guard import DuplicateGuard
from .events import Hub
from .faults import Faults
from .journal import Journal, Store, change
from .later import Later
from .lifecycle import Script, Timing
from .logins import Logins
from .outbox import Outbox
from .patterns import Patterns
from .people import People, User
from .phonebooks import Phonebooks
from .records import Account, Bulk, Credential, InboxMessage, Line, Submission
from .state_file import StateFile
from .tickets import Tickets

# Ids of 64 bits, on which clients have broken.
FIRST_INBOX_ID = 2_200_000_001


class Refusal(Exception):
    """The service does not accept a send. The wire modules turn it into the answer of their API."""


class Duplicate(Refusal):
    """The same text from the same line to the same recipient came a moment ago."""


class NoCredit(Refusal):
    """The account cannot pay, and is set to be refused for that."""


class Sandbox(Store):
    """A service with one account.

    :param api_key: the key clients use.
    :param timing: how long new bulks take to become final.
    :param profile: how this panel behaves.
    :param seed: fills the account at the start and after each :meth:`reset`, such as ``examples.fill``.
    """

    def __init__(
        self,
        *,
        api_key: str = API_KEY,
        timing: Timing | None = None,
        clock: Clock | None = None,
        seed: Callable[[Sandbox], None] | None = None,
        profile: ServiceProfile = DOCUMENTS,
    ) -> None:
        self.api_key = api_key
        self.clock = clock or Clock()
        self.hub = Hub()
        super().__init__(Journal(self.clock, self.hub.changed))
        self._script = Script(timing or Timing())
        self._speed = self.clock.speed
        self._seed = seed
        self._profile = profile
        self.later = Later(self.clock)
        self.clock.shift(profile.clock_offset)
        self._clear()

    def _clear(self) -> None:
        self.script = self._script
        self.profile = self._profile
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
        self.later.clear()
        self.requests: Counter[str] = Counter()
        self.alternates: Counter[str] = Counter()
        self._guard = DuplicateGuard()
        self._bulk_ids = BulkIds()
        self._frozen_until = -math.inf
        self._inbox_ids = itertools.count(FIRST_INBOX_ID)
        self.lines[SENDER] = Line(10001, SENDER)
        if self._seed is not None:
            self._seed(self)

    def reset(self) -> None:
        """Forget everything since the start; the clock shows real time again, at the speed it started with."""
        self.journal.clear()
        self.begin(self._speed, time.time(), self._facts())

    def _facts(self) -> dict[str, Any]:
        """The facts it starts with that are other than the documents'."""
        return {name: pair[0] for name, pair in self._profile.differences(DOCUMENTS).items()}

    @change
    def begin(self, speed: float, real_time: float, facts: Mapping[str, Any]) -> None:
        """Start anew as the panel of these facts; ``real_time`` is now. The first change of a state file, so that what
        is seeded has the same times again, and every bulk its id.
        """
        profile = DOCUMENTS.learn(facts)
        self.set_clock(real_time + profile.clock_offset, speed, real_time)
        self._clear()
        self.profile = profile

    def open(self, path: Path) -> None:
        """Continue from what the file at ``path`` holds, and write every change into it before it is answered.

        :raises StateFileError: when the file cannot be used.
        """
        facts = self._facts()
        if not self.journal.open(StateFile(path)):
            self.begin(self._speed, time.time(), facts)
        elif facts:
            self.change_profile(facts)

    def move_clock(self, *, advance: float = 0.0, speed: float | None = None) -> None:
        """Let the clock jump ``advance`` seconds forward, and run ``speed`` times as fast from then on.

        :raises ValueError: when it would turn back.
        """
        try:
            self.clock.advance(advance)
            if speed is not None:
                self.clock.set_speed(speed)
        finally:
            self.set_clock(self.now(), self.clock.speed, time.time())

    @change
    def set_clock(self, service_time: float, speed: float, real_time: float) -> None:
        """Show ``service_time`` at ``real_time``, both in epoch seconds, and run ``speed`` times as fast from there."""
        self.clock.set(service_time, speed, real_time)

    @change
    def set_pace(self, factor: float) -> None:
        """Let new bulks live ``factor`` times the usual life; 0 makes them final at once."""
        self.script = Script(Timing().scaled(factor))

    @change
    def change_account(self, changes: Mapping[str, Any], lines: Sequence[str] = ()) -> None:
        """Set fields of the account, and give it more lines."""
        for name, value in changes.items():
            if name == "duplicate_guard":
                self.change_profile({"guard_seconds": value})
            elif name == "local_numbers":
                self.change_profile({"number_spellings": "local" if value else "strict"})
            else:
                setattr(self.account, name, value)
        for line in lines:
            self.lines.setdefault(line, Line(20001 + len(self.lines), line))

    def setting(self, name: str) -> Any:
        """What :meth:`change_account` sets."""
        if name == "duplicate_guard":
            return self.profile.guard_seconds
        return self.profile.number_spellings == "local" if name == "local_numbers" else getattr(self.account, name)

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

    def line(self, given: object, *, strict: bool = False) -> str | None:
        """The account's line that ``given`` means, written with ``+98``, ``98`` or neither; None when it means none.

        :param strict: take none but the first.
        """
        if not isinstance(given, str) or given in self.lines or strict:
            return given if isinstance(given, str) and given in self.lines else None
        bare = given.strip().removeprefix("+")
        return next((line for line in (f"+{bare}", f"+98{bare.removeprefix('0')}") if line in self.lines), None)

    def size(self, text: str, line: str) -> TextSize:
        """How long ``text`` is on ``line``."""
        known = self.lines.get(line)
        size = measure(text, is_66_char=known is not None and known.is_66_char)
        return panel.size(self.profile, size, is_66_char=known is not None and known.is_66_char)

    @change
    def submit(self, submission: Submission) -> list[int]:
        """Accept texts: one bulk an item, in order. Return their ids.

        :raises Duplicate: when the guard meets one of the texts again; nothing is accepted then.
        :raises NoCredit: when the account cannot pay and is set to refuse.
        """
        now, window, credit = self.now(), self.profile.guard_seconds, self.account.credit
        keys = guard_keys(submission) if window else []
        if self._guard.repeats(keys, now, window):
            raise Duplicate
        spread = {"gaps": self.profile.id_gaps, "blocks": self.profile.ids == "blocks"}
        ids = self._bulk_ids.ahead(len(submission.items), **spread)
        line = self.lines.get(submission.line)
        is_66_char, factor = line is not None and line.is_66_char, self.profile.price_factor
        script = submission.script or self.script
        blocks = blocks_of(submission, ids, now, script, is_66_char=is_66_char, factor=factor)
        cost = sum(block.cost for block in blocks)
        if cost <= credit:
            credit -= cost
        elif self.account.without_credit == "refuse":
            raise NoCredit
        else:
            blocks, credit = within_credit(blocks, credit)
        self.account.credit = credit
        self._guard.remember(keys, now, window)
        self._bulk_ids.take(ids, **spread)
        self.outbox.add(blocks)
        self._list(submission, ids, now)
        return list(ids)

    def _list(self, submission: Submission, ids: range, now: float) -> None:
        """Let the report show what was just accepted later, or only for a while, where a fault says so."""
        self._frozen_until = max(self._frozen_until, now + submission.freezes)
        start = max(now + submission.listed_after, self._frozen_until)
        if start > now or submission.listed_for is not None:
            for bulk_id in ids:
                self.outbox.show(
                    bulk_id, start, math.inf if submission.listed_for is None else now + submission.listed_for
                )

    def shown(self, bulk_id: int) -> Bulk | None:
        """The bulk with this id, as one who asks for it by the id finds it."""
        bulk, now = self.outbox.get(bulk_id), self.now()
        if bulk is None or now < bulk.accepted + self.profile.bulk_lag or self.outbox.is_deleted(bulk_id, now):
            return None
        return bulk

    @change
    def delete(self, bulk_id: int) -> None:
        """An operator takes a bulk out of the outbox; its texts go out all the same.

        :raises KeyError: when there is no such bulk.
        """
        if self.outbox.get(bulk_id) is None:
            raise KeyError(bulk_id)
        self.outbox.show(bulk_id, end=self.now())

    @change
    def change_profile(self, facts: Mapping[str, Any]) -> None:
        """Let the panel behave by these facts from now on.

        :raises InvalidProfile: for a name that is no fact, or a value that is none of its values.
        """
        profile = self.profile.learn(facts)
        self.clock.shift(profile.clock_offset - self.profile.clock_offset)
        self.profile = profile

    @change
    def cancel(self, bulk_id: int) -> bool:
        """Cancel a scheduled bulk and give its price back; False when it is unknown, not scheduled, or due within five
        minutes.
        """
        bulk = self.outbox.get(bulk_id)
        if (
            bulk is None
            or not bulk.script.end.is_good
            or bulk.due == bulk.accepted
            or bulk.due - self.now() < CANCEL_WINDOW
        ):
            return False
        if not self.profile.cancel_works:
            return True
        self.decide(bulk_id, Script(bulk.script.timing, BulkState.CANCELLED))
        return True

    @change
    def decide(self, bulk_id: int, script: Script) -> None:
        """Give a bulk another fate; its price comes back when it does not go out after all.

        :raises KeyError: when there is no such bulk.
        """
        bulk = self.outbox.get(bulk_id)
        if bulk is None:
            raise KeyError(bulk_id)
        cost = bulk.cost
        if bulk.script.end.is_good and not script.end.is_good:
            self.account.credit += cost
            cost = 0.0
        self.outbox.change(bulk_id, script, cost)

    @change
    def receive(self, sender: str, number: str, text: str) -> InboxMessage:
        """A person texts in."""
        message = InboxMessage(next(self._inbox_ids), sender, number, text, int(self.now()))
        self.inbox.append(message)
        return message
