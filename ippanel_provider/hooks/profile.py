"""From an Airflow connection to what a client needs, refusing by field what cannot be right."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from ippanel_provider.client import ApiKey, InvalidInput, Retry, Settings
from ippanel_provider.client.checks import sender as checked_sender
from ippanel_provider.provider_info import CONNECTION_TYPE
from ippanel_provider.service import Api

_TYPES = frozenset({CONNECTION_TYPE, "http", "generic", "", None})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Profile:
    """A connection, understood. Equal profiles share one client in a process."""

    api_key: str = field(repr=False)
    settings: Settings
    sender: str | None = None

    def auth(self) -> ApiKey:
        """Return the credential."""
        return ApiKey(self.api_key)

    def impatient(self) -> Settings:
        """Return the settings without repetitions, for a person who waits for the answer."""
        return replace(self.settings, retry=Retry(attempts=1))


def profile_of(
    conn_id: str,
    *,
    conn_type: str | None,
    host: str | None,
    port: int | None,
    schema: str | None,
    password: str | None,
    extra: Mapping[str, Any],
) -> Profile:
    """Read a connection's fields.

    :raises InvalidInput: naming the connection and the field.
    """
    try:
        if conn_type not in _TYPES:
            # The password of a database is no API key, and its host no place to send one to.
            raise InvalidInput(f"its type is {conn_type!r}; give the id of one whose type is IPPanel")
        if not password:
            raise InvalidInput("password: it is empty; put the API key from the panel there")
        sender = _text(extra, "sender")
        profile = Profile(
            api_key=password,
            sender=None if sender is None else checked_sender(sender),
            settings=Settings(
                api=_api(extra),
                base_url=_base_url(host, port, schema),
                connect_timeout=_seconds(extra, "connect_timeout", 5.0),
                read_timeout=_seconds(extra, "read_timeout", 30.0),
                proxy=_proxy(extra),
                verify=_verify(extra),
            ),
        )
        profile.auth()
        _ = profile.settings.root
    except InvalidInput as error:
        raise InvalidInput(f"connection {conn_id!r}, {error}") from None
    return profile


def _base_url(host: str | None, port: int | None, schema: str | None) -> str | None:
    """A whole URL in the host field wins; a bare host, as a connection URI gives it, is completed."""
    if not host:
        return None
    if "://" not in host:
        scheme = schema if schema in {"http", "https"} else ("http" if host in _LOOPBACK else "https")
        return f"{scheme}://{_bracketed(host)}" + (f":{port}" if port else "")
    parts = _split(host, "host")
    if parts.username or parts.password:
        raise InvalidInput("host: it holds a user name; the credential goes into the password field")
    if port is None or parts.port:
        return host
    return f"{parts.scheme}://{_bracketed(parts.hostname or '')}:{port}{parts.path}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _split(url: str, field: str) -> SplitResult:
    """Split a URL without ever showing it: it may hold a password."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise InvalidInput(f"{field}: it is no URL") from None
    return parts


def _proxy(extra: Mapping[str, Any]) -> str | None:
    proxy = _text(extra, "proxy")
    if proxy is not None:
        parts = _split(proxy, "proxy")
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise InvalidInput("proxy: give it as http://host:port or http://user:password@host:port")
    return proxy


def _api(extra: Mapping[str, Any]) -> Api:
    value = _text(extra, "api") or Api.EDGE
    try:
        return Api(value.lower())
    except ValueError:
        raise InvalidInput(f"api: {value!r} is none of {', '.join(Api)}") from None


def _verify(extra: Mapping[str, Any]) -> bool | str:
    verify = extra.get("verify")
    if isinstance(verify, str):
        if verify.lower() not in {"", "true", "false", "1", "0"}:
            raise InvalidInput(f"verify: {verify!r} is neither true nor false (a CA bundle goes into ca_bundle)")
        verify = verify.lower() not in {"false", "0"}
    if verify is not None and not verify:
        return False
    bundle = _text(extra, "ca_bundle")
    if bundle is not None and not Path(bundle).is_file():
        raise InvalidInput(f"ca_bundle: there is no file {bundle} on this machine")
    return bundle or True


def _seconds(extra: Mapping[str, Any], name: str, default: float) -> float:
    value = extra.get(name)
    if value is None or value == "":
        return default
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = -1.0
    if not 0 < seconds < math.inf:
        raise InvalidInput(f"{name}: {value!r} is no number of seconds above 0")
    return seconds


def _text(extra: Mapping[str, Any], name: str) -> str | None:
    value = extra.get(name)
    return str(value).strip() or None if value is not None else None
