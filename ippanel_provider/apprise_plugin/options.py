"""Options of a URL that nobody reads: a slip would send another text or elsewhere; what a host adds must cost none."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ippanel_provider.apprise_plugin.compat import parse_bool
from ippanel_provider.client import ApiKey, InvalidInput

APPRISE_S = frozenset(
    {
        "cto",
        "emojis",
        "format",
        "optional",
        "overflow",
        "redirect",
        "retry",
        "rto",
        "store",
        "tag",
        "tags",
        "tz",
        "verify",
        "wait",
    }
)
"""What one version or another of Apprise takes in the URL of any service; the URL of one version may be read by
another.
"""
_OTHER_NAMES = {
    "key": "apikey api_key api_token apitoken access_key token credential",
    "from": "sender line originator from_number",
    "to": "recipient recipients target targets number numbers phone phones mobile receptor",
    "pattern": "pattern_code code template",
    "schedule": "send_time send_at time_send",
    "max_parts": "parts",
    "body_var": "body_variable message_var",
    "url": "base_url endpoint server",
    "ca": "ca_bundle cafile ca_file cacert",
    "verify": "insecure verify_ssl ssl_verify",
    "rto": "read_timeout",
    "cto": "connect_timeout",
    "tz": "timezone",
}
_MEANT = {other: ours for ours, others in _OTHER_NAMES.items() for other in others.split()}
"""The names that other ways to send have for the same."""
_NAME = re.compile(r"[+-]?[a-z][a-z0-9_.-]{0,29}")
_WORD = re.compile(r"[a-z_]{1,20}")
_NEAR = 0.75


def unread(query: Mapping[str, str], more: Iterable[str], known: Collection[str]) -> list[str]:
    """Return the options that are neither ours nor nearly so: hosts append some of their own to every URL.

    :param query: the options of the URL; those that begin with ``:`` are variables of a pattern.
    :param more: options that came another way (a configuration file), among what Apprise itself adds.
    :param known: the options there are, besides Apprise's own.
    :raises InvalidInput: one is misspelt, naming the one that is meant, or no name at all.
    """
    known = [*known, *APPRISE_S]
    others = []
    for written in query:
        # A host that found no option before its own began them with a ? once more.
        name = written.lstrip("?")
        if not name or name.startswith(":") or name in known:
            continue
        if not _NAME.fullmatch(name) or not (_WORD.fullmatch(name) or query[written] or name[0] in "+-"):
            # A key or a number that was not quoted can have come apart into names.
            raise InvalidInput(
                "options: there is one that has no such name as options have (not shown); "
                "quote what is no letter or digit (a & as %26)"
            )
        if name[0] in "+-":
            raise InvalidInput(f"options: there is no {name!r}; a variable of a pattern is written :name=value")
        _refuse_slip(name, known)
        others.append(name)
    # What Apprise adds differs with its version, so nothing is said of it.
    for name in more:
        if name not in known:
            _refuse_slip(name, known)
    return others


def shown(name: str) -> str:
    """Return a name as it may be logged: one with digits may be a piece of a key that was not quoted."""
    return repr(name) if _WORD.fullmatch(name) else "(not shown)"


def _refuse_slip(name: str, known: Collection[str]) -> None:
    near = get_close_matches(name, known, len(known), _NEAR)
    # Of two that are as near, a slip of Apprise's own name costs less.
    meant = _MEANT.get(name) or next((ours for ours in near if ours not in APPRISE_S), near[0] if near else None)
    if meant:
        raise InvalidInput(f"options: there is no {name!r}; is {meant!r} meant?")


def key(apikey: str | None) -> str:
    """Return the API key.

    :raises InvalidInput: there is none, or one that no header can carry.
    """
    if not apikey:
        raise InvalidInput("key: the URL names no API key before the @ (write a / in it as %2F, or give it as ?key=)")
    ApiKey(apikey)
    return apikey.strip()


def choice(field: str, given: str, known: Sequence[str]) -> str:
    """Return one of ``known``.

    :raises InvalidInput: it is none of them.
    """
    value = given.strip().lower()
    if value not in known:
        raise InvalidInput(f"{field}: expected one of {', '.join(known)}")
    return value


def refuse_unclear(verify: str) -> None:
    """Refuse ``verify=`` where it is neither yes nor no.

    :raises InvalidInput: it is not.
    """
    # Apprise takes any word for no, and without the check anyone can read what is sent.
    if parse_bool(verify, False) != parse_bool(verify, True):
        raise InvalidInput("options: 'verify' is expected to be yes or no")


def zone(name: object) -> ZoneInfo | None:
    """Return a time zone by its name; None for none.

    :raises InvalidInput: there is none of this name.
    """
    if not name:
        return None
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError):
        raise InvalidInput("tz: time zone not found; give it as Asia/Tehran") from None
