"""Mobile numbers of Iran: every spelling people use, to the one form the service takes.

``+989XXXXXXXXX`` is the wire form of a recipient; a sender is E.164 or a bank line in letters (``+98BANK``).
"""

from __future__ import annotations

import enum
import math
import re
from decimal import Decimal

from ippanel_provider.text._digits import FLOAT_TAIL, Float32, plain_digits

# 094 is internet telephony, a landline to this service. 098 is no range at all: ten digits that start with 98 are a
# number with its country code and two digits lost, and would become a stranger's.
_COMMON = re.compile(r"(?:\+98|0098|98|0)?(9[0-35-79][0-9]{8})\Z")
# The same in any digits, and in the groups that people and forms write.
_GROUPED = re.compile(
    r"(?:(?:\+|[0۰٠]{2})?[9۹٩][8۸٨][ -]?|[0۰٠])?([9۹٩][0-35-79۰-۳۵-۷۹٠-٣٥-٧٩]\d)[ -]?(\d{3})[ -]?(\d{4})\Z"
)
_MOBILE = re.compile(r"(?:(?:\+?0{0,2}98)?0?|\+0)(9[0-35-79][0-9]{8})\Z")
_LANDLINE = re.compile(r"(?:(?:(?:\+|00)?98)0?|0)(?:[1-8][0-9]{5,9}|94[0-9]{8})\Z|94[0-9]{8}\Z")
_FOREIGN = re.compile(r"(?:\+|00)(?!98)[0-9]{5,}\Z")
_SENDER = re.compile(r"\+[1-9][0-9]{3,19}\Z")
_BANK_LINE = re.compile(r"\+98[A-Za-z]{2,20}\Z")
_COMMAS = re.compile("[,،٬]")
_LEAD = re.compile(
    r"\A=?(?:(?:tel|phone|mobile|mob|cell|sms|smsto|callto|تلفن|موبایل|همراه|شماره)(?:همراه|موبایل)?:?)?", re.I
)
_DECIMAL = re.compile(r"\s*\+?([\d,،٬]+)[.٫](\d+)\s*\Z")
_SCIENTIFIC = re.compile(r"\s*\+?\d{1,20}(?:[.,٫]\d*)?[eE][-+]?\d{1,3}\s*\Z")
_FULL = 10
"""The digits of a mobile number without its prefix."""

_NO_NUMBER = 10**20


class Problem(enum.StrEnum):
    """Why something is not a mobile number of Iran; the value is a sentence for people."""

    EMPTY = "is empty"
    LETTERS = "holds characters that belong to no phone number"
    SHORT = "has too few digits for a mobile number (11 as 09XXXXXXXXX)"
    LONG = "has too many digits for a mobile number (11 as 09XXXXXXXXX)"
    LANDLINE = "is a landline; only mobile numbers (09…) receive texts"
    FOREIGN = "is a number of another country; only Iran (+98) is served"
    NOT_MOBILE = "does not start as a mobile number of Iran does (09…, 9…, 989…, +989…, 00989…)"
    FRACTION = "has a fraction, as no phone number has; keep the column as text"
    SCIENTIFIC = "is written as 9.12E+09, which has lost digits; keep the column as text"
    LOSSY = "comes from a 32-bit float, which cannot hold a phone number; keep the column as text"


