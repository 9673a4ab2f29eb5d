"""Waits end the same way in every mode: by their own time, the task's, a refusal, a key that was changed."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException, AirflowSkipException, AirflowTaskTimeout, TaskDeferred

from ippanel_provider.client import edge
from ippanel_provider.exceptions import BulksFailed, WaitFailed, WaitRefused
from ippanel_provider.hooks.ippanel import IPPanelHook
from ippanel_provider.operators import timing
from ippanel_provider.operators.send import IPPanelSendOperator
from ippanel_provider.sandbox.runner import RunningSandbox
from ippanel_provider.sensors.account import IPPanelCreditSensor
from ippanel_provider.sensors.bulk import IPPanelBulkSensor

LIMIT = timedelta(minutes=10)
BULKS = {"outbox_ids": [7]}


def sensor(**options: Any) -> IPPanelBulkSensor:
    return IPPanelBulkSensor(task_id="wait", **({"outbox_ids": 1, "poke_interval": 0.01} | options))


def sending(**options: Any) -> IPPanelSendOperator:
    given = {"wait_for_completion": True, "deferrable": True, "poke_interval": 0.01} | options
    return IPPanelSendOperator(task_id="send", message="سلام", recipients=["09120000001"], **given)


def held(context: Any) -> None:
    task = sending(execution_timeout=LIMIT, quiet_hours="00:00-23:59", in_quiet_hours="hold")
    timing.hold(task, context)


DEFERRING: dict[str, Callable[[Any], Any]] = {
    "a sensor": lambda context: sensor(execution_timeout=LIMIT, deferrable=True).execute(context),
    "a sensor of another kind": lambda context: IPPanelCreditSensor(
        task_id="wait", at_least=10**12, execution_timeout=LIMIT, deferrable=True
    ).execute(context),
    "a send that waits": lambda context: sending(execution_timeout=LIMIT).completed(context, BULKS),
    "a send that is held": held,
}


@pytest.mark.parametrize("kind", DEFERRING)
def test_the_triggerer_gets_what_is_left_of_the_tasks_time(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(timing, "now", lambda: datetime(2026, 3, 10, 12, tzinfo=UTC))
    began = datetime.now(UTC) - timedelta(minutes=4)
    with pytest.raises(TaskDeferred) as deferred:
        DEFERRING[kind]({"ti": SimpleNamespace(start_date=began, map_index=-1)})
    assert timedelta(minutes=1) < deferred.value.timeout <= timedelta(minutes=6)


def test_a_task_without_a_limit_may_wait_as_long_as_it_likes(sandbox: RunningSandbox) -> None:
    with pytest.raises(TaskDeferred) as deferred:
        sensor(deferrable=True).execute({})
    assert deferred.value.timeout is None


@pytest.mark.parametrize("said", ["Trigger timeout", "Trigger/execution timeout"])
@pytest.mark.parametrize("task", [sensor, sending])
def test_a_wait_that_takes_all_of_the_tasks_time_ends_as_on_a_worker(task: Any, said: str) -> None:
    with pytest.raises(AirflowTaskTimeout, match="execution_timeout: 0:10:00 were over"):
        task(execution_timeout=LIMIT).resume_execution("__fail__", {"error": said}, {})


def test_a_trigger_that_broke_is_no_limit(sandbox: RunningSandbox) -> None:
    with pytest.raises(AirflowException, match="Trigger failure"):
        sensor().resume_execution("__fail__", {"error": "Trigger failure", "traceback": ["no module"]}, {})


def resumed(event: dict[str, Any]) -> Callable[..., Any]:
    return lambda **options: sensor(**options).resume_execution("execute_complete", {"event": event}, {})


def stopped(**options: Any) -> Any:
    return sensor(**options).resume_execution("__fail__", {"error": "Trigger timeout"}, {})


def looking(**given: Any) -> Callable[..., Any]:
    return lambda **options: sensor(**given, **options).execute({})


ENDS: dict[str, Callable[..., Any]] = {
    "the first look, deferrable": looking(deferrable=True, ippanel_conn_id="wrong"),
    "a look of a worker": looking(ippanel_conn_id="wrong"),
    "no connection, deferrable": looking(deferrable=True, ippanel_conn_id="none"),
    "no connection": looking(ippanel_conn_id="none"),
    "the sensor's time, on a worker": looking(timeout=0.001),
    "the sensor's time, on the triggerer": resumed({"status": "timeout", "message": "the time is up"}),
    "the task's time, on the triggerer": stopped,
    "a bulk that ended badly": resumed({"status": "final", "states": {"7": 8}}),
    "a service that refused": resumed({"status": "error", "message": "no", "refused": True}),
    "a trigger without a word": resumed({}),
}


@pytest.mark.parametrize("word", ["soft_fail", "never_fail"])
@pytest.mark.parametrize("end", ENDS)
def test_whatever_ends_a_wait_is_skipped_where_the_author_says_so(
    connect: Callable[..., str], sandbox: RunningSandbox, end: str, word: str
) -> None:
    connect("wrong", password="wrong-key-0123456789")
    with pytest.raises(AirflowSkipException):
        ENDS[end](**{word: True})
    with pytest.raises((AirflowException, AirflowTaskTimeout)) as without:
        ENDS[end]()
    assert not isinstance(without.value, AirflowSkipException)


def test_a_defect_of_a_look_is_skipped_by_the_word_for_it_alone(sandbox: RunningSandbox) -> None:
    class Broken(IPPanelBulkSensor):
        def look(self, context: Any) -> Any:
            raise ZeroDivisionError

    for deferrable in (True, False):
        with pytest.raises(AirflowSkipException):
            Broken(task_id="wait", outbox_ids=1, deferrable=deferrable, never_fail=True).execute({})
        with pytest.raises(ZeroDivisionError):
            Broken(task_id="wait", outbox_ids=1, deferrable=deferrable, soft_fail=True).execute({})


def test_a_refusal_on_the_triggerer_is_as_final_as_one_on_a_worker() -> None:
    refused = {"status": "error", "message": "HTTP 401", "refused": True}
    for task in (sensor(), sending()):
        with pytest.raises(WaitRefused, match="HTTP 401"):
            task.resume_execution("execute_complete", {"event": refused}, {})
        with pytest.raises(WaitFailed) as broken:
            task.resume_execution("execute_complete", {"event": {"status": "error", "message": "KeyError"}}, {})
        assert not isinstance(broken.value, WaitRefused)


def changed_meanwhile(sandbox: RunningSandbox, connect: Callable[..., str], *tasks: Any) -> None:
    """Tasks that know the connection as it was find their key refused, once each, and the connection changed."""
    for task in tasks:
        assert task.hook.account
    connect(extra={"read_timeout": 29})
    sandbox.fault("status", path="/api", status=401, times=1)


WAITING: dict[str, Callable[[int], Any]] = {
    "a sensor": lambda bulk: sensor(outbox_ids=bulk),
    "a sensor of another kind": lambda bulk: IPPanelCreditSensor(task_id="wait", at_least=1),
    "a send that waits": lambda bulk: sending(deferrable=False),
}


@pytest.mark.parametrize("kind", WAITING)
def test_a_key_that_was_changed_while_a_worker_waits_is_taken_up(
    sandbox: RunningSandbox, connect: Callable[..., str], kind: str
) -> None:
    request = edge.send.webservice("سلام", ["09120000001"], sender=sandbox.sender)
    [bulk] = IPPanelHook().run(request).outbox_ids
    sandbox.settle()
    task = WAITING[kind](bulk)
    changed_meanwhile(sandbox, connect, task)
    if isinstance(task, IPPanelSendOperator):
        assert task.completed({}, {"outbox_ids": [bulk]})["outbox_ids"] == [bulk]
    else:
        task.execute({})
    assert task.hook.account.settings.read_timeout == 29


def test_a_key_that_is_refused_and_was_not_changed_ends_a_workers_wait(sandbox: RunningSandbox) -> None:
    task = sensor()
    assert task.hook.account
    sandbox.fault("status", path="/api/report", status=401)
    with pytest.raises(WaitRefused, match="connection 'ippanel_default', password: "):
        task.execute({})


def test_who_slept_through_quiet_hours_sends_with_the_key_of_the_morning(
    sandbox: RunningSandbox, connect: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    task = sending(deferrable=False, quiet_hours="22:00-08:00", in_quiet_hours="hold")
    assert task.hook.account
    times = iter([datetime(2026, 3, 10, 22, tzinfo=UTC)] * 2 + [datetime(2026, 3, 11, 9, tzinfo=UTC)] * 9)
    monkeypatch.setattr(timing, "now", lambda: next(times))
    monkeypatch.setattr(timing, "_can_be_rescheduled", lambda: False)
    monkeypatch.setattr(time, "sleep", lambda seconds: connect(extra={"read_timeout": 29}))
    timing.hold(task, {})
    assert task.hook.account.settings.read_timeout == 29


def test_bulks_that_ended_badly_fail_a_task_as_ever(sandbox: RunningSandbox) -> None:
    with pytest.raises(BulksFailed):
        resumed({"status": "final", "states": {"7": 8}})()
