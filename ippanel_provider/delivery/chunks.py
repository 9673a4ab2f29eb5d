"""Messages gathered into as few requests as the service takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from ippanel_provider.client import InvalidInput, Receipt, Request
from ippanel_provider.client.gateway import Gateway
from ippanel_provider.delivery.audience import Message
from ippanel_provider.service import MAX_PEER_TO_PEER_ITEMS, MAX_RECIPIENTS_PER_REQUEST, Api


@dataclass(frozen=True, slots=True)
class Chunk:
    """The messages of one request. ``shared_text`` is the text all of them have, None where each has its own."""

    number: int
    messages: tuple[Message, ...] = field(repr=False)
    shared_text: str | None = field(default=None, repr=False)

    @property
    def bulks(self) -> int:
        """How many outbox ids the service answers with."""
        return 1 if self.shared_text is not None else len(self.messages)

    def request(self, gateway: Gateway, sender: str, send_time: datetime | None = None) -> Request[Receipt]:
        """Return the send of these messages."""
        if self.shared_text is not None:
            return gateway.send(self.shared_text, [message.recipient for message in self.messages], sender=sender, send_time=send_time)
        return gateway.send_each([(message.recipient, message.text) for message in self.messages], sender=sender, send_time=send_time)


def chunked(
    messages: Iterable[Message], *, shared_text: str | None = None, size: int | None = None, api: Api = Api.EDGE
) -> Iterator[Chunk]:
    """Yield the messages in chunks of ``size`` (default: as many as one request of the API takes), numbered from 1."""
    most = MAX_RECIPIENTS_PER_REQUEST if shared_text is not None else MAX_PEER_TO_PEER_ITEMS if api is Api.EDGE else 1
    size = most if size is None else size
    if not 1 <= size <= most:
        raise InvalidInput(f"chunk_size: {size} is outside 1 to {most}")
    stream = iter(messages)
    number = 0
    while batch := tuple(islice(stream, size)):
        number += 1
        yield Chunk(number, batch, shared_text)