class InvalidNumber(ValueError):
    """Raised for what is not a mobile number of Iran. The message never holds the number itself."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"the number {problem.value}")
        self.problem = problem

    def __reduce__(self) -> tuple[type[InvalidNumber], tuple[Problem]]:
        # The message is no argument of __init__, and executors carry exceptions between processes.
        return (type(self), (self.problem,))


def normalize(raw: object) -> str:
    """Return ``raw`` as ``+989XXXXXXXXX``.

    Takes ``0912…``, ``912…``, ``98912…``, ``+98…``, ``0098…``, in Latin, Persian or Arabic digits, with spaces, dashes,
    dots, brackets, grouping commas or invisible direction marks between them, with what spreadsheets and address books
    put around them (``'0912…``, ``="0912…"``, ``tel:+98…``), and whole numbers as warehouses store them
    (integers, floats and decimals, or either made text, ``9120000000.0``).

    :raises InvalidNumber: with the reason in ``problem``.
    """
    text = raw if isinstance(raw, str) else _written(raw)
    if (is_latin := text.isascii()) and (common := _COMMON.match(text)):
        return "+98" + common[1]
    if grouped := _GROUPED.match(text):
        digits: str = grouped[1] + grouped[2] + grouped[3]
        return "+98" + (digits if is_latin else str(int(digits)))
    return _normalize_uncommon(text)


def is_sender(line: str) -> bool:
    """Whether ``line`` has the form of a sender: E.164 (``+983000505``) or a bank line (``+98BANK``, ``+98PRO``)."""
    return bool(_SENDER.match(line) or _BANK_LINE.match(line))


def mask(number: str) -> str:
    """The form in which a number may be shown: ``+98912***4567``; anything but one number shows at most its ends."""
    plain = _bare(number)
    if 10 <= len(plain) <= 16 and plain.removeprefix("+").isdigit():
        return f"{plain[: min(len(plain) - 7, 6)]}***{plain[-4:]}"
    return f"{plain[0]}***{plain[-1]}" if len(plain) > 2 else "***"


def _normalize_uncommon(raw: str) -> str:
    if raw.startswith("-"):  # a negative integer, not a separator
        raise InvalidNumber(Problem.LETTERS)
    if _SCIENTIFIC.match(raw):
        raise InvalidNumber(Problem.SCIENTIFIC)
    plain = _bare(_without_decimals(raw))
    if mobile := _MOBILE.match(plain):
        return "+98" + mobile[1]
    # A word that announces a number is none.
    raise InvalidNumber(_diagnose(plain) if plain or not any(map(str.isalpha, raw)) else Problem.LETTERS)


def _without_decimals(raw: str) -> str:
    """What a table that was read as floats holds, without its ``.0``; a dot behind a prefix parts two groups."""
    found = _DECIMAL.match(raw)
    if found is None:
        return raw
    digits, decimals = _COMMAS.sub("", found[1]), found[2]
    if len(digits) <= 5 and len(decimals) > 2:
        return raw
    if int(decimals):
        raise InvalidNumber(Problem.FRACTION)
    return raw[: found.end(1)]


def _bare(raw: str) -> str:
    """The digits of a mobile number without grouping commas, and without what says that it is one."""
    plain = FLOAT_TAIL.sub("", raw)
    pieces = [piece for piece in _COMMAS.split(plain) if piece.strip()]
    if len(pieces) == 1 or all(sum(map(str.isdecimal, piece)) < _FULL for piece in pieces):
        plain = "".join(pieces)
    return _LEAD.sub("", plain_digits(plain))


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
        return Problem.SHORT if len(national) < _FULL else Problem.LONG
    return Problem.SHORT if len(national) < 8 else Problem.NOT_MOBILE


def _written(raw: object) -> str:
    """A number that is no text, as text.

    :raises InvalidNumber: if it is no whole number.
    """
    dtype = getattr(raw, "dtype", None)
    if dtype is not None and getattr(raw, "ndim", None) == 0:  # a scalar of numpy or its kin
        if dtype.kind == "f" and dtype.itemsize < 8:
            raise InvalidNumber(Problem.LOSSY)
        # Of a time in nanoseconds its item would be a bare number.
        raw = None if dtype.kind in "mM" else raw.item()  # type: ignore[attr-defined]
    if isinstance(raw, Float32) and raw == raw:
        raise InvalidNumber(Problem.LOSSY)
    if raw is None or type(raw).__name__ in {"NAType", "NaTType"}:  # what pandas has for nothing
        raise InvalidNumber(Problem.EMPTY)
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal):
        raise InvalidNumber(Problem.LETTERS)
    return _whole(raw)


def _whole(number: float | Decimal) -> str:
    if number.is_nan() if isinstance(number, Decimal) else isinstance(number, float) and math.isnan(number):
        raise InvalidNumber(Problem.EMPTY)
    if not -_NO_NUMBER < number < _NO_NUMBER:
        raise InvalidNumber(Problem.LONG)
    if number != int(number):
        raise InvalidNumber(Problem.FRACTION)
    return str(int(number))
