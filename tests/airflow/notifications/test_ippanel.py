"""The notifier, called as Airflow calls it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

from ippanel_provider.client import InvalidInput
from ippanel_provider.exceptions import SendFailed, SendInDoubt
from ippanel_provider.notifications.ippanel import IPPanelNotifier, send_ippanel_notification
from ippanel_provider.sandbox.runner import RunningSandbox

ANA, BEN = "+989120000001", "+989120000002"


@pytest.fixture
def notifier(sandbox: RunningSandbox, tmp_path: Path) -> Callable[..., IPPanelNotifier]:
    """A notifier whose window is this test's own."""
    sandbox.account(duplicate_guard=0)

    def make(**options: Any) -> IPPanelNotifier:
        defaults: dict[str, Any] = {"recipients": [ANA], "window_scope": "machine", "state_dir": tmp_path}
        if "pattern_code" not in options:
            defaults["message"] = "{{ ti.task_id }} failed in {{ run_id }}"
        return IPPanelNotifier(**defaults | options)

    return make


def context(task_id: str = "load", run_id: str = "run-1", **more: Any) -> Any:
    return {"ti": SimpleNamespace(dag_id="orders", task_id=task_id), "run_id": run_id, **more}


def texts(sandbox: RunningSandbox, recipient: str = ANA) -> list[str]:
    return [message["text"] for message in sandbox.messages(recipient=recipient)]


def test_a_text_is_rendered_and_sent(notifier: Callable[..., IPPanelNotifier], sandbox: RunningSandbox) -> None:
    notifier()(context())
    assert texts(sandbox) == ["load failed in run-1"]


def test_it_has_the_name_of_airflow_s_own_notifiers() -> None:
    assert send_ippanel_notification is IPPanelNotifier


def test_awaited_it_sends_as_well(notifier: Callable[..., IPPanelNotifier], sandbox: RunningSandbox) -> None:
    async def deadline() -> None:
        await notifier(
            message="{{ dag_run.dag_id }} is late", context={"dag_run": {"dag_id": "orders"}, "deadline": {}}
        )

    asyncio.run(deadline())
    assert texts(sandbox) == ["orders is late"]


@pytest.mark.parametrize("native", [False, True], ids=["as text", "natively"])
@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("message", "message: the text is empty"),
        ("recipients", "recipients: there are none"),
        ("pattern_code", "empty"),
    ],
)
def test_a_template_that_renders_to_nothing_is_refused_and_its_source_texted_to_nobody(
    notifier: Callable[..., IPPanelNotifier], sandbox: RunningSandbox, field: str, said: str, native: bool
) -> None:
    given = {"recipients": ANA, field: "{{ nothing }}"}
    dag = DAG("orders", schedule=None, render_template_as_native_obj=native)
    with pytest.raises((SendFailed, InvalidInput), match=said):
        notifier(**given)(context(dag=dag, nothing=None if native else ""))
    assert sandbox.messages() == []


