"""What a DAG author can use, and the page that speaks of it. Reads files and nothing else, so that it needs no Airflow.

A page speaks of a class by the line ``::: ippanel_provider.operators.send.IPPanelSendOperator``, which is also where
the
class's parameters are shown.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from ippanel_provider.provider_info import get_provider_info

DOCS = Path(__file__).resolve().parents[1]
ROOT = DOCS.parent
_INFO = get_provider_info()


class Thing(NamedTuple):
    """A class (or the decorator) that an author names in a DAG."""

    path: str
    summary: str
    """First sentence of its docstring."""

    @property
    def name(self) -> str:
        """Its name alone."""
        return self.path.rpartition(".")[2]


class Room(NamedTuple):
    """A folder of pages."""

    folder: str
    title: str
    things: tuple[Thing, ...]


class Page(NamedTuple):
    """One page of a folder."""

    name: str
    title: str
    paths: tuple[str, ...]
    text: str


def pages_of(room: Room) -> list[Page]:
    """Return the pages of a folder in the order in which Airflow is told of what they are about."""
    order = {thing.path: place for place, thing in enumerate(room.things)}
    pages = list(_written(room))
    spoken_of = {path for page in pages for path in page.paths}
    pages += [_made(thing) for thing in room.things if thing.path not in spoken_of]
    return sorted(pages, key=lambda page: min((order.get(path, len(order)) for path in page.paths), default=len(order)))


def _written(room: Room) -> Iterator[Page]:
    for file in sorted((DOCS / room.folder).glob("*.md")):
        if file.name not in {"index.md", "SUMMARY.md"}:
            text = file.read_text(encoding="utf-8")
            yield Page(file.name, title_of(text), tuple(re.findall(r"^::: (\S+)", text, re.MULTILINE)), text)


def _made(thing: Thing) -> Page:
    example = "\n".join(f"```python\n--8<--\n{file}:{mark}\n--8<--\n```\n" for file, mark in examples_of(thing.name))
    text = (
        f"# {thing.name}\n\n{thing.summary}\n\n"
        + (f"## Example\n\n{example}\n" if example else "")
        + f"## Parameters\n\n::: {thing.path}\n"
    )
    return Page(f"{_slug(thing.name)}.md", thing.name, (thing.path,), text)


def with_imports(text: str) -> str:
    """Return a page that shows how each class is imported; the decorator is not."""
    line = r"```python\nfrom \1 import \2\n```\n\n"
    return re.sub(r"^(?=::: (ippanel_provider[\w.]+)\.([A-Z]\w+)$)", line, text, flags=re.MULTILINE)


def title_of(text: str) -> str:
    """Return the first heading of a page."""
    found = re.search(r"^# (.+?)\s*$", text, re.MULTILINE)
    return found[1].replace("`", "") if found else ""


def examples_of(name: str) -> Iterator[tuple[str, str]]:
    """Yield the marked parts of example DAGs that use a class, as file and mark."""
    for file in sorted((ROOT / "example_dags").glob("*.py")):
        for part in re.finditer(
            r"# --8<-- \[start:(\w+)\](.*?)# --8<-- \[end:\1\]", file.read_text(encoding="utf-8"), re.DOTALL
        ):
            if re.search(rf"\b{name}\b", part[2]):
                yield f"example_dags/{file.name}", part[1]


def _slug(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name.replace("IPPanel", "")).lower().removesuffix("-operator")


def _things(modules: Iterable[str]) -> tuple[Thing, ...]:
    return tuple(thing for module in modules for thing in _in(module))


def _in(module: str) -> Iterator[Thing]:
    tree = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and "IPPanel" in node.name and not node.name.startswith("_"):
            yield Thing(f"{module}.{node.name}", _summary(node))


def _function(path: str) -> Thing:
    module, _, name = path.rpartition(".")
    tree = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))
    (node,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name)
    return Thing(path, _summary(node))


def _summary(node: ast.ClassDef | ast.FunctionDef) -> str:
    return (ast.get_docstring(node) or "").partition("\n\n")[0].replace("\n", " ")


def _modules(kind: str) -> Iterator[str]:
    for entry in _INFO[kind]:
        yield from entry["python-modules"]


ROOMS = (
    Room("operators", "Operators", _things(_modules("operators"))),
    Room("transfers", "Transfers", _things(entry["python-module"] for entry in _INFO["transfers"])),
    Room("sensors", "Sensors", _things(_modules("sensors"))),
    Room(
        "triggers", "Triggers", _things([*_modules("triggers"), *(path.rpartition(".")[0] for path in _INFO["queues"])])
    ),
    Room("notifications", "Notifier", _things(path.rpartition(".")[0] for path in _INFO["notifications"])),
    Room("decorators", "Decorator", tuple(_function(entry["class-name"]) for entry in _INFO["task-decorators"])),
)


class Chapter(NamedTuple):
    """A page of the API reference: modules, or classes and functions of them."""

    name: str
    title: str
    head: str
    members: tuple[str, ...]


def _chapter(name: str, title: str, head: str, room: str, *members: str) -> Chapter:
    return Chapter(
        name, title, head, tuple(f"ippanel_provider.{room}{'.' if room else ''}{member}" for member in members)
    )


def _modules_of(room: str) -> list[str]:
    """The modules of a room, and of the rooms in it, that are not its own affair."""
    folder = ROOT / "ippanel_provider" / room
    paths = [path.relative_to(folder).with_suffix("") for path in sorted(folder.rglob("*.py"))]
    return [".".join(path.parts) for path in paths if not any(part.startswith("_") for part in path.parts)]


REFERENCE = (
    _chapter(
        "client",
        "Client",
        "A call is a value, made by a function of [the Edge API](edge.md) or [the legacy API](rest.md); a "
        "client runs it. "
        "Everything here is imported from `ippanel_provider.client`. How to use it is told in [The "
        "client](../client.md).",
        "client",
        *("transport", "retrying.Retry", "auth", "auth.login", "auth.tokens", "requests", "gateway", "watch"),
    ),
    _chapter(
        "errors", "Errors", "What the client raises, and what a task fails with.", "", "client.errors", "exceptions"
    ),
    _chapter(
        "edge",
        "Edge API",
        "One function for each call, by chapter, all under `ippanel_provider.client.edge`. The short list is "
        "[Every API call](../api.md).",
        "client.edge",
        *(
            "auth",
            "send",
            "audience",
            "bank",
            "report",
            "number",
            "user",
            "package",
            "ticket",
            "draft",
            "pattern",
            "phonebook",
            "payment",
        ),
    ),
    _chapter("rest", "Legacy REST API", "For accounts that have no other.", "client", "rest"),
    _chapter(
        "models",
        "Results",
        "What calls return, frozen pydantic models imported from `ippanel_provider.client`. Unknown fields of "
        "an answer are kept.",
        "client.models",
        *("base", "send", "report", "account", "bank", "office", "pattern", "phonebook"),
    ),
    _chapter("service", "Facts of the service", "", "", "service"),
    _chapter(
        "text",
        "Text",
        "What a text message is: numbers, parts, and hours at which it may go out.",
        "text",
        "numbers",
        "parts",
        "hours",
    ),
    _chapter(
        "campaign",
        "Campaigns",
        "Sending so that nothing goes out twice. The idea is told in [What is promised](../guarantee.md).",
        "campaign",
        *_modules_of("campaign"),
    ),
    _chapter("tables", "Tables", "Rows in and rows out.", "tables", *_modules_of("tables")),
    _chapter(
        "sync",
        "Plan and apply",
        "Behind [patterns and phonebooks as code](../sync.md).",
        "sync",
        *_modules_of("sync"),
    ),
    _chapter(
        "hooks",
        "Hook",
        "The connection, for code of your own in a task.",
        "hooks",
        "ippanel",
        "account",
        "token_variable",
    ),
    _chapter(
        "airflow",
        "Airflow",
        "What operators, sensors and triggers share. Each class that a DAG names has a page of its own.",
        "",
        *(
            "operators.base",
            "operators.sending",
            "operators.one_request",
            "operators.syncing",
            "operators.suppress",
            "options",
            "outbox_ids",
        ),
        *(
            "transfers.base",
            "transfers.partitions",
            "sensors.base",
            "triggers.base",
            "notifications.window",
            "inbox",
            "retry",
            "links",
            "metrics",
            "lineage",
        ),
    ),
    _chapter(
        "apprise",
        "Apprise plugin",
        "How to use it is told in [Apprise](../apprise/README.md).",
        "",
        "apprise_plugin",
        "apprise_url",
    ),
    _chapter(
        "sandbox",
        "Sandbox",
        "Start it and steer it from Python. How to use it in tests is told in [Test your DAGs](../testing.md).",
        "sandbox",
        *("pytest_plugin", "runner"),
    ),
    _chapter(
        "cli",
        "Command line",
        "Each command is described in [Command line](../cli.md).",
        "cli",
        *_modules_of("cli"),
    ),
)


def reference_page(chapter: Chapter) -> str:
    """Return the page."""
    options = (
        "members: null",
        "show_signature: true",
        "separate_signature: true",
        "show_root_full_path: true",
        "show_if_no_docstring: true",
    )
    shown = "    options:\n" + "".join(f"      {option}\n" for option in options)
    parts = [
        f"# {chapter.title}",
        *([chapter.head] if chapter.head else []),
        *(f"::: {path}\n{shown}" for path in chapter.members),
    ]
    return "\n\n".join(parts)


FROM_THE_TOP = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "RELEASING.md": "releasing.md",
    "SECURITY.md": "reporting.md",
}
"""Pages of the site that stand at the top of the source, where people look for them first."""


def from_the_top(name: str) -> str:
    """Return such a page, its links as they have to be here; what the site does not have is named without a link."""
    text = (ROOT / name).read_text(encoding="utf-8")

    def link(found: re.Match[str]) -> str:
        words, target = found.groups()
        page = FROM_THE_TOP.get(target, target.removeprefix("docs/"))
        is_here = target in FROM_THE_TOP or (target.startswith("docs/") and (DOCS / page.partition("#")[0]).is_file())
        return f"[{words}]({page})" if is_here or "://" in target or target.startswith("#") else words

    return re.sub(r"\[([^\]]+)\]\(([^)\s]+)\)", link, text)


def example_page() -> str:
    """Return a page with all example DAGs: what each is for, and its file."""
    parts = ["# Whole DAGs", "Each is run by a test, over the sandbox. They are in `example_dags/` of the source."]
    for file in sorted((ROOT / "example_dags").glob("example_*.py")):
        what, _, more = (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or file.stem).partition("\n\n")
        title, _, rest = " ".join(what.split()).partition(": " if ": " in what.partition(".")[0] else ". ")
        head = f"{rest[:1].upper()}{rest[1:]}" if rest else ""
        code = (
            f'??? example "{file.name}"\n\n    ```python\n    --8<--\n    example_dags/{file.name}\n    --8<--\n    ```'
        )
        parts += [f"## {title.rstrip('.')}", *(text.replace("``", "`") for text in (head, more) if text), code]
    return "\n\n".join(parts) + "\n"
