"""An intent as a row of the table of chunks. What has no column of its own is JSON, so that it may grow."""

from __future__ import annotations

import json
from typing import Any

from ippanel_provider.campaign.ledger.base import Intent
from ippanel_provider.campaign.ledger.records import intent_from, intent_to
from ippanel_provider.campaign.ledger.schema import OPEN

_COLUMNS = frozenset({"number", "at", "lines", "members", "texts", "send_at"})


def row_of(intent: Intent) -> dict[str, Any]:
    """Return the row of an intent that is open."""
    return {
        "number": intent.number,
        "intended_at": intent.at,
        "first_line": intent.lines[0],
        "last_line": intent.lines[1],
        "size": intent.size,
        "members": intent.members,
        "texts": intent.texts,
        "send_at": intent.send_at,
        "details": json.dumps(intent_to(intent, _COLUMNS)),
        "state": OPEN,
    }


def intent_of(row: Any) -> Intent:
    """Return the intent of a row."""
    return intent_from(
        json.loads(row.details),
        number=row.number,
        at=row.intended_at,
        lines=(row.first_line, row.last_line),
        members=bytes(row.members),
        texts=bytes(row.texts or b""),
        send_at=row.send_at,
    )
