"""Sources of credentials, and how a request gets one from them."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, Protocol

from ippanel_provider.client.auth._renewal import Await, Renewal
from ippanel_provider.client.errors import InvalidInput, IPPanelClientError, NotSent, Unconfirmed
from ippanel_provider.client.request import Flow, Request, Sleep, Together


class Auth(Protocol):
    """A source of credentials. ``current`` does no I/O; ``renew`` is a flow of requests that need no credential."""

    @property
    def renewal(self) -> Renewal:
        """What keeps all who share this source from renewing it twice at once; one for its whole life."""
        ...

    @property
    def renewable(self) -> bool:
        """Whether a refused credential may be replaced by a new one."""
        ...

    def current(self) -> str | None:
        """Return the credential, or None when one has to be fetched first."""
        ...

    def renew(self) -> Flow[str]:
        """Fetch a new credential, keep it, and return it."""
        ...


class ApiKey:
    """An API key made in the panel. It never expires; the password calls refuse it."""

    renewable = False

    def __init__(self, key: str) -> None:
        if problem := _problem_of(key):
            key = ""  # A traceback can be shown with the values of all names in it.
            raise InvalidInput(problem)
        self._key = key.strip()
        self.renewal = Renewal()

    def current(self) -> str:
        """Return the key."""
        return self._key

    def renew(self) -> Flow[str]:
        """Return the key: there is no other."""
        yield from ()
        return self._key

    def __repr__(self) -> str:
        return "ApiKey(…)"


def _problem_of(key: str) -> str:
    scheme, _, rest = key.strip().partition(" ")
    if rest and scheme.rstrip(":").lower() in {"bearer", "accesskey", "apikey", "token"}:
        return f"api_key: give the key alone, without {scheme!r} before it"
    if rest or not scheme or not scheme.isascii() or not scheme.isprintable():
        return "api_key: it is empty or holds characters no key has; copy it from the panel again"
    return ""


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential on its way to a request; as the value of a name in a traceback it shows nothing."""

    value: str = field(repr=False)


def obtain(
    auth: Auth, rejected: Credential | None
) -> Generator[Request[Any] | Sleep | Together[Any] | Await, Any, Credential]:
    """Yield the steps to a credential other than ``rejected``; return it.

    :raises NotSent: when a login left and no answer came: what needed the credential was never sent.
    """
    while True:
        if (credential := _usable(auth, rejected)) is not None:
            return credential
        under_way = auth.renewal.join()
        if under_way is None:
            return (yield from _lead(auth, rejected))
        yield under_way


def _lead(auth: Auth, rejected: Credential | None) -> Flow[Credential]:
    failure: IPPanelClientError | None = None
    try:
        # Whoever led before may have renewed it already.
        if (credential := _usable(auth, rejected)) is not None:
            return credential
        return Credential((yield from auth.renew()))
    except Unconfirmed as error:
        failure = NotSent(f"{error} What needed the login was not sent.", error.details)
        raise failure from error
    except IPPanelClientError as error:
        failure = error
        raise
    finally:
        auth.renewal.end(failure)


def _usable(auth: Auth, rejected: Credential | None) -> Credential | None:
    current = auth.current()
    return None if current is None or (rejected and current == rejected.value) else Credential(current)
