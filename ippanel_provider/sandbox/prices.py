"""What a part costs, in rial. The figures are the sandbox's own; the service's depend on the account."""

from __future__ import annotations

from ippanel_provider.text.parts import Encoding

_MCI_PREFIXES = ("91", "990", "991", "992", "993", "994")
_IRANCELL_PREFIXES = ("90", "93", "941")

# (encoding) -> (MCI, every other operator); Latin letters cost more in Iran.
PART_PRICES: dict[Encoding, tuple[float, float]] = {
    Encoding.UCS2: (1330.1, 1420.5),
    Encoding.GSM7: (2210.4, 2350.8),
}
VOICE_PRICE = 1064.0
"""One voice one-time password."""


def is_mci(recipient: str) -> bool:
    """Whether a ``+989…`` number belongs to MCI, by its prefix."""
    return recipient.startswith(_MCI_PREFIXES, 3)


def operator_of(recipient: str) -> str:
    """``mci``, ``irancell`` or ``other``, by prefix."""
    if is_mci(recipient):
        return "mci"
    return "irancell" if recipient.startswith(_IRANCELL_PREFIXES, 3) else "other"
