"""A plan of patterns as people read it: a line a pattern, and what changes in it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from ippanel_provider.sync.paint import Paint
from ippanel_provider.sync.patterns.files import Content
from ippanel_provider.sync.patterns.plan import PatternChange, PatternPlan
from ippanel_provider.sync.plan import Action

_SIGNS = {Action.CREATE: "+", Action.UPDATE: "~", Action.DELETE: "-", Action.UNCHANGED: "=", Action.UNMANAGED: "?"}


def lines(plan: PatternPlan, paint: Paint) -> Iterator[str]:
    """Yield the plan, changes first."""
    order = list(_SIGNS)
    for change in sorted(plan.changes, key=lambda change: (order.index(change.action), change.label)):
        yield from _lines(change, paint)
    counts = plan.counts
    words = [f"{counts[action.value]} to {action.value}" for action in (Action.CREATE, Action.UPDATE, Action.DELETE)]
    yield ""
    yield paint.bold(f"Plan: {', '.join(words)}; {counts['unchanged']} unchanged, {counts['unmanaged']} not managed.")
    if plan.has_changes:
        yield f"plan {plan.plan_id}"


def _lines(change: PatternChange, paint: Paint) -> Iterator[str]:
    sign = _SIGNS[change.action]
    about = [change.code or "new", *([change.status] if change.status else [])]
    if change.action is Action.UNMANAGED:
        about.append("not managed")
    if change.note:
        about.append(change.note)
    yield paint.of(change.action, f"{sign} {paint.plain(change.label)}  ({', '.join(about)})")
    if change.drifted:
        yield "      changed in the panel since it was last applied"
    if change.comment and change.status in ("pending", "inactive"):
        yield f"      reviewer: {paint.plain(change.comment)}"
    if change.action is Action.CREATE and change.after is not None:
        yield from _whole(change.after, paint)
    elif change.action is Action.UPDATE and change.before is not None and change.after is not None:
        for field in change.fields:
            yield from _field(field, _shown(change.before, field), _shown(change.after, field), paint)


def _whole(content: Content, paint: Paint) -> Iterator[str]:
    for field in ("title", "description", "message", "variables", "website", "shared"):
        value = _shown(content, field)
        if value not in ("", "no"):
            yield from _field(field, "", value, paint)


def _field(field: str, before: str, after: str, paint: Paint) -> Iterator[str]:
    yield f"      {field}:"
    old, new = before.splitlines(), after.splitlines()
    for line in difflib.ndiff(old, new):
        if line[0] == "?":
            continue
        action = {"+": Action.CREATE, "-": Action.DELETE}.get(line[0], Action.UNCHANGED)
        yield paint.of(action, f"        {line[0]} {paint.plain(line[2:])}")


def _shown(content: Content, field: str) -> str:
    value = getattr(content, field)
    if field == "variables":
        return ", ".join(f"{name}: {kind}" for name, kind in sorted(value.items()))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value or ""
