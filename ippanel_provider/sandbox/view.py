"""Texts as the controls show them: one flat entry a recipient."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from ippanel_provider.text.numbers import InvalidNumber, normalize

from .outbox import MessageFilter
from .records import Bulk
from .state import Sandbox
from .wire import with_plus


def message_filter(query: Mapping[str, str]) -> MessageFilter:
    """Read ``recipient``, ``text``, ``sender``, ``since``, ``outbox_id`` of a control call.

    :raises ValueError: when ``since`` or ``outbox_id`` is no number.
    """
    recipient = query.get("recipient")
    if recipient:
        try:
            recipient = normalize(recipient)
        except InvalidNumber:
            recipient = recipient.strip()
    since, outbox_id = query.get("since"), query.get("outbox_id")
    return MessageFilter(
        recipient=recipient or None,
        text=query.get("text") or None,
        sender=with_plus(query.get("sender", "")) or None,
        since=float(since) if since else None,
        outbox_id=int(outbox_id) if outbox_id else None,
    )


def entry(sandbox: Sandbox, bulk: Bulk, index: int, now: float) -> dict[str, Any]:
    """One text to one recipient; ``time`` is when it was accepted and ``send_time`` when it is due, in epoch
    seconds."""
    recipient, text = bulk.recipients[index], bulk.text_for(index)
    return {
        "id": f"{bulk.id}-{index}",
        "outbox_id": bulk.id,
        "recipient": recipient,
        "sender": bulk.line,
        "text": text,
        "parts": bulk.parts if bulk.texts is None else sandbox.size(text, bulk.line).parts,
        "type": bulk.kind,
        "state_id": int(bulk.state_at(now)),
        "message_status": int(bulk.status_at(now, recipient)),
        "time": round(bulk.accepted, 3),
        "send_time": round(bulk.due, 3),
    }


def messages(
    sandbox: Sandbox, wanted: MessageFilter, *, offset: int = 0, limit: int | None = None
) -> tuple[list[dict[str, Any]], int]:
    """Texts that match, oldest first, and how many match in all."""
    now = sandbox.now()
    total = sandbox.outbox.text_count if wanted == MessageFilter() else sum(1 for _ in sandbox.outbox.texts(wanted))
    stop = None if limit is None else offset + limit
    return [
        entry(sandbox, bulk, index, now) for bulk, index in islice(sandbox.outbox.texts(wanted), offset, stop)
    ], total
