"""How a client reaches the service: where it is, how long it may take, how many requests at once."""

from __future__ import annotations

import functools
import ssl
from dataclasses import dataclass, field, replace
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any

import httpx

from ippanel_provider import __version__, values
from ippanel_provider.client.errors import InvalidInput, as_invalid_input
from ippanel_provider.client.retrying import Retry
from ippanel_provider.service import EDGE_URL, REST_URL, SANDBOX_API_KEY, Api

USER_AGENT = f"airflow-provider-ippanel/{__version__} python-httpx/{httpx.__version__}"


@dataclass(frozen=True, slots=True)
class Settings:
    """How a client reaches the service. Times in seconds (or ``timedelta``); everything has a safe default.

    ``base_url`` may end in ``/v1`` or ``/v1/api``, with or without a slash; a bare host gets ``/v1``. ``verify`` is
    True, False, or the path of a CA bundle (a file, or a directory of certificates). Without ``proxy``, the
    environment's (``HTTPS_PROXY``, ``NO_PROXY`` …) is used.

    ``connect_timeout`` bounds making a connection, ``read_timeout`` the whole answer, from the last byte of the request
    to its own last. ``max_in_flight`` bounds requests under way at once, 1 to 1000. On a :class:`Client` a request that
    finds all of them busy for ``connect_timeout`` is :class:`~ippanel_provider.client.errors.Unreachable`; on an
    :class:`AsyncClient` it waits its turn. A client refuses values that make no sense when it is made.
    """

    api: Api = Api.EDGE
    base_url: str | None = None
    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    proxy: str | None = field(default=None, repr=False)
    verify: bool | str = True
    max_in_flight: int = 10
    retry: Retry = field(default_factory=Retry)

    @property
    def root(self) -> str:
        """The URL all request paths are appended to."""
        return _root(self.base_url or (EDGE_URL if self.api is Api.EDGE else REST_URL))

    def checked(self) -> Settings:
        """Return the same with every value in its plain form.

        :raises InvalidInput: naming the first that makes no sense.
        """
        with as_invalid_input():
            most = values.whole(self.max_in_flight, "max_in_flight", low=1, high=1000)
            connect, read = (
                values.seconds(getattr(self, name), name, low=_LEAST_TIME, high=_MOST_TIME)
                for name in ("connect_timeout", "read_timeout")
            )
        if not isinstance(self.verify, bool) and not (isinstance(self.verify, str | Path) and str(self.verify)):
            raise InvalidInput("verify: expected true, false, or the path of a CA bundle")
        for name in ("base_url", "proxy"):
            if not isinstance(getattr(self, name), str | None):
                raise InvalidInput(f"{name}: expected a URL as text")
        verify = self.verify if isinstance(self.verify, bool) else str(self.verify)
        settings = replace(
            self,
            connect_timeout=connect,
            read_timeout=read,
            max_in_flight=most,
            verify=verify,
            retry=self.retry.checked(),
        )
        settings.root  # noqa: B018 - it looks at the base URL
        return settings

    def check_credential(self, credential: str) -> None:
        """Refuse the sandbox's own key towards the service itself: somebody forgot to say where the sandbox is."""
        if credential == SANDBOX_API_KEY and _is_the_service(self.root):
            raise InvalidInput(
                "api_key: this is the sandbox's key; give the sandbox's address with it"
                " (base_url; the Base URL of an Airflow connection; IPPANEL_BASE_URL for the command ippanel; "
                "url= in an ippanel:// URL)"
            )

    def httpx_options(self) -> dict[str, Any]:
        """Return the arguments that both httpx clients take."""
        return {
            "verify": _tls(self.verify),
            "proxy": self.proxy,
            "timeout": httpx.Timeout(self.read_timeout, connect=self.connect_timeout, pool=self.connect_timeout),
            # One request at a time has it to itself.
            "limits": httpx.Limits(max_connections=1, max_keepalive_connections=1),
            # Other compressions, and several in one another, can make gigabytes of one piece.
            "headers": {"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "gzip, deflate"},
            "follow_redirects": False,
            # None is kept: whatever is answered, the next request is as large as the one before.
            "cookies": CookieJar(DefaultCookiePolicy(allowed_domains=())),
        }


_LEAST_TIME, _MOST_TIME = 0.001, 3600.0
_THE_SERVICE = frozenset(httpx.URL(url).host for url in (EDGE_URL, REST_URL))


@functools.lru_cache(maxsize=64)
def _root(base_url: str) -> str:
    given = base_url.strip()
    if not given.lower().startswith(("http://", "https://")):
        raise InvalidInput("base_url: it does not begin with http:// or https://; give it as https://host/v1")
    url = given.rstrip("/")
    try:
        parsed = httpx.URL(url)
        # As the network is asked for it; a label of a name may have 63 letters, and none may be empty.
        parsed.host.encode("idna")
        is_port = parsed.port is None or 0 < parsed.port < 65_536
    except (httpx.InvalidURL, UnicodeError):
        # What httpx says can hold a part of it that was meant as a password.
        raise InvalidInput("base_url: it is no URL; give it as https://host/v1") from None
    if not parsed.host:
        raise InvalidInput("base_url: it names no host; give it as https://host/v1")
    if not is_port:
        raise InvalidInput("base_url: its port must be from 1 to 65535; give it as https://host/v1")
    if parsed.userinfo or parsed.query or parsed.fragment:
        # A user name here would take the place of the credential on every request.
        raise InvalidInput("base_url: give it without user name, query and fragment, as https://host/v1")
    if parsed.path in {"", "/"}:
        return url + "/v1"
    return url.removesuffix("/api") if url.endswith("/v1/api") else url


@functools.lru_cache(maxsize=64)
def _is_the_service(root: str) -> bool:
    return httpx.URL(root).host in _THE_SERVICE


@functools.cache
def _tls(verify: bool | str) -> ssl.SSLContext:
    # A context costs 20 ms of CPU; one a process (and kind) is enough.
    if isinstance(verify, bool):
        try:
            return httpx.create_ssl_context(verify=verify)
        except OSError as error:
            raise InvalidInput(
                "verify: no CA bundle can be read from where SSL_CERT_FILE or SSL_CERT_DIR of the environment says "
                f"({error.strerror or error})"
            ) from None
    try:
        return (
            ssl.create_default_context(capath=verify)
            if Path(verify).is_dir()
            else ssl.create_default_context(cafile=verify)
        )
    except OSError as error:
        raise InvalidInput(f"verify: no CA bundle can be read from {verify} ({error.strerror or error})") from None
