"""Messages gathered into what is written down and sent at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.kinds import Form
from ippanel_provider.client import InvalidInput, Receipt, Request
from ippanel_provider.client.gateway import Gateway
from ippanel_provider.service import MAX_RECIPIENTS_PER_REQUEST, Api


class Stamp(NamedTuple):
    """What an intent gets with its number. Times are epoch seconds."""

    at: float
    """Now."""
    send_at: float | None = None
    """When the chunk goes out, where it has a time of its own."""
    mark: int = 0
    """The highest outbox id that is known."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Messages that share one intent."""

    messages: tuple[Message, ...] = field(repr=False)
    form: Form
    stamp: Callable[[int], Stamp] | None = None
    """Stamps the intent that gets a number in the ledger; None leaves it at the time."""

    @property
    def texts(self) -> list[str]:
        """The text of each bulk it becomes."""
        return self.form.texts(self.messages)

    def requests(self, gateway: Gateway, sender: str, send_time: datetime | None = None) -> list[Request[Receipt]]:
        """Return the sends of these messages, to be made in turn."""
        return self.form.requests(self.messages, gateway, sender, send_time)


def chunked(
    messages: Iterable[Message],
    form: Form,
    *,
    size: int | None = None,
    api: Api = Api.EDGE,
    stamp: Callable[[int], Stamp] | None = None,
) -> Iterator[Chunk]:
    """Yield the messages in chunks of ``size`` (default: as many as the form takes in a request).

    :raises InvalidInput: if ``size`` is more than that.
    """
    most = form.chunk_limit(api)
    size = most if size is None else size
    if not 1 <= size <= MAX_RECIPIENTS_PER_REQUEST:
        raise InvalidInput(f"chunk_size: {size} is outside 1 to {MAX_RECIPIENTS_PER_REQUEST}")
    stream = iter(messages)
    while batch := tuple(islice(stream, min(size, most))):
        yield Chunk(form.arranged(batch), form, stamp)
