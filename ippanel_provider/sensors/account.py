"""Waiting for what people do about an account: approve a pattern, fill up the credit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import PokeReturnValue

from ippanel_provider.operators import fields
from ippanel_provider.sensors.base import IPPanelSensor

if TYPE_CHECKING:
    from datetime import timedelta
    from typing import Unpack

    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.operators.signatures import WaitingArguments
    from ippanel_provider.triggers.account import IPPanelCreditTrigger, IPPanelPatternTrigger


class IPPanelPatternSensor(IPPanelSensor):
    """Wait until a pattern is approved; fail if it is rejected. Returns its code.

    The parameters of :class:`~ippanel_provider.sensors.base.IPPanelSensor` hold too.

    :param pattern_code: the pattern (templated)
    :raises PatternRejected: if it was
    """

    template_fields: Sequence[str] = ("pattern_code", *IPPanelSensor.template_fields)

    def __init__(
        self, *, pattern_code: str, poke_interval: float | timedelta = 300.0, **kwargs: Unpack[WaitingArguments]
    ) -> None:
        super().__init__(poke_interval=poke_interval, **kwargs)
        self.pattern_code = pattern_code

    def look(self, context: Context) -> PokeReturnValue:
        """Ask how it stands with the pattern."""
        from ippanel_provider.client import edge

        status = self.hook.run(edge.pattern.get(self.pattern_code)).status
        if status == "pending":
            self.teller.tell(lambda: f"Nobody has decided about pattern {self.pattern_code} yet")
            return PokeReturnValue(is_done=False)
        return PokeReturnValue(is_done=True, xcom_value=self._judge(status))

    def trigger(self, context: Context, deadline: float) -> IPPanelPatternTrigger:
        """See :class:`~ippanel_provider.sensors.base.IPPanelSensor`."""
        from ippanel_provider.triggers.account import IPPanelPatternTrigger

        return IPPanelPatternTrigger(self.pattern_code, self.ippanel_conn_id, self.poke_interval, deadline)

    def conclude(self, event: Mapping[str, Any]) -> str:
        """See :class:`~ippanel_provider.sensors.base.IPPanelSensor`."""
        return self._judge(event["pattern_status"])

    def subject(self) -> str:
        """See :class:`~ippanel_provider.sensors.base.IPPanelSensor`."""
        return f"pattern_code {self.pattern_code}"

    def _judge(self, status: str) -> str:
        from ippanel_provider.exceptions import PatternRejected

        if status != "active":
            raise PatternRejected(
                f"pattern_code {self.pattern_code}: it was not approved, its status is {status}; the panel says why."
            )
        return self.pattern_code


class IPPanelCreditSensor(IPPanelSensor):
    """Wait until the account holds enough credit. Returns the credit, in rial.

    The parameters of :class:`~ippanel_provider.sensors.base.IPPanelSensor` hold too.

    :param at_least: the credit to wait for, in rial (templated)
    """

    template_fields: Sequence[str] = ("at_least", *IPPanelSensor.template_fields)

    at_least = fields.number(0)

    def __init__(
        self, *, at_least: float | str, poke_interval: float | timedelta = 300.0, **kwargs: Unpack[WaitingArguments]
    ) -> None:
        super().__init__(poke_interval=poke_interval, **kwargs)
        self.at_least = at_least

    def look(self, context: Context) -> PokeReturnValue:
        """Ask for the credit."""
        credit = self.hook.run(self.hook.gateway.credit()).credit
        if credit < self.at_least:
            self.teller.tell(lambda: f"The credit is {credit:.0f} rial, {self.at_least:.0f} are needed")
            return PokeReturnValue(is_done=False)
        return PokeReturnValue(is_done=True, xcom_value=credit)

    def trigger(self, context: Context, deadline: float) -> IPPanelCreditTrigger:
        """See :class:`~ippanel_provider.sensors.base.IPPanelSensor`."""
        from ippanel_provider.triggers.account import IPPanelCreditTrigger

        return IPPanelCreditTrigger(self.at_least, self.ippanel_conn_id, self.poke_interval, deadline)

    def conclude(self, event: Mapping[str, Any]) -> float:
        """See :class:`~ippanel_provider.sensors.base.IPPanelSensor`."""
        return float(event["credit"])

    def subject(self) -> str:
        """See :class:`~ippanel_provider.sensors.base.IPPanelSensor`."""
        return "at_least"
