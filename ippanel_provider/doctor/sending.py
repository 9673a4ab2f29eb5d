"""Sending one of the doctor's texts so that it is never sent twice, finding it again, and taking it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ippanel_provider.client import (
    Bulk,
    Delivery,
    Flow,
    IPPanelClientError,
    NotFound,
    Receipt,
    Refused,
    Request,
    Sleep,
    Throttled,
    Unreachable,
    edge,
)
from ippanel_provider.doctor.case import Case
from ippanel_provider.doctor.journal import Journal
from ippanel_provider.doctor.wording import wording
from ippanel_provider.service import BulkState
from ippanel_provider.text.letters import spelling
from ippanel_provider.text.numbers import InvalidNumber, normalize

_PAGE = 100
_MOST_PAGES = 20
_SAME_SECOND = 1.5
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0


def send(case: Case, journal: Journal, name: str, request: Request[Receipt], **about: object) -> Flow[str]:
    """Take a step that costs, once; return what became of it (``accepted``, ``refused``, ``doubt``, ``unreached``).

    :param about: what the journal is to hold of it besides
    """
    journal.begun(name, case.now(), **about)
    try:
        receipt = yield from request
    except Unreachable as error:
        case.failures[request.operation] = error
        journal.never_left(name)
        return "unreached"
    except IPPanelClientError as error:
        case.failures[request.operation] = error
        # A gateway that hands requests on twice answers what the second one got.
        sure = isinstance(error, Refused) and (error.depends_on_request or journal.gateway == "single")
        state = "refused" if sure else "doubt"
        journal.ended(name, state, throttled=isinstance(error, Throttled))
        return state
    journal.ended(name, "accepted", receipt.outbox_ids, answered=True)
    return "accepted"


@dataclass(slots=True)
class Watched:
    """A bulk of ours and when what of it was first seen, in seconds after it was accepted (``at``)."""

    name: str
    at: float
    is_fresh: bool
    """Whether it was accepted in this run, so that times of it mean something."""
    bulk_after: float | None = None
    listed_after: float | None = None
    people_after: float | None = None
    final_after: float | None = None
    states: list[tuple[float, int]] = field(default_factory=list)
    bulk: Bulk | None = None
    listed: Bulk | None = None
    row: Delivery | None = None
    looked: int = 0

    @property
    def is_seen(self) -> bool:
        """Whether all of it was."""
        return None not in (self.bulk_after, self.listed_after, self.people_after)

    @property
    def is_final(self) -> bool:
        """Whether the service will change its state no more."""
        return self.final_after is not None


def watched(journal: Journal, name: str, *, fresh: bool) -> Watched:
    """Begin to watch the bulk of a step."""
    step = journal.steps[name]
    return Watched(name, step["at"], fresh)


def text_of(journal: Journal, name: str) -> str:
    """The text of a step."""
    return wording(journal.token_of(name), reply=journal.steps[name].get("reply", False))


def watch(case: Case, journal: Journal, of: Watched, *, until: Callable[[Watched], bool], limit: float) -> Flow[None]:
    """Look at a bulk, ever less often, until enough was seen or so many seconds have passed."""
    end, pause = case.now() + limit, _FIRST_PAUSE
    while True:
        yield from look(case, journal, of)
        left = end - case.now()
        if until(of) or left <= 0:
            return
        yield from Sleep(min(pause, left))
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def look(case: Case, journal: Journal, of: Watched) -> Flow[None]:
    """Look once: for the bulk in the list, by its id, and for its recipients."""
    of.looked += 1
    listed = (yield from newest(case)) or {}
    yield from _found(case, journal, listed)
    ids = journal.steps[of.name]["ids"]
    after = case.now() - of.at
    if not ids:
        return
    if of.listed_after is None and ids[-1] in listed:
        of.listed_after = after
    of.listed = listed.get(ids[-1], of.listed)
    bulk = yield from case.ask(edge.report.bulk(ids[-1]))
    if bulk is not None:
        of.bulk, of.bulk_after = bulk, after if of.bulk_after is None else of.bulk_after
        if not of.states or of.states[-1][1] != bulk.state:
            of.states.append((round(after, 1), int(bulk.state)))
        if bulk.state.is_final and of.final_after is None:
            of.final_after = after
    people = yield from case.ask(edge.report.recipients(ids[-1], per_page=10))
    if people is not None and people.items:
        of.row = people.items[0]
        of.people_after = after if of.people_after is None else of.people_after


def newest(case: Case, **filters: Any) -> Flow[dict[int, Bulk] | None]:
    """The newest bulks of the outbox list by id, in the list's own order; None without an answer."""
    request = edge.report.outbox(per_page=_PAGE, **filters)
    page = yield from case.ask(request)
    if page is None:
        return None
    found = {bulk.outbox_id: bulk for bulk in page.items}
    if page.last_page is not None and page.last_page > 1:
        last = yield from case.ask(request.turn(page.last_page))
        found |= {bulk.outbox_id: bulk for bulk in (last.items if last is not None else ())}
    elif page.last_page is None:
        for number in range(2, _MOST_PAGES):
            if page is None or not page.has_more:
                break
            page = yield from case.ask(request.turn(number))
            more = {bulk.outbox_id: bulk for bulk in (page.items if page is not None else ())}
            if more.keys() <= found.keys():
                break
            found |= more
    return found


