"""Every error that the page of troubles explains is one that the package raises."""

from __future__ import annotations

import ast
import re

import pytest

from tests.docs import pages

HEADINGS = re.findall(r"^### `(.+)`$", (pages.DOCS / "troubleshooting.md").read_text(encoding="utf-8"), re.MULTILINE)


def said() -> str:
    """All texts of the package's code, one after the other; what is filled in at run time is left out."""
    texts: list[str] = []
    for path in sorted((pages.ROOT / "ippanel_provider").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docstrings = {id(node.body[0].value) for node in ast.walk(tree) if _has_docstring(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                texts.append("".join(part.value if isinstance(part, ast.Constant) else "\0" for part in node.values))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                texts.append(node.value)
    return "\n".join(texts)


def _has_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and ast.get_docstring(node) is not None
    )


SAID = said()


def test_there_are_errors_on_the_page() -> None:
    assert len(HEADINGS) > 20


@pytest.mark.parametrize("heading", HEADINGS)
def test_the_package_says_so(heading: str) -> None:
    assert heading in SAID
