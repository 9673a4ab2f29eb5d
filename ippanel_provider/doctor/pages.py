"""Group ``pages``: how lists are cut into pages, where paths are that documents disagree about, spellings, refusals."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from ippanel_provider.client import Bulk, Flow, Request, edge
from ippanel_provider.doctor.case import Case
from ippanel_provider.doctor.findings import Verdict
from ippanel_provider.service import MAX_PAGE_SIZE

_ENOUGH_TO_GROW = 20
"""So many bulks in the order of their times and of their ids, before ids are said to grow."""
_NOT_OURS = "+98999999999"
"""A line in the right form that is nobody's."""
_PATHS = {
    "tariff": ("/api/user/get_tariff", "/api/user/tariff"),
    "banks": ("/v2/api/send/banks/provinces", "/api/send/banks/provinces"),
}


def pages(case: Case) -> Flow[None]:
    """Caps, figures and order of the outbox list; paths; spellings of a line; the form of a 422."""
    yield from _outbox(case)
    for name, paths in _PATHS.items():
        yield from _path(case, name, paths)
    yield from _spellings(case)
    yield from _refusal(case)


def _outbox(case: Case) -> Flow[None]:
    page = yield from case.ask(edge.report.outbox(per_page=MAX_PAGE_SIZE))
    if page is None or case.observer.latest is None:
        case.say(Verdict.UNKNOWN, "outbox", f"the list has no answer ({case.why('report.outbox')})")
        return
    meta: Any = case.observer.latest.looks.get("meta", {})
    has_figures = "total" in meta and "last_page" in meta
    case.learn(page_figures=has_figures)
    if has_figures:
        case.say(Verdict.OK, "figures", "lists say how many pages there are")
    else:
        case.say(Verdict.QUIRK, "figures", "lists do not say how many pages there are", "pages are read to an end")
    if "per_page" in meta or len(page.items) == MAX_PAGE_SIZE:
        capped = page.per_page < MAX_PAGE_SIZE
        case.learn(page_cap=page.per_page if capped else 0)
        if capped:
            case.say(Verdict.QUIRK, "limit", f"a page holds {page.per_page} at most", "lists take more requests")
        else:
            case.say(Verdict.OK, "limit", f"a page holds {MAX_PAGE_SIZE}")
    else:
        case.say(Verdict.UNKNOWN, "limit", "too little is listed to tell")
    order(case, page.items)


def order(case: Case, bulks: Sequence[Bulk]) -> None:
    """Which bulks come first, and whether ids grow with time, as far as a page of them tells."""
    times = [bulk.created_at for bulk in bulks if bulk.created_at is not None]
    if len(times) < 2 or times[0] == times[-1] or len(times) < len(bulks):
        return
    newest = times[0] > times[-1]
    case.learn(page_order="newest" if newest else "oldest")
    by_time = [bulk.outbox_id for bulk in sorted(bulks, key=lambda bulk: bulk.created_at)]  # type: ignore[arg-type, return-value]
    falls = [second < first for first, second in pairwise(by_time)]
    distinct = len(set(times)) == len(times)
    if distinct and any(falls):
        case.learn(ids="blocks")
    elif len(bulks) >= _ENOUGH_TO_GROW and not any(falls):
        case.learn(ids="grow")


def _path(case: Case, name: str, paths: Sequence[str]) -> Flow[None]:
    found = []
    for path in paths:
        status = yield from case.ask(Request(f"doctor.{name}", "GET", path, read=lambda answer: answer.status))
        if status is not None and status not in (404, 405):
            found.append(path)
    if found:
        case.say(Verdict.OK, name, f"served at {' and '.join(found)}")
    else:
        case.say(Verdict.NO, name, "served at none of its paths")


def _spellings(case: Case) -> Flow[None]:
    """Whether a line is taken as people write it."""
    local = case.line.removeprefix("+98")
    if not local.isdecimal():
        case.say(Verdict.UNKNOWN, "spellings", "a line in letters has one")
        return
    as_ours = yield from case.ask(_priced(case.line, case))
    international = (yield from case.ask(_priced(f"98{local}", case))) is not None
    bare = (yield from case.ask(_priced(local, case))) is not None
    if as_ours is None:
        case.say(Verdict.UNKNOWN, "spellings", f"the price call has no answer ({case.why('send.calculate_price')})")
    elif international == bare:
        case.learn(number_spellings="local" if bare else "strict")
        if bare:
            case.say(Verdict.OK, "spellings", "lines are taken in any spelling")
        else:
            case.say(Verdict.QUIRK, "spellings", "lines are taken as +98… only", "this client writes them so")
    else:
        case.say(Verdict.QUIRK, "spellings", "lines are taken in two of three spellings")


def _refusal(case: Case) -> Flow[None]:
    """What a 422 looks like, of a price call for a line that is nobody's."""
    if (yield from case.ask(_priced(_NOT_OURS, case))) is not None:
        case.say(Verdict.UNKNOWN, "refusal", "a price is told for a line that is nobody's")
        return
    refusal(case)


def refusal(case: Case) -> None:
    """Note where the fields stand in the 422 that was seen last."""
    seen = case.observer.latest
    meta: Any = seen.looks.get("meta", {}) if seen is not None and seen.is_json else {}
    if seen is None or seen.status != 422 or not meta:
        case.say(Verdict.UNKNOWN, "refusal", "it is no 422 of the service")
        return
    in_message = isinstance(meta.get("message"), dict)
    if not in_message and "errors" not in meta and "errors" not in seen.looks:
        case.say(Verdict.QUIRK, "refusal", "a 422 names no fields", "an error says less")
        return
    case.learn(validation_in_message=in_message)
    if in_message:
        case.say(Verdict.QUIRK, "refusal", "the fields of a 422 stand in its message", "they are read from there")
    else:
        case.say(Verdict.OK, "refusal", "a 422 names its fields")


def _priced(line: str, case: Case) -> Request[Any]:
    """A price call that spells the line as it is given."""
    asked = edge.send.calculate_price("سلام", sender=case.line)
    return replace(asked, body=json.dumps({**json.loads(asked.body or b"{}"), "number": line}).encode())
