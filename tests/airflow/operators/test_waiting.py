"""Sends to many that wait until their texts are out: what they return, what fails them, and that nobody gets a text
twice.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred, task

from ippanel_provider.client import edge
from ippanel_provider.exceptions import BulksFailed, TooFewDelivered, WaitFailed
from ippanel_provider.hooks.ippanel import IPPanelHook
from ippanel_provider.operators.pattern import IPPanelSendPatternOperator
from ippanel_provider.operators.send import IPPanelSendOperator
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.transfers.file_to_ippanel import FileToIPPanelOperator
from ippanel_provider.transfers.sql_to_ippanel import SqlToIPPanelOperator

PEOPLE = [f"+98912000000{n}" for n in range(1, 6)]
MODES = [False, True]
MODE_NAMES = ["on the worker", "deferred"]
NEVER_FINAL = "+989000000100"

Sender = Callable[..., Any]


def shared_text(**fields: Any) -> Any:
    return IPPanelSendOperator(message="سلام", recipients=[*PEOPLE, "0912", PEOPLE[0]], **fields)


def own_texts(**fields: Any) -> Any:
    return IPPanelSendOperator(
        messages=[*((number, f"سلام {number[-1]}") for number in PEOPLE), ("0912", "x")], **fields
    )


def decorated(**fields: Any) -> Any:
    @task.ippanel_sms(**fields)
    def tell() -> list[tuple[str, str]]:
        return [*((number, f"سلام {number[-1]}") for number in PEOPLE), ("0912", "x")]

    return tell()


@pytest.fixture
def sender(
    request: pytest.FixtureRequest, sandbox: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Sender:
    """Make the task of the kind the test is for: five people get a text each, and one row is rejected."""
    sandbox.account(duplicate_guard=0)
    rows = [(number, number[-1]) for number in PEOPLE] + [("0912", "x")]

    def sql(**fields: Any) -> Any:
        with closing(sqlite3.connect(tmp_path / "w.sqlite")) as database, database:
            database.execute("CREATE TABLE people (mobile TEXT, name TEXT)")
            database.executemany("INSERT INTO people VALUES (?, ?)", rows)
        monkeypatch.setenv(
            "AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "w.sqlite")})
        )
        query = {"sql": "SELECT * FROM people", "sql_conn_id": "warehouse"}
        return SqlToIPPanelOperator(**query, recipient_column="mobile", row_message="سلام {{ name }}", **fields)

    def file(**fields: Any) -> Any:
        (tmp_path / "people.csv").write_text("mobile,name\n" + "".join(f"{number},{name}\n" for number, name in rows))
        return FileToIPPanelOperator(
            path=str(tmp_path / "people.csv"), recipient_column="mobile", row_message="سلام {{ name }}", **fields
        )

    def pattern(**fields: Any) -> Any:
        code = (
            IPPanelHook()
            .run(edge.pattern.create("سلام %name%", description="greeting", variables={"name": "string"}))
            .code
        )
        sandbox.approve(code)
        return IPPanelSendPatternOperator(
            code=code, messages=[(number, {"name": name}) for number, name in rows], **fields
        )

    kinds = {
        "shared": shared_text,
        "own": own_texts,
        "decorated": decorated,
        "sql": sql,
        "file": file,
        "pattern": pattern,
    }
    return kinds[getattr(request, "param", "own")]


WAITS: dict[str, Any] = {
    "task_id": "send",
    "wait_for_completion": True,
    "poke_interval": 0.05,
    "timeout": 20,
    "settle": 1,
}


@pytest.mark.parametrize("deferrable", MODES, ids=MODE_NAMES)
@pytest.mark.parametrize("sender", ["shared", "own", "decorated", "sql", "file", "pattern"], indirect=True)
def test_the_result_is_that_of_a_task_that_does_not_wait_and_comes_when_all_is_sent(
    sandbox: RunningSandbox, sender: Sender, new_dag: Any, run_dag: Any, deferrable: bool
) -> None:
    sandbox.speed(20)
    with new_dag() as dag:
        sender(**WAITS, deferrable=deferrable)
    run = run_dag(dag)
    sandbox.speed(1)
    assert run.state == "success", run.log
    assert {text["state_id"] for text in sandbox.messages()} == {6}
    assert sorted(text["recipient"] for text in sandbox.messages()) == PEOPLE
    result = run.results["send"] if "send" in run.results else run.results["tell"]
    assert result.keys() == {
        *("outbox_ids", "rows", "accepted", "merged", "skipped", "suppressed", "rejected", "rejects", "parts", "cost"),
    }
    assert result["outbox_ids"] == sorted({text["outbox_id"] for text in sandbox.messages()})
    counted = {name: result[name] for name in ("accepted", "skipped", "suppressed", "rejected", "parts")}
    assert counted == {"accepted": 5, "skipped": 0, "suppressed": 0, "rejected": 1, "parts": 5}
    assert [reject.keys() for reject in result["rejects"]] == [{"line", "reason"}]
    assert "912000000" not in f"{run.log}{run.results}{run.rendered}"


def test_what_is_left_with_the_trigger_is_ids_and_counts(
    sandbox: RunningSandbox, sender: Sender, new_dag: Any, run_dag: Any
) -> None:
    """What a trigger and its event hold lies in the database, and in the triggerer's log."""
    sandbox.speed(0)
    with new_dag() as dag:
        sender(**(WAITS | {"timeout": 0.1}), deferrable=True, retries=0)
    run = run_dag(dag)
    sandbox.speed(1)
    assert run.state == "failed"
    assert "the time is up and 5 of 5 bulks are not final" in run.log
    assert "912000000" not in run.log


