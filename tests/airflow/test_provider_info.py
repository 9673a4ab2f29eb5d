"""What the package tells Airflow about itself, and what it costs to be listened to."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import json
import pkgutil
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import airflow as airflow_package
import jsonschema
import pytest
from airflow.providers.common.compat.sdk import BaseHook, BaseNotifier, BaseOperator
from airflow.triggers.base import BaseTrigger

import ippanel_provider
from ippanel_provider import __version__
from ippanel_provider.provider_info import get_provider_info

INFO = get_provider_info()

ROOMS: dict[str, type] = {
    "hooks": BaseHook,
    "operators": BaseOperator,
    "sensors": BaseOperator,
    "triggers": BaseTrigger,
    "notifications": BaseNotifier,
    "transfers": BaseOperator,
}


def listed(room: str) -> set[str]:
    if room == "notifications":
        return {name.rpartition(".")[0] for name in INFO.get(room, [])}
    entries = INFO.get(room, [])
    return (
        {entry["python-module"] for entry in entries}
        if room == "transfers"
        else {m for e in entries for m in e["python-modules"]}
    )


def all_listed() -> set[str]:
    classes = [*INFO.get("extra-links", []), *(entry["class-name"] for entry in INFO.get("task-decorators", []))]
    return {module for room in ROOMS for module in listed(room)} | {name.rpartition(".")[0] for name in classes}


def test_airflow_finds_the_metadata() -> None:
    """Under the name of the distribution, or every airflow command breaks."""
    (entry,) = [
        entry for entry in entry_points(group="apache_airflow_provider") if entry.dist.name == INFO["package-name"]
    ]
    assert entry.load()() == INFO
    assert INFO["versions"] == [__version__]


def test_airflow_takes_the_metadata(airflow: Any) -> None:
    """It checks it against its schema."""
    providers = airflow("providers", "get", INFO["package-name"], "--full", "--output", "json")
    shown = json.loads(providers.stdout[providers.stdout.index("[") :])[0]
    assert shown["package-name"] == INFO["package-name"]


@pytest.mark.parametrize("room", ROOMS)
def test_every_module_with_something_to_use_is_listed_and_no_other(room: str) -> None:
    package = importlib.import_module(f"ippanel_provider.{room}")
    modules = {
        name for _, name, _ in pkgutil.iter_modules(package.__path__, f"{package.__name__}.") if uses(name, ROOMS[room])
    }
    assert listed(room) == modules


@pytest.mark.parametrize("module", sorted(all_listed()))
def test_what_is_listed_can_be_imported(module: str) -> None:
    importlib.import_module(module)


def uses(module: str, base: type) -> bool:
    """Whether the module defines what an author names in a DAG, as opposed to what several of those share."""
    if module.rpartition(".")[2] == "base":
        return False
    members = [member for member in vars(importlib.import_module(module)).values() if inspect.isclass(member)]
    return any(
        "IPPanel" in member.__name__ and member.__module__ == module and issubclass(member, base) for member in members
    )


_LIGHT = """
import json, sys, warnings
from airflow.providers.common.compat.sdk import BaseHook, BaseNotifier, BaseOperator, BaseOperatorLink
from airflow.providers.common.compat.sdk import BaseSensorOperator, DAG, task
from airflow.triggers.base import BaseTrigger
before = set(sys.modules)
import importlib
for module in json.loads(sys.argv[1]):
    importlib.import_module(module)
added = sorted(set(sys.modules) - before)
told = []
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for module, name in json.loads(sys.argv[2]):
        try:
            getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError):
            continue
        told += [f"{module}.{name}: {one.message}" for one in caught if "deprecated" in str(one.message)]
        caught.clear()
