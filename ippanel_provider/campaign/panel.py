"""What a campaign knows of the panel while it sends: how it lists, and which outbox ids are whose.

*How* it lists is learnt from an own bulk that was read back, and kept for the host and the account. What was not learnt
excludes nothing. (API: what only the live service can settle.)
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ippanel_provider.campaign.ledger.base import Intent, Ledger
from ippanel_provider.campaign.ledger.hashes import MEMBER_BYTES, TEXT_BYTES, pieces
from ippanel_provider.client import Bulk
from ippanel_provider.service_profile import DOCUMENTS, InvalidProfile, ServiceProfile

log = logging.getLogger(__name__)

_FRESH = 86_400.0
"""Seconds for which facts are not learnt anew."""
_ENOUGH_TO_GROW = 20
"""So many answers in a row with ever higher ids, before their order is taken for a rule of this panel."""
_CLOCK_NOISE = 3.0
"""Seconds by which the time of a bulk may be off though the clocks agree."""
_BEGINNINGS = 10
"""So many moments are kept at which the list was read; parts of one campaign begin one after the other."""
_PROFILE, _BEFORE = "profile", "before"


@dataclass(slots=True)
class Panel:
    """How one panel lists, as far as is known, and whose the ids are that it shows."""

    ledger: Ledger
    facts: ServiceProfile = DOCUMENTS
    own: dict[int, float] = field(default_factory=dict)
    """The ids that answered this campaign, and when (epoch seconds)."""
    before: frozenset[int] = frozenset()
    """What was listed before the first intent that is still open was written."""
    has_begun: bool = False
    """Whether the list was read before that."""
    mark: int = 0
    """The highest id that was listed or answered so far."""
    _grew: int = 0

    @classmethod
    def of(cls, ledger: Ledger, given: ServiceProfile | None, host: str = "") -> Panel:
        """Open what is remembered: a profile the connection was given goes before what was learnt earlier."""
        facts = _profile(ledger.learnt())
        for warning in given.warnings(host=host) if given else ():
            log.warning("%s", warning)
        return cls(ledger, given.over(facts) if given else facts)

    def begin(self, listed: list[int], now: float) -> None:
        """Take what the list shows now for what is not ours; nothing of ours may be in doubt."""
        self.before, self.has_begun = frozenset(listed), True
        self.mark = max([self.mark, *listed])
        kept = (self.ledger.noted(_BEFORE) or [])[1 - _BEGINNINGS :]
        self.ledger.note(_BEFORE, [*kept, {"at": now, "ids": sorted(self.before), "mark": self.mark}])

    def go_on(self, since: float) -> None:
        """Take up what was listed before an intent of this moment.

        Other parts of the campaign begin at other times, and what is listed to them may be what is in doubt here.
        """
        for beginning in self.ledger.noted(_BEFORE) or []:
            if beginning["at"] <= since:
                self.before, self.has_begun = frozenset(beginning["ids"]), True
                self.mark = max(self.mark, beginning["mark"])

    def answered(self, intent: Intent, ids: tuple[int, ...], at: float) -> None:
        """Take down that the service answered with these ids."""
        if not ids:
            return
        # The intent was written before the request left: what was known then has to be older.
        if min(ids) > intent.mark:
            self._grew += 1
            if self._grew == _ENOUGH_TO_GROW and "ids" not in self.facts.known:
                self.learn({"ids": "grow"})
        elif self.facts.ids != "blocks":
            log.warning("Outbox ids do not only grow on this panel; their order is not relied upon.")
            self.learn({"ids": "blocks"})
        self.own.update(dict.fromkeys(ids, at))
        self.mark = max(self.mark, *ids)

    def learn(self, settled: dict[str, Any], at: float | None = None) -> None:
        """Keep facts, for this campaign and for others of the account; read back ``at`` this moment (epoch seconds)."""
        news = {
            name: value
            for name, value in settled.items()
            if name not in self.facts.known or getattr(self.facts, name) != value
        }
        self.facts = self.facts.learn(settled, at=None if at is None else datetime.fromtimestamp(at, UTC))
        self.ledger.learn({_PROFILE: self.facts.to_json()})
        if news:
            log.info("How this panel lists: %s.", self.facts)
        if news.get("text_listed", "plain") != "plain":
            log.warning(
                "This panel lists texts in other words than were sent, or none: what left unanswered is recognised by "
                "its recipients alone, and more often a person has to decide."
            )

    def is_fresh(self, now: float, *, scheduled: bool) -> bool:
        """Whether facts of this kind of sending were settled lately, so that none have to be read back."""
        needed = {"text_listed", "recipients_listed", *(("scheduled_listed",) if scheduled else ())}
        at = self.facts.learnt_at
        return needed <= self.facts.known and at is not None and now - at.timestamp() < _FRESH

    @property
    def has_taught(self) -> bool:
        """Whether anything was ever learnt of how it lists texts."""
        return "text_listed" in self.facts.known

    @property
    def explained(self) -> str:
        """Whether a listed text says what was sent: ``yes``, ``no``, ``hidden``, or ``unknown``."""
        return self.facts.explained if self.has_taught else "unknown"

    def is_other(self, outbox_id: int, intent: Intent) -> bool:
        """Whether the id certainly belongs to something else than an intent without an answer."""
        if outbox_id in self.own or outbox_id in self.before:
            return True
        # Only where ids are known to grow; on others the victim's may lie below one already seen.
        return "ids" in self.facts.known and self.facts.ids == "grow" and outbox_id <= intent.mark


def facts_of(bulk: Bulk, people: list[bytes], intent: Intent, place: int, text: bytes, taken: float) -> dict[str, Any]:
    """Return what an own bulk shows of how the panel lists.

    :param people: the hashes of the recipients that are listed; empty where none are
    :param place: which of the intent's bulks it is
    :param text: the hash of the listed text, folded
    :param taken: when it was accepted, by our clock
    """
    sent_text = pieces(intent.texts, TEXT_BYTES)[place]
    settled: dict[str, Any] = {
        "text_listed": "hidden" if bulk.message is None else "plain" if text == sent_text else "other",
        "recipients_listed": "at_once" if people else "when_final",
    }
    mine = members_of(intent, place)
    if people and not intent.is_single and mine.issuperset(people):
        settled["recipients_lacking"] = len(mine) - len(set(people))
    size = intent.people if intent.is_single else len(mine)
    if size and bulk.recipients_count is not None:
        lacking = size - bulk.recipients_count
        counts = {0: "exact", 1: "one_less", size: "zero"}
        if lacking in counts:
            settled["counts"] = counts[lacking]
    if intent.send_at is not None:
        settled["scheduled_listed"] = True
        if bulk.send_at is not None:
            settled |= _send_times(bulk.send_at.timestamp(), intent.send_at)
    if bulk.created_at is not None:
        offset = bulk.created_at.timestamp() - taken
        # Whole seconds, and the time a request takes.
        settled["clock_offset"] = round(offset, 1) if abs(offset) > _CLOCK_NOISE else 0.0
    return settled


def members_of(intent: Intent, place: int) -> frozenset[bytes]:
    """Return the hashes of the recipients of one of an intent's bulks."""
    start, size = intent.span(place)
    hashes = intent.recipients or intent.members
    return frozenset(pieces(hashes[start * MEMBER_BYTES : (start + size) * MEMBER_BYTES], MEMBER_BYTES))


def _send_times(listed: float, asked: float) -> dict[str, Any]:
    if abs(listed - asked) < 1.5:
        return {"send_times": "second"}
    return {"send_times": "minute" if abs(listed - asked) <= 60 else "created"}


def _profile(stored: Any) -> ServiceProfile:
    try:
        return ServiceProfile.from_json(stored[_PROFILE]) if stored else DOCUMENTS
    except (InvalidProfile, KeyError) as error:
        log.warning("What was learnt of this panel cannot be read, so it is learnt anew. %s", error)
        return DOCUMENTS
