"""Patterns as files: one YAML file each, checked before anything is compared.

::

    title: Login code                # the file's name, if left out
    description: Code of the login   # for the person who approves it; the title, if left out
    message: |
      کد ورود شما به فروشگاه آبان: %code%
    variables:                       # those of the message with type string, if left out
      code: integer
    website: https://example.com     # optional
    shared: false                    # whether users under a reseller may send it
    code: abc123def456               # only where title and message do not tell which one in the panel is meant
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ippanel_provider.client import InvalidInput
from ippanel_provider.client import validation as checks
from ippanel_provider.service import (
    MAX_PATTERN_DESCRIPTION,
    MAX_PATTERN_TITLE,
    MAX_PATTERN_VARIABLE_NAME,
    MAX_PATTERN_VARIABLES,
)
from ippanel_provider.sync import yaml_files

SUFFIXES = (".yaml", ".yml")
TYPES = ("string", "integer")
_MOST_NAMED = 5
_FIELDS = frozenset({"title", "description", "message", "variables", "website", "shared", "code"})
# A letter first, so that "50% of 20% off" holds no variable.
_VARIABLE = re.compile(r"%([^\W\d][\w-]*)%")


@dataclass(frozen=True, slots=True)
class Content:
    """What a pattern says. None is what a file leaves to the panel, or what the panel does not show."""

    title: str
    message: str
    variables: Mapping[str, str]
    description: str | None = None
    website: str | None = None
    shared: bool | None = None

    def as_json(self) -> dict[str, Any]:
        """The fields for a plan."""
        return {
            "title": self.title,
            "message": self.message,
            "variables": dict(sorted(self.variables.items())),
            "description": self.description,
            "website": self.website,
            "shared": self.shared,
        }

    @property
    def key(self) -> tuple[str, str]:
        """What tells one pattern from another where there is no code: title and message."""
        return (self.title, self.message)


@dataclass(frozen=True, slots=True)
class PatternFile:
    """One file: its name without ending (``login/code``), what it says, and the code it insists on."""

    name: str
    content: Content
    code: str | None = None


def tidy(text: str) -> str:
    """A text without the differences nobody sees: kinds of line ends, and blanks at its end."""
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip()


def load(folder: Path) -> list[PatternFile]:
    """Read all files of a folder and the folders in it, by name.

    :raises InvalidInput: naming every file that cannot be used, and why.
    """
    if not folder.is_dir():
        raise InvalidInput(f"patterns: {folder} is no directory")
    paths = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file())
    files: list[PatternFile] = []
    problems: list[str] = []
    for path in paths:
        shown = path.relative_to(folder).as_posix()
        try:
            files.append(_file(yaml_files.load(path), path.relative_to(folder).with_suffix("").as_posix()))
        except InvalidInput as error:
            problems.append(f"{shown}: {error}")
    problems += _doubles(files)
    if problems:
        raise InvalidInput("; ".join(problems))
    return files


def parse(text: str, name: str) -> PatternFile:
    """Read what stands in one file.

    :raises InvalidInput: naming the field, or the line that is no YAML.
    """
    return _file(yaml_files.read(text), name)


def _file(fields: Mapping[str, Any], name: str) -> PatternFile:
    if unknown := sorted(str(name)[:MAX_PATTERN_VARIABLE_NAME] for name in fields.keys() - _FIELDS)[:_MOST_NAMED]:
        raise InvalidInput(f"{', '.join(unknown)}: there is no such field; there are {', '.join(sorted(_FIELDS))}")
    message = tidy(_text(fields, "message") or "")
    checks.text(message)
    title = _text(fields, "title")
    title = name.rpartition("/")[2] if title is None else title
    if title:
        checks.short(title, MAX_PATTERN_TITLE, "title")
    description = _text(fields, "description") or None
    if description:
        checks.short(description, MAX_PATTERN_DESCRIPTION, "description")
    shared = fields.get("shared", False)
    if not isinstance(shared, bool):
        raise InvalidInput("shared: it is true or false")
    content = Content(
        title=title,
        message=message,
        variables=_variables(fields.get("variables"), message),
        description=description,
        website=_text(fields, "website") or "",
        shared=shared,
    )
    return PatternFile(name, content, _text(fields, "code") or None)


def inferred(message: str) -> list[str]:
    """The variables of a message, each once, in their order."""
    return list(dict.fromkeys(_VARIABLE.findall(message)))


def _variables(given: Any, message: str) -> dict[str, str]:
    if given is None:
        variables = dict.fromkeys(inferred(message), "string")
    else:
        variables = _declared(given)
        rest = message
        for name in variables:
            if f"%{name}%" not in message:
                raise InvalidInput(f"variables: {name} is declared and the message does not hold %{name}%")
            rest = rest.replace(f"%{name}%", " ")
        if missing := inferred(rest):
            raise InvalidInput(f"variables: the message holds %{missing[0]}%, which is not declared")
    if len(variables) > MAX_PATTERN_VARIABLES:
        raise InvalidInput(f"variables: {len(variables)} are too many; at most {MAX_PATTERN_VARIABLES} are taken")
    for name in variables:
        checks.short(name, MAX_PATTERN_VARIABLE_NAME, "variables")
    return variables


def _declared(given: Any) -> dict[str, str]:
    if isinstance(given, list):
        given = dict.fromkeys(given, "string")
    if not isinstance(given, Mapping):
        raise InvalidInput("variables: give them as name: type, or as a list of names")
    for name, kind in given.items():
        if not isinstance(name, str):
            raise InvalidInput(f"variables: YAML reads a name as {name!r}; put it in quotes")
        if kind not in TYPES:
            raise InvalidInput(f"variables: {name} is of type {kind!r}; it is one of {', '.join(TYPES)}")
    return dict(given)


def _text(fields: Mapping[str, Any], field: str) -> str | None:
    value = fields.get(field)
    if value is not None and not isinstance(value, str):
        raise InvalidInput(f"{field}: YAML reads it as {type(value).__name__}; put it in quotes")
    return value


def _doubles(files: Sequence[PatternFile]) -> list[str]:
    seen: dict[Hashable, int] = {}
    problems = []
    for place, file in enumerate(files):
        for key, what in ((file.content.key, "title and message"), (file.code, "code"), (("name", file.name), "name")):
            if key is not None and (other := seen.setdefault(key, place)) != place:
                problems.append(f"{file.name}: it has the same {what} as {files[other].name}")
    return problems
