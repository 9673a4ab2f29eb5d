"""What is under way on threads of its own: the requests of chunks, and the reading back of the first accepted bulk."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ippanel_provider.campaign.attempt import Attempt
from ippanel_provider.campaign.chunks import Chunk
from ippanel_provider.campaign.ledger.base import Intent
from ippanel_provider.campaign.recognition import Recogniser, Seen
from ippanel_provider.campaign.schedule import Clock, Patience
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

    def send(self, attempt: Attempt, *, is_last: bool = False) -> None:
        """Send it once.

        A 429 may be the guard's, which saw a copy that a gateway made; it is tried again for as long as the guard would
        repeat that answer, and while the outbox shows none. After that it is a doubt.

        :param is_last: whether a 429 ends it
        :raises Expired: if the intent is too old.
        """
        client, order, patience, clock = attempt.client, attempt.order, attempt.patience, attempt.clock
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
                if is_last or pause <= 0:
                    raise
                clock.sleep(pause)
                if not attempt.may_try_again(self.intent):
                    raise
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


@dataclass(slots=True)
class Learner:
    """Looks once each poll until the bulk is listed; requests run on the pool, what is learnt is written by the caller.

    :param is_needed: whether anything is to be learnt
    """

    client: Client
    recogniser: Recogniser
    patience: Patience
    clock: Clock
    is_needed: bool
    _sample: tuple[int, Intent, float] | None = None
    _next: float = 0.0
    _looking: Future[Seen | None] | None = field(default=None, repr=False)

    def offer(self, intent: Intent, ids: tuple[int, ...], at: float) -> None:
        """Take an accepted chunk to learn from, if there is none yet."""
        if self.is_needed and ids and self._sample is None:
            self._sample = ids[0], intent, at
            self._next = at

    def step(self, pool: ThreadPoolExecutor) -> None:
        """Take what was seen, and look again when it is time; never waits."""
        if self._looking is not None:
            if self._looking.done():
                self._take(self._looking)
        elif self._sample and self.is_needed and self.clock.now() >= self._next:
            self._looking = pool.submit(self._look, self._sample[0])

    def finish(self) -> None:
        """Look a last time, if nothing was seen so far."""
        if self._looking is not None:
            self._take(self._looking)
        elif self._sample and self.is_needed:
            self._take(self._look(self._sample[0]))

    def _look(self, outbox_id: int) -> Seen | None:
        try:
            return self.client.run(self.recogniser.read_back(outbox_id))
        except IPPanelError:
            # The texts are on their way, whatever becomes of the report.
            return None

    def _take(self, looked: Future[Seen | None] | Seen | None) -> None:
        seen = looked.result() if isinstance(looked, Future) else looked
        self._looking = None
        if self._sample is None:
            return
        _, intent, at = self._sample
        now = self.clock.now()
        if seen is not None:
            self.recogniser.learn(seen, intent, 0, at, now)
            self.is_needed = False
        elif now > at + self.patience.settle:
            self.is_needed = False
        self._next = now + self.patience.poll
