"""The look at the links of the built site finds what is broken, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from docs.making import links

Site = Callable[..., Path]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Make a site of pages by path."""

    def make(**pages: str) -> Path:
        for name, text in pages.items():
            path = tmp_path / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_suffix(".html").write_text(text, encoding="utf-8")
        return tmp_path

    return make


@pytest.mark.parametrize(
    "link",
    [
        "other/index.html",
        "./other/index.html",
        "other/index.html#part",
        "#here",
        "other/index.html#%D8%A8%D8%AE%D8%B4",
        "https://ippanel.com",
        "mailto:a@b.ir",
    ],
)
def test_what_is_there_is_no_problem(site: Site, link: str) -> None:
    root = site(
        index=f'<h1 id="here"></h1><a href="{link}">x</a>', other__index='<h2 id="part"></h2><h2 id="بخش"></h2>'
    )
    assert links.problems_of(root)[0] == []


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ("nowhere/", "leads nowhere"),
        ("other/", "names a folder, which a browser that reads from the disk only lists"),
        ("other/index.html#gone", "names a section that is not there"),
        ("#gone", "names a section that is not there"),
        ("https:///path", "is no address"),
        ("file:///etc/hosts", "is no address"),
    ],
)
def test_what_is_broken_is_named(site: Site, link: str, problem: str) -> None:
    root = site(index=f'<a href="{link}">x</a>', other__index="")
    (found,) = links.problems_of(root)[0]
    assert found == f"index.html: {link} {problem}"


@pytest.mark.parametrize(
    "tag",
    [
        '<script src="https://cdn.example.com/x.js"></script>',
        '<img src="//cdn.example.com/x.png">',
        '<link rel="stylesheet" href="https://fonts.example.com/x.css">',
    ],
)
def test_what_a_browser_would_load_from_elsewhere_is_a_problem(site: Site, tag: str) -> None:
    (found,) = links.problems_of(site(index=tag))[0]
    assert "from elsewhere" in found


def test_where_the_page_will_stand_is_not_loaded(site: Site) -> None:
    assert links.problems_of(site(index='<link rel="canonical" href="https://docs.example.com/">'))[0] == []


def test_addresses_elsewhere_are_listed_with_their_pages(site: Site) -> None:
    root = site(index='<a href="https://ippanel.com">x</a>', other__index='<a href="https://ippanel.com">x</a>')
    assert links.problems_of(root)[1] == {"https://ippanel.com": ["index.html", "other/index.html"]}


def test_a_site_without_pages_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert links.main([str(tmp_path)]) == 1
    assert "0 pages" in capsys.readouterr().out


def test_a_broken_link_ends_the_check_with_an_error(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert links.main([str(site(index='<a href="nowhere/">x</a>'))]) == 1
    assert "nowhere/ leads nowhere" in capsys.readouterr().err
