"""Lines (senders) as people write them, to the one form the service has."""

from __future__ import annotations

from ippanel_provider.text._digits import plain_digits
from ippanel_provider.text.numbers import is_sender
from ippanel_provider.values import InvalidValue, whole


class InvalidLine(ValueError):
    """Raised for what is no line."""

    def __init__(self) -> None:
        super().__init__("expected a line as +983000505, or a bank line as +98BANK")


def line(raw: object) -> str:
    """Return a line as the service has it: ``3000505``, ``983000505``, ``+98 3000505`` and ``BANK`` get their ``+98``.

    :raises InvalidLine: if it is none.
    """
    plain = plain_digits(raw if isinstance(raw, str) else _written(raw))
    if plain.isascii() and plain.isalpha():
        plain = "+98" + plain.upper()
    elif plain.startswith("98") and plain[2:].isalpha():
        plain = "+" + plain
    elif (digits := plain.removeprefix("+")).isdecimal():
        has_country = plain.startswith(("+", "00"))
        digits = digits.removeprefix("00") if has_country else digits.lstrip("0")
        plain = f"+{digits}" if has_country or digits.startswith("98") else f"+98{digits}"
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
