"""The notifier: a text, or an approved pattern, when something happened to a task, a DAG or a deadline."""

from __future__ import annotations

import asyncio
import copy
import os
from collections.abc import Generator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from airflow.providers.common.compat.notifier import BaseNotifier

from ippanel_provider import metrics
from ippanel_provider.tracebacks import discreet
from ippanel_provider.values import seconds

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.client import Flow
    from ippanel_provider.hooks.account import Account
    from ippanel_provider.hooks.ippanel import IPPanelHook
    from ippanel_provider.notifications.alert import Alert
    from ippanel_provider.notifications.window import Window


class IPPanelNotifier(BaseNotifier):
    """Text people, as a callback of a task, a DAG or a deadline, or as a notifier of a human-in-the-loop task.

    The same alert reaches the same person at most once in ``window`` seconds. Those in between are held back and
    counted, and the next one that goes out says how many they were. "The same" is an alert of one DAG and task with the
    same template, before rendering, whatever run it is in; ``alert_key`` replaces that. The window holds exactly among
    the processes of a machine and nearly among machines; see :mod:`ippanel_provider.notifications.window`.

    One instance may serve many tasks (``default_args``): it is rendered on a copy for every call. If the template of
    the text or of the pattern cannot be rendered, people are told the DAG, the task and its state instead.

    :param message: the text; what is longer than the service takes is cut (templated)
    :param recipients: who gets it: numbers, or one text with commas between them (templated)
    :param pattern_code: an approved pattern to send instead of ``message`` (templated)
    :param variables: the values of the pattern's variables (templated)
    :param held_variable: the variable of the pattern that is given the count of alerts held back
    :param held_text: what is added to a text after alerts were held back; ``{count}`` is how many
    :param sender: the line to send from; default is the connection's (templated)
    :param window: seconds, or a ``timedelta``, in which the same alert goes to a person once; 0 lets every alert
        through
    :param alert_key: which alerts are the same, as ``"{{ dag.dag_id }}"`` for all tasks of a DAG (templated)
    :param window_scope: ``deployment`` to count among all machines (needs Airflow Variables), or ``machine``
    :param state_dir: where this machine keeps what was sent, as hashes; default is the Airflow home directory
    :param timeout: seconds, or a ``timedelta``, to wait for an answer of the service
    :param context: what Airflow gives it where it is awaited; leave it out
    :param ippanel_conn_id: the connection to IPPanel (templated)
    :raises SendFailed: if somebody who should have been told was not; others may have been
    :raises SendInDoubt: if no answer came; the alert may have gone out
    """

    template_fields: Sequence[str] = (
        "message",
        "recipients",
        "pattern_code",
        "variables",
        "sender",
        "alert_key",
        "ippanel_conn_id",
    )

    def __init__(
        self,
        *,
        recipients: Sequence[str | int] | str | int,
        message: str | None = None,
        pattern_code: str | None = None,
        variables: Mapping[str, Any] | None = None,
        held_variable: str | None = None,
        held_text: str = " (+{count})",
        sender: str | None = None,
        window: float | timedelta = 600.0,
        alert_key: str | None = None,
        window_scope: Literal["deployment", "machine"] = "deployment",
        state_dir: str | Path | None = None,
        timeout: float | timedelta = 10.0,
        ippanel_conn_id: str = "ippanel_default",
        context: Context | None = None,
        **kwargs: Any,
    ) -> None:
        if (message is None) == (pattern_code is None):
            raise ValueError("message, pattern_code: give one of them")
        if window_scope not in {"deployment", "machine"}:
            raise ValueError(f"window_scope: expected one of deployment, machine, got {window_scope!r}")
        self.message = message
        self.recipients = recipients
        self.pattern_code = pattern_code
        self.variables = variables
        self.held_variable = held_variable
        self.held_text = held_text
        self.sender = sender
        self.window = seconds(window, "window")
        self.alert_key = alert_key
        self.window_scope = window_scope
        self.state_dir = state_dir
        self.timeout = seconds(timeout, "timeout", low=0.1)
        self.ippanel_conn_id = ippanel_conn_id
        self._identity: str | None = None
        super().__init__(**kwargs)
        # Awaiting takes no arguments, so a deadline gives the context here; the base class only knows that from 3.1.
        self.context = context or {}

    @discreet
    def __call__(self, *args: Any) -> None:
        """Render a copy and send it."""
        # A DAG's SLA callback of Airflow 2 is called with five arguments, the DAG first.
        context: Any = args[0] if len(args) == 1 else {"dag": args[0]}
        self.rendered(context).notify(context)

    def __await__(self) -> Generator[Any, None, None]:
        return self.rendered(self.context).async_notify(self.context).__await__()

    def rendered(self, context: Context) -> IPPanelNotifier:
        """Return a copy with its templates rendered; this one stays as it is."""
        ours = copy.copy(self)
        ours._identity = self._identify(context)
        dag = context.get("dag")
        # The callback of a DAG is given a serialized one in a test run, which makes no environment of its own.
        environment = self.get_template_env(dag=dag if hasattr(dag, "get_template_env") else None)
        seen: set[int] = set()
        broken = []
        # Not by the base class: before Airflow 3.3 it leaves a template that renders to nothing as it is written.
        for name in self.template_fields:
            try:
                setattr(ours, name, ours.render_template(getattr(ours, name), context, environment, seen))
            except Exception as error:  # noqa: BLE001 - whatever a template does
                # Neither the template nor the error's words, which may hold a number or a text.
                self.log.error("%s: its template cannot be rendered (%s).", name, type(error).__name__)
                broken.append(name)
        if broken:
            ours._do_without(broken, context)
        return ours

    def _do_without(self, broken: Sequence[str], context: Context) -> None:
        """Say plainly what happened where: an alert that cannot be written as it was meant is still an alert."""
        from ippanel_provider.exceptions import SendFailed

        for name in broken:
            if name in {"message", "variables", "pattern_code"}:
                self.message, self.pattern_code, self.variables = plainly(context), None, None
            elif name in {"sender", "alert_key"}:
                setattr(self, name, None)
            else:
                raise SendFailed(f"{name}: its template cannot be rendered, so nobody can be told.")

    @discreet
    def notify(self, context: Context) -> None:
        """Send the alert to all whom the window lets have it."""
        from ippanel_provider.hooks.clients import client_for

        hook = self._hook()
        alert = self._alert(hook, context)
        # First of all, so that the window stays open where there can be none.
        client = client_for(self._impatient(hook))
        claimed = alert.claim()
        try:
            client.run(self._timed(alert, claimed))
        finally:
            alert.conclude(claimed)
        self._report(alert)

    @discreet
    async def async_notify(self, context: Context) -> None:
        """The same on an event loop, which is not held up by the window's file and Variable."""
        from asgiref.sync import sync_to_async

        from ippanel_provider.hooks.clients import async_client_for

        hook = self._hook()
        await hook.async_account()
        alert = self._alert(hook, context)
        client = await async_client_for(self._impatient(hook))
        claimed = await sync_to_async(alert.claim)()
        task = asyncio.current_task()
        try:
            await client.run(self._timed(alert, claimed))
        finally:
            # A send under way was carried through; what it leaves open, whoever takes over has to tell.
            interrupted = task is not None and task.cancelling() > 0
            await sync_to_async(alert.conclude)(claimed, interrupted=interrupted)
        if interrupted and alert.failures:
            raise asyncio.CancelledError
        self._report(alert)

    def _timed(self, alert: Alert, claimed: Mapping[str, int]) -> Flow[None]:
        return metrics.timed(self.ippanel_conn_id, alert.deliver(claimed))

    def _report(self, alert: Alert) -> None:
        """Count what became of it, and fail where somebody was not told."""
        from ippanel_provider.exceptions import SendFailed, SendInDoubt
        from ippanel_provider.notifications.alert import is_doubt

        self._count(alert)
        if alert.error is None and not alert.problems:
            return
        kind = SendInDoubt if alert.error is not None and is_doubt(alert.error) else SendFailed
        reasons = "; ".join([*alert.problems, *([str(alert.error)] if alert.error else [])])
        raise kind(f"The alert reached {len(alert.told)} people and not all it was for: {reasons}") from alert.error

    def _count(self, alert: Alert) -> None:
        from ippanel_provider.client import Refused
        from ippanel_provider.notifications.alert import is_doubt
        from ippanel_provider.text.parts import measure

        failures = alert.failures.values()
        metrics.count(
            self.ippanel_conn_id,
            sent=len(alert.told),
            # The text of a pattern is the panel's, and not known here.
            parts=0 if self.pattern_code is not None else len(alert.told) * measure(str(self.message)).parts,
            refused=len(alert.problems) + sum(isinstance(error, Refused) for error in failures),
            unconfirmed=sum(is_doubt(error) for error in failures),
        )

    def _render(self, template: Any, context: Context, dag: Any = None) -> Any:
        # The base class of Airflow 2 insists on a DAG in the context; a deadline's has none.
        return super(BaseNotifier, self)._render(template, context, dag or context.get("dag"))

    def _identify(self, context: Context) -> str:
        """Name what this alert is about, before rendering makes every run's different."""
        where = context.get("ti") or context.get("task_instance") or context.get("dag_run")
        dag_id = where.get("dag_id") if isinstance(where, Mapping) else getattr(where, "dag_id", None)
        dag_id = dag_id or getattr(context.get("dag"), "dag_id", None)
        # The callback of a DAG is shown some task of the run, each time another.
        task_id = None if "reason" in context else getattr(where, "task_id", None)
        return repr((dag_id, task_id, self.message, self.pattern_code, self.variables))

    def _hook(self) -> IPPanelHook:
        from ippanel_provider.hooks.ippanel import IPPanelHook

        return IPPanelHook(self.ippanel_conn_id)

    def _alert(self, hook: IPPanelHook, context: Context) -> Alert:
        from ippanel_provider.notifications.alert import Alert, PatternContent, TextContent

        sender = hook.sender(self.sender)
        return Alert(
            identity=self.alert_key or self._identity or self._identify(context),
            given=self.recipients,
            content=(
                PatternContent(self.pattern_code, self.variables or {}, self.held_variable, sender)
                if self.pattern_code is not None
                # A DAG that renders natively makes a number of a text of digits, and None of nothing.
                else TextContent("" if self.message is None else str(self.message), self.held_text, sender)
            ),
            secret=hook.account.ledger_secret.encode(),
            window=self._window(),
        )

    def _window(self) -> Window | None:
        from ippanel_provider.notifications.window import DeploymentBook, MachineBook, Window

        if self.window <= 0:
            return None
        home = self.state_dir or os.environ.get("AIRFLOW_HOME") or "~/airflow"
        machine = MachineBook(Path(home).expanduser() / "ippanel_alerts.sqlite")
        return Window(self.window, [machine, DeploymentBook()] if self.window_scope == "deployment" else [machine])

    def _impatient(self, hook: IPPanelHook) -> Account:
        from dataclasses import replace

        from ippanel_provider.notifications.alert import impatient

        return replace(hook.account, settings=impatient(hook.account.settings, self.timeout))


def plainly(context: Context) -> str:
    """Return what is certain of any context: the DAG, the task unless it is a DAG's callback, and the state."""
    given: Any = context
    where = given.get("ti") or given.get("task_instance") or given.get("dag_run")
    read = where.get if isinstance(where, Mapping) else partial(getattr, where)
    # The callback of a DAG is shown some task of the run.
    names = ["dag_id"] if "reason" in given else ["dag_id", "task_id"]
    shown = [str(value) for name in names if (value := read(name, None))]
    state = given.get("reason") or read("state", None) or ("missed its deadline" if "deadline" in given else "")
    return f"{' '.join(shown) or 'Airflow'}: {getattr(state, 'value', state) or 'alert'}"


send_ippanel_notification = IPPanelNotifier
