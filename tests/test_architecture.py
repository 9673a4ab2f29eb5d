"""The house stands on its floors: who may import whom, read from the source of every module."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = "ippanel_provider"
ROOT = Path(__file__).parents[1] / PACKAGE

BELOW = {"extras", "options", "outbox_ids", "service", "service_profile", "text", "tracebacks", "values"}
"""What everything stands on; it stands on nothing."""
APPRISE_FLOOR = {"apprise_plugin", "apprise_url", "apprise_hook", "apprise_install"}
AIRFLOW_FLOOR = {
    *(
        "airflow_command",
        "airflow_plugin",
        "airflow_policy",
        "decorators",
        "exceptions",
        "hooks",
        "lineage",
        "links",
        "metrics",
        "notifications",
        "operators",
    ),
    *("page", "provider_info", "queues", "retry", "sensors", "transfers", "triggers"),
}

ARROWS = {
    "extras": set(),
    "outbox_ids": set(),
    "service": set(),
    "service_profile": {"values"},
    "text": {"service", "values"},
    "tracebacks": set(),
    "values": set(),
    "client": BELOW,
    "tables": {"client", *BELOW},
    "campaign": {"client", "tables", *BELOW},
    "options": {"service", "values"},
    "results": {"client", "tables", "campaign", *BELOW},
    "inbox": {"client", *BELOW},
    "sync": {"client", "tables", "campaign", *BELOW},
    "doctor": {"client", *BELOW},
    "sandbox": BELOW,
    **dict.fromkeys(APPRISE_FLOOR, frozenset({"client", "campaign", "tables", *APPRISE_FLOOR, *BELOW})),
    **dict.fromkeys(
        AIRFLOW_FLOOR,
        frozenset(
            {
                "client",
                "campaign",
                "results",
                "tables",
                "inbox",
                "sync",
                "apprise_url",
                "apprise_hook",
                *AIRFLOW_FLOOR,
                *BELOW,
            }
        ),
    ),
    # The command, for those who have connections instead of keys.
    "airflow_command": {"cli", "hooks", "client", "extras"},
    # With a connection id it asks Airflow, where that is installed.
    "cli": {"hooks", "client", "doctor", "campaign", "tables", "inbox", "sync", "sandbox", *APPRISE_FLOOR, *BELOW},
}
"""Which rooms a room may import, itself apart. What is new has to be given its floor here."""

FOREIGN = {
    "httpx": {"client/transport.py", "client/settings.py", "client/_wire.py"},
    "pydantic": {"client", "sandbox"},
    "pydantic_core": {"client", "sandbox", "campaign", "tables"},
    "airflow": AIRFLOW_FLOOR,
    "wtforms": {"hooks"},
    "flask_appbuilder": {"hooks"},
    "apprise": APPRISE_FLOOR,
    "argcomplete": {"cli"},
    "starlette": {"sandbox"},
    "uvicorn": {"sandbox"},
    "openpyxl": {"sandbox", "tables"},
    "pyarrow": {"tables"},
    "sqlalchemy": {"campaign", "page", "results"},
    "fastapi": {"page"},
    "pytest": {"sandbox"},
    "cryptography": {"sandbox/certificates.py"},
}
"""Which rooms (or files) may import a package of others at all."""


class Import(NamedTuple):
    """``path`` imports ``module``; both as they are written below the package."""

    path: str
    module: str

    @property
    def room(self) -> str:
        return self.path.partition("/")[0].removesuffix(".py")


@cache
def imports() -> list[Import]:
    return list(_imports())


@cache
def ours() -> list[Import]:
    """Those of modules of ours."""
    return [found for found in imports() if found.module.startswith(f"{PACKAGE}.") and found.path != "__init__.py"]


def _imports() -> Iterator[Import]:
    """Every import of every module, wherever in it, relative ones made absolute."""
    for file in sorted(ROOT.rglob("*.py")):
        path = file.relative_to(ROOT).as_posix()
        package = [PACKAGE, *file.relative_to(ROOT).parts[:-1]]
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"), path, feature_version=(3, 11))):
            if isinstance(node, ast.Import):
                yield from (Import(path, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                above = package[: len(package) - node.level + 1] if node.level else []
                base = ".".join([*above, *([node.module] if node.module else [])])
                # "from package import room" names a module, "from room import thing" does not.
                yield from (Import(path, f"{base}.{alias.name}") for alias in node.names)


def target_room(found: Import) -> str:
    return found.module.split(".")[1]


def test_there_is_something_to_look_at() -> None:
    assert len(ours()) > 100


def test_every_room_has_its_floor() -> None:
    rooms = {path.relative_to(ROOT).parts[0].removesuffix(".py") for path in ROOT.rglob("*.py")}
    assert rooms - ARROWS.keys() == {"__init__"}


def test_arrows_point_down() -> None:
    strays = [
        found
        for found in ours()
        if (room := target_room(found)) != found.room and room not in ARROWS[found.room] and room != "__version__"
    ]
    assert strays == []


def run_time_imports(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Every import that is made when the program runs, in functions too; not those for type checkers."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            for other in node.orelse:
                yield from run_time_imports(other)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        else:
            yield from run_time_imports(node)


def module_graph() -> dict[str, set[str]]:
    """Which module of ours imports which, inside rooms as between them."""
    files = {".".join(file.relative_to(ROOT).with_suffix("").parts): file for file in ROOT.rglob("*.py")}
    known = {name.removesuffix(".__init__"): file for name, file in files.items()}
    graph: dict[str, set[str]] = {}
    for name, file in known.items():
        package = [PACKAGE, *file.relative_to(ROOT).parts[:-1]]
        found: set[str] = set()
        for node in run_time_imports(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                paths = [alias.name for alias in node.names]
            else:
                above = package[: len(package) - node.level + 1] if node.level else []
                base = ".".join([*above, *([node.module] if node.module else [])])
                paths = [f"{base}.{alias.name}" for alias in node.names]
            for path in paths:
                inside = path.removeprefix(f"{PACKAGE}.")
                # "from room import module" needs the module, "from module import name" what holds the name.
                needed = inside if inside in known else inside.rpartition(".")[0]
                found |= {needed} & known.keys() if inside != path else set()
        graph[name] = found - {name}
    return graph


def test_no_module_stands_in_a_circle() -> None:
    """Neither between rooms nor inside one, nor behind an import that is put off into a function."""
    graph = module_graph()
    assert sum(map(len, graph.values())) > 500
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        pytest.fail(" → ".join(circle.args[1]))


def test_a_circle_would_be_found() -> None:
    with pytest.raises(CycleError):
        TopologicalSorter({"a": {"b"}, "b": {"c"}, "c": {"a"}}).prepare()


def test_files_stay_small_enough_to_be_read() -> None:
    lines = {
        file.relative_to(ROOT).as_posix(): len(file.read_text(encoding="utf-8").splitlines())
        for file in ROOT.rglob("*.py")
    }
    assert {path: count for path, count in lines.items() if count > 400} == {}


@pytest.mark.parametrize("package", FOREIGN)
def test_others_packages_stay_in_their_rooms(package: str) -> None:
    users = [found for found in imports() if found.module == package or found.module.startswith(f"{package}.")]
    assert users
    assert [found for found in users if not {found.room, found.path} & FOREIGN[package]] == []


def test_a_request_is_a_value() -> None:
    """Nothing that makes or reads requests knows how they travel."""
    assert {
        found.path
        for found in ours()
        if found.path.startswith("client/") and found.module.startswith(f"{PACKAGE}.client.transport")
    } == {"client/__init__.py"}


def test_the_sandbox_is_written_without_the_client() -> None:
    """So that it can tell when the client is wrong."""
    assert not [
        found
        for found in ours()
        if found.room == "sandbox" and target_room(found) not in {"sandbox", "__version__", *BELOW}
    ]


def test_what_everybody_imports_imports_nobody() -> None:
    """Every Airflow command loads the metadata, every pytest run the plugin."""
    light = {"provider_info.py", "service.py", "sandbox/pytest_plugin.py"}
    heavy = [
        found
        for found in top_level_imports(light)
        if found.module.partition(".")[0] not in {*sys.stdlib_module_names, PACKAGE, "pytest"}
    ]
    assert heavy == []


def top_level_imports(paths: set[str]) -> Iterator[Import]:
    """Imports that are made when the module is: not those in functions, nor those for type checkers."""
    for path in paths:
        for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Import):
                yield from (Import(path, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield Import(path, node.module or PACKAGE)
