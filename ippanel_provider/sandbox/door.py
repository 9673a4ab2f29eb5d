"""Who is let in: under which names a sandbox answers, which web sites may ask it, and how much may be handed in.

A sandbox listens on a developer's machine, where every site open in a browser can send it requests: forms, images,
scripts, and, under a name of its own that it lets point here, even read the answers. So it answers under names that no
site can own: addresses, ``localhost`` and the service's own, under which clients reach it that have them built in.
Others are allowed by ``--allow-host``. What a browser sends from another site is refused: of the pages and controls
whatever changes something, of the wire APIs everything, for there a mere image sends a text. A program sends none of
the headers that tell, and notices nothing.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

_SERVICE = "ippanel.com"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_MOST_KNOWN = 100
MOST_BYTES = 64 << 20
"""The largest body: a million numbers in a file, and room to spare."""


class Door:
    """Lets requests in, or says why not.

    :param hosts: names it answers under besides.
    :param origins: sites, as ``https://shop.example``, whose scripts may call the wire APIs.
    :raises ValueError: one of them is no such name or site.
    """

    def __init__(self, hosts: Collection[str] = (), origins: Collection[str] = ()) -> None:
        self.hosts = frozenset(map(_name_of, hosts))
        self._known: dict[str, bool] = {}
        """What was found of the names asked for last."""
        self.origins = frozenset(map(_origin_of, origins))

    def refusal(self, method: str, target: str, headers: Mapping[bytes, bytes], *, wire: bool) -> str | None:
        """Why this request is refused; None when it is not.

        :param target: the request line's; it may name a host of its own.
        :param wire: whether it is for the wire APIs, not for a page or a control.
        """
        host = _text(headers, b"host")
        for named in (host, _place(target) or "?" if _is_absolute(target) else ""):
            if named and not self._answers_to(named):
                name = _name_in(named) or named
                return (
                    f"This sandbox does not answer under the name {name!r}: any web site can own one. Use "
                    f"http://127.0.0.1 or http://localhost, or start it with --allow-host {name}"
                )
        if not wire and method in _SAFE_METHODS:
            return None
        if self.allowed_origin(headers) or not _is_from_elsewhere(headers, host):
            return None
        if wire:
            return (
                "A browser sends this from another web site. Nothing but programs calls this API; a site of yours may "
                "after --allow-origin, as https://shop.example"
            )
        return "This change comes from another site. Make it on the sandbox's own pages."

    def allowed_origin(self, headers: Mapping[bytes, bytes]) -> str | None:
        """The site whose script asks, where that is allowed."""
        origin = _text(headers, b"origin")
        return origin if origin.lower() in self.origins else None

    def _answers_to(self, host: str) -> bool:
        if host not in self._known:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[host] = self._is_ours(host)
        return self._known[host]

    def _is_ours(self, host: str) -> bool:
        name = _name_in(host)
        if name is None:
            return False
        own = ("localhost", _SERVICE, *self.hosts)
        return name in own or name.endswith((".localhost", f".{_SERVICE}")) or is_address(name)


def is_loopback(address: str) -> bool:
    """Whether nobody but this machine reaches ``address``; a name, whatever it stands for, is none."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _is_absolute(target: str) -> bool:
    return target.lower().startswith(("http://", "https://"))


def _text(headers: Mapping[bytes, bytes], name: bytes) -> str:
    return headers.get(name, b"").decode("latin-1").strip()


def _name_in(host: str) -> str | None:
    """The name in a ``Host``, without its port; None where it is none."""
    if set(host) & set("/\\@?#, \t"):
        return None
    try:
        found = urlsplit(f"//{host}")
        _ = found.port
    except ValueError:
        return None
    return (found.hostname or "").removesuffix(".") or None


def _name_of(host: str) -> str:
    name = host if is_address(host) else _name_in(host)
    if name is None or "*" in name:
        raise ValueError(f"{host!r}: expected a name such as sandbox.example")
    return name


def _origin_of(site: str) -> str:
    place = _place(site)
    if not _is_absolute(site) or not place or site.lower().rstrip("/").partition("://")[2] != place or "*" in site:
        raise ValueError(f"{site!r}: expected a site such as https://shop.example")
    return site.lower().rstrip("/")


def is_address(name: str) -> bool:
    """Whether this is an IP address, without brackets."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_from_elsewhere(headers: Mapping[bytes, bytes], host: str) -> bool:
    """Whether a browser says that another site made it ask."""
    site, origin = _text(headers, b"sec-fetch-site"), _text(headers, b"origin")
    if site not in ("", "same-origin", "none") or (origin and _place(origin) != host.lower()):
        return True
    referer = _text(headers, b"referer")
    # To addresses of a network browsers do not say where a request comes from but by this.
    is_browser = _text(headers, b"user-agent").startswith("Mozilla/")
    return not site and is_browser and bool(referer) and _place(referer) != host.lower()


def _place(url: str) -> str | None:
    """The host and port of an address; None where it is none."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return None
