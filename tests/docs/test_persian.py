"""The Persian pages keep up with the English ones they follow: the same headings, with the same code under each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from markdown.extensions.toc import slugify

from tests.docs import pages

PERSIAN = [page for page in pages.names() if page.startswith("fa/")]
_HEADING = re.compile(r"^(?P<marks>#{1,3}) (?P<text>.+?)(?: \{#(?P<slug>[\w-]+)\})?$", re.MULTILINE)


def followed(page: str) -> str:
    _, front, _ = (pages.DOCS / page).read_text(encoding="utf-8").split("---\n", 2)
    return str(yaml.safe_load(front)["follows"])


def outline(page: str) -> list[tuple[int, str, list[str]]]:
    """Each heading: its depth, its anchor, and the code of the blocks under it."""
    text = (pages.DOCS / page).read_text(encoding="utf-8")
    blocks = pages.fences(page, "", "python", "console", "sh", "bash", "yaml", "sql", "text")
    for block in blocks:
        text = text.replace(block.code, re.sub(r"(?m)^#", " ", block.code))
    found = list(_HEADING.finditer(text))
    lines = [text.count("\n", 0, heading.start()) + 1 for heading in found] + [text.count("\n") + 2]
    return [
        (
            len(heading["marks"]),
            heading["slug"] or slugify(heading["text"].replace("`", ""), "-"),
            [block.code for block in blocks if line < block.line < end],
        )
        for heading, line, end in zip(found, lines, lines[1:], strict=False)
    ]


def test_there_are_persian_pages() -> None:
    assert {"fa/index.md", "fa/campaigns.md", "fa/rows.md", "fa/alerts.md", "fa/troubleshooting.md"} <= {*PERSIAN}


@pytest.mark.parametrize("page", PERSIAN)
def test_it_has_the_headings_and_the_code_of_the_page_it_follows(page: str) -> None:
    assert outline(page) == outline(followed(page))


@pytest.mark.parametrize("page", PERSIAN)
def test_its_letters_are_persian_ones(page: str) -> None:
    """But for what is shown as code: the letters that are mistaken for them."""
    prose = re.sub(r"```.*?```|`[^`]*`", "x", (pages.DOCS / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    assert re.findall(r"[يكىة٠-٩]|\u200c[\s\u200c]|\s\u200c|[^\s]* [،؛؟]", prose) == []


def test_a_heading_and_a_block_that_differ_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    english = "# A page\n\n## Part\n\n```console\n$ one\n```\n"
    for name, text in (
        ("same.md", "# برگ {#a-page}\n\n## بخش {#part}\n\n```console\n$ one\n```\n"),
        ("heading.md", "# برگ {#a-page}\n\n```console\n$ one\n```\n"),
        ("code.md", "# برگ {#a-page}\n\n## بخش {#part}\n\n```console\n$ two\n```\n"),
        ("english.md", english),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(pages, "DOCS", tmp_path)
    assert outline("same.md") == outline("english.md")
    assert outline("heading.md") != outline("english.md")
    assert outline("code.md") != outline("english.md")
