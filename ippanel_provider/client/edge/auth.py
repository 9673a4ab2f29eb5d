"""API: auth. Who the credential belongs to, and the steps that :class:`ippanel_provider.client.auth.Login` is made
of."""

from __future__ import annotations

from ippanel_provider.client import validation as checks
from ippanel_provider.client._fields import body
from ippanel_provider.client.models import Account, LoginStep, RecoveryStep
from ippanel_provider.client.requests import Replay, Request, T
from ippanel_provider.client.responses import reading, reading_nothing

_BASE = "/api/acl/auth"


def check_token() -> Request[Account]:
    """Who the credential belongs to; takes API keys and tokens."""
    path = f"{_BASE}/check_token"
    return Request("auth.check_token", "POST", path, reading(Account), alternates=(("GET", path),))


def login(username: str, password: str) -> Request[LoginStep]:
    """Begin a login. ``method`` of the step says what comes next: nothing (``login``), or :func:`confirm_otp`."""
    return _step("login", LoginStep, username=username, password=password)


def send_otp(token: str) -> Request[LoginStep]:
    """Text the one-time code of a login step again; the step of the answer takes the place of the first."""
    return _step("send_otp", LoginStep, "send_sms_otp", token=checks.token(token))


def confirm_otp(token: str, otp: str) -> Request[LoginStep]:
    """Finish a login step with the code texted (``sms``) or shown by the authenticator (``ga``), within 6 minutes."""
    return _step("confirm_otp", LoginStep, token=checks.token(token), otp=otp)


def forgot_password(username: str, mobile: str) -> Request[RecoveryStep]:
    """Text a one-time code to the account's own mobile number; :func:`change_password` takes it within 2 minutes."""
    return _step("forgot_password", RecoveryStep, username=username, mobile=checks.recipient(mobile, "mobile"))


def change_password(token: str, otp: str, password: str) -> Request[None]:
    """Set a new password with the step of :func:`forgot_password` and the code texted."""
    return Request(
        "auth.change_password",
        "POST",
        f"{_BASE}/change_password_by_token",
        reading_nothing,
        body=_body(token=checks.token(token), otp=otp, password=password),
        replay=Replay.IF_NOT_SENT,
        authenticated=False,
    )


def logout() -> Request[None]:
    """End the token that is sent with it. API keys have no use for this."""
    path = f"{_BASE}/logout"
    return Request("auth.logout", "POST", path, reading_nothing, alternates=(("GET", path),))


def _step(operation: str, data: type[T], path: str | None = None, **fields: str) -> Request[T]:
    # A step may text a code to a person, so one that left is not repeated.
    return Request(
        f"auth.{operation}",
        "POST",
        f"{_BASE}/{path or operation}",
        reading(data),
        body=_body(**fields),
        replay=Replay.IF_NOT_SENT,
        authenticated=False,
    )


def _body(**fields: str) -> bytes:
    return body(**{name: checks.present(value, name) for name, value in fields.items()})
