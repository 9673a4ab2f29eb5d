"""A user name and a password as a source of credentials: the steps of a login, and the token they end in."""

from __future__ import annotations

import contextlib
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ippanel_provider.client import totp
from ippanel_provider.client.auth.sources import Credential, Renewal
from ippanel_provider.client.auth.tokens import MemoryStore, StoredToken, TokenStore
from ippanel_provider.client.edge import auth as steps
from ippanel_provider.client.errors import InvalidInput, OtpRequired, Unauthorized
from ippanel_provider.client.models import LoginStep
from ippanel_provider.client.requests import Flow
from ippanel_provider.service import LOGIN_STEP_LIFETIME, RECOVERY_STEP_LIFETIME, TOKEN_LIFETIME
from ippanel_provider.tracebacks import discreet

_RENEW_BEFORE = 10 * 60
"""A token is replaced so many seconds before it ends."""


@dataclass(frozen=True, slots=True)
class _OpenStep:
    """A step that waits for a one-time code until the clock shows ``ends_at``."""

    token: str = field(repr=False)
    method: str
    ends_at: float


class Login:
    """A user name and password. The token they are exchanged for is kept until shortly before it ends (10 hours).

    Threads, event loops and clients may share one Login; only one of them logs in at a time.

    :param totp_secret: the authenticator's secret (base32), where the account asks for its code.
    :param store: keeps the token for others: :class:`~ippanel_provider.client.auth.FileStore` for the next process.
    :param clock: seconds since the epoch; for tests.

    Where the account asks for a texted code, the request that needed the login raises
    :class:`~ippanel_provider.client.errors.OtpRequired`; then::

        client.run(login.confirm("12345"))
    """

    @discreet
    def __init__(
        self,
        username: str,
        password: str,
        *,
        totp_secret: str | None = None,
        store: TokenStore | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not username or not password:
            raise InvalidInput(f"{'password' if username else 'username'}: it is empty")
        self._username = username
        self._password = password
        self._totp_key = totp.key(totp_secret) if totp_secret else None
        self._store: TokenStore = MemoryStore() if store is None else store
        self._clock = clock
        self._token: StoredToken | None = None
        self._step: _OpenStep | None = None
        self._recovery: _OpenStep | None = None
        self._leaving = False
        self.renewal = Renewal()

    @property
    def renewable(self) -> bool:
        """A refused token is replaced by a new login, except while logging out."""
        return not self._leaving

    def current(self) -> str | None:
        """Return the token, or None when there is none or it is about to end."""
        token = self._token
        return token.value if token is not None and self._lasts(token) else None

    def renew(self) -> Flow[str]:
        """Take a newer token from the store, or log in.

        :raises OtpRequired: a person has to give a code. Until the step ends, asking again texts no further code.
        :raises Unauthorized: the user name, the password or the authenticator's code is wrong.
        """
        if (newer := self._newer()) is not None:
            return newer
        if self._step is not None and self._is_open(self._step):
            raise _otp_required(self._step)
        try:
            step = yield from steps.login(self._username, self._password)
        except Unauthorized as error:
            raise Unauthorized(
                "login: the service does not know this user name and password (HTTP 401).", error.details
            ) from error
        if step.method == "ga" and self._totp_key is not None:
            try:
                step = yield from steps.confirm_otp(step.token, totp.code(self._totp_key, self._clock()))
            except Unauthorized as error:
                # A code may count once, and another process may have logged in with this one.
                if (newer := self._newer()) is not None:
                    return newer
                why = (
                    "login: the authenticator's code was refused (HTTP 401). Check the TOTP secret and the "
                    "clock of this machine."
                )
                raise Unauthorized(why, error.details) from error
        return self._settle(step)

    def confirm(self, otp: str, token: str | None = None) -> Flow[None]:
        """Finish a login with the code that was texted or that the authenticator shows; then run the request again.

        ``token`` is that of an :class:`OtpRequired` another Login raised; None takes this one's own.

        :raises Unauthorized: the code is wrong or came after the 6 minutes; :meth:`resend` asks for another.
        """
        request = steps.confirm_otp(token or self._open_step().token, _digits(otp))
        # A traceback can be shown with the values of all names in it; the request shows nothing.
        otp = token = ""
        self._settle((yield from request))

    def resend(self) -> Flow[None]:
        """Have the code of the open login step texted again."""
        open_step = self._open_step()
        if open_step.method == "ga":
            raise InvalidInput("login: the authenticator shows the code; none is texted")
        try:
            step = yield from steps.send_otp(open_step.token)
        except Unauthorized:
            # The service has ended the step; the next request begins a login of its own.
            self._step = None
            raise
        self._step = self._opened(step.token, step.method, LOGIN_STEP_LIFETIME)

    def logout(self) -> Flow[None]:
        """End the token with the service and forget it, here and in the store. The next request logs in anew."""
        self._leaving = True
        try:
            if self._token is None:
                self._token = self._store.load()
            if self.current() is not None:
                with contextlib.suppress(Unauthorized):  # The service may have ended it already.
                    yield from steps.logout()
        finally:
            self._leaving = False
            self._forget()

    def forgot_password(self, mobile: str) -> Flow[None]:
        """Have a code texted to the account's own mobile number, for :meth:`change_password` within 2 minutes."""
        step = yield from steps.forgot_password(self._username, mobile)
        self._recovery = self._opened(step.token, "sms", RECOVERY_STEP_LIFETIME)

    def change_password(self, otp: str, password: str) -> Flow[None]:
        """Set a new password with the code of :meth:`forgot_password`, and use it from now on.

        The service changes a password in no other way: an API key or a token does not allow it.
        """
        step = self._recovery
        if step is None or not self._is_open(step):
            raise InvalidInput(
                "otp: no code was asked for in the last 2 minutes; run login.forgot_password(mobile) first"
            )
        request = steps.change_password(step.token, _digits(otp), password)
        new = Credential(password)
        otp = password = ""
        yield from request
        self._recovery = None
        self._password = new.value
        self._forget()

    def _newer(self) -> str | None:
        """Take the token of the store if it was made after the one at hand."""
        stored = self._store.load()
        if (
            stored is None
            or not self._lasts(stored)
            or (self._token is not None and stored.expires_at <= self._token.expires_at)
        ):
            return None
        self._token = stored
        return stored.value

    def _settle(self, step: LoginStep) -> str:
        if step.method != "login":
            self._step = self._opened(step.token, step.method, LOGIN_STEP_LIFETIME)
            raise _otp_required(self._step)
        self._step = None
        self._token = StoredToken(step.token, datetime.fromtimestamp(self._clock() + TOKEN_LIFETIME, UTC))
        self._store.save(self._token)
        return step.token

    def _forget(self) -> None:
        self._token = None
        self._step = None
        self._store.clear()

    def _lasts(self, token: StoredToken) -> bool:
        return token.expires_at.timestamp() - self._clock() > _RENEW_BEFORE

    def _opened(self, token: str, method: str, lifetime: float) -> _OpenStep:
        return _OpenStep(token, method, self._clock() + lifetime)

    def _is_open(self, step: _OpenStep) -> bool:
        return self._clock() < step.ends_at

    def _open_step(self) -> _OpenStep:
        if self._step is None or not self._is_open(self._step):
            raise InvalidInput(
                "otp: no login waits for a code (a step is open for 6 minutes); run a request, which begins a login"
            )
        return self._step

    def __repr__(self) -> str:
        return "Login(…)"


def _otp_required(step: _OpenStep) -> OtpRequired:
    came = {
        "sms": "a one-time code was texted to the account's mobile number. Run login.confirm(code), or "
        "login.resend() if none came,",
        "ga": "the account asks for its authenticator's code. Give Login the totp_secret, or run login.confirm(code)",
    }
    minutes = LOGIN_STEP_LIFETIME // 60
    sentence = f"login: {came[step.method]} within {minutes} minutes. What needed the login was not sent."
    return OtpRequired(sentence, token=step.token, method=step.method)


def _digits(otp: str) -> str:
    """The code in Latin digits, whatever keyboard it was typed on."""
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in otp.strip())
