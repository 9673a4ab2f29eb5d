"""Intents and what became of them as JSON, for the homes that keep JSON."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import fields
from typing import Any

from ippanel_provider.campaign.ledger.base import Intent, Outcome, Standing

_BYTES = ("members", "texts")


def intent_to(intent: Intent) -> dict[str, Any]:
    """Return an intent as JSON."""
    kept = {field.name: getattr(intent, field.name) for field in fields(intent)}
    return kept | {"lines": list(intent.lines)} | {name: b64encode(kept[name]).decode() for name in _BYTES}


def intent_from(stored: dict[str, Any]) -> Intent:
    """Return the intent of :func:`intent_to`."""
    first, last = stored["lines"]
    return Intent(**stored | {"lines": (first, last)} | {name: b64decode(stored[name]) for name in _BYTES})


def outcome_to(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as JSON."""
    return {"ids": list(outcome.outbox_ids), "void": sorted(outcome.void), "given_up": outcome.is_given_up}


def outcome_from(stored: dict[str, Any] | str | None) -> Outcome | None:
    """Return the outcome of :func:`outcome_to`, or of its text; None for none."""
    if stored is None:
        return None
    kept = json.loads(stored) if isinstance(stored, str) else stored
    return Outcome(tuple(kept["ids"]), frozenset(kept["void"]), kept["given_up"])


def standing_to(standing: Standing) -> dict[str, Any]:
    """Return a standing as JSON."""
    return {"ids": list(standing.ids), "left": standing.left, "is_broken": standing.is_broken}


def standing_from(stored: dict[str, Any] | str | None) -> Standing:
    """Return the standing of :func:`standing_to`, or of its text; for none that of the beginning."""
    if stored is None:
        return Standing()
    kept = json.loads(stored) if isinstance(stored, str) else stored
    return Standing(tuple(kept["ids"]), kept["left"], kept["is_broken"])
