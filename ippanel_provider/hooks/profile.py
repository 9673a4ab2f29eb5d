"""From an Airflow connection to what a client needs, refusing by field what cannot be right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ippanel_provider.client import ApiKey, InvalidInput, Settings
from ippanel_provider.client.checks import sender as checked_sender
from ippanel_provider.service import Api

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


def profile_of(
    conn_id: str, *, host: str | None, port: int | None, schema: str | None, password: str | None, extra: Mapping[str, Any]
) -> Profile:
    """Read a connection's fields.

    :raises InvalidInput: naming the connection and the field.
    """
    try:
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
                proxy=_text(extra, "proxy"),
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
    if "://" in host:
        parts = urlsplit(host)
        return host if port is None or parts.port else f"{parts.scheme}://{parts.hostname}:{port}{parts.path}"
    scheme = schema if schema in {"http", "https"} else ("http" if host in _LOOPBACK else "https")
    return f"{scheme}://{host}" + (f":{port}" if port else "")


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
    return _text(extra, "ca_bundle") or True


def _seconds(extra: Mapping[str, Any], name: str, default: float) -> float:
    value = extra.get(name)
    if value is None or value == "":
        return default
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = -1.0
    if seconds <= 0:
        raise InvalidInput(f"{name}: {value!r} is no number of seconds above 0")
    return seconds


def _text(extra: Mapping[str, Any], name: str) -> str | None:
    value = extra.get(name)
    return str(value).strip() or None if value is not None else None
