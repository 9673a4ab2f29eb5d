"""API: payment."""

from __future__ import annotations

from ippanel_provider.client.models import Credit
from ippanel_provider.client.requests import Request
from ippanel_provider.client.responses import reading


def credit() -> Request[Credit]:
    """The account's credit in rial."""
    return Request("payment.credit", "GET", "/api/payment/credit/mine", reading(Credit))
