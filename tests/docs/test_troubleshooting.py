"""Every error that the page of troubles explains is one that the package raises."""

from __future__ import annotations

import ast
import re

from tests.docs import pages

HEADINGS = re.findall(r"^### `(.+)`$", (pages.DOCS / "troubleshooting.md").read_text(encoding="utf-8"), re.MULTILINE)


def said() -> str:
    """All texts of the package's code, one after the other; what is filled in at run time is left out."""
    texts: list[str] = []
    for path in sorted((pages.ROOT / "ippanel_provider").rglob("*.py")):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        # A text that stands by itself is a docstring.
        docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        for node in nodes:
            if isinstance(node, ast.JoinedStr):
                texts.append("".join(part.value if isinstance(part, ast.Constant) else "\0" for part in node.values))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                texts.append(node.value)
    return "\n".join(texts)


def test_the_package_says_what_is_explained() -> None:
    everything = said()
    assert len(HEADINGS) > 20
    assert [heading for heading in HEADINGS if heading not in everything] == []
