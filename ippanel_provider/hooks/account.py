"""From an Airflow connection to what a client needs, refusing by field what cannot be right; some of it by line."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import SplitResult, urlsplit

from ippanel_provider.client import ApiKey, Auth, InvalidInput, Login, Settings, TokenStore
from ippanel_provider.client.validation import sender as checked_sender
from ippanel_provider.provider_info import CONNECTION_FIELDS, CONNECTION_TYPE
from ippanel_provider.service import Api
from ippanel_provider.service_profile import InvalidProfile, ServiceProfile
from ippanel_provider.text.hours import quiet_hours_of
from ippanel_provider.text.lines import line_key
from ippanel_provider.text.lists import split
from ippanel_provider.tracebacks import discreet
from ippanel_provider.values import InvalidValue, flag

Hours = str | tuple[tuple[str, str], ...] | None
"""Quiet hours of all lines, or of each; a value that can be a key."""


def quiet_hours(given: Any) -> Hours:
    """Return the quiet hours of a connection: ``22:00-08:00``, or a mapping of lines to such, also as JSON.

    :raises InvalidValue: if it is none.
    """
    if isinstance(given, str) and given.strip().startswith("{"):
        try:
            given = json.loads(given)
        except ValueError:
            raise InvalidValue("quiet_hours", "it is no JSON object of lines to hours") from None
    if given is None or given == "":
        return None
    hours = (
        tuple(sorted((str(line), str(text)) for line, text in given.items())) if isinstance(given, Mapping) else None
    )
    try:
        for text in [given] if hours is None else [text for _, text in hours]:
            quiet_hours_of("", text)
    except (TypeError, ValueError) as error:
        raise InvalidValue("quiet_hours", str(error)) from None
    return str(given) if hours is None else hours


def of_lines(hours: Hours) -> str | dict[str, str] | None:
    """Return quiet hours as a task gives them."""
    return dict(hours) if isinstance(hours, tuple) else hours


def opt_out_lines(given: Any) -> bool | frozenset[str]:
    """Return the lines whose texts end in the suffix: all or none of them, or a set.

    :raises InvalidValue: if it is neither a flag nor lines.
    """
    if given is None or given == "":
        return False
    try:
        return flag(given, "opt_out_suffix")
    except InvalidValue:
        lines = split(given) if isinstance(given, str) else given
    if not isinstance(lines, list | tuple):
        raise InvalidValue("opt_out_suffix", "expected true, false, or lines as +983000505")
    return frozenset(line_key(line) for line in lines)


def service_profile(given: Any) -> ServiceProfile | None:
    """Return the service profile of a connection: the path of its file, or what stands in the file.

    :raises InvalidValue: if it cannot be read.
    """
    if given is None or given == "":
        return None
    try:
        if isinstance(given, Mapping):
            return ServiceProfile.from_json(json.dumps(given))
        if not isinstance(given, str):
            raise InvalidValue("service_profile", "expected the path of a file, or an object")
        if given.strip().startswith("{"):
            return ServiceProfile.from_json(given)
        return ServiceProfile.read(Path(given))
    except InvalidProfile as error:
        raise InvalidValue("service_profile", str(error)) from None


_TYPES = frozenset({CONNECTION_TYPE, "http", "generic", "", None})
_FIELD_NAMES = {"api_key": "password", "username": "login", "base_url": "host"}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_EXTRA_NAMES = frozenset(field.name for field in CONNECTION_FIELDS)
_MEANT = {"timeout": "read_timeout", "verify_ssl": "verify", "ssl_verify": "verify", "cert": "ca_bundle"}
"""Names that other connections have for what has another name here."""


@dataclass(frozen=True, slots=True)
class Account:
    """A connection, understood. Equal profiles share one client in a process."""

    password: str = field(repr=False)
    """The API key, or with ``login`` its password."""
    settings: Settings
    login: str | None = None
    totp_secret: str | None = field(default=None, repr=False)
    sender: str | None = None
    rate: float | None = None
    """Requests a second; None is without limit."""
    own_ledger_secret: str | None = field(default=None, repr=False)
    quiet_hours: Hours = None
    """When its lines are quiet, where a task does not say."""
    profile: ServiceProfile | None = field(default=None, repr=False)
    """What is known of its panel."""
    opt_out_lines: bool | frozenset[str] = False
    """Which lines the service bills the opt-out suffix for, where a task does not say."""
    unknown: tuple[str, ...] = ()
    """The names of extra fields that nothing reads."""

    @property
    def ledger_secret(self) -> str:
        """What the hashes in a ledger are keyed with, besides a secret of the ledger's own: the field for it, or else
        the API key. Never the password of a login, which could be guessed by what is written there.
        """
        return self.own_ledger_secret or ("" if self.login else self.password)

    @property
    def identity(self) -> str:
        """Which account at which host: what was learnt of how it lists, and which ids it was answered, holds for it."""
        return f"{self.settings.root} {self.login or self.password}"

    def bills_opt_out(self, line: str) -> bool:
        """Whether the service bills the opt-out suffix on texts from a line."""
        lines = self.opt_out_lines
        return lines if isinstance(lines, bool) else line_key(line) in lines

    @property
    def is_plain_http(self) -> bool:
        """Whether what is sent can be read on the way to another machine."""
        url = self.settings.base_url or ""
        return url.startswith("http://") and _split(url, "host").hostname not in _LOOPBACK

    def auth(self, store: TokenStore | None = None) -> Auth:
        """Return a new source of the credential; ``store`` keeps the token of a login."""
        if self.login is None:
            return ApiKey(self.password)
        return Login(self.login, self.password, totp_secret=self.totp_secret, store=store)


@discreet
def account_of(
    conn_id: str,
    *,
    conn_type: str | None,
    host: str | None,
    port: int | None,
    schema: str | None,
    login: str | None,
    password: str | None,
    extra: Mapping[str, Any],
) -> Account:
    """Read a connection's fields.

    :raises InvalidInput: naming the connection and the field.
    """
    try:
        if conn_type not in _TYPES:
            # The password of a database is no API key, and its host no place to send one to.
            raise InvalidInput(f"its type is {conn_type!r}; give the id of one whose type is IPPanel")
        if not password:
            raise InvalidInput("password: it is empty; put the API key from the panel there")
        login = (login or "").strip() or None
        sender = _text(extra, "sender")
        api = _api(extra)
        base_url = _base_url(host, port, schema)
        _check_scheme(base_url, extra)
        if login is not None and api is Api.REST:
            raise InvalidInput(
                "login: the legacy REST API takes no login; empty it and put an API key into the password"
            )
        account = Account(
            login=login,
            password=password,
            totp_secret=_text(extra, "totp_secret"),
            sender=None if sender is None else checked_sender(sender),
            own_ledger_secret=_text(extra, "ledger_secret"),
            rate=_number(extra, "rate_limit", None, "requests a second"),
            quiet_hours=quiet_hours(extra.get("quiet_hours")),
            profile=service_profile(extra.get("service_profile")),
            opt_out_lines=opt_out_lines(extra.get("opt_out_suffix")),
            unknown=tuple(sorted(str(name) for name in extra if name not in _EXTRA_NAMES)),
            settings=Settings(
                api=api,
                base_url=base_url,
                connect_timeout=_number(extra, "connect_timeout", 5.0, "seconds"),
                read_timeout=_number(extra, "read_timeout", 30.0, "seconds"),
                proxy=_proxy(extra),
                verify=_verify(extra),
            ),
        )
        _check(account)
    except (InvalidInput, InvalidValue) as error:
        raise InvalidInput(f"connection {conn_id!r}, {error}") from None
    return account


def _check(account: Account) -> None:
    """Have the client look at what it would otherwise refuse at the first request, under the names of the form."""
    try:
        account.auth()
        _ = account.settings.root
        account.settings.check_credential(account.password)
    except InvalidInput as error:
        field, colon, problem = str(error).partition(":")
        raise InvalidInput(_FIELD_NAMES.get(field, field) + colon + problem) from None


def meant_by(name: str) -> str | None:
    """Return the extra field that an unknown name probably stands for."""
    lower = name.strip().lower().replace("-", "_")
    close = get_close_matches(lower, _EXTRA_NAMES, n=1, cutoff=0.75)
    return _MEANT.get(lower) or (close[0] if close else None)


def _base_url(host: str | None, port: int | None, schema: str | None) -> str | None:
    """A whole URL in the host field wins; what it leaves out, as the hosts of connection URIs do, is completed."""
    # A connection URI has its path here: ippanel://:KEY@relay.example.com/sms/v1
    schema, _, path = (schema or "").strip("/").partition("/") if _has_scheme(schema) else ("", "", schema or "")
    if not host:
        if path:
            raise InvalidInput("schema: a path belongs to no base URL; give the base URL too")
        if port and port != 443:
            raise InvalidInput(f"port: {port} belongs to no base URL; give the base URL too")
        return None
    if "://" not in host:
        # A bare IPv6 address has no place for a port or a path.
        host = f"[{host}]" if host.count(":") > 1 and "[" not in host else host
        scheme = "http" if _split(f"//{host}", "host").hostname in _LOOPBACK else "https"
        host = f"{schema or scheme}://{host}"
    parts = _split(host, "host")
    if path.strip("/"):
        if parts.path.strip("/"):
            raise InvalidInput("schema: the base URL has a path already; give one of them")
        parts = parts._replace(path=f"/{path.strip('/')}")
        host = parts.geturl()
    if parts.username or parts.password:
        raise InvalidInput("host: it holds a user name; the credential goes into the password field")
    # Airflow's form may store an empty port as 0.
    return host if not port or parts.port else parts._replace(netloc=f"{parts.netloc.rstrip(':')}:{port}").geturl()


def _has_scheme(schema: str | None) -> bool:
    return (schema or "").strip("/").partition("/")[0] in {"http", "https"}


def _check_scheme(base_url: str | None, extra: Mapping[str, Any]) -> None:
    """Over plain http to another machine the credential, texts and numbers can be read on the way."""
    allowed = _flag(extra, "allow_http", default=False)
    if base_url is None or allowed or not base_url.startswith("http://"):
        return
    if _split(base_url, "host").hostname not in _LOOPBACK:
        raise InvalidInput(
            "host: plain http to another machine lets everybody on the way read the credential and the texts; "
            "give https, or set the extra field allow_http to true"
        )


def _flag(extra: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = extra.get(name)
    return default if value is None or value == "" else flag(value, name)


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
    if isinstance(extra.get("verify"), int | float) and not isinstance(extra.get("verify"), bool):
        raise InvalidInput("verify: expected true or false (a CA bundle goes into ca_bundle)")
    if not _flag(extra, "verify", default=True):
        return False
    bundle = _text(extra, "ca_bundle")
    if bundle is not None and not Path(bundle).is_file():
        raise InvalidInput(f"ca_bundle: there is no file {bundle} on this machine")
    return bundle or True


Default = TypeVar("Default", float, None)


def _number(extra: Mapping[str, Any], name: str, default: Default, unit: str) -> float | Default:
    value = extra.get(name)
    if value is None or value == "":
        return default
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not 0 < number < math.inf:
        raise InvalidInput(f"{name}: {value!r} is no number of {unit} above 0")
    return number


def _text(extra: Mapping[str, Any], name: str) -> str | None:
    value = extra.get(name)
    return str(value).strip() or None if value is not None else None
