"""The examples of plan and apply: what a person says between the two counts, and both run to their end."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from ippanel_provider.client import Client, Settings, edge
from ippanel_provider.sandbox.runner import RunningSandbox

HUMANS = importlib.util.find_spec("airflow.models.hitl") is not None
"""Before Airflow 3.1 nobody is asked, and every plan is applied."""


@pytest.fixture
def panel(sandbox: RunningSandbox) -> Iterator[Client]:
    """Who looks into the panel."""
    with Client(sandbox.api_key, Settings(base_url=sandbox.base_url)) as client:
        yield client


@pytest.fixture
def yes(person: Callable[..., Any]) -> Callable[[], Any]:
    """Somebody who approves, where anybody is asked."""
    return lambda: person(yes=True, option="Approve") if HUMANS else nullcontext()


@pytest.fixture
def no(person: Callable[..., Any]) -> Callable[[], Any]:
    """Somebody who does not."""
    return lambda: person(yes=False, option="Reject")


@contextmanager
def reviewer(sandbox: RunningSandbox, panel: Client) -> Iterator[None]:
    """The person at the service, who approves whatever pattern is handed in."""
    ended = threading.Event()

    def review() -> None:
        while not ended.wait(0.1):
            for pattern in panel.walk(edge.pattern.list()):
                if pattern.status == "pending":
                    sandbox.approve(pattern.code)

    thread = threading.Thread(target=review)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@pytest.fixture
def patterns(tmp_path: Path) -> dict[str, str]:
    """A folder with one pattern, as the DAG's params."""
    (tmp_path / "patterns").mkdir()
    (tmp_path / "patterns" / "otp.yaml").write_text("message: 'کد شما: %code%'\nvariables: {code: integer}")
    return {"folder": str(tmp_path / "patterns"), "shared": str(tmp_path)}


def test_patterns_as_code(
    sandbox: RunningSandbox,
    example: Callable[[str], Any],
    run_dag: Callable[..., Any],
    patterns: dict[str, str],
    panel: Client,
    yes: Callable[[], Any],
) -> None:
    dag = example("patterns_as_code")
    dag.get_task("apply").poke_interval = 0.2
    with yes(), reviewer(sandbox, panel):
        run = run_dag(dag, undated=True, **patterns)
    assert run.state == "success", run.log
    (pattern,) = panel.walk(edge.pattern.list())
    assert (pattern.message, pattern.status) == ("کد شما: %code%", "active")
    assert run.results["apply"]["codes"] == {"otp": pattern.code}
    again = run_dag(dag, **patterns)
    assert {again.states.pop("approve", "skipped"), *again.states.items()} == {
        "skipped", ("plan", "success"), ("something_to_do", "skipped"), ("apply", "skipped"),
    }  # fmt: skip


@pytest.fixture
def customers(warehouse: Callable[..., None]) -> Callable[..., None]:
    """Twenty customers in the warehouse, and a hand to change them."""
    warehouse("CREATE TABLE customers (name, mobile, points)")
    warehouse("INSERT INTO customers VALUES (?, ?, ?)", [(f"مشتری {n}", f"0912{n:07d}", n) for n in range(20)])
    return warehouse


def test_the_mirror(
    sandbox: RunningSandbox,
    example: Callable[[str], Any],
    run_dag: Callable[..., Any],
    customers: Callable[..., None],
    yes: Callable[[], Any],
    tmp_path: Path,
    panel: Client,
) -> None:
    dag = example("phonebook_mirror")
    with yes():
        run = run_dag(dag, undated=True, shared=str(tmp_path))
    assert run.state == "success", run.log
    assert run.results["apply"]["outcome"]["created"] == 20
    customers("DELETE FROM customers WHERE points < 1")
    customers("UPDATE customers SET points = 100 WHERE points = 5")
    with yes():
        run = run_dag(dag, shared=str(tmp_path))
    outcome = run.results["apply"]["outcome"]
    assert (outcome["deleted"], outcome["updated"], outcome["unchanged"]) == (1, 1, 18)
    assert len(list(panel.walk(edge.phonebook.list_contacts()))) == 19
    customers("DELETE FROM customers WHERE points < 10")
    run = run_dag(dag, shared=str(tmp_path))
    assert run.state == "failed"
    assert (run.states["plan"], run.states["apply"]) == ("failed", "upstream_failed")


if HUMANS:

    def test_patterns_that_were_refused_are_not_handed_in(
        example: Callable[[str], Any],
        run_dag: Callable[..., Any],
        patterns: dict[str, str],
        panel: Client,
        no: Callable[[], Any],
    ) -> None:
        with no():
            run = run_dag(example("patterns_as_code"), **patterns)
        assert (run.states["approve"], run.states["apply"]) == ("success", "skipped"), run.log
        assert list(panel.walk(edge.pattern.list())) == []

    def test_a_mirror_that_was_refused_changes_nothing(
        example: Callable[[str], Any],
        run_dag: Callable[..., Any],
        customers: Callable[..., None],
        panel: Client,
        no: Callable[[], Any],
        tmp_path: Path,
    ) -> None:
        with no():
            run = run_dag(example("phonebook_mirror"), shared=str(tmp_path))
        assert (run.states["approve"], run.states["apply"]) == ("success", "skipped"), run.log
        assert list(panel.walk(edge.phonebook.list_contacts())) == []
