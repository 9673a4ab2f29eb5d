"""``on_unconfirmed="ask"``: a person decides under Required Actions, and the task goes on from there."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred
from airflow.sdk import exceptions
from airflow.sdk.execution_time import hitl
from pydantic import JsonValue, TypeAdapter

from ippanel_provider.exceptions import SendInDoubt
from ippanel_provider.operators.asking import take_down
from ippanel_provider.operators.phonebook import IPPanelSendPhonebookOperator
from ippanel_provider.operators.send import IPPanelSendOperator
from ippanel_provider.sandbox.runner import RunningSandbox

# Since 3.3 a question waits without a trigger.
WAITING = getattr(exceptions, "TaskAwaitingInput", TaskDeferred)
PEOPLE = ["+989120000001", "+989120000002"]


class Shelf(dict[str, Any]):
    """A task state store."""

    def set(self, key: str, value: Any, **_: Any) -> None:
        # Airflow takes nothing that only looks like JSON.
        self[key] = TypeAdapter(JsonValue).validate_python(value)


@pytest.fixture
def context() -> dict[str, Any]:
    ti = SimpleNamespace(
        id=uuid4(), dag_id="d", task_id="send", run_id="r", map_index=-1, try_number=1, max_tries=0,
        xcom_push=lambda **_: None,
    )  # fmt: skip
    return {"ti": ti, "dag_run": SimpleNamespace(start_date=None), "task_state_store": Shelf()}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The questions that reach Airflow."""
    questions: list[dict[str, Any]] = []
    monkeypatch.setattr(hitl, "upsert_hitl_detail", lambda **question: questions.append(question))
    return questions


@pytest.fixture(params=["many", "one request"])
def sending(request: pytest.FixtureRequest, sandbox: RunningSandbox) -> Any:
    """A task whose request arrives nowhere and is not answered, on a panel whose list stands still."""
    book = sandbox.add_phonebook("all", [{"number": number} for number in PEOPLE])["id"]
    sandbox.account(duplicate_guard=0)
    sandbox.fault("status", path="^/v1/api/send$", status=504, times=1)
    sandbox.fault("outbox_lag", path="/api/report/new_list", seconds=3600)
    common = {"task_id": "send", "message": "سلام", "settle": 0.1, "on_unconfirmed": "ask"}
    if request.param == "many":
        return IPPanelSendOperator(**common, recipients=PEOPLE)
    return IPPanelSendPhonebookOperator(**common, books=book)


def reached(sandbox: RunningSandbox) -> list[str]:
    """Who gets a text; what was sent on trial has been taken back."""
    cancelled = 7
    return sorted(text["recipient"] for text in sandbox.messages() if text["state_id"] != cancelled)


def answer(word: str) -> dict[str, Any]:
    return {"chosen_options": [word], "params_input": {}, "responded_by_user": {"id": "1", "name": "maryam"}}


def test_the_worker_is_left_with_a_question_that_names_nobody(
    sandbox: RunningSandbox, sending: Any, context: Any, asked: list[dict[str, Any]]
) -> None:
    with pytest.raises(WAITING) as waiting:
        sending.execute(context)
    assert waiting.value.method_name == "execute_decided"
    [question] = asked
    assert question["options"] == ["Look again", "Send again", "Treat as sent"]
    assert question["params"] == {}
    assert "912" not in str(question)


@pytest.mark.parametrize(("word", "people"), [("Send again", PEOPLE), ("Treat as sent", [])])
def test_the_task_goes_on_as_was_answered(
    sandbox: RunningSandbox, sending: Any, context: Any, asked: list[dict[str, Any]], word: str, people: list[str]
) -> None:
    with pytest.raises(WAITING):
        sending.execute(context)
    result = sending.resume_execution("execute_decided", {"event": answer(word)}, context)
    assert reached(sandbox) == people
    assert result["outbox_ids"] or not people
    assert len(asked) == 1


def test_looking_again_asks_again_where_nothing_shows(
    sandbox: RunningSandbox, sending: Any, context: Any, asked: list[dict[str, Any]]
) -> None:
    with pytest.raises(WAITING):
        sending.execute(context)
    with pytest.raises(WAITING):
        sending.resume_execution("execute_decided", {"event": answer("Look again")}, context)
    assert reached(sandbox) == []
    assert len(asked) == 2


def test_an_answer_that_arrived_is_read_by_a_retry_before_it_asks_again(
    sandbox: RunningSandbox, sending: Any, context: Any, asked: list[dict[str, Any]]
) -> None:
    """The process that was to act upon it ended."""
    with pytest.raises(WAITING):
        sending.execute(context)
    take_down(answer("Send again"), sending._ledger(context))
    context["ti"].try_number = 2
    assert sending.execute(context)["outbox_ids"]
    assert reached(sandbox) == PEOPLE
    assert len(asked) == 1


def test_a_retry_whose_earlier_try_was_answered_nothing_asks_again(
    sandbox: RunningSandbox, sending: Any, context: Any, asked: list[dict[str, Any]]
) -> None:
    with pytest.raises(WAITING):
        sending.execute(context)
    context["ti"].try_number = 2
    with pytest.raises(WAITING):
        sending.execute(context)
    ledger = sending._ledger(context)
    list(ledger.history())
    assert ledger.asked()["try"] == 2
    assert len(asked) == 2


def test_nobody_answers(sandbox: RunningSandbox, sending: Any, context: Any, asked: list[dict[str, Any]]) -> None:
    with pytest.raises(WAITING):
        sending.execute(context)
    with pytest.raises(SendInDoubt, match="nobody has answered"):
        sending.resume_execution("execute_decided", {"event": {"error": "x", "error_type": "timeout"}}, context)


def test_a_question_that_cannot_be_put_hides_no_doubt(
    sandbox: RunningSandbox, sending: Any, context: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def refused(**_: Any) -> None:
        raise RuntimeError("422")

    monkeypatch.setattr(hitl, "upsert_hitl_detail", refused)
    with caplog.at_level(logging.WARNING), pytest.raises(SendInDoubt):
        sending.execute(context)
    assert reached(sandbox) == []
