"""Groups that only look at what was sent: how it is listed, which filters find it, what became of it, who answered."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from ippanel_provider.client import Bulk, Flow, Sleep, edge
from ippanel_provider.doctor.case import Case
from ippanel_provider.doctor.findings import Verdict
from ippanel_provider.doctor.journal import Journal
from ippanel_provider.doctor.pages import order
from ippanel_provider.doctor.paid import WATCH, Texts
from ippanel_provider.doctor.sending import Watched, newest, text_of, watch
from ippanel_provider.doctor.wording import facts_of
from ippanel_provider.service import BulkState, DeliveryStatus
from ippanel_provider.text.numbers import InvalidNumber, normalize

_TEHRAN = timedelta(hours=3, minutes=30)
_AROUND = timedelta(seconds=90)
_CLOCK_NOISE, _SOON = 3.0, 2.0
_NONSENSE = "zzqxjk"
_POLL = 10.0


def listing(case: Case, journal: Journal, texts: Texts) -> Flow[None]:
    """How the texts are listed, now that they are."""
    of = texts.marker
    if of is not None:
        limit = WATCH - (case.now() - of.at) if of.is_fresh else WATCH
        yield from watch(case, journal, of, until=lambda seen: seen.listed_after is not None, limit=max(0.0, limit))
    for each in (texts.scheduled, of):
        if each is not None and journal.steps[each.name]["ids"]:
            _as_listed(case, journal, each)
    _lags(case, journal, texts)
    _ids(case, journal)
    if texts.scheduled is not None:
        _scheduled(case, journal, texts.scheduled, of)
    if of is not None and of.listed is not None:
        yield from _filters(case, of.listed)


def _as_listed(case: Case, journal: Journal, of: Watched) -> None:
    bulk = of.listed or of.bulk
    if bulk is None:
        case.say(Verdict.UNKNOWN, of.name, "it is not listed so far")
        return
    settled = facts_of(text_of(journal, of.name), bulk.message)
    case.learn(**settled)
    odd = [f"{name} {value}" for name, value in settled.items() if value not in ("plain", "kept", False)]
    if odd:
        case.say(
            Verdict.QUIRK, of.name, f"listed with {', '.join(odd)}", "it is recognised by its people and its words"
        )
    else:
        case.say(Verdict.OK, of.name, "listed word by word")
    if bulk.recipients_count == 1:
        case.learn(counts="exact")
    elif bulk.recipients_count is not None:
        case.say(Verdict.QUIRK, "count", "the number of recipients is not shown right", "counts decide nothing")
    if bulk.created_at is not None and of.is_fresh:
        offset = bulk.created_at.timestamp() - of.at
        case.learn(clock_offset=float(round(offset)) if abs(offset) > _CLOCK_NOISE else 0.0)
        case.measures["clock_offset"] = round(offset)
    if of.row is not None:
        _person(case, of, str(of.row.recipient), of.row.message)


def _person(case: Case, of: Watched, number: str, message: str | None) -> None:
    form = "+98" if number.startswith("+98") else "98" if number.startswith("98") else "0"
    case.learn(recipient_form=form)
    if message:
        case.learn(recipient_texts=True)
    elif case.facts.get("text_listed") != "hidden":
        case.learn(recipient_texts=False)
    if form == "+98":
        case.say(Verdict.OK, "person", "listed as +98…")
    else:
        case.say(Verdict.QUIRK, "person", f"listed as {form}…", "numbers are read in any spelling")


def _lags(case: Case, journal: Journal, texts: Texts) -> None:
    fresh = [each for each in (texts.scheduled, texts.marker) if each is not None and each.is_fresh]
    for fact, attribute, what in (
        ("outbox_lag", "listed_after", "is in the list"),
        ("bulk_lag", "bulk_after", "is found by its id"),
        ("recipients_lag", "people_after", "shows its people"),
    ):
        # One that had to be found first was asked for late.
        told = [each for each in fresh if journal.steps[each.name].get("answered")]
        seen = [found for each in told if (found := getattr(each, attribute)) is not None]
        if not seen or (fact == "recipients_lag" and case.facts.get("recipients_listed") != "at_once"):
            continue
        lag = min(seen)
        lag = 0.0 if lag <= _SOON else round(lag, 1)
        case.learn(**{fact: lag})
        if lag:
            case.say(Verdict.QUIRK, fact, f"a text {what} after {lag:g} s", "settling takes longer than that")
        else:
            case.say(Verdict.OK, fact, f"a text {what} at once")


def _ids(case: Case, journal: Journal) -> None:
    steps = sorted((step for step in journal.steps.values() if step["ids"]), key=lambda step: step["at"])
    if len(steps) < 2:
        return
    case.measures["id_step"] = min(steps[-1]["ids"]) - min(steps[0]["ids"])
    in_turn = [journal.before or {0}, *(step["ids"] for step in steps)]
    if any(min(later) < max(earlier) for earlier, later in pairwise(in_turn)):
        case.learn(ids="blocks")
        case.say(Verdict.QUIRK, "ids", "they do not only grow", "their order is not relied upon")
    else:
        case.say(Verdict.OK, "ids", "the second is higher than the first")
        if min(steps[1]["ids"]) - max(steps[0]["ids"]) > 1 and journal.gateway == "single":
            case.learn(id_gaps=True)


def _scheduled(case: Case, journal: Journal, of: Watched, marker: Watched | None) -> None:
    bulk, due = of.bulk or of.listed, journal.steps[of.name].get("due")
    if bulk is not None and bulk.send_at is not None and due is not None:
        off = abs(bulk.send_at.timestamp() - due)
        echo = "second" if off < 1.5 else "minute" if off < 60 else "created"
        case.learn(send_times=echo)
        if echo == "second":
            case.say(Verdict.OK, "send time", "listed to the second")
        else:
            case.say(Verdict.QUIRK, "send time", f"listed as {echo}", "a repetition is told by its id alone")
    if not of.is_fresh:
        return
    if of.listed_after is not None:
        case.learn(scheduled_listed=True)
        case.say(Verdict.OK, "scheduled", "listed before it goes out")
    elif marker is not None and marker.listed_after is not None and marker.listed_after < WATCH - 1:
        case.learn(scheduled_listed=False)
        case.say(
            Verdict.QUIRK, "scheduled", "not listed before it goes out", "one in doubt is looked for when it is due"
        )


def _filters(case: Case, bulk: Bulk) -> Flow[None]:
    def finds(**filters: Any) -> Flow[bool]:
        found = yield from newest(case, **filters)
        return found is not None and bulk.outbox_id in found

    if bulk.message:
        token = "".join(char for char in bulk.message if char in "0123456789")[:8]
        match: str | None = None
        if (yield from finds(message=_NONSENSE)):
            match = "ignored"
        elif (yield from finds(message=token)):
            match = "part"
        elif (yield from finds(message=bulk.message)):
            match = "exact"
        if match:
            case.learn(text_match=match)
        verdict = Verdict.UNKNOWN if match is None else Verdict.OK if match == "part" else Verdict.QUIRK
        case.say(verdict, "filter of texts", f"it finds {match or 'nothing of ours'}")
    if bulk.created_at is None:
        return
    in_utc = yield from finds(**_window(bulk.created_at))
    in_tehran = yield from finds(**_window(bulk.created_at + _TEHRAN))
    if in_utc == in_tehran:
        case.say(Verdict.UNKNOWN, "filter of times", "times are filtered by neither zone")
        return
    case.learn(filter_zone="utc" if in_utc else "tehran")
    if in_utc:
        case.say(Verdict.OK, "filter of times", "times of filters are read in UTC")
    else:
        case.say(Verdict.QUIRK, "filter of times", "times of filters are read in Tehran's time")


def _window(moment: datetime) -> dict[str, datetime]:
    return {"created_from": moment - _AROUND, "created_to": moment + _AROUND}


def order_of_pages(case: Case) -> Flow[None]:
    """Which bulks the list shows first, now that it shows two of ours."""
    bulks = yield from newest(case)
    order(case, list((bulks or {}).values()))
    found = case.facts.get("page_order")
    if found == "oldest":
        case.say(Verdict.QUIRK, "order", "the oldest comes first", "lists are read from their end")
    elif found:
        case.say(Verdict.OK, "order", "the newest comes first")


def delivery(case: Case, journal: Journal, texts: Texts) -> Flow[None]:
    """What becomes of the marker, until it is final and its person has it."""
    of = texts.marker
    if of is None or not journal.steps[of.name]["ids"]:
        case.say(Verdict.UNKNOWN, "marker", "there is none")
        return
    yield from watch(case, journal, of, until=lambda seen: _is_over(seen, case), limit=case.wait)
    _people(case, of, texts.scheduled)
    if of.row is not None and "recipient_form" not in case.facts:
        _person(case, of, str(of.row.recipient), of.row.message)
    way = ", ".join(f"{BulkState(state).name.lower()} after {after:g} s" for after, state in of.states)
    if not of.is_final:
        case.say(Verdict.UNKNOWN, "states", f"not final so far ({way})", "a person may be looking at it")
        return
    good = of.bulk is not None and of.bulk.state.is_good
    case.say(Verdict.OK if good else Verdict.NO, "states", way)
    status = of.row.status if of.row is not None else None
    if status is not None:
        arrived = status is DeliveryStatus.DELIVERED
        case.say(Verdict.OK if arrived else Verdict.NO, "phone", "it arrived" if arrived else f"status {int(status)}")
    if of.bulk is not None and of.bulk.cost is not None and case.prices:
        ratio = min((of.bulk.cost / price for price in case.prices), key=lambda ratio: abs(ratio - 1))
        case.measures["cost_to_price"] = round(ratio, 2)
        if abs(ratio - 1) < 0.01:
            case.say(Verdict.OK, "cost", "what the price call said")
        else:
            case.say(Verdict.QUIRK, "cost", f"{ratio:.2f} times what the price call said", "estimates are off by that")


def _is_over(of: Watched, case: Case) -> bool:
    if not of.is_final:
        return False
    if of.people_after is not None:
        return of.row is not None and of.row.status is not None and of.row.status.is_final
    return case.now() - of.at - (of.final_after or 0.0) >= WATCH


def _people(case: Case, of: Watched, scheduled: Watched | None) -> None:
    """When recipients are listed, where the scheduled text did not tell."""
    if "recipients_listed" in case.facts:
        return
    if of.people_after is None and of.is_final:
        case.learn(recipients_listed="never")
        case.say(Verdict.QUIRK, "people", "recipients are not listed", "words and counts decide alone")
    elif _waited(of.people_after, of.final_after, scheduled):
        case.learn(recipients_listed="when_final")
        case.say(Verdict.QUIRK, "people", "listed when a bulk is final", "one in doubt waits for that")


def _waited(people: float | None, final: float | None, scheduled: Watched | None) -> bool:
    """Whether people showed because nothing changed any more, and not because some time had passed."""
    if people is None or final is None or people < final:
        return False
    # The scheduled text, which was not final, was watched for longer and showed nobody.
    longer = scheduled is not None and scheduled.is_fresh and scheduled.people_after is None and people < WATCH - 5
    return people == final or longer


def inbox(case: Case, journal: Journal, texts: Texts) -> Flow[None]:
    """Wait for the answer of the person, and see it come in."""
    if texts.marker is None:
        case.say(Verdict.UNKNOWN, "answer", "there was no text to answer")
        return
    end = case.now() + case.wait
    while True:
        page = yield from case.ask(edge.report.inbox(per_page=100))
        for each in page.items if page is not None else ():
            at = each.received_at.timestamp() if each.received_at else None
            offset = case.facts.get("clock_offset", 0.0)
            if _normal(str(each.sender)) == case.phone and (
                at is None or at - offset >= texts.marker.at - _CLOCK_NOISE
            ):
                case.say(Verdict.OK, "answer", "it came in")
                if at is not None:
                    case.measures["answer_offset"] = round(case.now() + offset - at)
                return
        if case.now() >= end:
            case.say(Verdict.UNKNOWN, "answer", f"none came in within {case.wait:g} s")
            return
        yield from Sleep(_POLL)


def _normal(number: str) -> str:
    try:
        return normalize(number)
    except InvalidNumber:
        return ""