def test_nor_is_a_count_alone_texted(
    notifier: Callable[..., IPPanelNotifier], sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    alarm = notifier(message="{{ why }}", window=600)
    for _ in range(2):
        alarm(context(why="disk"))
    from ippanel_provider.notifications import window

    later = window.time.time() + 600
    monkeypatch.setattr(window.time, "time", lambda: later)
    with pytest.raises(SendFailed, match="the text is empty"):
        alarm(context(why=""))
    assert texts(sandbox) == ["disk"]


def test_one_instance_for_many_tasks_renders_anew(
    notifier: Callable[..., IPPanelNotifier], sandbox: RunningSandbox
) -> None:
    shared = notifier(window=0)
    shared(context("load"))
    shared(context("clean"))
    assert texts(sandbox) == ["load failed in run-1", "clean failed in run-1"]
    assert shared.message == "{{ ti.task_id }} failed in {{ run_id }}"


def test_what_the_context_holds_is_left_as_it_was(notifier: Callable[..., IPPanelNotifier]) -> None:
    given = context()
    keys = set(given)
    notifier()(given)
    assert set(given) == keys, "a recipient in the context would be seen by every later callback"


def test_a_storm_is_one_text_and_the_next_says_how_many_were_held_back(
    notifier: Callable[..., IPPanelNotifier], sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    alarm = notifier(window=600)
    for number in range(20):
        alarm(context(run_id=f"run-{number}"))
    assert texts(sandbox) == ["load failed in run-0"]
    from ippanel_provider.notifications import window

    later = window.time.time() + 600
    monkeypatch.setattr(window.time, "time", lambda: later)
    alarm(context(run_id="run-20"))
    assert texts(sandbox)[1:] == ["load failed in run-20 (+19)"]


def test_another_task_is_another_alert_unless_the_key_says_otherwise(
    notifier: Callable[..., IPPanelNotifier], sandbox: RunningSandbox
) -> None:
    for task_id in ("load", "clean"):
        notifier()(context(task_id))
        notifier(message="{{ ti.dag_id }}: {{ ti.task_id }}", alert_key="{{ ti.dag_id }}")(context(task_id))
    assert texts(sandbox) == ["load failed in run-1", "orders: load", "clean failed in run-1"]


def test_a_dag_s_alert_is_the_same_whatever_task_it_shows(
    notifier: Callable[..., IPPanelNotifier], sandbox: RunningSandbox
) -> None:
    for task_id in ("load", "clean"):
        notifier(message="{{ ti.dag_id }} failed")(context(task_id, reason="task_failure"))
    assert texts(sandbox) == ["orders failed"]


def test_a_person_on_two_lists_is_told_once(notifier: Callable[..., IPPanelNotifier], sandbox: RunningSandbox) -> None:
    notifier(recipients=["0912 000 0001"])(context())
    notifier(recipients="09120000001, 09120000002")(context())
    assert [message["recipient"] for message in sandbox.messages()] == [ANA, BEN]


def test_a_pattern_goes_to_each_and_is_told_the_count(
    notifier: Callable[..., IPPanelNotifier], sandbox: RunningSandbox
) -> None:
    code = _approved_pattern(sandbox)
    alarm = notifier(
        recipients=[ANA, BEN],
        pattern_code=code,
        variables={"task": "{{ ti.task_id }}"},
        held_variable="held",
        window=600,
    )
    alarm(context())
    alarm(context())
    assert texts(sandbox, ANA) == texts(sandbox, BEN) == ["load failed, 0 before"]


def _approved_pattern(sandbox: RunningSandbox) -> str:
    from ippanel_provider.client import Client, Settings, edge

    with Client(sandbox.api_key, Settings(base_url=sandbox.base_url)) as client:
        pattern = client.run(
            edge.pattern.create(
                "%task% failed, %held% before", description="alert", variables={"task": "string", "held": "integer"}
            )
        )
    sandbox.approve(pattern.code)
    return pattern.code


def test_a_failure_raises_and_opens_the_window(
    notifier: Callable[..., IPPanelNotifier], sandbox: RunningSandbox
) -> None:
    fault = sandbox.fault("refused", path="/api/send")
    with pytest.raises(SendFailed, match="reached 0 people"):
        notifier()(context())
    sandbox.lift(fault)
    notifier()(context())
    assert texts(sandbox) == ["load failed in run-1"]


@pytest.mark.parametrize("options", [{"message": "{{ ' ' }}"}, {"pattern_code": "abc", "variables": {"rows": 1.5}}])
def test_an_alert_that_cannot_be_written_says_so_every_time(
    notifier: Callable[..., IPPanelNotifier], options: dict[str, Any]
) -> None:
    for _ in range(2):
        with pytest.raises(SendFailed, match=r"reached 0 people.*(message: the text is empty|variables\[rows\])"):
            notifier(**options)(context())


def test_what_the_count_is_told_in_may_hold_braces(
    notifier: Callable[..., IPPanelNotifier], sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ippanel_provider.notifications import window

    alarm = notifier(held_text=" {held: {count}}")
    alarm(context())
    alarm(context())
    later = window.time.time() + 600
    monkeypatch.setattr(window.time, "time", lambda: later)
    alarm(context())
    assert texts(sandbox)[1:] == ["load failed in run-1 {held: 1}"]


@pytest.mark.parametrize("is_awaited", [False, True])
def test_a_connection_that_cannot_be_used_leaves_the_window_open(
    notifier: Callable[..., IPPanelNotifier], sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, is_awaited: bool
) -> None:
    alarm = notifier(message="late", timeout=9.0, context=context())

    async def deadline() -> None:
        await alarm

    def tell() -> None:
        if is_awaited:
            asyncio.run(deadline())
        else:
            alarm(context())

    monkeypatch.setenv("ALL_PROXY", "gopher://nowhere")
    with pytest.raises(InvalidInput, match="proxy"):
        tell()
    monkeypatch.delenv("ALL_PROXY")
    tell()
    assert texts(sandbox) == ["late"]


def test_an_interrupted_alert_leaves_the_window_open(
    notifier: Callable[..., IPPanelNotifier], sandbox: RunningSandbox, connect: Callable[..., str]
) -> None:
    """A triggerer that ends hands its deadlines to another one, which has to tell people then."""
    is_asked = asyncio.Event()

    async def never_answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        is_asked.set()
        await reader.read()
        writer.close()

    async def deadline(**options: Any) -> None:
        await notifier(message="late", context=context(), **options)

    async def interrupted() -> None:
        async with await asyncio.start_server(never_answered, "127.0.0.1", 0) as server:
            host, port = server.sockets[0].getsockname()
            silent = connect("silent", host=f"http://{host}:{port}")
            telling = asyncio.create_task(deadline(ippanel_conn_id=silent, timeout=1))
            await is_asked.wait()
            telling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await telling

    asyncio.run(interrupted())
    asyncio.run(deadline())
    assert texts(sandbox) == ["late"]


def test_without_an_answer_it_says_so_and_keeps_the_window_closed(
    notifier: Callable[..., IPPanelNotifier], sandbox: RunningSandbox
) -> None:
    sandbox.fault("drop_after", path="/api/send", times=1)
    with pytest.raises(SendInDoubt):
        notifier()(context())
    notifier()(context())
    assert texts(sandbox) == ["load failed in run-1"]


def test_a_recipient_that_is_no_mobile_number_does_not_keep_it_from_the_others(
    notifier: Callable[..., IPPanelNotifier], sandbox: RunningSandbox
) -> None:
    with pytest.raises(SendFailed, match=r"reached 1 people.*recipient 2: .*landline") as failure:
        notifier(recipients=[ANA, "02112345678"])(context())
    assert "2112345678" not in str(failure.value)
    assert texts(sandbox) == ["load failed in run-1"]


def test_a_number_that_the_service_refuses_does_not_keep_it_from_the_others(
    notifier: Callable[..., IPPanelNotifier], sandbox: RunningSandbox
) -> None:
    sandbox.fault("refused", path="/api/send", times=2)
    with pytest.raises(SendFailed, match="reached 1 people"):
        notifier(recipients=[ANA, BEN])(context())
    assert [message["recipient"] for message in sandbox.messages()] == [BEN]


def test_a_service_that_does_not_answer_holds_nobody_up_for_long(
    notifier: Callable[..., IPPanelNotifier], sandbox: RunningSandbox
) -> None:
    sandbox.fault("latency", path="/api/send", seconds=5, times=1)
    with pytest.raises(SendInDoubt, match="no answer came"):
        notifier(timeout=0.2)(context())


def test_what_is_remembered_holds_no_number_and_no_text(
    notifier: Callable[..., IPPanelNotifier], tmp_path: Path
) -> None:
    notifier()(context())
    remembered = (tmp_path / "ippanel_alerts.sqlite").read_bytes()
    assert b"9120000001" not in remembered
    assert b"failed" not in remembered


@pytest.mark.parametrize(
    ("options", "field"),
    [({}, "message, pattern_code"), ({"message": "a", "pattern_code": "b"}, "message, pattern_code")],
)
def test_it_takes_a_text_or_a_pattern(options: dict[str, str], field: str) -> None:
    with pytest.raises(ValueError, match=field):
        IPPanelNotifier(recipients=[ANA], **options)  # type: ignore[arg-type]


def test_callbacks_of_a_dag_run_share_one_window_through_a_variable(
    sandbox: RunningSandbox, new_dag: Callable[..., Any], run_dag: Callable[..., Any], tmp_path: Path
) -> None:
    from airflow.providers.common.compat.sdk import task

    def alarm(machine: str) -> IPPanelNotifier:
        return IPPanelNotifier(
            message="{{ dag.dag_id }} is broken", recipients=[ANA], alert_key="broken", state_dir=tmp_path / machine
        )

    with new_dag() as dag:
        for machine in ("one", "two"):

            @task(task_id=f"fails_on_{machine}", on_failure_callback=alarm(machine))
            def fails() -> None:
                raise RuntimeError("on purpose")

            fails()
    run = run_dag(dag)
    assert set(run.states.values()) == {"failed"}
    assert texts(sandbox) == [f"{dag.dag_id} is broken"]
    assert "held back" in run.log
    assert ANA[3:] not in json.dumps(_variables())


def _variables() -> dict[str, str]:
    from airflow.models.variable import Variable
    from airflow.utils.session import create_session

    with create_session() as session:
        found = {row.key: row.val for row in session.query(Variable) if row.key.startswith("ippanel_alert_")}
    assert found, "nothing was kept for the other machines"
    return found


@pytest.mark.parametrize(
    "options",
    [
        {"message": "{{ nobody.knows.this }}"},
        {"message": "{{ ti.task_id | no_such_filter }}"},
        {"message": "{{ 1 / 0 }}"},
        {"message": "{{ unclosed"},
        {"pattern_code": "any", "variables": {"task": "{{ nobody.knows.this }}"}},
        {"pattern_code": "{{ nobody.knows.this }}"},
    ],
)
def test_a_broken_template_tells_dag_task_and_state_plainly(
    notifier: Callable[..., IPPanelNotifier],
    sandbox: RunningSandbox,
    caplog: pytest.LogCaptureFixture,
    options: dict[str, Any],
) -> None:
    what = context()
    what["ti"].state = "failed"
    notifier(**options)(what)
    assert texts(sandbox) == ["orders load: failed"]
    assert "nobody.knows" not in caplog.text


def test_a_broken_template_of_the_line_falls_back_to_the_connections(
    notifier: Callable[..., IPPanelNotifier], sandbox: RunningSandbox
) -> None:
    notifier(sender="{{ nobody.knows.this }}")(context())
    assert texts(sandbox) == ["load failed in run-1"]


def test_a_broken_template_of_the_recipients_fails_without_showing_them(
    notifier: Callable[..., IPPanelNotifier], sandbox: RunningSandbox
) -> None:
    with pytest.raises(SendFailed, match=r"^recipients: its template cannot be rendered") as failed:
        notifier(recipients=[ANA, "{{ nobody.knows.this }}"])(context())
    assert ANA not in str(failed.value)
    assert sandbox.messages() == []


def test_a_dag_that_makes_no_environment_is_no_reason_to_stay_silent(
    notifier: Callable[..., IPPanelNotifier], sandbox: RunningSandbox
) -> None:
    """As the serialized DAG that the callback of a DAG gets in a test run."""
    serialized = SimpleNamespace(dag_id="orders", render_template_as_native_obj=False)
    notifier(message="{{ run_id }} failed")(context(dag=serialized, reason="task_failure"))
    assert texts(sandbox) == ["run-1 failed"]


@pytest.mark.parametrize(
    ("window", "held_back"), [(timedelta(minutes=10), 1), (600, 1), ("600", 1), (0, 0), (timedelta(0), 0)]
)
def test_a_window_is_seconds_or_a_timedelta(
    notifier: Callable[..., IPPanelNotifier], sandbox: RunningSandbox, window: Any, held_back: int
) -> None:
    alert = notifier(window=window)
    alert(context())
    alert(context())
    assert len(texts(sandbox)) == 2 - held_back


@pytest.mark.parametrize("field", ["window", "timeout"])
@pytest.mark.parametrize("value", [-1, "soon", None, float("nan"), timedelta(seconds=-1)])
def test_nonsense_is_refused_when_the_dag_is_parsed(
    notifier: Callable[..., IPPanelNotifier], field: str, value: Any
) -> None:
    with pytest.raises(ValueError, match=f"^{field}: "):
        notifier(**{field: value})


def test_the_answer_to_a_copy_that_a_gateway_made_is_a_doubt_and_tells_nobody_twice(
    notifier: Callable[..., IPPanelNotifier], sandbox: RunningSandbox
) -> None:
    sandbox.account(duplicate_guard=40)
    sandbox.fault("repeated", path="/api/send", times=1)
    alert = notifier(recipients=[ANA, BEN])
    with pytest.raises(SendInDoubt):
        alert(context())
    alert(context())
    assert [message["recipient"] for message in sandbox.messages()] == [ANA, BEN]


def test_one_who_got_the_same_words_a_moment_ago_does_not_keep_them_from_the_others(
    notifier: Callable[..., IPPanelNotifier], sandbox: RunningSandbox
) -> None:
    sandbox.account(duplicate_guard=40)
    notifier(message="the lake is down", alert_key="one")(context())
    with pytest.raises(SendInDoubt, match="reached 1 people"):
        notifier(message="the lake is down", alert_key="two", recipients=[ANA, BEN])(context())
    assert [message["recipient"] for message in sandbox.messages()] == [ANA, BEN]


def test_a_service_that_asks_to_come_later_is_asked_once_more(
    notifier: Callable[..., IPPanelNotifier], sandbox: RunningSandbox
) -> None:
    sandbox.fault("status", path="/api/send", status=429, retry_after=0, times=1)
    notifier(recipients=[ANA, BEN])(context())
    assert texts(sandbox) == texts(sandbox, BEN) == ["load failed in run-1"]


@pytest.mark.parametrize(
    "fault",
    [
        {"name": "html", "status": 403, "processed": True},
        {"name": "html", "status": 499, "processed": True},
        {"name": "redirect", "status": 303, "processed": True},
    ],
    ids=["403", "499", "303"],
)
def test_a_page_of_somebody_else_after_acceptance_is_a_doubt_and_tells_nobody_twice(
    notifier: Callable[..., IPPanelNotifier], sandbox: RunningSandbox, fault: dict[str, Any]
) -> None:
    sandbox.fault(path="/api/send", **fault)
    with pytest.raises(SendInDoubt):
        notifier(recipients=[ANA, BEN])(context())
    assert [message["recipient"] for message in sandbox.messages()] == [ANA, BEN]
