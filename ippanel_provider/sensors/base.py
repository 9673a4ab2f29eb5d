"""What the sensors of this provider have in common: look on the worker, wait on the triggerer."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.exceptions import AirflowRescheduleException
from airflow.providers.common.compat.sdk import (
    AirflowException,
    AirflowSkipException,
    AirflowTaskTimeout,
    BaseSensorOperator,
    PokeReturnValue,
    conf,
)

from ippanel_provider.exceptions import WaitFailed, WaitRefused, WaitTimedOut
from ippanel_provider.hooks.ippanel import IPPanelHook
from ippanel_provider.operators import fields
from ippanel_provider.operators.door import WAITING, door
from ippanel_provider.operators.fields import check_fields
from ippanel_provider.operators.mapping import partial_of
from ippanel_provider.operators.rendering import render, render_fields
from ippanel_provider.operators.waiting import LEAST_POLL, Teller, looked, resumed, time_left
from ippanel_provider.tracebacks import discreet

if TYPE_CHECKING:
    from datetime import timedelta
    from typing import Unpack

    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.operators.signatures import SensorOptions
    from ippanel_provider.triggers.base import WaitTrigger


class IPPanelSensor(BaseSensorOperator):
    """Base of the sensors: ``mode="poke"`` and ``"reschedule"`` look on a worker, ``deferrable`` waits on the
    triggerer.

    A look that finds the service out of reach is a look without result; only a refusal ends the wait, and that only
    where the connection has not been changed meanwhile. ``soft_fail`` skips the task whatever ends the wait without
    what was waited for, ``never_fail`` whatever happens at all, in each mode. ``execution_timeout`` counts from the
    start of a try, the triggerer's time included; with ``mode="reschedule"`` it limits each look, as Airflow has it.

    :param deferrable: wait on the triggerer instead of a worker; default is the ``[operators] default_deferrable``
        setting
    :param poke_interval: seconds between two looks
    :param ippanel_conn_id: the connection to IPPanel (templated)
    :raises WaitFailed: if the service refused to be asked; :class:`~ippanel_provider.exceptions.WaitTimedOut` if a
        deferred wait took longer than ``timeout``
    """

    template_fields: Sequence[str] = ("ippanel_conn_id",)
    ui_color = "#e3ecfa"

    poke_interval = fields.seconds(LEAST_POLL)
    deferrable = fields.flag()

    def __init__(
        self,
        *,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poke_interval: float | timedelta = 30.0,
        ippanel_conn_id: str = IPPanelHook.default_conn_name,
        **kwargs: Unpack[SensorOptions],
    ) -> None:
        super().__init__(poke_interval=poke_interval, **kwargs)
        self.deferrable = deferrable
        self.ippanel_conn_id = ippanel_conn_id

    @classmethod
    def partial(cls, *, task_id: str, **kwargs: Any) -> Any:
        """Return what ``expand`` makes mapped tasks of.

        :raises ValueError: naming the field, if a constant cannot be right.
        """
        return partial_of(cls, super().partial, {"task_id": task_id, **kwargs})

    @cached_property
    def hook(self) -> IPPanelHook:
        """The hook of this task."""
        return IPPanelHook(self.ippanel_conn_id)

    @cached_property
    def teller(self) -> Teller:
        """Says in the log how far the wait is."""
        return Teller(self.log)

    @discreet
    def execute(self, context: Context) -> Any:
        """Wait here, or look once and defer."""
        with self._skipping():
            if not self.deferrable:
                return super().execute(context)
            found = self.poke(context)
            if not found:
                with door(self.ippanel_conn_id, WAITING):
                    trigger = self.trigger(context, time.time() + self.timeout)
                self.defer(trigger=trigger, method_name="execute_complete", timeout=time_left(self, context))
            return found.xcom_value

    @discreet
    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Go on after a wait on the triggerer."""
        with self._skipping(), door(self.ippanel_conn_id, WAITING):
            return resumed(self, next_method, next_kwargs, context)

    @contextmanager
    def _skipping(self) -> Iterator[None]:
        """Skip instead of failing where ``soft_fail`` or ``never_fail`` says so. Airflow heeds them too, but what they
        cover differs with its version, and between a look, a pause and a wait on the triggerer.
        """
        try:
            yield
        except (AirflowSkipException, AirflowRescheduleException):
            raise
        except (Exception, AirflowTaskTimeout) as error:
            if not self.never_fail and not (
                self.soft_fail and isinstance(error, (AirflowException, AirflowTaskTimeout))
            ):
                raise
            word = "never_fail" if self.never_fail else "soft_fail"
            raise AirflowSkipException(f"Skipping due to {word} is set to True. {error}") from error

    @discreet
    def poke(self, context: Context) -> PokeReturnValue:
        """Look once."""
        with door(self.ippanel_conn_id, WAITING):
            check_fields(self)
            return self._looked(context)

    def _looked(self, context: Context) -> PokeReturnValue:
        from ippanel_provider.client import NotSent, OtpRequired, Unconfirmed

        try:
            return looked(self, lambda: self.look(context))
        except OtpRequired:
            raise
        except (NotSent, Unconfirmed) as error:
            self.log.warning("This look failed, the next is in %g s: %s", self.poke_interval, error)
            return PokeReturnValue(is_done=False)

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> Any:
        """Take up the trigger's event."""
        with door(self.ippanel_conn_id, WAITING):
            status, message = event.get("status"), event.get("message", "the trigger ended without a word")
            if status == "timeout":
                raise WaitTimedOut(f"{self.subject()}: {message}")
            if status in {"error", None}:
                raise (WaitRefused if event.get("refused") else WaitFailed)(f"{self.subject()}: {message}")
            return self.conclude(event)

    def render_template(
        self, content: Any, context: Context, jinja_env: Any = None, seen_oids: set[int] | None = None
    ) -> Any:
        """Render a value of a field; see :mod:`ippanel_provider.operators.rendering`."""
        return render(IPPanelSensor, self, content, context, jinja_env, seen_oids)

    @discreet
    def _do_render_template_fields(
        self, parent: Any, template_fields: Iterable[str], context: Context, jinja_env: Any, seen_oids: set[int]
    ) -> None:
        render_fields(self, parent, template_fields, context, jinja_env, seen_oids)

    @abstractmethod
    def look(self, context: Context) -> PokeReturnValue:
        """Ask the service; return what to wait no longer for."""

    @abstractmethod
    def trigger(self, context: Context, deadline: float) -> WaitTrigger:
        """Return the trigger that waits for the same; ``deadline`` is epoch seconds."""

    @abstractmethod
    def conclude(self, event: Mapping[str, Any]) -> Any:
        """Return the task's result from the trigger's event, or raise what is wrong."""

    @abstractmethod
    def subject(self) -> str:
        """Name the argument that says what is waited for."""
