"""Patterns of the panel as files: how a directory begins that was a panel before."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Any, NamedTuple

from ippanel_provider.client import Pattern
from ippanel_provider.sync import yaml_files
from ippanel_provider.sync.patterns.files import Content, PatternFile
from ippanel_provider.sync.patterns.lock import Lock
from ippanel_provider.sync.patterns.plan import by_code, content_of, differences, match
from ippanel_provider.sync.plan import digest
from ippanel_provider.tables import storage


class Pulled(NamedTuple):
    """A pattern and the file it has, or gets. ``action`` is ``created``, ``updated``, ``unchanged`` or
    ``different``."""

    name: str
    code: str
    action: str


def pull(
    folder: Path, files: Sequence[PatternFile], panel: Iterable[Pattern], lock: Lock, *, overwrite: bool = False
) -> list[Pulled]:
    """Write a file for every pattern that has none, and note all codes in ``lock``.

    :param overwrite: also write those files anew that differ from the panel
    """
    known = by_code(panel)
    names = {code: name for name, code in match(files, known, lock).items()}
    contents = {file.name: file.content for file in files}
    taken = {file.name for file in files}
    pulled = []
    for code, pattern in sorted(known.items(), key=lambda item: (item[1].title or "", item[0])):
        content = content_of(pattern)
        name = names.get(code)
        if name is None:
            name = _free_name(content, code, taken)
            taken.add(name)
            action = "created"
        elif not differences(contents[name], content):
            action = "unchanged"
        else:
            action = "updated" if overwrite else "different"
        if action in ("created", "updated"):
            short = folder / f"{name}.yml"
            storage.write(short if short.exists() else folder / f"{name}.yaml", as_yaml(content).encode(), shared=True)
        lock.set(name, code, digest(content.as_json()))
        pulled.append(Pulled(name, code, action))
    return pulled


def as_yaml(content: Content) -> str:
    """A pattern in the form of a file."""
    fields: dict[str, Any] = {"title": content.title}
    if content.description:
        fields["description"] = content.description
    fields["message"] = content.message
    if content.variables:
        fields["variables"] = dict(content.variables)
    if content.website:
        fields["website"] = content.website
    if content.shared:
        fields["shared"] = True
    return yaml_files.write(fields)


def _free_name(content: Content, code: str, taken: Collection[str]) -> str:
    """A name that no file has. What the panel says cannot lead out of the folder: no slash, and no dot."""
    title, safe = (re.sub(r"[^\w-]+", "-", said).strip("-")[:60] for said in (content.title, code))
    stem = f"{title}-{safe}".strip("-") or "pattern"
    names = chain([title, stem], (f"{stem}-{n}" for n in count(2)))
    return next(name for name in names if name and name not in taken)
