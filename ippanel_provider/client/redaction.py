"""Takes numbers, texts and credentials out of what a service says, before an error shows it.

What a request sent is private unless its field is known to be harmless: a service may echo it, whole or cut short,
in Persian or Latin digits, with the Arabic or the Persian letters, in capitals, escaped once or twice, with marks or
markup between its letters, backwards, in base64 or hexadecimal digits, or read in a wrong encoding.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator
from itertools import chain, islice
from typing import Any

from pydantic_core import from_json, to_json

from ippanel_provider.client._decoding import MARKS_OF_ESCAPES, coded, plain
from ippanel_provider.client.requests import Request
from ippanel_provider.text.letters import spelling

MAX_SHOWN = 500
"""Characters of one thing the service said that an error shows."""

_HIDDEN = "[…]"
# So many letters and digits in a row that also stand in what was sent are an echo of it; fewer may be chance.
_RUN = 10
_MAX_READ = 16_384
_CUT = 100
_MAX_EACH = 100
"""Texts of one list or mapping that are looked at; a chunk of a thousand can have a reason for each."""
_MAX_INDEX = 300_000
"""Letters up to which all runs of them are kept, so that the thousandth field is looked up as fast as the first."""
# Digits with anything but letters between them. Whatever has as many digits goes, ids and dates too.
_NUMBER = re.compile(r"\+?\d(?:(?:<[^<>]*>|[\W_])*+\d){8,}")
_MARKUP = re.compile(r"(?is)<(script|style)\b.*?(?:</\1>|\Z)|<!--.*?(?:-->|\Z)|<[^>]*>?")
# A code that a text carries is told by its digits alone.
_CODE = re.compile(r"\d{4,}")
_NO_LETTER = re.compile(r"[\W_]+")
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
    # What itself looks escaped, as a password with %41 in it, is unescaped in its echo too.
    unescaped = [plain(said) for said in said_by_us if MARKS_OF_ESCAPES.search(said)]
    forms = (said_by_us, unescaped, (_MARKUP.sub(" ", said) for said in chain(said_by_us, unescaped) if "<" in said))
    private = {_letters(form) for form in chain(*forms)}
    long = _Echo("\0".join(text for text in private if len(text) >= _RUN))
    short = {text for text in private if 3 < len(text) < _RUN}
    codes = {code for text in said_by_us for code in _CODE.findall(text.translate(_FOLD))}
    words = [
        _word(stripped)
        for text in chain(said_by_us, unescaped)
        if len(_letters(text)) <= 3 and len(stripped := text.translate(_FOLD).strip()) > 1
    ]

    def echoes(said: str) -> list[tuple[int, int]]:
        folded = said.translate(_FOLD)
        spans = [found.span() for pattern in (*words, _NUMBER) for found in pattern.finditer(folded)]
        spans += [found.span() for found in _CODE.finditer(folded) if found[0] in codes]
        markup = [found.span() for found in _MARKUP.finditer(said)]
        for skipped in ([], markup) if markup else ([],):
            letters, places = _places(said, skipped)
            spans += [
                (places[start], places[end - 1] + 1)
                for start, end in (*long.spans(letters), *long.mirrored(letters), *_occurrences(letters, short))
            ]
        return spans

    def hidden_echoes(said: str, depth: int = 2) -> Iterator[tuple[int, int]]:
        for start, end, read in coded(said):
            if echoes(plain(read)) or (depth > 1 and any(hidden_echoes(read, depth - 1))):
                yield start, end

    def scrub(said: str) -> str:
        is_cut = len(said) > _MAX_READ
        said = plain(said[:_MAX_READ])
        spans = [*echoes(said), *hidden_echoes(said)]
        if is_cut:
            # What the cut left of an echo may be too little to know it by.
            spans.append((max(0, len(said) - _CUT), len(said)))
        return _without(said, spans)

    return scrub


def _word(text: str) -> re.Pattern[str]:
    """Text of few letters, as of signs. A short one is hidden where it stands alone: within words it would take half
    the alphabet along.
    """
    if len(text) > 3:
        return re.compile(re.escape(text), re.IGNORECASE)
    return re.compile(r"(?!)" if text.isdecimal() else rf"(?<!\w){re.escape(text)}(?!\w)", re.IGNORECASE)


def shown(said: Any, scrub: Callable[[str], str]) -> str:
    """What a service said in a place where a text is expected and anything may come; scrubbed and cut to size."""
    scrubbed = _each_text(said, scrub)
    return (scrubbed if isinstance(scrubbed, str) else to_json(scrubbed).decode())[:MAX_SHOWN]


def excerpt(body: bytes, scrub: Callable[[str], str]) -> str:
    """The visible words of a page, scrubbed and cut to size; nothing of JSON, whole or broken, which is made of
    data."""
    page = body[: 4 * _MAX_READ].decode("utf-8", "replace").lstrip("\ufeff \t\r\n")[: _MAX_READ + 1]
    if page[:1] in {"{", "[", '"'}:
        return ""
    return scrub(" ".join(_MARKUP.sub(" ", scrub(page)).split()))[:MAX_SHOWN]


def _letters(text: str) -> str:
    """Letters and digits alone, each in one spelling and case: what stands between them is written in many ways."""
    return _NO_LETTER.sub("", spelling(text).casefold())


def _places(said: str, skipped: Iterable[tuple[int, int]]) -> tuple[str, list[int]]:
    """The letters of ``said`` outside the spans, and where each of them stands in it."""
    left_out = {place for start, end in skipped for place in range(start, end)}
    found = [
        (letter, place)
        for place, char in enumerate(said)
        if place not in left_out
        for letter in (char if "a" <= char <= "z" else _letters(char))
    ]
    return "".join(letter for letter, _ in found), [place for _, place in found]


def _each_text(said: Any, scrub: Callable[[str], str]) -> Any:
    if isinstance(said, str):
        return scrub(said)
    if isinstance(said, dict):
        return {scrub(name): _each_text(item, scrub) for name, item in islice(said.items(), _MAX_EACH)}
    if isinstance(said, list):
        return [_each_text(item, scrub) for item in said[:_MAX_EACH]]
    return said if said is None or isinstance(said, bool) else scrub(str(said))


class _Echo:
    """Finds where a text repeats a run of ``private``, which can be a million letters long."""

    def __init__(self, private: str) -> None:
        self._private = private
        self._runs: set[str] | None = None

    def spans(self, said: str) -> Iterable[tuple[int, int]]:
        """Return the places of such runs in ``said``."""
        starts = range(len(said) - _RUN + 1)
        if self._private and starts:
            known = self._known(said)
            for start in starts:
                if said[start : start + _RUN] in known:
                    yield start, start + _RUN

    def mirrored(self, said: str) -> Iterable[tuple[int, int]]:
        """The same for a text whose letters stand in the order in which they are seen, as some print Persian."""
        return ((len(said) - end, len(said) - start) for start, end in self.spans(said[::-1]))

    def _known(self, said: str) -> Container[str]:
        if len(self._private) <= _MAX_INDEX:
            if self._runs is None:
                self._runs = set(_runs(self._private))
            return self._runs
        if len(said) < 4 * _RUN:
            return self._private
        here = set(_runs(said))
        return {run for run in _runs(self._private) if run in here}


def _runs(text: str) -> Iterator[str]:
    return (text[start : start + _RUN] for start in range(len(text) - _RUN + 1))


def _occurrences(said: str, words: Iterable[str]) -> Iterable[tuple[int, int]]:
    for word in words:
        start = said.find(word)
        while start >= 0:
            yield start, start + len(word)
            start = said.find(word, start + len(word))


def _without(said: str, spans: list[tuple[int, int]]) -> str:
    kept: list[str] = []
    place = 0
    for start, end in sorted(spans):
        if start > place or not kept:
            kept += [said[place:start], _HIDDEN]
        place = max(place, end)
    return "".join(kept) + said[place:]


def fields_of(request: Request[Any]) -> set[str]:
    """The names of what a request sent."""
    return {name.removesuffix("[]") for name, _ in _fields(request)} | {
        name.removesuffix("[]") for name, _ in request.files
    }


def _fields(request: Request[Any]) -> list[tuple[str, Any]]:
    fields: list[tuple[str, Any]] = [*request.query, *(request.form or ())]
    if request.body:
        content = from_json(request.body)
        fields += content.items() if isinstance(content, dict) else [("", content)]
    return fields


def _sent(request: Request[Any]) -> Iterable[str]:
    for name, value in _fields(request):
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