_TEXTS = ("scheduled", "marker", "repeat", "late")


def _found(case: Case, journal: Journal, listed: dict[int, Bulk]) -> Flow[None]:
    """Find what steps made and no answer said: the bulk of one in doubt, or a second one by a gateway that repeats."""
    known = {*(journal.before or ()), *(one for step in journal.steps.values() for one in step["ids"])}
    for outbox_id, bulk in listed.items():
        if outbox_id in known or not _may_be_line(bulk.sender, case.line):
            continue
        for name in _open_first(journal):
            if (yield from _is_ours(case, journal, name, bulk)):
                step = journal.steps[name]
                if step["state"] == "accepted" or step.get("throttled"):
                    # A fresh text that is refused as a repetition was handed on before.
                    journal.passes("repeats")
                journal.ended(name, "accepted", [outbox_id])
                break
    is_whole = journal.before is not None and not journal.before.isdisjoint(listed)
    for step in journal.steps.values():
        if is_whole and step["state"] == "accepted" and step["ids"][-1] in listed and journal.gateway is None:
            # Our own shows, and what is older: a second one would show between them.
            journal.passes("single")


def _open_first(journal: Journal) -> list[str]:
    """The steps with a text that a new bulk can be of, those in doubt first."""
    names = [name for name in _TEXTS if name in journal.steps and journal.steps[name]["state"] != "refused"]
    return sorted(names, key=lambda name: journal.steps[name]["state"] == "accepted")


def _is_ours(case: Case, journal: Journal, name: str, bulk: Bulk) -> Flow[bool]:
    """Whether a new bulk on our line is the step's: by its words, its very second, or as the only one to our phone."""
    token, due = journal.token_of(name), journal.steps[name].get("due")
    if bulk.message:
        said = spelling(bulk.message)
        # Only where our own texts are known to be listed in other words can it be one without our digits.
        if token in said or token[::-1] in said or case.facts.get("text_listed") != "other":
            return token in said
    if bulk.created_at is not None and bulk.created_at.timestamp() < journal.since:
        return False
    if due is not None and bulk.send_at is not None and abs(bulk.send_at.timestamp() - due) < _SAME_SECOND:
        return (bulk.recipients_count or 0) <= 1
    page = yield from case.ask(edge.report.recipients(bulk.outbox_id, per_page=10))
    people = [str(each.recipient) for each in (page.items if page is not None else ())]
    is_waiting = not bulk.state.is_final
    return len(people) == 1 and _normal(people[0]) == case.phone and (due is None or is_waiting)


def cancel(case: Case, journal: Journal, name: str) -> Flow[bool]:
    """Take back all bulks of a step; return whether all are seen to be cancelled."""
    step = journal.steps[name]
    for outbox_id in step["ids"]:
        if outbox_id in step.get("cancelled", ()):
            continue
        again = outbox_id in step.get("cancelling", ())
        journal.noted(name, cancelling=sorted({*step.get("cancelling", ()), outbox_id}))
        answer = yield from _cancelled(case, outbox_id)
        if not (yield from _is_cancelled(case, outbox_id)):
            continue
        if answer == "refused" and not again:
            # It is cancelled and the answer says that it cannot be: the second of two requests was answered.
            journal.passes("repeats")
        elif answer == "done" and journal.gateway is None:
            journal.passes("single")
        journal.noted(name, cancelled=sorted({*step.get("cancelled", ()), outbox_id}))
    left = set(step["ids"]) - set(step.get("cancelled", ()))
    return bool(step["ids"]) and not left


def _cancelled(case: Case, outbox_id: int) -> Flow[str]:
    try:
        yield from edge.send.cancel(outbox_id)
    except NotFound:
        return "refused"
    except IPPanelClientError as error:
        case.failures["send.cancel"] = error
        return "unknown"
    return "done"


def _is_cancelled(case: Case, outbox_id: int) -> Flow[bool]:
    for pause in (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 0.0):
        bulk = yield from case.ask(edge.report.bulk(outbox_id))
        if bulk is not None and bulk.state is BulkState.CANCELLED:
            return True
        if bulk is not None and pause > 4.0:
            return False
        yield from Sleep(pause)
    return False


def _normal(number: str) -> str:
    try:
        return normalize(number)
    except InvalidNumber:
        return ""


def _may_be_line(listed: str | None, line: str) -> bool:
    return not listed or listed.lstrip("+0").removeprefix("98").casefold() == line.removeprefix("+98").casefold()
