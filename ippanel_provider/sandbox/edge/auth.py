"""Who calls. API: auth. The credential stands bare in ``Authorization``; a scheme before it is part of a wrong
credential.
"""

from __future__ import annotations

from ippanel_provider.sandbox.wire import Call, Reply, Route

from . import login
from .envelope import done, unauthorized


def authorize(call: Call, route: Route) -> Reply | None:
    """Fill ``call.credential``, or refuse with 401."""
    if route.auth == "none":
        return None
    credential = call.sandbox.credential(call.header(b"authorization").strip())
    if credential is None or (route.auth == "token" and credential.kind != "token"):
        return unauthorized(call.sandbox.account.unauthorized_body)
    call.credential = credential
    return None


def check_token(call: Call) -> Reply:
    """Whose credential it is."""
    account = call.sandbox.account
    return done(
        {
            "user_name": account.user_name,
            "user_id": account.user_id,
            "document_block": account.document_block,
            "is_reseller": account.is_reseller,
            "send_block": account.send_block,
            "name": account.name,
        }
    )


routes = (
    *login.routes,
    Route("POST", "/api/acl/auth/check_token", check_token, "check_token"),
    Route("GET", "/api/acl/auth/check_token", check_token, "check_token", alternate=True),
)
