"""What every sending task does once it has its rows: screen, chunk, send, and say what happened."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from ippanel_provider.client import IPPanelError, Unconfirmed
from ippanel_provider.client.checks import text as checked_text
from ippanel_provider.delivery.audience import Audience, OncePer, Row
from ippanel_provider.delivery.chunks import chunked
from ippanel_provider.delivery.sender import Progress, send_chunks, where_it_stopped
from ippanel_provider.exceptions import SendFailed, SendInDoubt
from ippanel_provider.hooks.ippanel import IPPanelHook

log = logging.getLogger(__name__)

REJECTS_SHOWN = 100


def send_rows(
    hook: IPPanelHook,
    rows: Iterable[Row],
    *,
    shared_text: str | None,
    sender: str | None,
    send_time: datetime | None = None,
    once_per: OncePer = OncePer.MESSAGE,
) -> dict[str, Any]:
    """Send the rows and return the summary of :class:`~ippanel_provider.operators.send.IPPanelSendOperator`.

    Nothing is sent unless the sender, a shared text and the connection are right.

    :raises InvalidInput: naming the field.
    :raises SendFailed: if nothing was accepted; a retry is safe.
    :raises SendInDoubt: if something was, or may have been, and not everything is known to be.
    """
    line = hook.sender(sender)
    if shared_text is not None:
        checked_text(shared_text)
    audience = Audience(once_per)
    progress = Progress()
    chunks = chunked(audience.screen(rows), shared_text=shared_text)
    try:
        hook.run(send_chunks(chunks, progress, sender=line, send_time=send_time))
    except IPPanelError as error:
        _report_rejects(audience)
        if progress.accepted or isinstance(error, Unconfirmed):
            raise SendInDoubt(where_it_stopped(error, progress)) from error
        raise SendFailed(str(error)) from error
    _report_rejects(audience)
    if not progress.accepted:
        raise SendFailed(
            "recipients: there are none; the source is empty."
            if not audience.rows
            else f"recipients: none of the {audience.rows} rows can get a text; the log says why, row by row. Nothing was sent."
        )
    log.info(
        "%d rows: %d accepted in %d requests, %d merged as repetitions, %d rejected.",
        audience.rows, progress.accepted, progress.chunks, audience.merged, len(audience.rejected),
    )  # fmt: skip
    return {
        "outbox_ids": progress.outbox_ids,
        "rows": audience.rows,
        "accepted": progress.accepted,
        "merged": audience.merged,
        "rejected": len(audience.rejected),
        "rejects": [rejected._asdict() for rejected in audience.rejected[:REJECTS_SHOWN]],
    }


def _report_rejects(audience: Audience) -> None:
    for rejected in audience.rejected[:REJECTS_SHOWN]:
        log.warning("Row %d gets no text: %s.", rejected.line, rejected.reason)
    if (more := len(audience.rejected) - REJECTS_SHOWN) > 0:
        log.warning("%d more rows get no text.", more)
