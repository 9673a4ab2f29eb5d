"""One-time codes read out by a call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ippanel_provider.operators.hidden_fields import Private, value_of
from ippanel_provider.operators.single import SingleSendOperator

if TYPE_CHECKING:
    from ippanel_provider.campaign.audience import Row
    from ippanel_provider.client import Receipt, Request

VOICE_LINE = "+98votp"
"""What the reports call the line; a call needs none."""


class IPPanelVoiceOtpOperator(SingleSendOperator):
    """Have a code of at most 14 digits read out to one person by a call.

    The parameters of :class:`~ippanel_provider.operators.single.SingleSendOperator` hold too, ``message`` and
    ``sender`` apart.

    :param code: the digits (templated)
    :param recipient: whom to call (templated)
    """

    template_fields: Sequence[str] = ("recipient", *SingleSendOperator.template_fields)

    recipient = Private(of="recipient")
    is_priced = False

    def __init__(self, *, code: str | int, recipient: str | int, **kwargs: Any) -> None:
        super().__init__(message=code, **kwargs)
        self.recipient = recipient

    def line(self) -> str:
        """Return the line of all calls."""
        return VOICE_LINE

    def request(self, line: str, send_time: datetime | None) -> Request[Receipt]:
        """See :class:`~ippanel_provider.operators.single.SingleSendOperator`."""
        from ippanel_provider.client import edge

        return edge.send.votp(self._code, value_of(self.recipient), send_time=send_time)

    @property
    def _code(self) -> str:
        return str(value_of(self.message))

    def rows(self) -> list[Row]:
        """One person."""
        from ippanel_provider.campaign.audience import Row

        return [Row(1, value_of(self.recipient), self._code)]
