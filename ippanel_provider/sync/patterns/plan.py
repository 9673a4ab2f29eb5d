"""The plan of patterns: files against panel. Reads and writes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ippanel_provider.client import InvalidInput, Pattern
from ippanel_provider.sync.errors import Ambiguous
from ippanel_provider.sync.patterns.files import Content, PatternFile, tidy
from ippanel_provider.sync.patterns.lock import Lock
from ippanel_provider.sync.plan import CHANGES, Action, counted, digest

GONE = "its file is gone"
_TYPES = {"number": "integer", "int": "integer"}


@dataclass(frozen=True, slots=True)
class PatternChange:
    """What becomes of one pattern. ``status`` and ``comment`` are the reviewer's word on what the panel has now."""

    action: Action
    name: str | None
    code: str | None
    before: Content | None = None
    after: Content | None = None
    status: str | None = None
    comment: str | None = None
    drifted: bool = False
    """Whether somebody changed it in the panel since it was last applied."""
    note: str | None = None

    @property
    def label(self) -> str:
        """How it is called in front of people."""
        content = self.after or self.before
        return self.name or (content and content.title) or self.code or ""

    @property
    def fields(self) -> list[str]:
        """The fields that change."""
        return differences(self.after, self.before) if self.after and self.before else []


@dataclass(frozen=True, slots=True)
class PatternPlan:
    """All changes, and the panel they were planned against (a digest for each code)."""

    changes: tuple[PatternChange, ...]
    panel: Mapping[str, str]

    @property
    def counts(self) -> dict[str, int]:
        """How many of each action."""
        return counted(change.action for change in self.changes)

    @property
    def has_changes(self) -> bool:
        """Whether applying it would write anything."""
        return any(change.action in CHANGES for change in self.changes)

    @property
    def plan_id(self) -> str:
        """The same for the same changes to the same panel. A reviewer's decision does not make it another plan."""
        return digest([self.panel, [_change_as_json(change) for change in self.changes if change.action in CHANGES]])

    def as_json(self) -> dict[str, Any]:
        """The plan as data, texts included."""
        changes = [
            _change_as_json(change)
            | {
                "status": change.status,
                "comment": change.comment,
                "drifted": change.drifted,
                "fields": change.fields,
                "note": change.note,
            }
            for change in self.changes
        ]
        return {
            "kind": "patterns",
            "plan_id": self.plan_id,
            "counts": self.counts,
            "changes": changes,
            "panel": dict(self.panel),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> PatternPlan:
        """Read a plan that was written down.

        :raises InvalidInput: it is none, or was changed by hand.
        """
        try:
            if data["kind"] != "patterns":
                raise InvalidInput(f"plan: it is one of {data['kind']}, not of patterns")
            plan = cls(tuple(_change_from_json(change) for change in data["changes"]), dict(data["panel"]))
            said = data["plan_id"]
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, InvalidInput):
                raise
            raise InvalidInput("plan: it is not a plan of patterns") from None
        if plan.plan_id != said:
            raise InvalidInput("plan: it was changed after it was made; make a new one")
        return plan


def make_plan(
    files: Sequence[PatternFile], panel: Iterable[Pattern], lock: Lock, *, prune: bool = False
) -> PatternPlan:
    """Compare files with panel.

    :param prune: delete what the lock file knows and no file describes any more. What people made in the panel is never
        deleted.
    :raises Ambiguous: if several patterns could be a file's.
    """
    known = by_code(panel)
    found = match(files, known, lock)
    changes = [_of_file(file, known.get(found.get(file.name, "")), lock) for file in files]
    taken = set(found.values())
    names = {entry.code: name for name, entry in lock.entries.items()}
    changes += [
        _without_file(pattern, names.get(code), prune) for code, pattern in sorted(known.items()) if code not in taken
    ]
    return PatternPlan(
        tuple(changes), {code: digest(content_of(pattern).as_json()) for code, pattern in sorted(known.items())}
    )


def by_code(panel: Iterable[Pattern]) -> dict[str, Pattern]:
    """The patterns that people made, by their code; the service's own are nobody's business."""
    return {pattern.code: pattern for pattern in panel if pattern.kind in (None, "normal")}


