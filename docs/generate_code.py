"""Write the code that pages show into the pages, from the files that tests run.

``python -m docs.generate_code`` from the project's root. A block of code under ``<!-- code: FILE:MARK -->`` is what
stands in the file between ``# --8<-- [start:MARK]`` and ``[end:MARK]``, or the whole of it without a mark; of several,
with commas between them, one after the other. So the pages also show their code where nobody builds them.
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

DOCS = Path(__file__).parent
ROOT = DOCS.parent
_BLOCK = re.compile(
    r"^(?P<indent> *)<!-- code: (?P<sources>[^\n]+?) -->\n(?P=indent)```(?P<language>\w+)\n.*?^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
_MARK = re.compile(r"^ *# --8<-- \[(?:start|end):\w+\]\n", re.MULTILINE)


def pages() -> list[Path]:
    """Return the pages that people read and write."""
    return sorted(DOCS.rglob("*.md"))


def code(source: str) -> str:
    """Return what a source, ``FILE`` or ``FILE:MARK``, shows.

    :raises ValueError: if the file has no such mark.
    """
    path, _, mark = source.partition(":")
    text = (ROOT / path).read_text(encoding="utf-8")
    if mark:
        found = re.search(
            rf"^ *# --8<-- \[start:{mark}\]\n(.*?)^ *# --8<-- \[end:{mark}\]", text, re.MULTILINE | re.DOTALL
        )
        if found is None:
            raise ValueError(f"{path} has no mark {mark}")
        text = found[1]
    return textwrap.dedent(_MARK.sub("", text)).strip("\n")


def written(text: str) -> str:
    """Return a page with its code as the sources have it now."""

    def block(found: re.Match[str]) -> str:
        shown = "\n\n".join(code(source.strip()) for source in found["sources"].split(","))
        lines = [f"<!-- code: {found['sources']} -->", f"```{found['language']}", *shown.splitlines(), "```"]
        return "\n".join(f"{found['indent']}{line}".rstrip() for line in lines)

    return _BLOCK.sub(block, text)


if __name__ == "__main__":
    for page in pages():
        before = page.read_text(encoding="utf-8")
        if (after := written(before)) != before:
            page.write_text(after, encoding="utf-8")
