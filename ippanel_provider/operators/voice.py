"""One-time codes read out by a call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ippanel_provider.operators.hidden_fields import Private, value_of
from ippanel_provider.operators.one_request import OneRequestOperator

if TYPE_CHECKING:
    from typing import Unpack

    from ippanel_provider.campaign.audience import Row
    from ippanel_provider.client import Receipt, Request
    from ippanel_provider.operators.signatures import SendingArguments

VOICE_LINE = "+98votp"
"""What the reports call the line; a call needs none."""


class IPPanelVoiceOtpOperator(OneRequestOperator):
    """Have a code of at most 14 digits read out to one person by a call.

    The parameters of :class:`~ippanel_provider.operators.one_request.OneRequestOperator` hold too, ``message`` and
    ``sender`` apart.

    :param code: the digits; a text, where it begins with zeros (templated)
    :param recipient: whom to call (templated)
    """

    template_fields: Sequence[str] = ("recipient", *OneRequestOperator.template_fields)

    recipient = Private(of="recipient")
    text_field = "code"
    is_priced = False
    is_urgent = True

    def __init__(self, *, code: str | int, recipient: str | int, **kwargs: Unpack[SendingArguments]) -> None:
        super().__init__(message=code, **kwargs)
        self.recipient = recipient

    def line(self) -> str:
        """Return the line of all calls."""
        return VOICE_LINE

    def request(self, line: str, send_time: datetime | None) -> Request[Receipt]:
        """See :class:`~ippanel_provider.operators.one_request.OneRequestOperator`."""
        from ippanel_provider.client import edge

        return edge.send.votp(self.body(), value_of(self.recipient), send_time=send_time)

    def rows(self) -> list[Row]:
        """One person."""
        from ippanel_provider.campaign.audience import Row

        return [Row(1, value_of(self.recipient), self.body())]
