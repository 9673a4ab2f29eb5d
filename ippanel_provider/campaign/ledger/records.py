"""Intents and what became of them as JSON, for the homes that keep JSON."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Container, Mapping
from dataclasses import asdict, fields
from typing import Any

from ippanel_provider.campaign.ledger.base import Intent, Outcome, Standing

_BYTES = ("members", "texts", "recipients")


def intent_to(intent: Intent, but: Container[str] = ()) -> dict[str, Any]:
    """Return an intent as JSON, without some of its fields."""
    kept = {field.name: getattr(intent, field.name) for field in fields(intent) if field.name not in but}
    return {name: _plain(value) for name, value in kept.items()}


def intent_from(stored: Mapping[str, Any], **others: Any) -> Intent:
    """Return the intent of :func:`intent_to`, with the fields that it was made without."""
    read = {name: _read(name, value) for name, value in stored.items()}
    return Intent(**read, **others)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return list(value) if isinstance(value, tuple) else value


def _read(name: str, value: Any) -> Any:
    if name in _BYTES:
        return b64decode(value)
    return tuple(value) if isinstance(value, list) else value


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
    return asdict(standing) | {"ids": list(standing.ids)}


def standing_from(stored: dict[str, Any] | str | None) -> Standing:
    """Return the standing of :func:`standing_to`, or of its text; for none that of the beginning."""
    if stored is None:
        return Standing()
    kept = json.loads(stored) if isinstance(stored, str) else stored
    return Standing(**kept | {"ids": tuple(kept["ids"])})
