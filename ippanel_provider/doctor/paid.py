"""The groups that send, with ``--to``: what is refused, a scheduled text that is taken back, a marker, a repetition."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ippanel_provider.client import Flow, Receipt, Request, Sleep, edge
from ippanel_provider.doctor.case import Case
from ippanel_provider.doctor.findings import Verdict
from ippanel_provider.doctor.journal import Journal
from ippanel_provider.doctor.pages import refusal
from ippanel_provider.doctor.sending import Watched, cancel, send, text_of, watch, watched
from ippanel_provider.doctor.wording import wording

AHEAD = 3600.0
"""Seconds that the scheduled text goes out later, by whichever clock is ahead."""
WATCH = 120.0
"""Seconds for which a text is looked for where it may never show."""
_AT_ONCE = 2.0
_APART = 2.0
_NOBODY, _NOT_OURS = "+98912000000", "+98999999999"
"""A digit short, so nobody's; and a line in the right form that is nobody's."""


@dataclass(slots=True)
class Texts:
    """The texts that were sent, as they were seen."""

    scheduled: Watched | None = None
    marker: Watched | None = None
    is_over: bool = False
    """Whether nothing more may be sent."""


def refusals(case: Case, journal: Journal, texts: Texts) -> Flow[None]:
    """What is answered to a number that cannot exist, and for a line that is not the account's."""
    for name, line in (("impossible", case.line), ("foreign", _NOT_OURS)):
        if name in journal.steps:
            texts.is_over = texts.is_over or journal.texts_of(name) > 0
            case.say(Verdict.UNKNOWN, name, "asked in an earlier run, so not again")
            continue
        outcome = yield from send(case, journal, name, _to_nobody(line, journal, name), to_nobody=True)
        if outcome == "accepted":
            texts.is_over = True
            case.say(Verdict.NO, name, "it was accepted", "wrong numbers cost money here; nothing more is sent")
            return
        if outcome == "refused":
            case.say(Verdict.OK, name, f"refused ({case.why('send.webservice')})")
            refusal(case)
        else:
            case.say(Verdict.UNKNOWN, name, f"no clear refusal ({case.why('send.webservice')})")


def _to_nobody(line: str, journal: Journal, name: str) -> Request[Receipt]:
    text = wording(f"{journal.token}{len(name)}")
    asked = edge.send.webservice(text, ["+989120000000"], sender=line)
    content = {**json.loads(asked.body or b"{}"), "params": {"recipients": [_NOBODY]}}
    return replace(asked, body=json.dumps(content).encode())


def schedule(case: Case, journal: Journal, texts: Texts) -> Flow[None]:
    """Send a text for an hour later, read it back, take it back, and look at the money."""
    name, fresh = "scheduled", False
    before = yield from _credit(case)
    if name not in journal.steps:
        if not journal.may(name):
            case.say(Verdict.UNKNOWN, name, "it could make a third text, so none is sent")
            return
        due = math.ceil(case.now() + AHEAD + max(0.0, case.measures.get("date_skew", 0.0)))
        # Of the 60 seconds of a minute one that tells whether the minute is all that is kept.
        due += 37 - due % 60
        request = _to_phone(case, journal, name, datetime.fromtimestamp(due, UTC))
        outcome = yield from send(case, journal, name, request, due=float(due))
        fresh = True
        if outcome in ("refused", "unreached"):
            why = case.why("send.webservice")
            case.say(
                Verdict.NO,
                name,
                f"a text for later is refused ({why})",
                "quiet hours cannot be waited out by a send time",
            )
            return
    of = texts.scheduled = watched(journal, name, fresh=fresh)
    yield from watch(case, journal, of, until=lambda seen: seen.is_seen, limit=WATCH if fresh else 0.0)
    during = yield from _credit(case)
    step = journal.steps[name]
    if step["state"] != "accepted":
        texts.is_over = True
        case.say(Verdict.UNKNOWN, name, "no answer came, and it is not to be found", "nothing more is sent")
        return
    if fresh and of.people_after is not None and not of.is_final:
        case.learn(recipients_listed="at_once")
    is_back = yield from cancel(case, journal, name)
    if is_back:
        case.learn(cancel_works=True)
        case.say(Verdict.OK, "cancel", "the scheduled text is taken back")
        yield from _after_cancel(case, journal, of)
        if fresh:
            _money_back(case, before, during, (yield from _credit(case)))
    else:
        # It counts, the repetition is left out, and the marker is the last.
        if fresh and of.bulk is not None and "cancelling" in step:
            case.learn(cancel_works=False)
        case.say(Verdict.NO, "cancel", "the scheduled text is not taken back", "do not rely on cancelling")