@pytest.mark.parametrize("deferrable", MODES, ids=MODE_NAMES)
@pytest.mark.parametrize("sender", ["shared", "own", "pattern"], indirect=True)
def test_a_retry_after_the_time_was_up_waits_on_and_sends_to_nobody_again(
    sandbox: RunningSandbox, sender: Sender, new_dag: Any, run_dag: Any, deferrable: bool
) -> None:
    sandbox.speed(0)
    retried: list[bool] = []

    def hurry(_: Any) -> None:
        retried.append(True)
        sandbox.speed(50)

    with new_dag() as dag:
        sender(
            **(WAITS | {"timeout": 0.2}),
            deferrable=deferrable,
            retries=8,
            retry_delay=timedelta(0),
            on_retry_callback=hurry,
        )
    run = run_dag(dag)
    sandbox.speed(1)
    assert run.state == "success", run.log
    assert retried
    assert sandbox.counts()["duplicates"] == 0
    assert sorted(text["recipient"] for text in sandbox.messages()) == PEOPLE
    assert run.results["send"]["outbox_ids"] == sorted({text["outbox_id"] for text in sandbox.messages()})
    assert run.results["send"]["accepted"] == 5


@pytest.mark.parametrize("deferrable", MODES, ids=MODE_NAMES)
def test_a_bulk_that_ends_badly_fails_it_and_is_not_tried_again(
    sandbox: RunningSandbox, sender: Sender, new_dag: Any, run_dag: Any, deferrable: bool
) -> None:
    sandbox.account(credit=0.0)
    sandbox.speed(20)
    with new_dag() as dag:
        sender(**WAITS, deferrable=deferrable, check_credit=False, retries=2, retry_delay=timedelta(0))
    run = run_dag(dag)
    sandbox.speed(1)
    assert run.state == "failed"
    assert "insufficient credit" in run.log
    assert sandbox.stats()["requests"]["POST /api/send"] == 1


@pytest.mark.parametrize("deferrable", MODES, ids=MODE_NAMES)
def test_as_many_have_to_be_delivered_to_as_the_author_says(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any, deferrable: bool
) -> None:
    sandbox.speed(50)
    with new_dag() as dag:
        IPPanelSendOperator(
            **WAITS, message="سلام", recipients=[*PEOPLE, NEVER_FINAL], min_delivered=0.8, deferrable=deferrable
        )
    run = run_dag(dag)
    sandbox.speed(1)
    assert run.state == "success", run.log
    assert {name: run.results["send"][name] for name in ("accepted", "delivered", "pending", "lost")} == {
        "accepted": 6, "delivered": 5, "pending": 1, "lost": 0,
    }  # fmt: skip


