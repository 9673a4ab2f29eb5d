"""Was it accepted? What the outbox shows of intents that have no answer.

The service has no idempotency key. A bulk is taken for an intent's by its people, then by its words, both read through
one fold; what was listed before, answered somebody else or stands in another line is none. What cannot be judged yet is
neither found nor absent. (API: report.)
"""

from __future__ import annotations

import enum
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from ippanel_provider.campaign.doubts import Doubt
from ippanel_provider.campaign.ledger.base import Intent, Ledger
from ippanel_provider.campaign.ledger.hashes import MEMBER_BYTES, TEXT_BYTES, MemberKey, pieces
from ippanel_provider.campaign.ledger.memory import REGISTER
from ippanel_provider.campaign.panel import Panel, facts_of, members_of
from ippanel_provider.client import Bulk, Flow, NotFound, edge
from ippanel_provider.client.requests import pages
from ippanel_provider.service import MAX_PAGE_SIZE
from ippanel_provider.text.numbers import InvalidNumber, normalize

log = logging.getLogger(__name__)

_PAGE = 100
_MOST_PAGES = 200
_TIME_ECHO = 61.0
"""Seconds that a listed send time may be off: some panels cut it to the minute."""
_LACKING = 10
"""One in so many recipients may be missing from a list, where nothing else is known: blacklisted ones are."""


class Seen(NamedTuple):
    """An own bulk as it is listed, and the hashes of the recipients that are."""

    bulk: Bulk
    people: tuple[bytes, ...]


class Verdict(enum.Enum):
    """Whether a bulk is an intent's."""

    OURS = enum.auto()
    NO = enum.auto()
    COUNTS = enum.auto()
    """Words and numbers fit, and the people are not shown: it is, if there are as many such bulks as doubts."""
    UNSURE = enum.auto()
    """It cannot be judged yet."""


@dataclass(slots=True)
class Look:
    """What one look at the outbox came to."""

    listed: dict[int, Bulk] = field(default_factory=dict)
    people: dict[int, tuple[bytes, ...]] = field(default_factory=dict)
    """The recipients that are listed of the bulks that were candidates."""
    unsure: set[int] = field(default_factory=set)
    """The numbers of intents for which something could not be judged."""
    is_bracketed: bool = False
    """Whether it reached a bulk known before, and showed every own one since; only then is anything absent."""


