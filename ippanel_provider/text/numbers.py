"""Mobile numbers of Iran: every spelling people use, to the one form the service takes.

``+989XXXXXXXXX`` is the wire form of a recipient; a sender is E.164 or a bank line in letters (``+98BANK``).
"""

from __future__ import annotations

import enum
import re
import unicodedata

# 094 is internet telephony, a landline to this service. 098 is no range at all: ten digits that start with 98 are a
# number with its country code and two digits lost, and would become a stranger's.
_COMMON = re.compile(r"(?:\+98|0098|98|0)?(9[0-35-79][0-9]{8})\Z")
_MOBILE = re.compile(r"(?:(?:\+|00)?98)?0?(9[0-35-79][0-9]{8})\Z")
_LANDLINE = re.compile(r"(?:(?:(?:\+|00)?98)0?|0)(?:[1-8][0-9]{5,9}|94[0-9]{8})\Z|94[0-9]{8}\Z")
_FOREIGN = re.compile(r"(?:\+|00)(?!98)[0-9]{5,}\Z")
_SENDER = re.compile(r"\+[1-9][0-9]{3,19}\Z")
_BANK_LINE = re.compile(r"\+98[A-Za-z]{2,20}\Z")
_SEPARATORS = frozenset("-–—‑−.()/")
# What a table read as floats makes of a column of numbers with a gap in it.
_FLOAT_TAIL = re.compile(r"(?<=[0-9])\.0\Z")


class _Plain(dict[int, str | None]):
    """A table for :meth:`str.translate` that finds out about each character once."""

    def __missing__(self, code: int) -> str | None:
        char = chr(code)
        if char.isdecimal():
            kept: str | None = str(unicodedata.decimal(char))
        elif char.isspace() or char in _SEPARATORS or unicodedata.category(char) == "Cf":
            kept = None
        else:
            kept = "+" if char == "\uff0b" else char
        self[code] = kept
        return kept


_PLAIN = _Plain()


class Problem(enum.StrEnum):
    """Why something is not a mobile number of Iran; the value is a sentence for people."""

    EMPTY = "is empty"
    LETTERS = "holds characters that belong to no phone number"
    SHORT = "has too few digits for a mobile number (11 as 09XXXXXXXXX)"
    LONG = "has too many digits for a mobile number (11 as 09XXXXXXXXX)"
    LANDLINE = "is a landline; only mobile numbers (09…) receive texts"
    FOREIGN = "is a number of another country; only Iran (+98) is served"
    NOT_MOBILE = "does not start as a mobile number of Iran does (09…, 9…, 989…, +989…, 00989…)"


class InvalidNumber(ValueError):
    """Raised for what is not a mobile number of Iran. The message never holds the number itself."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"the number {problem.value}")
        self.problem = problem

    def __reduce__(self) -> tuple[type[InvalidNumber], tuple[Problem]]:
        # The message is no argument of __init__, and executors carry exceptions between processes.
        return (type(self), (self.problem,))


def normalize(raw: str | int) -> str:
    """Return ``raw`` as ``+989XXXXXXXXX``.

    Takes ``0912…``, ``912…``, ``98912…``, ``+98…``, ``0098…``, in Latin, Persian or Arabic digits, with
    spaces, dashes, dots, brackets or invisible direction marks between them, and integers as warehouses store them
    (or floats made text, ``9120000000.0``).

    :raises InvalidNumber: with the reason in ``problem``.
    """
    if common := _COMMON.match(raw if isinstance(raw, str) else str(raw)):
        return "+98" + common[1]
    return _normalize_uncommon(str(raw))


def _normalize_uncommon(raw: str) -> str:
    if raw.startswith("-"):  # a negative integer, not a separator
        raise InvalidNumber(Problem.LETTERS)
    plain = _plain_digits(raw)
    if mobile := _MOBILE.match(plain):
        return "+98" + mobile[1]
    raise InvalidNumber(_diagnose(plain))


def _plain_digits(raw: str) -> str:
    """Latin digits with a leading ``+`` kept; separators and invisible marks dropped; anything else left in place."""
    plain = _FLOAT_TAIL.sub("", raw).translate(_PLAIN)
    # Typed right to left, the plus ends up behind the digits.
    return "+" + plain[:-1] if plain.endswith("+") and "+" not in plain[:-1] else plain


def _diagnose(plain: str) -> Problem:
    digits = plain.removeprefix("+")
    if not digits:
        return Problem.EMPTY
    if not (digits.isascii() and digits.isdigit()):
        return Problem.LETTERS
    if _FOREIGN.match(plain):
        return Problem.FOREIGN
    if _LANDLINE.match(plain):
        return Problem.LANDLINE
    national = re.sub(r"\A(?:0098|98|0)?0?", "", digits)
    if national.startswith("9") and not national.startswith("98"):
        return Problem.SHORT if len(national) < 10 else Problem.LONG
    return Problem.SHORT if len(national) < 8 else Problem.NOT_MOBILE


def is_sender(line: str) -> bool:
    """Whether ``line`` has the form of a sender: E.164 (``+983000505``) or a bank line (``+98BANK``, ``+98PRO``)."""
    return bool(_SENDER.match(line) or _BANK_LINE.match(line))


def mask(number: str) -> str:
    """The form in which a number may be shown: ``+98912***4567``; anything but one number shows at most its ends."""
    plain = _plain_digits(number)
    if 10 <= len(plain) <= 16 and plain.removeprefix("+").isdigit():
        return f"{plain[: min(len(plain) - 7, 6)]}***{plain[-4:]}"
    return f"{plain[0]}***{plain[-1]}" if len(plain) > 2 else "***"
