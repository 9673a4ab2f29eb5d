"""Which failures are worth another try. Airflow knows retry policies from 3.3; before, this module is not collected."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import RetryAction

from ippanel_provider.client import InvalidInput, NoAnswer, NotSent, OtpRequired, Refused, Throttled, Unauthorized, Unreachable
from ippanel_provider.client.errors import Details
from ippanel_provider.exceptions import SendFailed, SendInDoubt
from ippanel_provider.retry import IPPanelRetryPolicy
from ippanel_provider.sandbox.runner import RunningSandbox


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "action", "delay"),
    [
        (Unreachable("no connection"), RetryAction.RETRY, None),
        (caused(SendFailed("nothing was sent"), NotSent("no connection")), RetryAction.RETRY, None),
        (Throttled("later", Details(retry_after=90)), RetryAction.RETRY, 90),
        (caused(SendFailed("later"), Throttled("later", Details(retry_after=7))), RetryAction.RETRY, 7),
        (Throttled("much later", Details(retry_after=7200)), RetryAction.FAIL, None),
        (Refused("no"), RetryAction.FAIL, None),
        (caused(SendFailed("no"), Unauthorized("the key")), RetryAction.FAIL, None),
        (InvalidInput("sender: none"), RetryAction.FAIL, None),
        (OtpRequired("a code"), RetryAction.FAIL, None),
        (NoAnswer("gone", Details(operation="send.webservice")), RetryAction.FAIL, None),
        (NoAnswer("gone", Details(operation="report.outbox")), RetryAction.DEFAULT, None),
        (caused(SendInDoubt("gone"), NoAnswer("gone", Details(operation="send.webservice"))), RetryAction.DEFAULT, None),
        (RuntimeError("a mistake elsewhere"), RetryAction.DEFAULT, None),
    ],
)
def test_the_first_error_of_the_client_decides(error: Exception, action: RetryAction, delay: float | None) -> None:
    decision = IPPanelRetryPolicy().evaluate(error, 1, 3)
    assert decision.action is action
    assert decision.retry_delay == (None if delay is None else timedelta(seconds=delay))
    assert (decision.reason is None) == (action is RetryAction.DEFAULT)


def test_a_circle_of_causes_ends() -> None:
    one, other = RuntimeError("one"), RuntimeError("other")
    one.__cause__, other.__cause__ = other, one
    assert IPPanelRetryPolicy().evaluate(one, 1, 3).action is RetryAction.DEFAULT


def test_it_comes_back_from_what_the_dag_keeps_of_it() -> None:
    assert IPPanelRetryPolicy.deserialize(IPPanelRetryPolicy(5).serialize()).max_delay == 5


def test_in_a_dag_a_refusal_is_tried_once(sandbox: RunningSandbox, new_dag: Callable[..., Any], run_dag: Callable[..., Any]) -> None:
    from ippanel_provider.operators.send import IPPanelSendOperator

    sandbox.fault("refused", path="/api/send")
    with new_dag() as dag:
        IPPanelSendOperator(
            task_id="send",
            message="سلام",
            recipients=["09120000001"],
            retries=3,
            retry_delay=timedelta(0),
            retry_policy=IPPanelRetryPolicy(),
        )
    assert run_dag(dag).states == {"send": "failed"}
    assert sandbox.stats()["requests"]["POST /api/send"] == 1