@dataclass(slots=True)
class Recogniser:
    """Looks for doubts in the outbox of one line."""

    panel: Panel
    ledger: Ledger
    sender: str
    patience_lag: float
    """Seconds after which an own id that is not listed makes a look worthless."""
    now: float = 0.0
    samples: dict[int, tuple[Intent, int, float]] = field(default_factory=dict)
    """Own bulks to learn from when they are listed: the intent, the place and when they were accepted."""
    doubled: dict[int, int] = field(default_factory=dict)
    """Bulks that the service made besides another one of the same request, and that one."""
    _people: dict[int, tuple[bytes, ...]] = field(default_factory=dict)

    @property
    def key(self) -> MemberKey:
        """Hashes as the ledger does."""
        return self.ledger.key

    def look(self, doubts: Sequence[Doubt], now: float) -> Flow[Look]:
        """Read the list from its newest bulk back to one known before, and give each doubt what is its."""
        self.now = now
        since = min((doubt.intent.at for doubt in doubts), default=now)
        look = yield from self._listing(since)
        for outbox_id in self.samples.keys() & look.listed.keys():
            bulk = look.listed[outbox_id]
            people = yield from self._recipients(outbox_id)
            self.learn(Seen(bulk, people), *self.samples.pop(outbox_id), now)
        foreign = self.ledger.claimed(since - REGISTER)
        answered = self.ledger.answered_others(since - REGISTER)
        for doubt in doubts:
            taken = foreign | self._answered_others(answered, doubt.intent, look)
            taken |= {found for other in doubts for found in other.found.values()}
            taken -= set(doubt.standing.ids)
            yield from self._match(doubt, doubts, look, taken)
        return look

    def _answered_others(self, answered: Mapping[int, float], intent: Intent, look: Look) -> set[int]:
        """Return the ids that answered other tasks and cannot have answered the intent.

        A sandbox that was emptied begins its ids anew: what was answered before the intent has to be older than it.
        """
        found = set()
        for outbox_id, at in answered.items():
            made = look.listed[outbox_id].created_at if outbox_id in look.listed else None
            if at >= intent.at or made is None or made.timestamp() < int(intent.at + self.panel.facts.clock_offset):
                found.add(outbox_id)
        return found

    def _listing(self, since: float) -> Flow[Look]:
        panel, look, has_before = self.panel, Look(), False
        grace = max(self.patience_lag, panel.facts.outbox_lag)
        needed = {id_ for id_, at in panel.own.items() if at >= since and self.now - at > grace}
        walk = pages(edge.report.outbox(per_page=_PAGE if len(needed) < _PAGE else MAX_PAGE_SIZE))
        for _ in range(_MOST_PAGES):
            page = yield from walk.turn()
            if page is None:
                # An account that had sent nothing before is read to its end.
                has_before = has_before or (not panel.before and panel.has_begun and not walk.incomplete)
                break
            look.listed |= {bulk.outbox_id: bulk for bulk in page.items}
            has_before = has_before or any(bulk.outbox_id in panel.before for bulk in page.items)
            if has_before and (_is_newest_first(page.items) or needed <= look.listed.keys()):
                break
        look.is_bracketed = has_before and needed <= look.listed.keys()
        return look

    def read_back(self, outbox_id: int) -> Flow[Seen | None]:
        """Look for an own bulk on the newest page, as for one whose id is not known; None if it is not there."""
        page = yield from edge.report.outbox(per_page=_PAGE)
        for bulk in page.items:
            if bulk.outbox_id == outbox_id:
                people = yield from self._recipients(outbox_id)
                return Seen(bulk, people)
        return None

    def may_show(self, intent: Intent, *, has_words: bool) -> Flow[bool]:
        """Whether the newest page lists something that can be an intent's, which is under way; it writes nothing."""
        mine = {place: members_of(intent, place) for place in range(0 if intent.is_single else intent.bulks)}
        texts = set(pieces(intent.texts, TEXT_BYTES))
        page = yield from edge.report.outbox(per_page=_PAGE)
        for bulk in page.items:
            if self.panel.is_other(bulk.outbox_id, intent) or not _may_be_line(bulk.sender, self.sender):
                continue
            says_it = bulk.message is not None and self.key.text(bulk.message) in texts
            if self.panel.explained == "yes" and has_words and not says_it:
                continue
            people = yield from self._recipients(bulk.outbox_id)
            if not mine or not people or any(each.issuperset(people) for each in mine.values()):
                return True
        return False

    def learn(self, seen: Seen, intent: Intent, place: int, accepted: float, now: float) -> None:
        """Keep what an own bulk shows of how the panel lists. Times are epoch seconds."""
        text = self.key.text(seen.bulk.message or "")
        settled = facts_of(seen.bulk, list(seen.people), intent, place, text, accepted)
        self.panel.learn({**settled, "outbox_lag": round(max(0.0, now - accepted), 1)}, now)

    def _match(self, doubt: Doubt, doubts: Sequence[Doubt], look: Look, taken: set[int]) -> Flow[None]:
        fits: dict[int, dict[Verdict, list[Bulk]]] = {}
        for bulk in look.listed.values():
            if not doubt.is_open or bulk.outbox_id in taken or self._is_other(bulk, doubt, doubts):
                continue
            text = None if bulk.message is None else self.key.text(bulk.message)
            if self.panel.explained == "yes" and doubt.has_words and text not in doubt.by_text:
                continue
            people = yield from self._people_of(bulk, doubt)
            look.people[bulk.outbox_id] = people
            for place in doubt.places(bulk, text, people, self.panel):
                verdict = self._judge(bulk, text, people, doubt, place)
                fits.setdefault(place, {}).setdefault(verdict, []).append(bulk)
        for place, verdicts in fits.items():
            self._decide(doubt, place, doubts, verdicts, look)

    def _is_other(self, bulk: Bulk, doubt: Doubt, doubts: Sequence[Doubt]) -> bool:
        intent = doubt.intent
        if bulk.outbox_id in doubt.standing.ids:
            return False
        if self.panel.is_other(bulk.outbox_id, intent) or not _may_be_line(bulk.sender, self.sender):
            return True
        if bulk.send_at is None or self.panel.facts.send_times == "created":
            return False
        at = bulk.send_at.timestamp()
        if intent.send_at is not None and "send_times" in self.panel.facts.known:
            return abs(at - intent.send_at) > _TIME_ECHO
        # A repetition has a time of its own, by which it is told from the first one.
        return intent.send_at is None and any(
            other.intent.again and other.intent.send_at and abs(at - other.intent.send_at) <= _TIME_ECHO
            for other in doubts
        )

    def _judge(self, bulk: Bulk, text: bytes | None, people: Sequence[bytes], doubt: Doubt, place: int) -> Verdict:
        says_it = doubt.has_words and text == doubt.texts[place]
        explained = self.panel.explained
        if explained == "yes" and doubt.has_words and not says_it:
            return Verdict.NO
        mine = frozenset[bytes]() if doubt.intent.is_single else members_of(doubt.intent, place)
        if mine and people:
            if not mine.issuperset(people):
                return Verdict.NO
            if explained == "unknown" and text is not None and not says_it:
                # Ours in other letters, or another's: the next own bulk that is listed tells.
                return Verdict.UNSURE
            known = "recipients_lacking" in self.panel.facts.known
            lacking = max(self.panel.facts.recipients_lacking if known else 1, len(mine) // _LACKING)
            if len(mine) - len(set(people)) <= lacking:
                return Verdict.OURS
            return Verdict.UNSURE
        size = doubt.intent.people if doubt.intent.is_single else len(mine)
        if not says_it:
            return Verdict.UNSURE
        return self._count(bulk.recipients_count or len(people), size)

    def _count(self, listed: int | None, size: int | None) -> Verdict:
        """Whether the number of recipients fits, where their names do not show."""
        counts = self.panel.facts.counts if "counts" in self.panel.facts.known else "unknown"
        if size is None:
            return Verdict.COUNTS
        if listed == size or (counts == "one_less" and listed == size - 1):
            return Verdict.COUNTS
        return Verdict.NO if counts == "exact" and listed is not None else Verdict.UNSURE

    def _decide(
        self, doubt: Doubt, place: int, doubts: Sequence[Doubt], verdicts: dict[Verdict, list[Bulk]], look: Look
    ) -> None:
        """Choose among the bulks that fit one place. More bulks than doubts decide nothing where words do not tell."""
        text, taken = doubt.texts[place], set(doubt.found.values())
        ours = [bulk for bulk in verdicts.get(Verdict.OURS, ()) if bulk.outbox_id not in taken]
        alike = sum(
            text in other.by_text and other.intent.send_at == doubt.intent.send_at
            for other in doubts
            if other is doubt or (other.is_open and other.intent.members == doubt.intent.members)
        )
        if len(ours) > 1:
            said = [bulk for bulk in ours if bulk.message is not None and self.key.text(bulk.message) == text]
            ours = said or ours
            if len(ours) > alike and self.panel.explained != "yes":
                ours = []
                look.unsure.add(doubt.intent.number)
        counted = [bulk for bulk in verdicts.get(Verdict.COUNTS, ()) if bulk.outbox_id not in taken]
        if not ours and counted:
            same = [other for other in doubts if other.is_open and self._looks_alike(other, doubt, text)]
            if len(counted) == len(same):
                ours = counted
            else:
                look.unsure.add(doubt.intent.number)
        if not ours and verdicts.get(Verdict.UNSURE):
            look.unsure.add(doubt.intent.number)
        if ours:
            oldest = min(ours, key=lambda bulk: bulk.outbox_id)
            doubt.found[place] = oldest.outbox_id
            if len(ours) > alike:
                others = (bulk.outbox_id for bulk in ours if bulk is not oldest)
                self.doubled |= dict.fromkeys(others, oldest.outbox_id)

    def _looks_alike(self, other: Doubt, doubt: Doubt, text: bytes) -> bool:
        return (
            text in other.by_text
            and other.intent.send_at == doubt.intent.send_at
            and (other.intent.people, other.intent.size) == (doubt.intent.people, doubt.intent.size)
        )

    def _people_of(self, bulk: Bulk, doubt: Doubt) -> Flow[tuple[bytes, ...]]:
        """Return the recipients a doubt is judged by; where only the service knows them, none if they are counted."""
        if doubt.intent.is_single and bulk.recipients_count:
            return ()
        return (yield from self._recipients(bulk.outbox_id))

    def _recipients(self, outbox_id: int) -> Flow[tuple[bytes, ...]]:
        """Return the hashes of the recipients that are listed; none may mean that they are not shown yet."""
        if outbox_id in self._people:
            return self._people[outbox_id]
        walk, found = pages(edge.report.recipients(outbox_id)), list[str]()
        try:
            while page := (yield from walk.turn()):
                found += [str(delivery.recipient) for delivery in page.items]
        except NotFound:
            return ()
        people = pieces(self.key.people(_normal(number) for number in found), MEMBER_BYTES)
        if people:
            self._people[outbox_id] = people
        return people

    def shows(self, doubt: Doubt, outbox_id: int, look: Look) -> Flow[bool]:
        """Return whether a listed bulk would be taken for the doubt's, were its id not known."""
        bulk = look.listed.get(outbox_id)
        if bulk is None:
            return False
        text = None if bulk.message is None else self.key.text(bulk.message)
        people = yield from self._people_of(bulk, doubt)
        bare = replace(doubt, found={})
        verdicts = {self._judge(bulk, text, people, bare, place) for place in range(doubt.intent.bulks)}
        if verdicts == {Verdict.NO}:
            # This panel lists otherwise by now than was learnt: the next look learns it anew.
            self.samples[outbox_id] = (doubt.intent, min(doubt.found), doubt.standing.left or doubt.intent.at)
        return bool(verdicts & {Verdict.OURS, Verdict.COUNTS})


def _normal(number: str) -> str:
    try:
        return normalize(number)
    except InvalidNumber:
        return number


def _is_newest_first(bulks: Sequence[Bulk]) -> bool:
    first, last = bulks[0], bulks[-1]
    if first.created_at and last.created_at:
        return first.created_at >= last.created_at
    return first.outbox_id >= last.outbox_id


def _may_be_line(listed: str | None, sender: str) -> bool:
    """Whether a listed line can be the sender's, however it is spelled."""
    if not listed:
        return True
    return _bare_line(listed) == _bare_line(sender)


def _bare_line(line: str) -> str:
    return re.sub(r"^(?:00)?(?:98)?0*", "", re.sub(r"[^0-9a-z]", "", line.lower()))
