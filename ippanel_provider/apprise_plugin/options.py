"""Options of a URL that nobody reads. A misspelt one would send another text than was meant, or to another place."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches

from ippanel_provider.client import InvalidInput

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
_MEANT = {
    "apikey": "key",
    "api_key": "key",
    "base_url": "url",
    "recipients": "to",
    "sender": "from",
    "targets": "to",
    "ca_bundle": "ca",
}
"""The names that other ways to send have for the same."""
_NAME = re.compile(r"[+-]?[a-z_]{1,20}")
_NEAR = 0.75


def refuse_unknown(query: Mapping[str, str], more: Iterable[str], known: Collection[str]) -> None:
    """Refuse what is misspelt.

    :param query: the options of the URL; those that begin with ``:`` are variables of a pattern.
    :param more: options that came another way (a configuration file), among what Apprise itself adds.
    :param known: the options there are, besides Apprise's own.
    :raises InvalidInput: naming the option and the one that may be meant.
    """
    known = {*known, *APPRISE_S}
    for name in query:
        if name and not name.startswith(":") and name not in known:
            raise InvalidInput(f"options: {_unknown(name, known)}")
    for name in more:
        # What Apprise adds differs with its version, so here only what is nearly an option is taken for one.
        if name not in known and (name in _MEANT or get_close_matches(name, known, 1, _NEAR)):
            raise InvalidInput(f"options: {_unknown(name, known)}")


def _unknown(name: str, known: Collection[str]) -> str:
    # A key or a number that was not quoted can have come apart into names.
    shown = (
        f"there is no {name!r}"
        if _NAME.fullmatch(name)
        else "there is one that has no such name as options have (not shown)"
    )
    if name[0] in "+-":
        return f"{shown}; a variable of a pattern is written :name=value"
    meant = _MEANT.get(name) or next(iter(get_close_matches(name, known, 1)), None)
    return f"{shown}; is {meant!r} meant?" if meant else f"{shown}; there are {', '.join(sorted(known))}"