def content_of(pattern: Pattern) -> Content:
    """What the panel shows of a pattern, in the terms of a file."""
    return Content(
        title=pattern.title or "",
        message=tidy(pattern.message or ""),
        variables={variable.name: _TYPES.get(variable.type, variable.type) for variable in pattern.variables},
        description=pattern.description or "",
        website=pattern.website or "",
        shared=pattern.is_share,
    )


def differences(wanted: Content, current: Content) -> list[str]:
    """The fields in which the panel is not as wanted. What one side leaves open is no difference."""
    found = []
    for field in ("title", "message", "variables", "description", "website", "shared"):
        here, there = getattr(wanted, field), getattr(current, field)
        if here is not None and there is not None and here != there:
            found.append(field)
    return found


def match(files: Sequence[PatternFile], panel: Mapping[str, Pattern], lock: Lock) -> dict[str, str]:
    """Return the code of each file that has a pattern in the panel.

    First what the file or the lock file says; then title and message together; then either of them, where only one
    pattern and one file have it.

    :raises Ambiguous: several patterns have a file's title and message.
    :raises InvalidInput: a file insists on a code that the panel does not have.
    """
    found: dict[str, str] = {}
    for file in files:
        code = file.code or lock.code_of(file.name)
        if code is not None and code in panel:
            found[file.name] = code
        elif file.code:
            raise InvalidInput(f"{file.name}: code: the panel has no pattern {file.code}")
    if len(set(found.values())) < len(found):
        raise InvalidInput("code: two files insist on the same pattern; look into their code fields and the lock file")
    keys: tuple[Callable[[Content], Hashable], ...] = (
        lambda content: content.key,
        lambda content: content.title,
        lambda content: content.message,
    )
    for place, key in enumerate(keys):
        _match_by(key, files, panel, found, exact=place == 0)
    return found


def _match_by(
    key: Callable[[Content], Hashable],
    files: Sequence[PatternFile],
    panel: Mapping[str, Pattern],
    found: dict[str, str],
    *,
    exact: bool,
) -> None:
    free: defaultdict[Hashable, list[str]] = defaultdict(list)
    taken = set(found.values())
    for code, pattern in panel.items():
        if code not in taken:
            free[key(content_of(pattern))].append(code)
    wanting: defaultdict[Hashable, list[str]] = defaultdict(list)
    for file in files:
        if file.name not in found and key(file.content):
            wanting[key(file.content)].append(file.name)
    for value, names in wanting.items():
        codes = free.get(value, [])
        if exact and len(codes) > 1:
            raise Ambiguous(
                f"{names[0]}: {len(codes)} patterns have this title and message ({', '.join(sorted(codes))}); "
                "write the code of the one meant into the file"
            )
        if len(codes) == len(names) == 1:
            found[names[0]] = codes[0]


def _of_file(file: PatternFile, pattern: Pattern | None, lock: Lock) -> PatternChange:
    if pattern is None:
        return PatternChange(Action.CREATE, file.name, None, after=file.content)
    current = content_of(pattern)
    action = Action.UPDATE if differences(file.content, current) else Action.UNCHANGED
    known = lock.entries.get(file.name)
    drifted = (
        action is Action.UPDATE
        and known is not None
        and known.code == pattern.code
        and known.digest != digest(current.as_json())
    )
    return PatternChange(
        action, file.name, pattern.code, current, file.content, pattern.status, comment_of(pattern), drifted
    )


def _without_file(pattern: Pattern, name: str | None, prune: bool) -> PatternChange:
    current = content_of(pattern)
    action = Action.DELETE if prune and name else Action.UNMANAGED
    return PatternChange(
        action, name, pattern.code, current, None, pattern.status, comment_of(pattern), note=GONE if name else None
    )


def comment_of(pattern: Pattern) -> str | None:
    """What the reviewer said."""
    return pattern.reject_text or pattern.admin_comment or None


def _change_as_json(change: PatternChange) -> dict[str, Any]:
    return {
        "action": change.action.value,
        "name": change.name,
        "code": change.code,
        "before": change.before and change.before.as_json(),
        "after": change.after and change.after.as_json(),
    }


def _change_from_json(data: Mapping[str, Any]) -> PatternChange:
    before, after = (Content(**data[side]) if data[side] else None for side in ("before", "after"))
    return PatternChange(
        Action(data["action"]),
        data["name"],
        data["code"],
        before,
        after,
        data.get("status"),
        data.get("comment"),
        bool(data.get("drifted")),
        data.get("note"),
    )
