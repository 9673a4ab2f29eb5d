"""What Airflow is told of is what the run of leaks lets work."""

from __future__ import annotations

from collections import defaultdict

import pytest

pytest.importorskip("airflow", reason="Airflow is not installed")

from tests.leaks.kinds import kinds_of_tasks
from tests.leaks.witness import classes


def test_every_kind_of_task_has_something_to_do() -> None:
    # It raises where one is missing.
    assert len(kinds_of_tasks(defaultdict(str))) >= 25


def test_everything_that_airflow_is_told_of_is_watched() -> None:
    assert {what: len(kinds) for what, kinds in classes().items() if not kinds} == {}
