"""A table divided into parts, and the example campaign that maps over them."""

from __future__ import annotations

import csv
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.transfers.partitions import bounds, plan_partitions

EXAMPLE = Path(__file__).parents[3] / "example_dags" / "example_ippanel_mapped_campaign.py"


@drawn(st.sets(st.integers()), st.integers(1, 20))
def test_every_key_is_in_exactly_one_part_and_all_but_the_last_are_full(keys: set[int], size: int) -> None:
    parts = [[key for key in sorted(keys) if first <= key <= last] for first, last in bounds(sorted(keys), size)]
    assert [key for part in parts for key in part] == sorted(keys)
    assert all(len(part) == size for part in parts[:-1])
    assert all(0 < len(part) <= size for part in parts)


@pytest.mark.parametrize("keys", [[1, 2, 2], [2, 1], [1, None], ["a", "a"]])
def test_keys_that_would_lose_a_row_or_take_it_twice_are_refused(keys: list[Any]) -> None:
    with pytest.raises(ValueError, match="unique, not NULL, and in order"):
        list(bounds(keys, 10))


def test_the_plan_comes_from_a_query(fill: Callable[..., Path]) -> None:
    fill("customers", ("id", "mobile"), [(n * 10, "x") for n in range(7)])
    query = "SELECT id FROM customers WHERE id >= ? ORDER BY id"
    assert plan_partitions(query, "warehouse", size=3, parameters=[10]) == [
        {"first": 10, "last": 30},
        {"first": 40, "last": 60},
    ]
    assert plan_partitions(query, "warehouse", parameters=[100]) == []
    with pytest.raises(ValueError, match="size: 0 is no number of rows"):
        plan_partitions(query, "warehouse", size=0)


def test_the_example_reaches_everybody_once_whatever_part_they_are_in(
    sandbox: RunningSandbox, run_dag: Any, fill: Callable[..., Path], tmp_path: Path
) -> None:
    customers = [
        (1, "آرش", "09120000001"), (2, "بهار", "09120000002"), (3, "پویا", "0912"),
        (4, "آرش", "۰۹۱۲۰۰۰۰۰۰۱"), (5, "دریا", "09120000005"), (6, "رضا", "09120000006"),
        (7, "زهرا", "09120000007"),
    ]  # fmt: skip
    fill("customers", ("id INTEGER PRIMARY KEY", "name TEXT", "mobile TEXT"), customers)
    fill("do_not_text", ("mobile TEXT",), [("+98 912 000 0006",)])
    sandbox.inbox("+989120000007", "لغو")
    run = run_dag(example(), rows_per_task=3, rejects_folder=str(tmp_path / "rejects"))

    assert run.state == "success"
    assert sorted(text["recipient"] for text in sandbox.messages()) == [
        "+989120000001",
        "+989120000002",
        "+989120000005",
    ]
    # Which part reaches the customer of two depends on which comes first.
    assert [part["accepted"] for part in run.results["send"]] in ([2, 1, 0], [1, 2, 0])
    assert all(len(part["outbox_ids"]) == part["accepted"] for part in run.results["send"])
    total = run.results["total"]
    assert {name: total[name] for name in ("tasks", "rows", "accepted", "suppressed", "rejected")} == {
        "tasks": 3, "rows": 7, "accepted": 3, "suppressed": 2, "rejected": 1,
    }  # fmt: skip
    files = sorted((tmp_path / "rejects").rglob("*.csv"))
    assert [file.name for file in files] == ["0.csv", "1.csv", "2.csv"]
    assert [[row["line"] for row in csv.DictReader(file.open(encoding="utf-8"))] for file in files] == [
        ["3"],
        ["3"],
        ["1"],
    ]
    assert "912000000" not in f"{run.log}{run.results}{run.rendered}"


def example() -> Any:
    specification = importlib.util.spec_from_file_location("example_ippanel_mapped_campaign", EXAMPLE)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module.send.dag
