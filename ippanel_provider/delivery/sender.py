"""Sending chunk after chunk, and saying at every end how far it came."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from ippanel_provider.client import Flow, IPPanelError, Unconfirmed
from ippanel_provider.client.errors import Details
from ippanel_provider.delivery.chunks import Chunk

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Progress:
    """How far a sending came; it stays readable when the sending ends in an error."""

    chunks: int = 0
    accepted: int = 0
    outbox_ids: list[int] = field(default_factory=list)


def send_chunks(chunks: Iterable[Chunk], progress: Progress, *, sender: str, send_time: datetime | None = None) -> Flow[Progress]:
    """Send each chunk in turn, recording in ``progress`` what the service accepted.

    :raises IPPanelError: of the first chunk that was not accepted; those before it are in ``progress``.
    """
    for chunk in chunks:
        receipt = yield chunk.request(sender, send_time)
        progress.chunks += 1
        progress.outbox_ids.extend(receipt.outbox_ids)
        if len(receipt.outbox_ids) != chunk.bulks:
            raise Unconfirmed(
                f"chunk {chunk.number}: the service took {len(receipt.outbox_ids)} of {chunk.bulks} messages and does not say which; "
                "look in the outbox report before sending again.",
                Details(operation="send.peer_to_peer"),
            )
        progress.accepted += len(chunk.messages)
        log.info("Chunk %d accepted: %d recipients, %d so far.", chunk.number, len(chunk.messages), progress.accepted)
    return progress


def where_it_stopped(error: IPPanelError, progress: Progress) -> str:
    """Return the error with what had been accepted before it, for whoever has to decide how to go on."""
    if not progress.accepted:
        return str(error)
    first, last = progress.outbox_ids[0], progress.outbox_ids[-1]
    return (
        f"{error} Before that, {progress.accepted} recipients were accepted in {progress.chunks} requests (outbox ids {first} to {last})."
    )
