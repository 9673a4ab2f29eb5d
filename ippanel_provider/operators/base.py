"""What all tasks of this provider have in common: a connection, fields that are read, and one door for errors."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from airflow.providers.common.compat.sdk import BaseOperator, conf

from ippanel_provider.hooks.ippanel import IPPanelHook
from ippanel_provider.operators.door import ASKING, Family, door
from ippanel_provider.operators.fields import Field, check_fields
from ippanel_provider.operators.mapping import partial_of
from ippanel_provider.operators.rendering import render, render_fields
from ippanel_provider.operators.waiting import resumed
from ippanel_provider.tracebacks import discreet

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class Default(NamedTuple):
    """An option of the section, and what holds where neither the task nor the deployment sets it."""

    option: str
    otherwise: Any


# What a deployment sets for all its tasks, in the section [ippanel] of Airflow's configuration.
SETTLE = Default("settle", 120.0)
CONCURRENCY = Default("concurrency", 4)
ON_UNCONFIRMED = Default("on_unconfirmed", "fail")
LEDGER_CONN_ID = Default("ledger_conn_id", None)


class Deployed(Field):
    """A field that takes the deployment's value where the task has none.

    :param field: how it is read
    """

    def __init__(self, field: Field, default: Default) -> None:
        super().__init__(field._read, must_say=field._must_say)
        self._default = default

    def read(self, value: Any) -> Any:
        """Return what is meant by a value, or else the deployment's.

        :raises InvalidValue: naming the field.
        """
        meant = super().read(value)
        if meant is None:
            meant = super().read(conf.get("ippanel", self._default.option, fallback=None) or None)
        return self._default.otherwise if meant is None else meant


class IPPanelOperator(BaseOperator):
    """Base of the operators.

    What they do stands in :meth:`perform`. Values that cannot be right are refused by the field's name: constants when
    the DAG is parsed, templates before anything is asked or sent.

    :param ippanel_conn_id: the connection to IPPanel (templated)
    :raises InvalidArgument: if a value or the connection cannot be right; no retry is made
    :raises RequestRefused: if the service said no; no retry is made
    :raises RequestFailed: if the service could not be asked; a retry asks again
    """

    template_fields: Sequence[str] = ("ippanel_conn_id",)
    ui_color = "#dff3e4"
    errors: ClassVar[Family] = ASKING
    """What its errors are called."""

    def __init__(self, *, ippanel_conn_id: str = IPPanelHook.default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
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

    @abstractmethod
    def perform(self, context: Context) -> Any:
        """Do what the task is for; return its result."""

    @discreet
    def execute(self, context: Context) -> Any:
        """Do what the task is for; its errors leave by the door."""
        with door(self.ippanel_conn_id, self.errors):
            check_fields(self)
            return self.perform(context)

    @discreet
    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Go on after a wait on the triggerer."""
        with door(self.ippanel_conn_id, self.errors):
            return resumed(self, next_method, next_kwargs, context)

    def render_template(
        self, content: Any, context: Context, jinja_env: Any = None, seen_oids: set[int] | None = None
    ) -> Any:
        """Render a value of a field; see :mod:`ippanel_provider.operators.rendering`."""
        return render(IPPanelOperator, self, content, context, jinja_env, seen_oids)

    @discreet
    def _do_render_template_fields(
        self, parent: Any, template_fields: Iterable[str], context: Context, jinja_env: Any, seen_oids: set[int]
    ) -> None:
        render_fields(self, parent, template_fields, context, jinja_env, seen_oids)
