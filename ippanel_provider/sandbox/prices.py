"""What a part costs, in rial. The figures are the sandbox's own; the service's depend on the account."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import cache

from ippanel_provider.service import IRANCELL_PREFIXES, MCI_PREFIXES
from ippanel_provider.text.parts import Encoding, TextSize, weigh

# Rial to MCI and to every other operator; Latin letters cost more in Iran.
PART_PRICES: dict[Encoding, tuple[float, float]] = {
    Encoding.UCS2: (1330.1, 1420.5),
    Encoding.GSM7: (2210.4, 2350.8),
}
VOICE_PRICE = 1064.0
"""One voice one-time password."""


def is_mci(recipient: str) -> bool:
    """Whether a ``+989…`` number belongs to MCI, by its prefix."""
    return recipient.startswith(MCI_PREFIXES, 3)


def operator_of(recipient: str) -> str:
    """``mci``, ``irancell`` or ``other``, by prefix."""
    if is_mci(recipient):
        return "mci"
    return "irancell" if recipient.startswith(IRANCELL_PREFIXES, 3) else "other"


@cache
def text_price(encoding: Encoding, parts: int, mci: bool) -> float:
    """What a text of this size costs to one recipient."""
    mci_price, other_price = PART_PRICES[encoding]
    return round(parts * (mci_price if mci else other_price), 1)


def same_text_cost(size: TextSize, recipients: Sequence[str]) -> float:
    """What one text costs to all of ``recipients``."""
    if len(recipients) == 1:
        return text_price(size.encoding, size.parts, is_mci(recipients[0]))
    mci_price, other_price = PART_PRICES[size.encoding]
    at_mci = sum(map(is_mci, recipients))
    return round(size.parts * (at_mci * mci_price + (len(recipients) - at_mci) * other_price), 1)


def price_each(texts: Sequence[str], recipients: Sequence[str], *, is_66_char: bool) -> tuple[array[int], array[float]]:
    """The parts of each text, and what it costs to its recipient."""
    weights = weigh(texts, is_66_char=is_66_char)
    at_mci = [recipient.startswith(MCI_PREFIXES, 3) for recipient in recipients]
    costs = [text_price(encoding, parts, mci) for (encoding, parts), mci in zip(weights, at_mci, strict=True)]
    return array("I", [parts for _, parts in weights]), array("d", costs)
