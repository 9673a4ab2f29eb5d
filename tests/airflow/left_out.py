"""What of the Airflow tests is left out on the Airflow of this environment, how many tests that are, and why.

``python -m tests.airflow.left_out`` from the top of the project.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).parent
WHY = {
    "hooks/test_form_of_airflow_2.py": "forms are made of the hook on 2.11 only; from 3.2 on of the metadata",
    "test_retry.py": "retry policies came with 3.3",
    "operators/test_asking.py": "people are asked since 3.1",
    "test_command.py": "commands of any provider came with 3.2",
    "test_lineage.py": "the provider of OpenLineage is not installed",
    "example_dags/test_inbox.py": "cursors of assets came with 3.3; the example's file is parsed",
    "example_dags/test_scheduled_campaign.py": "a test run of 3.1 and 3.2 cannot wait for people; the stack runs it",
    "example_dags/test_sync.py": "a test run of 3.1 and 3.2 cannot wait for people; the stack runs it",
    "notifications/test_airflow_3.py": "the trigger that runs callbacks of deadlines came with 3.2",
    "triggers/test_inbox_event.py": "shared streams came with 3.3",
    "triggers/test_kill.py": "a trigger hears of a person's end since 3.3",
}


def left_out() -> list[str]:
    """Return the files that are not collected here, as the ``conftest.py`` of each folder says."""
    found = []
    for file in sorted(ROOT.rglob("conftest.py")):
        spec = importlib.util.spec_from_file_location("conftest_of_" + file.parent.name, file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        # Where a dataclass looks for its module.
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        found += [(file.parent / name).relative_to(ROOT).as_posix() for name in getattr(module, "collect_ignore", [])]
    return found


def count(name: str) -> int:
    """Return how many test functions a file has; what they are parametrised with is not counted."""
    tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
    return sum(isinstance(node, ast.FunctionDef) and node.name.startswith("test_") for node in ast.walk(tree))


def main() -> None:
    """Print a line for each file, and the sum."""
    names = left_out()
    from airflow import __version__

    for name in names:
        print(f"{count(name):4} tests  {name:42} {WHY[name]}")
    print(f"{sum(map(count, names)):4} tests in {len(names)} files are left out on Airflow {__version__}")


if __name__ == "__main__":
    main()
