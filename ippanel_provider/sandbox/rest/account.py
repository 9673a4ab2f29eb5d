"""Whose key it is, and their money. API: legacy REST."""

from __future__ import annotations

from ippanel_provider.sandbox.wire import Call, Reply, Route

from .envelope import done


def user(call: Call) -> Reply:
    """The account a key belongs to."""
    account = call.sandbox.account
    return done(
        {
            "user": {
                "id": account.user_id,
                "username": account.user_name,
                "name": account.name,
                "email": f"{account.user_name}@example.com",
                "mobile": account.mobile,
                "document_block": account.document_block,
                "send_block": account.send_block,
                "status": "active",
            }
        }
    )


def credit(call: Call) -> Reply:
    """What is left, in rial."""
    return done({"credit": float(round(call.sandbox.account.credit, 1))})


routes = (
    Route("GET", "/user", user, "user"),
    Route("GET", "/credit", credit, "credit"),
)
