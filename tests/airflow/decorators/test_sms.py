"""``@task.ippanel_sms``: what a function may return, and what becomes of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import task

from ippanel_provider.sandbox.runner import RunningSandbox

ANA, BEN = "+989120000001", "+989120000002"


def sent(sandbox: RunningSandbox) -> list[tuple[str, str]]:
    return [(message["recipient"], message["text"]) for message in sandbox.messages()]


def test_a_text_goes_to_the_recipients_of_the_decorator(
    sandbox: RunningSandbox, new_dag: Callable[..., Any], run_dag: Callable[..., Any]
) -> None:
    with new_dag() as dag:

        @task.ippanel_sms(recipients=["0912 000 0001", "09120000002"])
        def tell(name: str, run_id: str) -> str:
            return f"سلام {name}, {len(run_id) > 0}"

        tell("همه")
    run = run_dag(dag)
    assert sent(sandbox) == [(ANA, "سلام همه, True"), (BEN, "سلام همه, True")]
    assert run.results["tell"]["accepted"] == 2
    assert "9120000001" not in json.dumps([run.results, run.rendered]) + run.log


@pytest.mark.parametrize(
    "rows",
    [
        [(ANA, "one"), (BEN, "two")],
        [{"recipient": ANA, "message": "one"}, {"recipient": BEN, "message": "two"}],
    ],
    ids=["pairs", "mappings"],
)
def test_rows_name_their_recipients(
    sandbox: RunningSandbox, new_dag: Callable[..., Any], run_dag: Callable[..., Any], rows: list[Any]
) -> None:
    with new_dag() as dag:

        @task
        def names() -> list[str]:
            return ["a", "b"]

        @task.ippanel_sms
        def tell(given: list[str]) -> Iterator[Any]:
            assert given == ["a", "b"]
            yield from rows

        tell(names())
    run = run_dag(dag)
    assert run.state == "success"
    assert sent(sandbox) == [(ANA, "one"), (BEN, "two")]


@pytest.mark.parametrize(
    ("options", "returned", "said"),
    [
        ({}, "a text", "names nobody to send it to"),
        ({"recipients": [ANA]}, [(BEN, "two")], "rows, which name their recipients"),
        ({"recipients": [ANA]}, 7, "returned a int; return a text, or rows"),
        ({}, {ANA: "one"}, "returned a dict; return a text, or rows"),
    ],
)
def test_what_it_cannot_send_is_named(
    sandbox: RunningSandbox,
    new_dag: Callable[..., Any],
    run_dag: Callable[..., Any],
    options: dict[str, Any],
    returned: Any,
    said: str,
) -> None:
    with new_dag() as dag:

        @task.ippanel_sms(**options)
        def tell() -> Any:
            return returned

        tell()
    run = run_dag(dag)
    assert run.states == {"tell": "failed"}
    assert said in run.log
    assert sent(sandbox) == []


def test_texts_given_to_the_decorator_are_refused_when_the_dag_is_read(new_dag: Callable[..., Any]) -> None:
    @task.ippanel_sms(message="fixed", recipients=[ANA])
    def tell() -> str:
        return "another"

    with new_dag(), pytest.raises(ValueError, match="the function returns them"):
        tell()
