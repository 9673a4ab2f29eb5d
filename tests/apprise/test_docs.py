"""The page about the URL names every option there is."""

from __future__ import annotations

import re
from pathlib import Path

from apprise.plugins import NotifyBase

from ippanel_provider.apprise_plugin import NotifyIPPanel

PAGES = Path(__file__).resolve().parents[2] / "docs" / "apprise"


def test_every_option_is_explained() -> None:
    ours = NotifyIPPanel.template_args.keys() - NotifyBase.template_args.keys()
    cells = re.findall(r"^\| (`[^|]*) \|", (PAGES / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert ours <= set(re.findall(r"`(\w+)`", " ".join(cells)))


def test_every_page_says_what_was_tried_and_is_found() -> None:
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    for page in PAGES.glob("*.md"):
        if page.name != "README.md":
            assert f"({page.name})" in index
            assert re.search(r"\*\*(Tried|Only\s+read about)\*\*", page.read_text(encoding="utf-8")), page.name
