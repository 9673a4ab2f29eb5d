"""How long a text is: its encoding, its units and the parts it is billed as.

GSM-7 holds 160 units in one part and 153 in each of several; one letter outside its alphabet (any Persian letter)
makes the whole text UCS-2 with 70 and 67. A GSM extension character counts two units, so does an emoji in UCS-2.
Parts are units divided and rounded up, as the service counts them.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = "\f^{}\\[~]|€"
_GSM_ALPHABET = frozenset(_BASIC + _EXTENSION)
_EXTENSION_SET = frozenset(_EXTENSION)


class Encoding(enum.StrEnum):
    """How a text travels."""

    GSM7 = "GSM-7"
    UCS2 = "UCS-2"


class TextSize(NamedTuple):
    """The measure of a text: ``units`` of its encoding and the ``parts`` it is billed as (0 for an empty text)."""

    encoding: Encoding
    characters: int
    units: int
    parts: int


def measure(text: str, *, is_66_char: bool = False) -> TextSize:
    """Measure ``text``. ``is_66_char`` lines hold 66 instead of 67 UCS-2 units in each part of several."""
    if _GSM_ALPHABET.issuperset(text):
        units = len(text) + sum(map(_EXTENSION_SET.__contains__, text))
        return TextSize(Encoding.GSM7, len(text), units, _parts(units, 160, 153))
    units = len(text) if max(text) <= "\uffff" else sum(2 if char > "\uffff" else 1 for char in text)
    return TextSize(Encoding.UCS2, len(text), units, _parts(units, 70, 66 if is_66_char else 67))


def _parts(units: int, single: int, several: int) -> int:
    if units == 0:
        return 0
    return 1 if units <= single else -(-units // several)