print(json.dumps([added, told]))
"""


@functools.cache
def imported() -> tuple[list[str], list[str]]:
    """What importing all that DAGs import adds in a process of its own, and what Airflow says of what is taken."""
    taken = sorted(
        {
            (node.module, alias.name)
            for file in Path(ippanel_provider.__file__).parent.rglob("*.py")
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("airflow.")
            for alias in node.names
        }
    )
    answer = subprocess.run(
        [sys.executable, "-c", _LIGHT, json.dumps(sorted(all_listed())), json.dumps(taken)],
        capture_output=True,
        text=True,
        check=True,
    )
    added, told = json.loads(answer.stdout.splitlines()[-1])
    return added, told


def test_importing_what_dags_import_is_light() -> None:
    """On top of Airflow's own imports: no HTTP, no models, nothing of the floors below but their facts."""
    added, _ = imported()
    heavy = (
        "httpx",
        "pydantic",
        "apprise",
        "sqlalchemy",
        "pandas",
        "pyarrow",
        *(
            f"ippanel_provider.{room}"
            for room in ("campaign", "client", "doctor", "results", "sandbox", "sync", "tables")
        ),
    )
    assert [name for name in added if name.startswith(heavy)] == []
    assert ippanel_provider.__name__ in {name.partition(".")[0] for name in added}


def test_nothing_that_airflow_is_about_to_remove_is_imported() -> None:
    """Also where an import waits inside a function."""
    assert imported()[1] == []


AIRFLOW = Path(airflow_package.__file__).parent


@pytest.mark.parametrize("schema", ["provider_info.schema.json", "provider.yaml.schema.json"])
def test_the_metadata_is_what_airflow_and_its_own_providers_write(schema: str) -> None:
    """The second is stricter, of connection forms from 3.2 on."""
    rules = json.loads((AIRFLOW / schema).read_text(encoding="utf-8"))
    # What only the sources of Airflow's own providers have, and ours has in pyproject.toml.
    rules["required"] = [name for name in rules.get("required", []) if name in INFO]
    rules["additionalProperties"] = True
    jsonschema.validate(INFO, rules)


def test_every_option_of_the_configuration_is_read_and_told() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in Path(ippanel_provider.__file__).parent.rglob("*.py"))
    read = {*re.findall(r'conf\.get\w*\("ippanel", "(\w+)"', source), *re.findall(r'Default\("(\w+)"', source)}
    options = INFO["config"]["ippanel"]["options"]
    assert read == set(options)
    for option in options.values():
        assert option["description"].endswith(".")
        assert option["example"] != option["default"]


def test_what_the_metadata_names_is_there() -> None:
    for path in (*INFO["cli"], *INFO["extra-links"], *INFO["notifications"]):
        module, _, name = path.rpartition(".")
        # Airflow before 3.2 takes no commands of providers.
        if module != "ippanel_provider.airflow_command" or (AIRFLOW / "cli" / "cli_config.py").is_file():
            assert callable(getattr(importlib.import_module(module), name))


KINDS = [
    kind
    for room in ("operators", "sensors", "transfers")
    for module in sorted(listed(room))
    for kind in vars(importlib.import_module(module)).values()
    if inspect.isclass(kind)
    and kind.__module__ == module
    and issubclass(kind, BaseOperator)
    and kind.__name__[0] != "_"
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_templated_fields_are_parameters_and_ids_of_connections_are_templated(kind: type) -> None:
    """What Airflow's own checks ask of its providers."""
    parameters = {
        name
        for base in kind.__mro__
        if base.__module__.startswith("ippanel_provider.") and "__init__" in vars(base)
        for name in inspect.signature(vars(base)["__init__"]).parameters
    }
    # Airflow has a method of the name dry_run.
    fields = {"dry_run" if name == "is_dry_run" else name for name in kind.template_fields}  # type: ignore[attr-defined]
    assert fields - parameters - ({"message"} if "code" in parameters else set()) == set()
    assert {name for name in parameters if name.endswith("conn_id")} - fields == set()


def test_what_is_left_out_on_some_airflow_has_a_reason() -> None:
    """``python -m tests.airflow.left_out`` tells it; here the files are only read, because running them sets Airflow up
    anew.
    """
    from tests.airflow.left_out import ROOT, WHY

    named = {
        (file.parent / name).relative_to(ROOT).as_posix()
        for file in ROOT.rglob("conftest.py")
        for name in re.findall(r'"((?:\w+/)?test_\w+\.py)"', file.read_text(encoding="utf-8"))
    }
    assert named == WHY.keys()
    assert [name for name in WHY if not (ROOT / name).is_file()] == []
