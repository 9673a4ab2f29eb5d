"""API: payment."""

from __future__ import annotations

from ippanel_provider.client._envelope import reading
from ippanel_provider.client.models import Credit
from ippanel_provider.client.request import Request


def credit() -> Request[Credit]:
    """The account's credit in rial."""
    return Request("payment.credit", "GET", "/api/payment/credit/mine", reading(Credit))
