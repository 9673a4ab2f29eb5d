"""The site is whole: a page for everything an author can use, a way to every page, and tables from the code."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from docs.making import catalogue, tables
from ippanel_provider import service
from ippanel_provider.provider_info import CONNECTION_FIELDS, get_provider_info
from tests.docs import pages

THINGS = [thing for room in catalogue.ROOMS for thing in room.things]


def navigation(entries: Any) -> list[str]:
    """All pages and folders that the navigation names."""
    if isinstance(entries, str):
        return [entries]
    children = entries.values() if isinstance(entries, dict) else entries
    return [name for child in children for name in navigation(child)]


@pytest.fixture(scope="module")
def settings() -> dict[str, Any]:
    return dict(yaml.safe_load((pages.ROOT / "mkdocs.yml").read_text(encoding="utf-8")))


def test_everything_the_provider_tells_airflow_of_is_known_here() -> None:
    info = get_provider_info()
    modules = {
        module
        for kind in ("operators", "sensors", "triggers")
        for entry in info[kind]
        for module in entry["python-modules"]
    }
    modules |= {entry["python-module"] for entry in info["transfers"]}
    assert {thing.path.rpartition(".")[0] for thing in THINGS} >= modules
    assert {thing.path for thing in THINGS} >= {
        *info["notifications"],
        *info["queues"],
        *(e["class-name"] for e in info["task-decorators"]),
    }


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: thing.name)
def test_everything_an_author_can_use_has_one_page(thing: catalogue.Thing) -> None:
    found = [page.name for room in catalogue.ROOMS for page in catalogue.pages_of(room) if thing.path in page.paths]
    assert len(found) == 1, f"{thing.path} is on {found or 'no page'}"


def test_what_nobody_has_written_about_gets_a_page() -> None:
    room = catalogue.Room(
        "operators", "Operators", (catalogue.Thing("ippanel_provider.operators.fax.IPPanelFaxOperator", "Send a fax."),)
    )
    (page,) = [page for page in catalogue.pages_of(room) if page.name == "fax.md"]
    assert page.text.startswith("# IPPanelFaxOperator\n\nSend a fax.\n")
    assert "::: ippanel_provider.operators.fax.IPPanelFaxOperator" in page.text
    assert "from ippanel_provider.operators.fax import IPPanelFaxOperator" in catalogue.with_imports(page.text)


def test_pages_speak_of_nothing_that_is_not_there() -> None:
    spoken_of = {path for room in catalogue.ROOMS for page in catalogue.pages_of(room) for path in page.paths}
    assert spoken_of == {thing.path for thing in THINGS}


def test_every_page_can_be_reached(settings: dict[str, Any]) -> None:
    named, made = navigation(settings["nav"]), {"examples.md", *catalogue.FROM_THE_TOP.values()}
    assert made <= set(named)
    folders = tuple(name for name in named if name.endswith("/"))
    assert [page for page in pages.names() if page not in named and not page.startswith(folders)] == []
    assert [name for name in named if not name.endswith("/") and name not in {*pages.names(), *made}] == []
    assert {f"{room.folder}/" for room in catalogue.ROOMS} <= set(folders)


def test_a_broken_link_fails_the_build(settings: dict[str, Any]) -> None:
    assert settings["strict"]
    assert set(settings["validation"]["links"].values()) == {"warn"}
    assert settings["validation"]["nav"]["omitted_files"] == "warn"


def test_it_can_be_read_from_the_disk(settings: dict[str, Any]) -> None:
    """Where nothing makes a page of a folder."""
    assert settings["use_directory_urls"] is False
    recipe = (pages.ROOT / "Makefile").read_text(encoding="utf-8").split("\ndocs:")[1].split("\n\n")[0]
    *_, last = recipe.splitlines()
    assert "echo" in last
    assert "site/index.html" in last
    assert "make docs-serve" in last


def test_nothing_is_loaded_from_elsewhere(settings: dict[str, Any]) -> None:
    assert settings["theme"]["font"] is False
    assert not settings.get("extra_javascript")
    assert not [name for name in settings["extra_css"] if "//" in name]


@pytest.mark.parametrize("chapter", catalogue.REFERENCE, ids=lambda chapter: chapter.name)
def test_the_reference_names_modules_that_are_there(chapter: catalogue.Chapter) -> None:
    for path in chapter.members:
        module = catalogue.ROOT / path.replace(".", "/")
        is_there = module.with_suffix(".py").is_file() or (module / "__init__.py").is_file()
        parent = module.parent.with_suffix(".py")
        assert is_there or (
            parent.is_file() and re.search(rf"^class {module.name}\b", parent.read_text("utf-8"), re.MULTILINE)
        ), path


def test_every_example_dag_is_shown_whole() -> None:
    page = catalogue.example_page()
    for file in (pages.ROOT / "example_dags").glob("example_*.py"):
        assert f"example_dags/{file.name}\n" in page
    assert page.count("\n## ") == len(list((pages.ROOT / "example_dags").glob("example_*.py")))


@pytest.mark.parametrize("source", catalogue.FROM_THE_TOP)
def test_pages_from_the_top_of_the_source_lead_to_pages_of_the_site(source: str) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", catalogue.from_the_top(source))
    here = {*pages.names(), *catalogue.FROM_THE_TOP.values()}
    assert [target for target in targets if "://" not in target and target.partition("#")[0] not in here] == []


def test_tables_hold_what_the_code_says() -> None:
    assert all(f"| `{field.name}` |" in tables.connection() for field in CONNECTION_FIELDS)
    assert f"{service.MAX_PHONEBOOK_CONTACTS:,}" in tables.limits()
    assert tables.times().splitlines()[2].endswith("| 5 minutes |")
    assert tables.legacy_codes().count("\n") == len(service.LegacyCode) + 1


def test_a_table_is_filled_in_where_a_page_asks_for_it() -> None:
    page = tables.filled("# Page\n\n<!-- made: states -->\n\nText.\n")
    assert "| 6 | `sent` | sent | yes |" in page
    assert page.endswith("\n\nText.\n")
    with pytest.raises(KeyError):
        tables.filled("<!-- made: nonsense -->")


@pytest.mark.parametrize("page", pages.names())
def test_pages_ask_for_tables_that_are_made(page: str) -> None:
    tables.filled((pages.DOCS / page).read_text(encoding="utf-8"))
