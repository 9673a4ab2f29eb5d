"""Reading patterns from the panel and doing what a plan says. Flows: the same for sync and async."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, cast

from ippanel_provider.client import Flow, NotFound, Pattern, Refused, Sleep, Unauthorized, Unconfirmed, edge
from ippanel_provider.client.edge.pattern import VariableType
from ippanel_provider.client.requests import everything
from ippanel_provider.service import MAX_PATTERN_PAGE_SIZE
from ippanel_provider.sync.applying import ATTEMPTS, SETTLE, reason_of
from ippanel_provider.sync.errors import PanelChanged
from ippanel_provider.sync.patterns.files import Content
from ippanel_provider.sync.patterns.lock import Lock
from ippanel_provider.sync.patterns.plan import PatternChange, PatternPlan, by_code, content_of, differences
from ippanel_provider.sync.plan import Action, digest


class PatternOutcome(NamedTuple):
    """What became of one pattern."""

    name: str
    code: str
    action: str
    status: str
    reason: str

    def as_json(self) -> dict[str, Any]:
        """The row of a report."""
        return self._asdict()


def read_panel() -> Flow[list[Pattern]]:
    """Return all patterns of the account, in as few requests as there are pages."""
    patterns = yield from everything(edge.pattern.list(per_page=MAX_PATTERN_PAGE_SIZE))
    return list({pattern.code: pattern for pattern in patterns}.values())


def apply(
    plan: PatternPlan,
    lock: Lock,
    remember: Callable[[Lock], None],
    tell: Callable[[PatternOutcome], None] | None = None,
    *,
    settle: float = SETTLE,
) -> Flow[list[PatternOutcome]]:
    """Do exactly what the plan says; return a row for every pattern in it.

    A plan that was applied in part, by a process that was killed, is taken up where it ended: what is done is not done
    again. ``remember`` is called whenever a code has become known, ``tell`` with every row as soon as there is one.

    :param settle: seconds the panel is given to show what an unanswered create may have made
    :raises PanelChanged: before the first write, if the panel is not as the plan knows it.
    """
    panel = by_code((yield from read_panel()))
    made = _check(plan, panel)
    rows = []

    def add(row: PatternOutcome) -> None:
        rows.append(row)
        if tell is not None:
            tell(row)

    for change in plan.changes:
        pattern = panel.get(change.code or made.get(change.label, ""))
        try:
            pattern = yield from _done(change, pattern, plan, settle)
        except Unauthorized:
            raise
        except Refused as error:
            add(_row(change, pattern, Action.REJECT.done, reason_of(error)))
            continue
        add(_row(change, pattern, change.action.done, change.note or ""))
        if _learn(lock, change, pattern):
            remember(lock)
    return rows


def decided(codes: Collection[str], *, poll: float = 60.0, timeout: float = 86_400.0) -> Flow[dict[str, Pattern]]:
    """Wait until a person has decided about each of the patterns; return them, those still pending at the end too.

    :param poll: seconds between two looks
    :param timeout: seconds after which the wait ends
    """
    found: dict[str, Pattern] = {}
    waited = 0.0
    while True:
        for code in codes:
            if code not in found or found[code].status == "pending":
                found[code] = yield from edge.pattern.get(code)
        if waited >= timeout or all(pattern.status != "pending" for pattern in found.values()):
            return found
        pause = min(poll, timeout - waited)
        yield from Sleep(pause)
        waited += pause


def _check(plan: PatternPlan, panel: Mapping[str, Pattern]) -> dict[str, str]:
    """Return the codes, by label of the change, that an earlier try of this plan has made."""
    planned = {change.code: change for change in plan.changes if change.code}
    for code, known in plan.panel.items():
        change = planned.get(code)
        if code not in panel:
            if change is None or change.action is not Action.DELETE:
                raise PanelChanged(f"pattern {code} is no longer in the panel; make a new plan. Nothing was changed.")
        elif digest(content_of(panel[code]).as_json()) != known and not (change and _is_done(change, panel[code])):
            raise PanelChanged(
                f"pattern {code} was changed in the panel since the plan was made; make a new one. Nothing was changed."
            )
    made: dict[str, str] = {}
    creates = [change for change in plan.changes if change.action is Action.CREATE]
    for code, pattern in panel.items():
        if code in plan.panel:
            continue
        change = next((change for change in creates if change.label not in made and _is_done(change, pattern)), None)
        if change is None:
            raise PanelChanged(
                f"pattern {code} is new in the panel since the plan was made; make a new one. Nothing was changed."
            )
        made[change.label] = code
    return made


def _is_done(change: PatternChange, pattern: Pattern) -> bool:
    return (
        change.action in (Action.CREATE, Action.UPDATE)
        and change.after is not None
        and not differences(change.after, content_of(pattern))
    )


def _done(change: PatternChange, pattern: Pattern | None, plan: PatternPlan, settle: float) -> Flow[Pattern | None]:
    """Do one change, unless it is done; return the pattern as it is then."""
    after = change.after
    match change.action:
        case Action.CREATE if after is not None and pattern is None:
            return (yield from _create(change, after, plan, settle))
        case Action.UPDATE if after is not None and pattern is not None and differences(after, content_of(pattern)):
            updated = yield from edge.pattern.update(
                pattern.code, after.message, **_fields(_whole(after, change.before))
            )
            return updated
        case Action.DELETE if pattern is not None:
            try:
                yield from edge.pattern.delete(pattern.code)
            except NotFound:
                return None  # the answer to a first try was lost
            return None
    return pattern


def _create(change: PatternChange, after: Content, plan: PatternPlan, settle: float) -> Flow[Pattern]:
    attempt = 1
    while True:
        try:
            created = yield from edge.pattern.create(after.message, **_fields(_whole(after, None)))
            return created
        except Unconfirmed:
            # It may be there. Only a look at the panel tells whether to create it again.
            yield from Sleep(settle)
            for pattern in (yield from read_panel()):
                if pattern.code not in plan.panel and _is_done(change, pattern):
                    return pattern
            if attempt == ATTEMPTS:
                raise
            attempt += 1


def _whole(after: Content, before: Content | None) -> Content:
    """What a file leaves open, filled in from the panel, or with what the service asks for at least."""
    description = after.description or (before and before.description) or after.title or after.message[:100]
    return replace(after, description=description, website=after.website or "", shared=bool(after.shared))


def _fields(content: Content) -> dict[str, Any]:
    return {
        "description": content.description,
        "variables": cast("Mapping[str, VariableType]", content.variables),
        "title": content.title or None,
        "is_share": bool(content.shared),
        "website": content.website or None,
    }


def _learn(lock: Lock, change: PatternChange, pattern: Pattern | None) -> bool:
    if change.action is Action.DELETE:
        lock.drop(change.code or "")
        return True
    if pattern is None or change.after is None or change.name is None:
        return False
    # The answer to a create leaves fields out; they are as they were asked for.
    shown = content_of(pattern) if change.action is Action.UNCHANGED else _whole(change.after, change.before)
    return lock.set(change.name, pattern.code, digest(shown.as_json()))


def _row(change: PatternChange, pattern: Pattern | None, action: str, reason: str) -> PatternOutcome:
    code, status = (pattern.code, pattern.status) if pattern is not None else (change.code or "", "")
    return PatternOutcome(change.name or "", code, action, status, reason)
