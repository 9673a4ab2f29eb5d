"""The account's money, in rial. API: payment."""

from __future__ import annotations

from ippanel_provider.sandbox.wire import Call, Reply, Route

from .envelope import done, plain_moment


def credit(call: Call) -> Reply:
    """What is left, as a float."""
    account = call.sandbox.account
    return done(
        {
            "credit": float(round(account.credit, 1)),
            "yesterday_credit": float(round(account.credit, 1)),
            "gift": account.gift,
            "gift_expires_at": None,
            "updated_at": plain_moment(call.sandbox.now()),
        }
    )


routes = (Route("GET", "/api/payment/credit/mine", credit, "credit"),)
