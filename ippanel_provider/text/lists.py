"""Several numbers in one text, as people paste them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ippanel_provider.text.numbers import InvalidNumber, normalize

_BETWEEN = re.compile(r"[,;|،؛\r\n]+")
_TOKEN = re.compile(r"[^\s/\\–—-]+")
_AND = frozenset({"و", "and", "&"})
# No number comes in more groups than it has digits.
_MOST_GROUPS = 14


def split(text: str) -> list[str]:
    """Return the numbers of a text that lists them, as they are written there: ``"0912…, 0935…"``.

    Commas, semicolons, line breaks, spaces, dashes and slashes stand between two numbers; the last three
    stand inside one too, and what is one number with them is one. What is no number is in the list as well, so that
    whoever reads it can say so.
    """
    if _is_number(text):
        return [text.strip()]
    return [number for piece in _BETWEEN.split(text) if piece.strip() for number in _apart(piece)]


def listed(given: object) -> list[object]:
    """Return the numbers of a list, of a text that lists them, or of one number alone."""
    if given is None:
        return []
    if isinstance(given, str):
        return list(split(given))
    if isinstance(given, Iterable) and not isinstance(given, bytes):
        return [number for item in given for number in (split(item) if isinstance(item, str) else [item])]
    return [given]


def _is_number(text: str) -> bool:
    try:
        normalize(text)
    except InvalidNumber:
        return False
    return True


def _apart(piece: str) -> list[str]:
    """The numbers of a piece between which there is what stands between digits too; the piece, if not all are any.

    All or none: what is left over may be the country of the number behind it.
    """
    tokens = [found.span() for found in _TOKEN.finditer(piece) if found[0] not in _AND]
    numbers, place = [], 0
    while place < len(tokens):
        for end in range(place, min(place + _MOST_GROUPS, len(tokens))):
            if _is_number(number := piece[tokens[place][0] : tokens[end][1]]):
                break
        else:
            return [piece.strip()]
        numbers.append(number)
        place = end + 1
    return numbers
