"""The outbox, and one bulk of it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from ippanel_provider.sandbox.records import Bulk
from ippanel_provider.service import CANCEL_WINDOW, BulkState, DeliveryStatus

from .i18n import STATES, STATUSES
from .layout import Mistake, done, form_of, language, page_number, sandbox_of, show
from .rows import Pages, Wanted, next_change, page_of_outbox, page_of_recipients, row
from .snippets import snippets

_WAY = (BulkState.CREATING, BulkState.MONITORING, BulkState.QUEUED, BulkState.SENDING, BulkState.SENT)
_OUTCOMES = sorted(STATUSES, key=lambda status: (not status.is_final, status))
"""Delivery statuses, those that texts usually end in first."""
_BAD_ENDS = tuple(state for state in STATES if state.is_final and not state.is_good)


async def outbox(request: Request) -> Response:
    """Bulks, newest first, or those somebody looks for."""
    sandbox, number = sandbox_of(request), page_number(request)
    state = request.query_params.get("state", "")
    wanted = Wanted(
        request.query_params.get("q", "").strip(),
        int(state) if state in {str(int(known)) for known in STATES} else None,
    )
    rows, total = page_of_outbox(sandbox, wanted, number)
    if not rows and total:
        number = Pages(1, total).last
        rows, total = page_of_outbox(sandbox, wanted, number)
    return show(
        request,
        "outbox.html",
        rows=rows,
        pages=Pages(number, total),
        wanted=wanted,
        next_change=next_change((each.bulk for each in rows), sandbox.now(), sandbox.clock.speed),
        snippets=snippets(request, language(request)) if not sandbox.outbox.text_count else [],
    )


async def bulk(request: Request) -> Response:
    """One bulk: its text, how far it is, what became of each recipient."""
    return _bulk_page(request)


def _bulk_page(request: Request, error: Mistake | None = None) -> Response:
    sandbox, bulk_id = sandbox_of(request), request.path_params["id"]
    found = sandbox.outbox.get(bulk_id)
    if found is None:
        return show(
            request, "missing.html", status=404, what="There is no bulk with this id.", back="/", back_name="Outbox"
        )
    now = sandbox.now()
    shown, pages = row(found, now, tally_all=True), Pages(page_number(request), len(found.recipients))
    return show(
        request,
        "bulk.html",
        status=422 if error else 200,
        error=error,
        row=shown,
        bulk=found,
        way=_way(found, now),
        pages=pages,
        recipients=[
            (number, found.status_at(now, number), found.text_for(place))
            for place, number in page_of_recipients(found, pages.number)
        ],
        outcomes=_OUTCOMES,
        bad_ends=_BAD_ENDS,
        can_cancel=shown.is_scheduled and found.script.end.is_good and found.due - now >= CANCEL_WINDOW,
        next_change=next_change([found], now, sandbox.clock.speed),
    )


def _way(found: Bulk, now: float) -> list[tuple[BulkState, str]]:
    """The states it takes, each ``past``, ``present`` or ``future``; one that ends badly stops there."""
    state = found.state_at(now)
    if state not in _WAY:
        return [(BulkState.CREATING, "past"), (state, "present")]
    here = _WAY.index(state)
    return [
        (each, "past" if place < here else "present" if place == here else "future") for place, each in enumerate(_WAY)
    ]


async def decide(request: Request) -> Response:
    """Somebody chooses how the bulk ends."""
    sandbox, bulk_id = sandbox_of(request), request.path_params["id"]
    found = sandbox.outbox.get(bulk_id)
    if found is None:
        return await bulk(request)
    try:
        fate, _, number = (await form_of(request)).get("fate", "").partition(":")
        code = int(number) if number.isascii() and number.isdigit() and len(number) < 3 else -1
        if fate == "state" and code in set(map(int, _BAD_ENDS)):
            script = found.script.forced(code, None)
        elif fate == "status" and code in set(map(int, STATUSES)):
            script = found.script.forced(int(BulkState.SENT), int(DeliveryStatus(code)))
        else:
            raise Mistake("Choose what becomes of the bulk.")
    except Mistake as mistake:
        return _bulk_page(request, mistake)
    sandbox.decide(bulk_id, script)
    return done(f"/outbox/{bulk_id}", "decided")


async def cancel(request: Request) -> Response:
    """Somebody cancels a scheduled bulk."""
    sandbox, bulk_id = sandbox_of(request), request.path_params["id"]
    if not sandbox.cancel(bulk_id):
        return _bulk_page(
            request, Mistake("It cannot be cancelled: only a scheduled bulk can, until five minutes before its time.")
        )
    return done(f"/outbox/{bulk_id}", "cancelled")
