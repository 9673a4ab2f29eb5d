"""What the pages on security promise is shown somewhere, and where is said beside it."""

from __future__ import annotations

import ast
import re

import pytest

from .pages import ROOT

PAGES = ("docs/security.md", "SECURITY.md")
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
TEXT = (ROOT / PAGES[0]).read_text(encoding="utf-8")


def attacks() -> list[str]:
    """The paragraphs of what an attacker could try."""
    section = TEXT.partition("## What an attacker could try\n")[2].partition("\n## ")[0]
    return [attack for attack in section.split("\n- ") if attack.strip()]


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_is_named_exists(page: str) -> None:
    named = NAMED.findall((ROOT / page).read_text(encoding="utf-8"))
    assert named
    for file, test in named:
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert not test or test in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, test


def test_every_place_says_what_shows_what_is_done_there() -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("| **")]
    assert len(rows) > 15
    assert [row for row in rows if not NAMED.search(row.rsplit("|", 2)[1])] == []


def test_every_attack_names_what_shows_that_it_fails() -> None:
    # Of these two nothing is promised.
    open_ones = ("**A text that costs you.**", "**A person who texts in.**")
    promised = [attack for attack in attacks() if not attack.lstrip("\n- ").startswith(open_ones)]
    assert len(promised) >= 8
    assert [attack for attack in promised if not NAMED.search(attack)] == []
