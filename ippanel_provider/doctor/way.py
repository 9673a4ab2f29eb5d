"""Group ``way``: from this machine to the service, step by step. It alone explains a 403 or a 502."""

from __future__ import annotations

import socket
import ssl
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from urllib.parse import urlsplit

from ippanel_provider.client import Flow, Settings, Unauthorized, edge
from ippanel_provider.doctor.case import Case
from ippanel_provider.doctor.findings import Verdict

_SKEW = 3.0
"""Seconds by which two clocks in whole seconds can differ though they agree, the way included."""
_SLOW = 2.0
"""Seconds of an answer from which on a short read timeout gets in the way."""


def connect(case: Case, settings: Settings) -> None:
    """Look up the name, open a connection, shake hands."""
    url = urlsplit(settings.root)
    host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
    proxy = settings.proxy or _proxy(url.scheme, host)
    if proxy:
        relay = urlsplit(proxy if "//" in proxy else f"//{proxy}")
        host, port = relay.hostname or "", relay.port or 80
        case.say(Verdict.QUIRK, "proxy", "requests go through a proxy", "what follows is the way to the proxy")
    else:
        case.say(Verdict.OK, "proxy", "none is in the way")
    if not _step(case, "dns", "the name is known", lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)):
        return
    reached = _step(
        case,
        "tcp",
        "a connection opens",
        lambda: socket.create_connection((host, port), settings.connect_timeout),
    )
    if reached is None:
        return
    with closing(reached):
        if url.scheme == "https" and not proxy:
            context: ssl.SSLContext = settings.httpx_options()["verify"]
            _step(
                case,
                "tls",
                "the certificate is trusted",
                lambda: context.wrap_socket(reached, server_hostname=host).version(),
            )


def _step(case: Case, name: str, good: str, do: Callable[[], object]) -> socket.socket | None:
    began = time.monotonic()
    try:
        result = do()
    except ssl.SSLCertVerificationError:
        advice = "name the CA bundle that vouches for it: ca_bundle of a connection, SSL_CERT_FILE"
        case.say(Verdict.NO, name, "the certificate is not trusted", advice)
    except (OSError, UnicodeError) as error:
        case.say(Verdict.NO, name, f"it fails ({type(error).__name__})", "look at the network, the proxy, the base URL")
    else:
        case.measures[f"{name}_seconds"] = round(time.monotonic() - began, 3)
        case.say(Verdict.OK, name, f"{good} ({1000 * (time.monotonic() - began):.0f} ms)")
        return result  # type: ignore[return-value]
    return None


def _proxy(scheme: str, host: str) -> str:
    if urllib.request.proxy_bypass(host):
        return ""
    proxies = urllib.request.getproxies()
    return proxies.get(scheme) or proxies.get("all") or ""


def answers(case: Case) -> Flow[None]:
    """Ask once, and look at who answers."""
    operation = "payment.credit"
    yield from case.ask(edge.payment.credit())
    seen, error = case.observer.latest, case.failures.get(operation)
    if seen is None:
        case.is_blocked = True
        case.say(Verdict.NO, "answer", f"there is {case.why(operation)}", "nothing else can be told from here")
        return
    if not seen.is_json and not isinstance(error, Unauthorized):
        case.is_blocked = True
        by = f", by {seen.values['server']}" if "server" in seen.values else ""
        case.say(
            Verdict.NO,
            "answer",
            f"a page stands in the way (HTTP {seen.status}{by}); it is not the service that says so",
            "the network before the service turns this machine away: send from an address in Iran, or by a relay",
        )
        return
    if operation in case.fragile:
        case.say(Verdict.FRAGILE, "answer", "the first request failed, the second did not", "let reads be retried")
    elif seen.status >= 400:
        case.say(Verdict.QUIRK, "answer", f"the service itself answers, with HTTP {seen.status}", "see `key`")
    else:
        case.say(Verdict.OK, "answer", f"the service itself answers (HTTP {seen.status})")
    _time(case, seen.latency, seen.skew)


def _time(case: Case, latency: float, skew: float | None) -> None:
    case.measures["latency"] = round(latency, 3)
    if latency > _SLOW:
        case.say(Verdict.FRAGILE, "latency", f"an answer takes {latency:.1f} s", "keep read_timeout at 30 s or more")
    else:
        case.say(Verdict.OK, "latency", f"an answer takes {1000 * latency:.0f} ms")
    if skew is None:
        case.say(Verdict.UNKNOWN, "clock", "the answer has no Date")
        return
    case.measures["date_skew"] = round(skew)
    if abs(skew) <= _SKEW:
        case.say(Verdict.OK, "clock", "its Date agrees with this machine")
    else:
        ahead = "ahead of" if skew > 0 else "behind"
        case.say(
            Verdict.QUIRK,
            "clock",
            f"its Date is {abs(skew):.0f} s {ahead} this machine",
            "send times are counted by its clock; set this machine's clock if it is the wrong one",
        )
