"""API: auth."""

from __future__ import annotations

from ippanel_provider.client.envelope import reading
from ippanel_provider.client.models import Account
from ippanel_provider.client.request import Request

_BASE = "/api/acl/auth"


def check_token() -> Request[Account]:
    """Who the credential belongs to; takes API keys and tokens."""
    path = f"{_BASE}/check_token"
    return Request("auth.check_token", "POST", path, reading(Account), alternates=(("GET", path),))
