"""Takes numbers, texts and credentials out of what a service says, before an error shows it.

What a request sent is private unless its field is known to be harmless: a service may echo it, whole or cut short,
in Persian or Latin digits, with the Arabic or the Persian letters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from html import unescape
from typing import Any
from urllib.parse import unquote

from pydantic_core import from_json, to_json

from ippanel_provider.client.request import Request

MAX_SHOWN = 500
"""Characters of one thing the service said that an error shows."""

_HIDDEN = "[…]"
# So many characters in a row that also stand in what was sent are an echo of it; fewer may be chance.
_RUN = 10
_MAX_READ = 16_384
# Digits with the marks people and pages put between them. Whatever has as many digits goes, ids and dates too.
_NUMBER = re.compile(r"\+?\d(?:[\s().\u200b-\u200f\u202a-\u202e\u2066-\u2069\u2010-\u2015\u2212-]*\d){8,}")
_MARKUP = re.compile(r"(?is)<(script|style)\b.*?(?:</\1>|\Z)|<!--.*?(?:-->|\Z)|<[^>]*>?")
_ESCAPED = re.compile(r"(?:\\+u[0-9a-fA-F]{4})+")
# One alone is taken for an escape only where it stands for a printable character of ASCII: variables are %date%.
_QUOTED = re.compile(r"(?:%[0-9a-fA-F]{2}){2,}|%[2-7][0-9a-fA-F]")
# One letter, one digit, however it is written; each maps to one character, so that places stay the same.
_FOLD = str.maketrans("يكى" + "۰۱۲۳۴۵۶۷۸۹" + "٠١٢٣٤٥٦٧٨٩" + "\u00a0\n\r\t", "یکی" + "0123456789" * 2 + "    ")

# What a request holds in these is neither personal nor secret, and errors are about them. Further in, a field of
# the same name is the caller's: the variable of a pattern that carries a login code is mostly called "code".
_OPEN_FIELDS = frozenset(
    {
        "sending_type",
        "from_number",
        "originator",
        "type",
        "code",
        "pattern_code",
        "is_share",
        "is_shared",
        "send_time",
        "state_id",
    }
    | {"id", "phonebook_id", "bulk_id", "message_outbox_id", "messages_outbox_id", "from_id"}
    | {"page", "per_page", "limit", "size", "start"}
)


def scrubber(request: Request[Any], hidden: Iterable[str]) -> Callable[[str], str]:
    """Return a function that gives a text without ``hidden``, without what ``request`` sent and without numbers."""
    said_by_us = [said for said in (*hidden, *_sent(request)) if said]
    private = {form.translate(_FOLD).strip() for said in said_by_us for form in (said, " ".join(said.split()))}
    long = "\0".join(text for text in private if len(text) >= _RUN)
    # A short word is hidden where it stands alone; within words it would take half the alphabet along.
    short = [
        re.compile(re.escape(text) if len(text) > 3 else rf"(?<!\w){re.escape(text)}(?!\w)")
        for text in private
        if 1 < len(text) < _RUN and (len(text) > 3 or not text.isdecimal())
    ]

    def scrub(said: str) -> str:
        said = _plain(said[:_MAX_READ])
        folded = said.translate(_FOLD)
        spans = [found.span() for pattern in (*short, _NUMBER) for found in pattern.finditer(folded)]
        return _without(said, [*spans, *_echoes(folded, long)])

    return scrub


def shown(said: Any, scrub: Callable[[str], str]) -> str:
    """What a service said in a place where a text is expected and anything may come; scrubbed and cut to size."""
    scrubbed = _each_text(said, scrub)
    return (scrubbed if isinstance(scrubbed, str) else to_json(scrubbed).decode())[:MAX_SHOWN]


def excerpt(body: bytes, scrub: Callable[[str], str]) -> str:
    """The visible words of a page, scrubbed and cut to size; nothing of JSON, whole or broken, which is made of
    data."""
    page = body[: 4 * _MAX_READ].decode("utf-8", "replace").lstrip("\ufeff \t\r\n")[:_MAX_READ]
    if page[:1] in {"{", "[", '"'}:
        return ""
    return scrub(" ".join(_MARKUP.sub(" ", scrub(page)).split()))[:MAX_SHOWN]


def _plain(said: str) -> str:
    """Undo the escapes of JSON, of URLs and of HTML, in which an echo would go unnoticed."""
    said = _ESCAPED.sub(lambda found: bytes.fromhex(re.sub(r"\\+u", "", found[0])).decode("utf-16-be", "replace"), said)
    return unescape(_QUOTED.sub(lambda found: unquote(found[0]), said))


def _each_text(said: Any, scrub: Callable[[str], str]) -> Any:
    if isinstance(said, str):
        return scrub(said)
    if isinstance(said, dict):
        return {scrub(name): _each_text(item, scrub) for name, item in said.items()}
    if isinstance(said, list):
        return [_each_text(item, scrub) for item in said]
    return said if said is None or isinstance(said, bool) else scrub(str(said))


def _echoes(said: str, private: str) -> Iterable[tuple[int, int]]:
    """Spans of ``said`` that stand in ``private`` too. One pass over each: a request can hold a million characters."""
    runs = {said[start : start + _RUN] for start in range(len(said) - _RUN + 1)} if private else set()
    echoed = (
        {run for start in range(len(private) - _RUN + 1) if (run := private[start : start + _RUN]) in runs}
        if runs
        else set()
    )
    if echoed:
        for start in range(len(said) - _RUN + 1):
            if said[start : start + _RUN] in echoed:
                yield start, start + _RUN


def _without(said: str, spans: list[tuple[int, int]]) -> str:
    kept: list[str] = []
    place = 0
    for start, end in sorted(spans):
        if start > place or not kept:
            kept += [said[place:start], _HIDDEN]
        place = max(place, end)
    return "".join(kept) + said[place:]


def _sent(request: Request[Any]) -> Iterable[str]:
    # An echo of a URL has a plus for each space.
    in_url = [(name, value.replace(" ", "+")) for name, value in request.query if " " in value]
    fields = [*request.query, *in_url, *(request.form or ())]
    if request.body:
        content = from_json(request.body)
        fields += content.items() if isinstance(content, dict) else [("", content)]
    for name, value in fields:
        if name not in _OPEN_FIELDS:
            yield from _texts_in(value)


def _texts_in(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _texts_in(item)
    elif isinstance(value, str):
        yield value
    elif value is not None and not isinstance(value, bool):
        # A code in a pattern may be an integer.
        yield str(value)
