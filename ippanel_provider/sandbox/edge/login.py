"""The way from a user name to a token. API: auth.

A wrong user name or password is answered with the documented 401 whatever the account says; a wrong token or code with
the one of the two 401 bodies that the account is set to.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from typing import Any

from ippanel_provider.sandbox import totp
from ippanel_provider.sandbox.logins import Step
from ippanel_provider.sandbox.takes import RECIPIENT
from ippanel_provider.sandbox.wire import Call, Denied, Reply, Route
from ippanel_provider.service import MAX_TOKEN_LENGTH, MIN_TOKEN_LENGTH
from ippanel_provider.text.numbers import InvalidNumber, normalize

from .envelope import Problems, done, unauthorized
from .fields import Spelled, read, values


def login(call: Call) -> Reply:
    """Begin: the token is final, or waits for the code the account's two-factor setting asks for."""
    problems = Problems()
    given = read(call, problems)
    if problems:
        return problems.bare_reply()
    account = call.sandbox.account
    if not (_same(given["username"], account.user_name) and _same(given["password"], account.password)):
        return unauthorized("documented")
    token = secrets.token_hex(16)
    if account.two_factor == "login":
        call.sandbox.logins.issue(token)
    else:
        otp = _new_otp() if account.two_factor == "sms" else ""
        call.sandbox.logins.begin(account.two_factor, token, otp, account.mobile)
    return done({"method": account.two_factor, "token": token})


def send_otp(call: Call) -> Reply:
    """Text another code for a login; the token of the answer takes the place of the one before."""
    step = _step(call, "sms", "ga")
    token = secrets.token_hex(16)
    call.sandbox.logins.resend(step.token, token, _new_otp(), call.sandbox.account.mobile)
    return done({"method": "sms", "token": token})


def confirm_otp(call: Call) -> Reply:
    """Finish a login with the code that was texted, or that the authenticator shows."""
    step = _confirmed(call, "sms", "ga")
    token = secrets.token_hex(16)
    call.sandbox.logins.close(step.token)
    call.sandbox.logins.issue(token)
    return done({"token": token, "method": "login"})


def forgot_password(call: Call) -> Reply:
    """Text a code to the account's own number."""
    given, account = values(call), call.sandbox.account
    if not _same(given["username"], account.user_name) or not _same_number(given["mobile"], account.mobile):
        return unauthorized("documented")
    token = secrets.token_hex(16)
    call.sandbox.logins.begin("recovery", token, _new_otp(), account.mobile)
    return done({"token": token})


def change_password(call: Call) -> Reply:
    """Set a new password. One of the calls that refuse API keys, in the header and as the token."""
    credential = call.sandbox.credential(call.header(b"authorization").strip())
    if credential is not None and credential.kind == "key":
        raise _unknown(call)
    step = _confirmed(call, "recovery")
    call.sandbox.logins.close(step.token)
    call.sandbox.change_account({"password": str(call.body["password"])})
    return done()


def logout(call: Call) -> Reply:
    """End the token that is sent with it."""
    call.sandbox.logins.revoke(call.header(b"authorization").strip())
    return done()


def _confirmed(call: Call, *kinds: str) -> Step:
    """The step of the body, if the code is right."""
    step = _step(call, *kinds)
    otp, secret = values(call)["otp"], call.sandbox.account.totp_secret
    if _same(otp, step.otp) if step.otp else totp.accepts(secret, otp, call.sandbox.now()):
        return step
    call.sandbox.logins.count_wrong(step.token)
    raise _unknown(call)


def _step(call: Call, *kinds: str) -> Step:
    step = call.sandbox.logins.step(values(call)["token"])
    if step is None or step.kind not in kinds:
        raise _unknown(call)
    return step


def _unknown(call: Call) -> Denied:
    return Denied(unauthorized(call.sandbox.account.unauthorized_body))


def _new_otp() -> str:
    return str(secrets.randbelow(90_000) + 10_000)


def _same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode(), known.encode())


def _same_number(given: str, known: str) -> bool:
    try:
        return normalize(given) == normalize(known)
    except InvalidNumber:
        return False


@dataclass(frozen=True)
class _Token(Spelled):
    """The token of a step."""

    def read(self, value: Any, problems: Problems, at: str) -> str | None:
        token = super().read(value, problems, at)
        if token and not MIN_TOKEN_LENGTH <= len(token) <= MAX_TOKEN_LENGTH:
            problems.add(at)
        return token


_USERNAME, _PASSWORD, _OTP, _TOKEN = Spelled("username"), Spelled("password"), Spelled("otp"), _Token("token")
_AUTH = "/api/acl/auth"

routes = (
    Route("POST", f"{_AUTH}/login", login, "login", auth="none", takes=(_USERNAME, _PASSWORD)),
    Route("POST", f"{_AUTH}/send_sms_otp", send_otp, "send_otp", auth="none", takes=(_TOKEN,)),
    Route("POST", f"{_AUTH}/confirm_otp", confirm_otp, "confirm_otp", auth="none", takes=(_OTP, _TOKEN)),
    Route(
        "POST",
        f"{_AUTH}/forgot_password",
        forgot_password,
        "forgot_password",
        auth="none",
        takes=(_USERNAME, Spelled("mobile", RECIPIENT)),
    ),
    Route(
        "POST",
        f"{_AUTH}/change_password_by_token",
        change_password,
        "change_password",
        auth="none",
        takes=(_OTP, _PASSWORD, _TOKEN),
    ),
    Route("POST", f"{_AUTH}/logout", logout, "logout", auth="token"),
    Route("GET", f"{_AUTH}/logout", logout, "logout", auth="token", alternate=True),
)
