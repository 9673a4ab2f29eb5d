"""A chunk under way: one request, on a thread of its own."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from ippanel_provider.campaign.chunks import Chunk
from ippanel_provider.campaign.ledger.base import Intent
from ippanel_provider.campaign.order import Order
from ippanel_provider.campaign.patience import Clock, Patience
from ippanel_provider.client import Client, IPPanelError, NoAnswer, NotSent, Refused, Throttled, Unconfirmed
from ippanel_provider.client.gateway import gateway


class Expired(NotSent):
    """The intent is too old to be sent: its writer was asleep, and another try may have looked for it meanwhile."""


def may_be_taken(error: IPPanelError) -> bool:
    """Whether a send that ended so may have been accepted all the same.

    A refusal that is not of the request alone (no credit, a repetition) can be of a second copy that a gateway made.
    """
    is_of_this_try = isinstance(error, Refused) and not error.depends_on_request
    return is_of_this_try or isinstance(error, Throttled | Unconfirmed)


@dataclass(slots=True)
class Flight:
    """A chunk under way. Times are epoch seconds."""

    intent: Intent
    chunk: Chunk
    ids: tuple[int, ...] = ()
    left: float | None = None
    """When the first byte left."""
    is_broken: bool = False
    """Whether nothing but the connection broke, before the time for an answer was over."""
    seconds: float = 0.0
    """From its leaving to its answer."""

    def send(self, client: Client, order: Order, patience: Patience, clock: Clock) -> None:
        """Send it once.

        A 429 may be the guard's, which saw a copy that a gateway made; it is tried again for as long as the guard would
        repeat that answer. After that it is a doubt.

        :raises Expired: if the intent is too old.
        """
        if clock.now() - self.intent.at > max(patience.expiry, 1.0):
            raise Expired("The intent is too old to be sent.")
        send_at = self.intent.send_at
        send_time = None if send_at is None else datetime.fromtimestamp(send_at, UTC)
        (request,) = self.chunk.requests(gateway(client.settings.api), order.sender, send_time)
        self.left = clock.now()
        end = self.left + patience.guard_retry
        throttled: Throttled | None = None
        while True:
            began = time.monotonic()
            try:
                self.ids = tuple(client.run(request).outbox_ids)
            except Throttled as error:
                throttled = error
                pause = min(error.retry_after or patience.guard_retry * 0.3, end - clock.now())
                if pause <= 0:
                    raise
                clock.sleep(pause)
            except NoAnswer:
                self.is_broken = time.monotonic() - began < client.settings.read_timeout
                raise
            except IPPanelError as error:
                if throttled and not may_be_taken(error):
                    # It was refused now; what the 429 before stood for is as open as it was.
                    raise throttled from error
                raise
            else:
                return
            finally:
                self.seconds = time.monotonic() - began
