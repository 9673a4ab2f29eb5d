"""Every example parses in a fresh Airflow without a warning, and is what a newcomer may copy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[3] / "example_dags"
FILES = sorted(path.stem for path in EXAMPLES.glob("*.py"))
NEEDS_3_3 = {"example_ippanel_inbox"}
HEAVY = (
    "apprise",
    "openpyxl",
    "pandas",
    "pyarrow",
    "ippanel_provider.client",
    "ippanel_provider.campaign",
    "ippanel_provider.sync",
)

_PARSE = """
import json, sys
try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:
    from airflow.models.dagbag import DagBag
from airflow.providers.common.compat.sdk import BaseOperator, DAG, task
before = set(sys.modules)
told = {}
for path in sys.argv[2:]:
    bag = DagBag(path)
    told[path] = {
        "errors": list(bag.import_errors.values()),
        "warnings": [str(warning) for warnings in bag.captured_warnings.values() for warning in warnings],
        "loaded": sorted(set(sys.modules) - before),
        "dags": {
            dag_id: {
                "tags": sorted(dag.tags), "doc": dag.doc_md, "catchup": dag.catchup,
                "default_args": sorted(dag.default_args),
                "owners": sorted({task.owner for task in dag.tasks}), "tasks": len(dag.tasks),
            }
            for dag_id, dag in bag.dags.items()
        },
    }
    before = set(sys.modules)
open(sys.argv[1], "w").write(json.dumps(told))
"""


@pytest.fixture(scope="module")
def parsed(metadata_database: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What a process with nothing else in it says of each file."""
    told = tmp_path_factory.mktemp("parsed") / "told.json"
    files = [str(EXAMPLES / f"{name}.py") for name in FILES]
    ended = subprocess.run(
        [sys.executable, "-W", "default", "-c", _PARSE, str(told), *files],
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return {Path(path).stem: said for path, said in json.loads(told.read_text()).items()}


def is_airflow_3_3() -> bool:
    """Whether this Airflow keeps cursors of assets."""
    from airflow import __version__

    return tuple(map(int, __version__.split(".")[:2])) >= (3, 3)


def test_there_are_examples() -> None:
    assert len(FILES) >= 12


@pytest.mark.parametrize("name", FILES)
def test_it_parses_quietly_and_quickly(parsed: dict[str, dict[str, Any]], name: str) -> None:
    said = parsed[name]
    assert said["errors"] == []
    # On Airflow 3.1 the package of Airflow's that bridges its versions warns of what it itself imports.
    assert [warning for warning in said["warnings"] if "/providers/common/compat/" not in warning] == []
    assert [module for module in said["loaded"] if module in HEAVY] == []


@pytest.mark.parametrize("name", FILES)
def test_it_is_one_dag_that_says_what_it_is(parsed: dict[str, dict[str, Any]], name: str) -> None:
    dags = parsed[name]["dags"]
    if name in NEEDS_3_3 and not is_airflow_3_3():
        assert dags == {}
        return
    assert list(dags) == [name]
    dag = dags[name]
    assert {"example", "ippanel"} <= set(dag["tags"])
    assert len(dag["doc"]) > 100
    assert dag["tasks"]
    assert not dag["catchup"]
    assert "owner" not in dag["default_args"]
    assert dag["owners"] == ["airflow"]


@pytest.mark.parametrize("name", FILES)
def test_what_pages_include_is_marked_from_start_to_end(name: str) -> None:
    text = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    marks = [line.strip() for line in text.splitlines() if "[start:" in line.lower() or "[start " in line.lower()]
    assert marks
    for mark in marks:
        assert text.count(mark) == 1
        assert text.count(mark.replace("start", "end").replace("START", "END")) == 1
