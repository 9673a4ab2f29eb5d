"""What all tasks of this provider have in common: a connection."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from airflow.providers.common.compat.sdk import BaseOperator

from ippanel_provider.hooks.ippanel import IPPanelHook


class IPPanelOperator(BaseOperator):
    """Base of the operators.

    :param ippanel_conn_id: the connection to IPPanel (templated)
    """

    template_fields: Sequence[str] = ("ippanel_conn_id",)
    ui_color = "#dff3e4"

    def __init__(self, *, ippanel_conn_id: str = IPPanelHook.default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ippanel_conn_id = ippanel_conn_id

    @cached_property
    def hook(self) -> IPPanelHook:
        """The hook of this task."""
        return IPPanelHook(self.ippanel_conn_id)
