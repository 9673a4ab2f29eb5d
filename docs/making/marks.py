"""Include parts of files in pages, between the marks that example DAGs have: ``[START howto_x]`` and ``[END howto_x]``.

The snippets of pymdown know marks of their own only (``--8<-- [start:x]``); both are taken here.
"""

from __future__ import annotations

import re
from typing import Any

from markdown import Markdown
from pymdownx.snippets import SnippetExtension, SnippetPreprocessor

_AIRFLOW_MARK = re.compile(r"#\s*\[(START|END) (\w+)\]")


class Marks(SnippetPreprocessor):
    """Finds sections by either mark."""

    def extract_section(self, section: str, lines: list[str]) -> list[str]:
        """Find a section after writing its marks as pymdown does."""
        found: list[str] = super().extract_section(
            section, [_AIRFLOW_MARK.sub(lambda mark: f"# --8<-- [{mark[1].lower()}:{mark[2]}]", line) for line in lines]
        )
        return found


class MarksExtension(SnippetExtension):
    """The same extension with these marks."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Register the preprocessor where the original would be."""
        self.md = md
        md.registerExtension(self)
        md.preprocessors.register(Marks(self.getConfigs(), md), "snippet", 32)


def makeExtension(**options: Any) -> MarksExtension:
    """Called by Markdown."""
    return MarksExtension(**options)
