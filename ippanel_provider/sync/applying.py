"""What applying a plan of patterns and one of phonebooks have in common: patience with the panel, and its reasons."""

from __future__ import annotations

from ippanel_provider.client import Invalid, Refused

SETTLE = 2.0
"""Seconds the panel is given to show what an unanswered request may have made."""
ATTEMPTS = 3
"""How often something is made whose answer does not come and that the panel does not show."""


def reason_of(error: Refused) -> str:
    """The service's reason in one sentence, field by field where it names fields."""
    details = error.details
    if isinstance(error, Invalid) and details.field_errors:
        return "; ".join(f"{field}: {' '.join(texts)}" for field, texts in details.field_errors.items())
    return details.server_message or str(error)
