"""Docstrings as the pages show them: links where the code has Sphinx roles, and one table of all parameters a class
takes.

In the code a class documents what it adds and says of which class the parameters hold too. Who looks for a parameter
wants one table, so the inherited ones are added here, and the sentence that points to them is left out.
"""

from __future__ import annotations

import logging
import re
from functools import cached_property
from typing import Any

import griffe

_HEADINGS = {
    "When": "send_time quiet_hours in_quiet_hours delivery concurrency rate chunk_size",
    "Memory": "on_unconfirmed on_clear settle ledger_conn_id campaign_id memory results",
    "Waiting": "wait_for_completion fail_on min_delivered deferrable poke_interval timeout cancel_on_kill",
}
"""Where a sending task's parameters stand; all others are what it does."""
_FROM = 12
"""Parameters from which a table is told in parts."""
# Strict builds end at warnings of loggers of this name.
_log = logging.getLogger("mkdocs.plugins.docstrings")
_ROLE = re.compile(r":(?:class|func|meth|mod|attr|data|exc):`(~?)([^`]+)`")
_SEVERAL_RAISED = re.compile(r"^:raises (\w+(?:, \w+)+): (.+)$", re.MULTILINE)
_LIKE = re.compile(r"Takes what :class:`(\w+)` takes, and:\s*")
_HOLD_TOO = re.compile(
    r"(?:^|(?<=\s)|; )[Tt]he\s+parameters\s+of\s+:class:`[^`]+`(?:,?\s+(?:and\s+)?:class:`[^`]+`)*\s+hold too"
    r"(?:,\s+(?P<but>[^.;]+?)\s+apart)?(?P<end>[.;]) *"
)


class Docstrings(griffe.Extension):
    """Puts the docstrings of a package into the form of the pages."""

    def on_package(self, *, pkg: griffe.Module, **kwargs: Any) -> None:
        """Go through everything in it."""
        _dress(pkg)


class _Shown(griffe.Docstring):
    """A docstring whose parsed parameters include those of the base classes."""

    without: frozenset[str] = frozenset()
    like: str | None = None
    """The name of a class of the same module whose parameters are taken too."""

    @cached_property
    def parsed(self) -> list[griffe.DocstringSection]:
        if not isinstance(self.parent, griffe.Class):
            return self.parse()
        # Griffe knows no parameters but those of the class's own __init__, and would complain about any other.
        sections = self.parse("sphinx", warnings=False)
        for section in sections:
            if section.kind is griffe.DocstringSectionKind.text and re.search(
                r"(^|\s):(param|raises|class|func)\b|hold too", section.value
            ):
                _log.warning("The docstring of %s is not understood: %s", self.parent.path, section.value)
        _add_inherited(self.parent, sections, self.without, self.like)
        return sections


def _dress(thing: griffe.Object) -> None:
    if thing.docstring is not None:
        thing.docstring = _shown(thing.docstring, thing)
    for member in thing.members.values():
        if not member.is_alias:
            _dress(member)


def _shown(docstring: griffe.Docstring, thing: griffe.Object) -> _Shown:
    text = re.sub(r"^::$", "", docstring.value, flags=re.MULTILINE).replace("::\n", ":\n")
    text = _SEVERAL_RAISED.sub(
        lambda said: "\n".join(f":raises {name}: {said[2]}" for name in said[1].split(", ")), text
    )
    without: frozenset[str] = frozenset()
    if thing.is_class and (found := _HOLD_TOO.search(text)):
        without = frozenset(re.findall(r"``(\w+)``", found["but"] or ""))
        text = _HOLD_TOO.sub(
            lambda said: ". " if said[0].startswith(";") else "Of those inherited: " if said["end"] == ";" else "", text
        )
    like = _LIKE.search(text) if thing.is_class else None
    if like:
        text = text.replace(like[0], "")
    return _copy(docstring, _ROLE.sub(lambda role: _link(role, thing), text), without, like and like[1])


def _copy(docstring: griffe.Docstring, text: str, without: frozenset[str], like: str | None) -> _Shown:
    shown = _Shown(
        text,
        lineno=docstring.lineno,
        endlineno=docstring.endlineno,
        parent=docstring.parent,
        parser=docstring.parser,
        parser_options=docstring.parser_options,
    )
    shown.without = without
    shown.like = like
    return shown


def _link(role: re.Match[str], thing: griffe.Object) -> str:
    brief, target = role.groups()
    name = target.rpartition(".")[2] if brief else target
    path = target if target.startswith("ippanel_provider.") else _resolved(target, thing)
    return f'<autoref identifier="{path}" optional><code>{name}</code></autoref>'


def _resolved(target: str, thing: griffe.Object) -> str:
    scope: griffe.Object | None = thing
    head, dot, rest = target.partition(".")
    while scope is not None:
        if head in scope.members:
            member = scope.members[head]
            return f"{member.target_path if isinstance(member, griffe.Alias) else member.path}{dot}{rest}"
        scope = scope.parent
    return target


def _add_inherited(
    cls: griffe.Class, sections: list[griffe.DocstringSection], without: frozenset[str], like: str | None
) -> None:
    section = next((section for section in sections if section.kind is griffe.DocstringSectionKind.parameters), None)
    own = list(section.value) if section else []
    model = cls.parent.members.get(like) if like and cls.parent else None
    lineage = [cls, *([model] if isinstance(model, griffe.Class) else ()), *_bases(cls)]
    for base in lineage[1:]:
        known = {parameter.name for parameter in own} | without
        own += [parameter for parameter in _documented(base) if parameter.name not in known]
    for parameter in own:
        for owner in lineage:
            given = _init(owner).get(parameter.name)
            if given is not None:
                parameter.annotation, parameter.value = given.annotation, given.default
                break
        else:
            _log.warning("%s documents a parameter %s, which neither it nor a base takes.", cls.path, parameter.name)
    if section is not None:
        place = sections.index(section)
        sections.remove(section)
    else:
        place = 1 if sections and sections[0].kind is griffe.DocstringSectionKind.text else 0
    sections[place:place] = _grouped(own)


def _grouped(parameters: list[griffe.DocstringParameter]) -> list[griffe.DocstringSection]:
    """Put many parameters under headings that a reader looks for; a few stay in one table."""
    if not parameters:
        return []
    if len(parameters) < _FROM:
        return [griffe.DocstringSectionParameters(parameters)]
    heading = {name: title for title, names in _HEADINGS.items() for name in names.split()}
    groups: dict[str, list[griffe.DocstringParameter]] = {"What": [], **{title: [] for title in _HEADINGS}}
    for parameter in parameters:
        groups[heading.get(parameter.name, "What")].append(parameter)
    return [griffe.DocstringSectionParameters(group, title=title) for title, group in groups.items() if group]


def _bases(cls: griffe.Class) -> list[griffe.Class]:
    """Of this package only: Airflow's own parameters are told by Airflow."""
    try:
        return [base for base in cls.mro() if base.path.startswith("ippanel_provider.")]
    except ValueError:
        return []


def _documented(cls: griffe.Class) -> list[griffe.DocstringParameter]:
    if cls.docstring is None:
        return []
    return [
        parameter
        for section in cls.docstring.parse("sphinx", warnings=False)
        if section.kind is griffe.DocstringSectionKind.parameters
        for parameter in section.value
    ]


def _init(cls: griffe.Class) -> dict[str, griffe.Parameter]:
    init = cls.members.get("__init__")
    return {parameter.name: parameter for parameter in init.parameters} if isinstance(init, griffe.Function) else {}
