"""Who is asking: the credential a client puts on its requests."""

from __future__ import annotations

from typing import Protocol

from ippanel_provider.client.errors import InvalidInput
from ippanel_provider.client.renewal import Renewal
from ippanel_provider.client.request import Flow


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
        key = key.strip()
        scheme, _, rest = key.partition(" ")
        if rest and scheme.rstrip(":").lower() in {"bearer", "accesskey", "apikey", "token"}:
            raise InvalidInput(f"api_key: give the key alone, without {scheme!r} before it")
        if not key or not key.isascii() or not key.isprintable() or " " in key:
            raise InvalidInput("api_key: it is empty or holds characters no key has; copy it from the panel again")
        self._key = key
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
