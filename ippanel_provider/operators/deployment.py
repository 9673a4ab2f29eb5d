"""What a deployment sets for all its tasks, in the section ``[ippanel]`` of Airflow's configuration."""

from __future__ import annotations

from typing import Any, NamedTuple

from airflow.providers.common.compat.sdk import conf

from ippanel_provider.operators.fields import Field


class Default(NamedTuple):
    """An option of the section, and what holds where neither the task nor the deployment sets it."""

    option: str
    otherwise: Any


SETTLE = Default("settle", 120.0)
CONCURRENCY = Default("concurrency", 4)
ON_UNCONFIRMED = Default("on_unconfirmed", "fail")
LEDGER_CONN_ID = Default("ledger_conn_id", None)


class Deployed(Field):
    """A field that takes the deployment's value where the task has none.

    :param field: how it is read
    """

    def __init__(self, field: Field, default: Default) -> None:
        super().__init__(field._read)
        self._default = default

    def read(self, value: Any) -> Any:
        """Return what is meant by a value, or else the deployment's.

        :raises InvalidValue: naming the field.
        """
        meant = super().read(value)
        if meant is None:
            meant = super().read(conf.get("ippanel", self._default.option, fallback=None))
        return self._default.otherwise if meant is None else meant