def test_a_look_that_finds_the_service_out_of_reach_is_none(
    sandbox: RunningSandbox, sender: Sender, new_dag: Any, run_dag: Any
) -> None:
    sandbox.fault("status", path="/api/report/", status=503, times=3)
    sandbox.speed(20)
    with new_dag() as dag:
        sender(**WAITS)
    run = run_dag(dag)
    sandbox.speed(1)
    assert run.state == "success", run.log


def test_nothing_to_wait_for_is_no_wait(sandbox: RunningSandbox, new_dag: Any, run_dag: Any) -> None:
    with new_dag() as dag:
        IPPanelSendOperator(**WAITS, message="سلام", recipients=[], allow_empty=True)
        IPPanelSendOperator(**(WAITS | {"task_id": "dry"}), message="سلام", recipients=PEOPLE, dry_run=True)
    run = run_dag(dag)
    assert run.state == "success", run.log
    assert (run.results["send"]["outbox_ids"], run.results["dry"]["outbox_ids"]) == ([], [])


class TestWithoutADag:
    """What the trigger is given, and what becomes of its events."""

    SUMMARY = {"outbox_ids": [7, 8], "accepted": 2, "rejects": []}  # noqa: RUF012 - never changed

    def waiting(self, **fields: Any) -> IPPanelSendOperator:
        return IPPanelSendOperator(**(WAITS | {"deferrable": True} | fields), message="سلام", recipients=PEOPLE)

    def test_the_trigger_has_what_the_sensors_has_and_the_summary(self, sandbox: RunningSandbox) -> None:
        with pytest.raises(TaskDeferred) as deferred:
            self.waiting(fail_on=["rejected"], min_delivered=0.5, poke_interval=7).completed({}, self.SUMMARY)
        kwargs = deferred.value.trigger.serialize()[1]
        assert kwargs.pop("deadline") > 0
        assert kwargs == {
            "outbox_ids": [7, 8],
            "fail_on": [3],
            "min_delivered": 0.5,
            "ippanel_conn_id": "ippanel_default",
            "poll_interval": 7,
            "carried": {"accepted": 2, "rejects": []},
        }

    def test_a_good_event_gives_the_summary_back(self) -> None:
        event = {"status": "final", "states": {"8": 6, "7": 6}, "carried": {"accepted": 2, "rejects": []}}
        assert self.waiting().execute_complete({}, event) == self.SUMMARY

    @pytest.mark.parametrize(
        ("event", "error", "said"),
        [
            ({"status": "final", "states": {"7": 8}, "carried": {}}, BulksFailed, "insufficient credit: 7"),
            (
                {"status": "final", "states": {"7": 6}, "delivery": [1, 0, 9], "carried": {}},
                TooFewDelivered,
                "1 of 10 recipients",
            ),
            ({"status": "timeout", "message": "the time is up", "carried": {}}, WaitFailed, "the time is up"),
            ({}, WaitFailed, "the trigger ended without a word"),
        ],
    )
    def test_any_other_event_fails_it(self, event: dict[str, Any], error: type[Exception], said: str) -> None:
        with pytest.raises(error, match=said):
            self.waiting(min_delivered=0.5).execute_complete({}, event)

    def test_a_state_that_may_be_is_reported(self) -> None:
        event = {"status": "final", "states": {"7": 6, "8": 7}, "carried": {}}
        assert self.waiting(fail_on=["rejected"]).execute_complete({}, event)["states"] == {"sent": 1, "cancelled": 1}

    @pytest.mark.parametrize("options", [{"fail_on": ["lost"]}, {"min_delivered": 2}])
    def test_mistakes_are_named_when_the_dag_is_read(self, options: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match=next(iter(options))):
            self.waiting(**options)
