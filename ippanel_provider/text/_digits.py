"""The digits of a number, whatever stands between and around them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

# What stands between the digits, or around a number that a spreadsheet was to keep as a text.
_DROPPED = frozenset("-–—‑−.·•()/\\_ـ[]{}<>'\"`´‘’‚‛“”„‟«»")
FLOAT_TAIL = re.compile(r"(?<=[0-9])\.0\Z")
"""What a table read as floats makes of a column of numbers with a gap in it."""

_ROUNDED = ((3, 1 << 10, 10), (1, 1 << 16, 10), (3, 1000, 100))
"""Where the digits that were rounded begin, what to, and how many numbers it takes to tell."""


class _Plain(dict[int, str | None]):
    """A table for :meth:`str.translate` that finds out about each character once."""

    def __missing__(self, code: int) -> str | None:
        char = chr(code)
        if char.isdecimal():
            kept: str | None = str(unicodedata.decimal(char))
        elif char.isspace() or char in _DROPPED or unicodedata.category(char) == "Cf":
            kept = None
        else:
            kept = "+" if char == "\uff0b" else char
        self[code] = kept
        return kept


_PLAIN = _Plain()


def plain_digits(raw: str) -> str:
    """Latin digits with a leading ``+`` kept; separators and invisible marks dropped; anything else left in place."""
    plain = FLOAT_TAIL.sub("", raw).translate(_PLAIN)
    # Typed right to left, the plus ends up behind the digits.
    return "+" + plain[:-1] if plain.endswith("+") and "+" not in plain[:-1] else plain


class Float32(float):
    """A number that was kept as a float of 32 bits or less, and so is no phone number."""


def look_rounded(recipients: Collection[str]) -> bool:
    """Whether the numbers, in the wire form, are all such as a float of 32 bits leaves: strangers' numbers. It takes
    ten of them to tell, for one in a thousand is so by chance; a hundred, where they only end in zeros.
    """
    return any(
        len(recipients) >= least and all(not int(number[start:]) % step for number in recipients)
        for start, step, least in _ROUNDED
    )
