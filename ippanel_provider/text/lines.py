"""Lines (senders) as people write them, to the one form the service has."""

from __future__ import annotations

import re

from ippanel_provider.text._digits import plain_digits
from ippanel_provider.text.numbers import is_sender
from ippanel_provider.values import InvalidValue, whole

# Without its +98, a name in small letters is more likely a slip than a line.
_BANK = re.compile(r"\s*(?:(?:(?:\+|00)?98)\s*([A-Za-z]{2,20})|([A-Z]{2,20}))\s*\Z")
# A mobile number in the place of a line is a recipient that slipped, unless its country shows that it is meant.
_PERSON = re.compile(r"9[0-35-79][0-9]{8}\Z")


class InvalidLine(ValueError):
    """Raised for what is no line."""

    def __init__(self) -> None:
        super().__init__("expected a line as +983000505, or a bank line as +98BANK")


def line(raw: object) -> str:
    """Return a line as the service has it: ``3000505``, ``983000505``, ``+98 3000505`` and ``BANK`` get their ``+98``.

    :raises InvalidLine: if it is none.
    """
    text = raw if isinstance(raw, str) else _written(raw)
    plain = plain_digits(text)
    if bank := _BANK.match(text):
        plain = "+98" + (bank[1] or bank[2])
    elif (digits := plain.removeprefix("+")).isdecimal():
        if plain.startswith(("+", "00")):
            plain = "+" + digits.removeprefix("00")
        elif not _PERSON.match(digits := digits.lstrip("0")):
            plain = f"+{digits}" if digits.startswith("98") else f"+98{digits}"
    if not is_sender(plain):
        raise InvalidLine
    return plain


def line_key(raw: object) -> str:
    """Return what two spellings of a line have in common; of what is no line, the text itself."""
    try:
        return line(raw).casefold()
    except InvalidLine:
        return str(raw).strip().casefold()


def _written(raw: object) -> str:
    try:
        return str(whole(raw, "line"))
    except InvalidValue:
        raise InvalidLine from None
