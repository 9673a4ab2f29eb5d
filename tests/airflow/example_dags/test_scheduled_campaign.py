"""The example of a campaign that a person lets go, or takes back before its time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from ippanel_provider.sandbox.runner import RunningSandbox

CUSTOMERS = [("آرش", "09120000001"), ("بهار", "۰۹۱۲ ۰۰۰ ۰۰ ۰۲"), ("پویا", "ندارد")]
TEXTS = [
    ("+989120000001", "آرش عزیز، جشنوارهٔ کفش آبان آغاز شد.\nفروشگاه آبان\nلغو11"),
    ("+989120000002", "بهار عزیز، جشنوارهٔ کفش آبان آغاز شد.\nفروشگاه آبان\nلغو11"),
]


@pytest.fixture
def dag(example: Callable[[str], Any], warehouse: Callable[..., None]) -> Any:
    """The DAG, with customers in the warehouse."""
    warehouse("CREATE TABLE customers (name, mobile)")
    warehouse("INSERT INTO customers VALUES (?, ?)", CUSTOMERS)
    return example("scheduled_campaign")


def test_it_goes_out_at_its_time_after_a_yes(
    sandbox: RunningSandbox,
    dag: Any,
    run_dag: Callable[..., Any],
    person: Callable[..., Any],
    received: Callable[[], Any],
) -> None:
    before_the_answer: list[tuple[str, str]] = []

    def until_its_time() -> None:
        before_the_answer.extend(received())
        sandbox.advance(timedelta(minutes=50).total_seconds())
        sandbox.settle()

    with person(yes=True, option="Let it go", meanwhile=until_its_time):
        run = run_dag(dag)
    assert run.state == "success", run.log
    assert run.states == {"hand_in": "success", "approve": "success", "wait_until_sent": "success", "undo": "skipped"}
    assert before_the_answer == []
    assert received() == TEXTS
    ahead = {text["send_time"] - text["time"] for text in sandbox.messages()}
    assert all(
        timedelta(minutes=44).total_seconds() < seconds < timedelta(minutes=47).total_seconds() for seconds in ahead
    )


def test_after_a_no_it_is_taken_back(
    sandbox: RunningSandbox,
    dag: Any,
    run_dag: Callable[..., Any],
    person: Callable[..., Any],
    received: Callable[[], Any],
) -> None:
    with person(yes=False, option="Take it back"):
        run = run_dag(dag)
    assert run.states["undo"] == "success", run.log
    assert run.states["wait_until_sent"] in {"skipped", "upstream_failed"}
    assert run.results["undo"] == run.results["hand_in"]["outbox_ids"]
    sandbox.advance(timedelta(hours=2).total_seconds())
    assert received() == []
    assert {text["state_id"] for text in sandbox.messages()} == {7}


def test_when_asking_breaks_it_is_taken_back(
    sandbox: RunningSandbox, dag: Any, run_dag: Callable[..., Any], received: Callable[[], Any]
) -> None:
    broken = dag.get_task("approve")
    if hasattr(broken, "subject"):
        broken.subject = "{{ 1 / 0 }}"
    else:
        broken.mode, broken.poke_interval, broken.timeout = "poke", 0.1, 0.1
    run = run_dag(dag)
    assert (run.states["approve"], run.states["undo"]) == ("failed", "success"), run.log
    sandbox.advance(timedelta(hours=2).total_seconds())
    assert received() == []


def test_without_an_answer_it_is_taken_back(dag: Any) -> None:
    """What Airflow does when the time is up; it is over before the service lets nothing be taken back any more."""
    approve = dag.get_task("approve")
    time_to_answer = getattr(approve, "response_timeout", None) or timedelta(seconds=approve.timeout)
    assert time_to_answer < timedelta(minutes=40)
    if hasattr(approve, "response_timeout"):
        assert approve.defaults == ["Take it back"]
    else:
        # A sensor whose time is up has failed.
        assert not approve.soft_fail
        assert dag.get_task("undo").trigger_rule == "one_failed"
