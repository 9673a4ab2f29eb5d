"""How tasks end when something is wrong: at once where no retry can mend it, and with a sentence naming the field."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException, AirflowSkipException

from ippanel_provider.client import IPPanelError
from ippanel_provider.exceptions import IPPanelTaskError, RequestFailed, RequestInDoubt, SendUndecided
from ippanel_provider.operators.account import IPPanelCancelOperator, IPPanelCreditOperator, IPPanelPriceOperator
from ippanel_provider.operators.api import IPPanelApiOperator
from ippanel_provider.operators.inbox import IPPanelInboxOperator
from ippanel_provider.operators.pattern import IPPanelCreatePatternOperator, IPPanelSendPatternOperator
from ippanel_provider.operators.phonebook import IPPanelSendPhonebookOperator
from ippanel_provider.operators.report import IPPanelDeliveryReportOperator
from ippanel_provider.operators.send import IPPanelSendOperator
from ippanel_provider.operators.sync import IPPanelPhonebookSyncOperator
from ippanel_provider.operators.voice import IPPanelVoiceOtpOperator
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.sensors.account import IPPanelCreditSensor, IPPanelPatternSensor
from ippanel_provider.sensors.bulk import IPPanelBulkSensor

PEOPLE = ["09120000001", "09120000002"]
TASKS: dict[str, Callable[..., Any]] = {
    "price": lambda **task: IPPanelPriceOperator(message="سلام", **task),
    "credit": lambda **task: IPPanelCreditOperator(**task),
    "cancel": lambda **task: IPPanelCancelOperator(outbox_ids=[1], **task),
    "api": lambda **task: IPPanelApiOperator(operation="payment.credit", **task),
    "inbox": lambda **task: IPPanelInboxOperator(path="inbox.csv", **task),
    "report": lambda **task: IPPanelDeliveryReportOperator(outbox_ids=[1], path="report.csv", **task),
    "create_pattern": lambda **task: IPPanelCreatePatternOperator(message="%a% است", description="x", **task),
    "send": lambda **task: IPPanelSendOperator(message="سلام", recipients=PEOPLE, **task),
    "pattern": lambda **task: IPPanelSendPatternOperator(code="none", recipients=PEOPLE, **task),
    "voice": lambda **task: IPPanelVoiceOtpOperator(code="1234", recipient=PEOPLE[0], **task),
    "phonebook": lambda **task: IPPanelSendPhonebookOperator(message="سلام", books=[1], **task),
    "sync": lambda **task: IPPanelPhonebookSyncOperator(book="x", rows=[{"number": PEOPLE[0]}], **task),
    "credit_sensor": lambda **task: IPPanelCreditSensor(at_least=1, **task),
    "pattern_sensor": lambda **task: IPPanelPatternSensor(pattern_code="none", **task),
    "bulk_sensor": lambda **task: IPPanelBulkSensor(outbox_ids=[1], **task),
}
RETRIES = {"retries": 2, "retry_delay": timedelta(0)}


def tries(log: str) -> int:
    return log.count("connection 'ippanel_default', password: ")


def test_a_wrong_key_ends_each_task_at_once_naming_connection_and_field(
    connect: Any, sandbox: RunningSandbox, new_dag: Any, run_dag: Any, tmp_path: Any, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    connect(password="wrong-key-0123456789")
    asked = []
    with new_dag() as dag:
        for task_id, make in TASKS.items():
            make(task_id=task_id, on_failure_callback=lambda context: asked.append(context), **RETRIES)
    run = run_dag(dag)
    assert run.states == dict.fromkeys(TASKS, "failed")
    assert sorted(context["ti"].task_id for context in asked) == sorted(TASKS)
    for context in asked:
        assert context["ti"].try_number == 1
        assert isinstance(context["exception"], AirflowFailException)
        assert isinstance(context["exception"], IPPanelTaskError)
        assert str(context["exception"]).startswith("connection 'ippanel_default', password: ")
        assert not isinstance(context["exception"], IPPanelError)
    assert "wrong-key" not in run.log


def test_what_was_not_sent_is_tried_again(sandbox: RunningSandbox, new_dag: Any, run_dag: Any) -> None:
    sandbox.fault("status", status=429, times=4, path="^/v1/api/payment/credit/mine$")
    with new_dag() as dag:
        IPPanelCreditOperator(task_id="credit", **RETRIES)
    assert run_dag(dag).state == "success"


@pytest.mark.parametrize("recipients", [["02100000000"], "[1, 2]"])
def test_what_cannot_be_sent_is_not_tried_again(
    sandbox: RunningSandbox, new_dag: Any, run_dag: Any, recipients: Any
) -> None:
    ended = []
    with new_dag() as dag:
        IPPanelSendOperator(
            task_id="send", message="سلام", recipients=recipients, on_failure_callback=ended.append, **RETRIES
        )
    assert run_dag(dag).state == "failed"
    assert [context["ti"].try_number for context in ended] == [1]
    assert str(ended[0]["exception"]).startswith("connection 'ippanel_default', recipients: ")


def test_an_unknown_pattern_is_not_tried_again(sandbox: RunningSandbox, new_dag: Any, run_dag: Any) -> None:
    ended = []
    with new_dag() as dag:
        IPPanelSendPatternOperator(
            task_id="send", code="nobody-knows", recipients=PEOPLE, on_failure_callback=ended.append, **RETRIES
        )
    assert run_dag(dag).state == "failed"
    assert [context["ti"].try_number for context in ended] == [1]
    assert str(ended[0]["exception"]).startswith("connection 'ippanel_default', code: the account has no pattern")


class TestDoubt:
    def test_a_send_without_memory_that_is_unanswered_is_not_sent_again(
        self, sandbox: RunningSandbox, new_dag: Any, run_dag: Any
    ) -> None:
        sandbox.fault("drop_after", path="^/v1/api/send$", times=1)
        arguments = {"message": "سلام", "recipients": PEOPLE, "sender": sandbox.sender}
        ended = []
        with new_dag() as dag:
            IPPanelApiOperator(
                task_id="send", operation="send.webservice", arguments=arguments, on_failure_callback=ended.append,
                **RETRIES,
            )  # fmt: skip
        assert run_dag(dag).state == "failed"
        assert len(sandbox.messages()) == len(PEOPLE)
        assert isinstance(ended[0]["exception"], SendUndecided)

    def test_anything_else_that_is_unanswered_says_so(self, sandbox: RunningSandbox) -> None:
        sandbox.fault("drop_after", path="phonebook", times=1)
        task = IPPanelApiOperator(task_id="make", operation="phonebook.create", arguments={"title": "x"})
        with pytest.raises(RequestInDoubt, match=r"^connection 'ippanel_default', phonebook.create: "):
            task.execute({})

    def test_a_service_out_of_reach_has_done_nothing(self, connect: Any) -> None:
        connect(host="http://127.0.0.1:9", extra={"connect_timeout": 0.5})
        with pytest.raises(RequestFailed, match=r"^connection 'ippanel_default', ") as failed:
            IPPanelCreditOperator(task_id="credit").execute({})
        assert not isinstance(failed.value, AirflowFailException | RequestInDoubt)


class TestSensors:
    @pytest.mark.parametrize("deferrable", [False, True])
    @pytest.mark.parametrize("word", ["soft_fail", "never_fail"])
    def test_a_first_look_that_is_refused_is_skipped_where_that_is_asked_for(
        self, connect: Any, sandbox: RunningSandbox, word: str, deferrable: bool
    ) -> None:
        connect(password="wrong-key-0123456789")
        with pytest.raises(AirflowSkipException, match=word):
            IPPanelCreditSensor(task_id="wait", at_least=1, deferrable=deferrable, **{word: True}).execute({})

    def test_otherwise_it_fails(self, connect: Any, sandbox: RunningSandbox) -> None:
        connect(password="wrong-key-0123456789")
        with pytest.raises(AirflowException, match=r"^connection 'ippanel_default', password: "):
            IPPanelCreditSensor(task_id="wait", at_least=1, deferrable=True).execute({})
