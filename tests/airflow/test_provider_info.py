"""What the package tells Airflow about itself, and what it costs to be listened to."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import subprocess
import sys
from importlib.metadata import entry_points
from typing import Any

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
import json, sys
from airflow.providers.common.compat.sdk import BaseHook, BaseNotifier, BaseOperator, BaseOperatorLink
from airflow.providers.common.compat.sdk import BaseSensorOperator, DAG, task
from airflow.triggers.base import BaseTrigger
before = set(sys.modules)
import importlib
for module in json.loads(sys.argv[1]):
    importlib.import_module(module)
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_importing_what_dags_import_is_light() -> None:
    """On top of Airflow's own imports: no HTTP, no models, nothing of the floors below but their facts."""
    answer = subprocess.run(
        [sys.executable, "-c", _LIGHT, json.dumps(sorted(all_listed()))], capture_output=True, text=True, check=True
    )
    added = json.loads(answer.stdout.splitlines()[-1])
    heavy = (
        "httpx",
        "pydantic",
        "apprise",
        "sqlalchemy",
        "pandas",
        "pyarrow",
        *(f"ippanel_provider.{room}" for room in ("client", "delivery", "sync")),
    )
    assert [name for name in added if name.startswith(heavy)] == []
    assert ippanel_provider.__name__ in {name.partition(".")[0] for name in added}
