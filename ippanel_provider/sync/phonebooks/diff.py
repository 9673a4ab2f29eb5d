"""A plan of phonebooks as people read it: what is made, how many contacts become what, and the first of each. No number
is
shown whole, and no value."""

from __future__ import annotations

from collections.abc import Iterator

from ippanel_provider.sync.paint import Paint
from ippanel_provider.sync.phonebooks.plan import PhonebookPlan, RowChange
from ippanel_provider.sync.plan import Action
from ippanel_provider.text.numbers import mask

_SIGNS = {Action.CREATE: "+", Action.UPDATE: "~", Action.DELETE: "-", Action.REJECT: "!"}


def lines(plan: PhonebookPlan, paint: Paint, *, most: int = 5) -> Iterator[str]:
    """Yield the plan.

    :param most: how many contacts of each kind are shown
    """
    head = plan.head
    for made in head.setup:
        yield paint.of(Action.CREATE, f"+ {paint.plain(made)}")
    shown = dict.fromkeys(_SIGNS, 0)
    for row in plan.rows():
        action = Action(row.action)
        if action in shown and shown[action] < most:
            shown[action] += 1
            yield paint.of(action, f"{_SIGNS[action]} {paint.plain(_line(row))}")
            if shown[action] == most and head.counts[action] > most:
                yield paint.of(action, f"{_SIGNS[action]} … and {head.counts[action] - most} more to {action}")
    for book in head.books:
        after = book.contacts - book.deletes + book.creates
        yield f"{paint.plain(book.title)}: {book.contacts} contacts now, {after} then"
    counts = head.counts
    words = [f"{counts[action]} to {action}" for action in (Action.CREATE, Action.UPDATE, Action.DELETE)]
    yield paint.bold(
        f"Plan: {', '.join(words)}; {counts[Action.UNCHANGED]} unchanged, {counts[Action.UNMANAGED]} not in the "
        f"source, "
        f"{counts[Action.REJECT]} rejected."
    )
    if head.has_changes:
        yield f"plan {head.plan_id}"


def _line(row: RowChange) -> str:
    number = mask(f"+{row.number}") if row.number > 0 else "no number"
    at = f"  (row {row.line})" if row.line else ""
    if row.action == Action.UPDATE:
        what = [*(row.fields or ()), *(row.options or ())]
        return f"{number}{at}: {', '.join(what)}"
    return f"{number}{at}" + (f": {row.reason}" if row.reason else "")
