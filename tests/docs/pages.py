"""The pages of the documentation, read as their readers see them: code to run, and links to follow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_FENCE = re.compile(
    r"(?:^[ ]*<!-- code: (?P<sources>[^\n]+) -->\n)?"
    r"^(?P<margin>[ ]*)```(?P<language>\w*)[^\n]*\n(?P<code>.*?)^(?P=margin)```$",
    re.MULTILINE | re.DOTALL,
)


class Fence(NamedTuple):
    """A block of code of a page."""

    page: str
    line: int
    language: str
    code: str
    included: tuple[tuple[str, str | None], ...] = ()
    """The files (and marked parts of them) it shows."""


def names() -> list[str]:
    """Every page, by its path below ``docs``."""
    return sorted(str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md"))


def fences(page: str, *languages: str) -> list[Fence]:
    """The blocks of a page in these languages, without their indentation."""
    return [fence for fence in _fences(page) if fence.language in languages]


def _fences(page: str) -> Iterator[Fence]:
    text = (DOCS / page).read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        code = re.sub(rf"^{found['margin']}", "", found["code"], flags=re.MULTILINE)
        sources = [source.strip().partition(":") for source in (found["sources"] or "").split(",") if source]
        included = tuple((file, mark or None) for file, _, mark in sources)
        yield Fence(page, text.count("\n", 0, found.start()) + 1, found["language"], code, included)


def commands(code: str) -> list[str]:
    """The commands of a ``console`` block (behind ``$``, with the lines that continue them), or all of a ``sh`` one."""
    if not re.search(r"^\$ ", code, re.MULTILINE):
        return [code]
    found: list[str] = []
    for line in code.splitlines():
        if line.startswith("$ "):
            found.append(line[2:])
        elif found and (found[-1].endswith("\\") or found[-1].count("'") % 2):
            found[-1] += "\n" + line
    return found
