"""How mobile numbers begin, as of 2026: which prefixes are given out at all."""

from __future__ import annotations

from ippanel_provider.service import IRANCELL_PREFIXES, MCI_PREFIXES

OTHER_PREFIXES = ("920", "921", "922", "923", "931", "932", "934", "995", "998", "999")
"""Rightel's, those of regional operators, and those that go to small operators block by block."""
_GIVEN_OUT = (*MCI_PREFIXES, *IRANCELL_PREFIXES, *OTHER_PREFIXES)


def is_assigned(recipient: str) -> bool:
    """Whether the prefix of a wire form was given to an operator, as far as was known when the table was made.

    New prefixes are given out, so one that was not is worth a warning and no refusal.
    """
    return recipient.startswith(_GIVEN_OUT, 3)
