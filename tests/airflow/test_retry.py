"""Which failures are worth another try. Airflow knows retry policies from 3.3; before, this module is not collected."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import RetryAction

from ippanel_provider.client import (
    Client,
    InvalidInput,
    NoAnswer,
    NotSent,
    OtpRequired,
    Refused,
    Request,
    Retry,
    Settings,
    Throttled,
    Unauthorized,
    Unreachable,
    edge,
    rest,
)
from ippanel_provider.client.errors import Details
from ippanel_provider.exceptions import SendFailed, SendInDoubt
from ippanel_provider.retry import IPPanelRetryPolicy
from ippanel_provider.sandbox.runner import RunningSandbox


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@contextmanager
def broken_off() -> Iterator[str]:
    """A server that hangs up on every request."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


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
        (RuntimeError("a mistake elsewhere"), RetryAction.DEFAULT, None),
    ],
)
def test_the_first_error_of_the_client_decides(error: Exception, action: RetryAction, delay: float | None) -> None:
    decision = IPPanelRetryPolicy().evaluate(error, 1, 3)
    assert decision.action is action
    assert decision.retry_delay == (None if delay is None else timedelta(seconds=delay))
    assert (decision.reason is None) == (action is RetryAction.DEFAULT)


TO_ANA: dict[str, Any] = {"recipients": ["09120000001"], "sender": "+983000505"}


@pytest.mark.parametrize(
    ("request_", "action"),
    [
        (edge.send.webservice("x", **TO_ANA), RetryAction.FAIL),
        (rest.send("x", **TO_ANA), RetryAction.FAIL),
        (rest.send_pattern("x", "09120000001", sender="+983000505"), RetryAction.FAIL),
        (edge.report.outbox(), RetryAction.DEFAULT),
        (edge.send.cancel(1), RetryAction.DEFAULT),
        (edge.send.calculate_price("x", sender="+983000505"), RetryAction.DEFAULT),
    ],
    ids=lambda value: getattr(value, "operation", ""),
)
def test_of_what_went_unanswered_only_a_send_fails_at_once(request_: Request[Any], action: RetryAction) -> None:
    with (
        broken_off() as base_url,
        Client("key", Settings(request_.api, base_url, retry=Retry(attempts=1))) as client,
        pytest.raises(NoAnswer) as caught,
    ):
        client.run(request_)
    assert IPPanelRetryPolicy().evaluate(caught.value, 1, 3).action is action
    # Tasks of this provider look into the outbox before they send again.
    assert IPPanelRetryPolicy().evaluate(caused(SendInDoubt("gone"), caught.value), 1, 3).action is RetryAction.DEFAULT


def test_a_circle_of_causes_ends() -> None:
    one, other = RuntimeError("one"), RuntimeError("other")
    one.__cause__, other.__cause__ = other, one
    assert IPPanelRetryPolicy().evaluate(one, 1, 3).action is RetryAction.DEFAULT


def test_it_comes_back_from_what_the_dag_keeps_of_it() -> None:
    assert IPPanelRetryPolicy.deserialize(IPPanelRetryPolicy(5).serialize()).max_delay == 5


def test_in_a_dag_a_refusal_is_tried_once(
    sandbox: RunningSandbox, new_dag: Callable[..., Any], run_dag: Callable[..., Any]
) -> None:
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