def _after_cancel(case: Case, journal: Journal, of: Watched) -> Flow[None]:
    """Look once more: some panels list the people of a bulk when nothing about it changes any more."""
    if of.people_after is None:
        seen = replace(of)
        yield from watch(case, journal, seen, until=lambda each: each.people_after is not None, limit=_AT_ONCE)
        if seen.people_after is not None and of.is_fresh:
            case.learn(recipients_listed="when_final")
        of.row = seen.row


def outbox(case: Case, journal: Journal, texts: Texts) -> Flow[None]:
    """Send the marker, and see when and how it is listed."""
    name, fresh = "marker", False
    if name not in journal.steps:
        if texts.is_over or not journal.may(name):
            case.say(Verdict.UNKNOWN, name, "it could make a third text, so it is not sent")
            return
        # So that the times of two texts tell which one is the newer.
        yield from Sleep(_APART)
        outcome = yield from send(case, journal, name, _to_phone(case, journal, name), reply=case.reply)
        fresh = True
        if outcome in ("refused", "unreached"):
            case.say(Verdict.NO, name, f"a text is refused ({case.why('send.webservice')})", "nothing can be sent")
            return
    of = texts.marker = watched(journal, name, fresh=fresh)
    # Within ten seconds the next group repeats it; what is not seen by then is looked for after that.
    yield from watch(case, journal, of, until=lambda seen: seen.is_seen, limit=5.0 if fresh else 0.0)


def guard(case: Case, journal: Journal, texts: Texts) -> Flow[None]:
    """Repeat the marker within ten seconds, and once more when forty are not over."""
    of = texts.marker
    proved = 0.0
    for name, after in (("repeat", 8.0), ("late", 35.0)):
        if of is None or not of.is_fresh or journal.gateway != "single" or not journal.may(name):
            break
        # Meanwhile its states are looked at.
        yield from watch(case, journal, of, until=lambda _: False, limit=of.at + after - case.now())
        request = edge.send.webservice(text_of(journal, "marker"), [case.phone or ""], sender=case.line)
        outcome = yield from send(case, journal, name, request, reply=journal.steps["marker"].get("reply", False))
        if outcome == "accepted":
            case.learn(guard_seconds=proved)
            if proved:
                case.say(Verdict.QUIRK, "guard", f"a repetition is refused for {proved:g} s, not for 40")
            else:
                case.say(Verdict.NO, "guard", "a repetition is accepted", "only what is written down keeps from two")
            return
        if case.why("send.webservice") != "HTTP 429":
            case.say(Verdict.UNKNOWN, "guard", f"a repetition is answered otherwise ({case.why('send.webservice')})")
            return
        journal.ended(name, "refused")
        proved = after
    if proved:
        case.learn(guard_seconds=40.0 if proved > 30 else proved)
        case.say(Verdict.OK, "guard", f"a repetition is refused, {proved:g} s later still")
    else:
        case.say(Verdict.UNKNOWN, "guard", "it could make a third text, so nothing is repeated")


def tidy(case: Case, journal: Journal) -> Flow[None]:
    """Take back what showed late of the scheduled text."""
    step = journal.steps.get("scheduled")
    if step and set(step["ids"]) - set(step.get("cancelled", ())) and case.facts.get("cancel_works", True):
        yield from cancel(case, journal, "scheduled")


def _to_phone(case: Case, journal: Journal, name: str, due: datetime | None = None) -> Request[Receipt]:
    text = wording(journal.token_of(name), reply=case.reply and name != "scheduled")
    return edge.send.webservice(text, [case.phone or ""], sender=case.line, send_time=due)


def _credit(case: Case) -> Flow[float | None]:
    answer = yield from case.ask(edge.payment.credit())
    return None if answer is None else answer.credit


def _money_back(case: Case, before: float | None, during: float | None, after: float | None) -> None:
    if before is None or during is None or after is None:
        case.say(Verdict.UNKNOWN, "money", "the credit is not told")
        return
    taken, given = before - during, after - during
    if taken <= 0:
        case.say(Verdict.OK, "money", "nothing is taken before a scheduled text goes out")
        return
    case.measures["given_back"] = round(given / taken, 2)
    if given >= taken * 0.99:
        case.say(Verdict.OK, "money", "what a cancelled text cost is given back at once")
    else:
        case.say(Verdict.QUIRK, "money", "what a cancelled text cost is not given back at once")


Step = Callable[[Case, Journal, Texts], Flow[None]]
