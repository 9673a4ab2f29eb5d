"""Reading back the first accepted bulk of a campaign, as a doubt would look for it, beside the sending."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from ippanel_provider.campaign.ledger.base import Intent
from ippanel_provider.campaign.patience import Clock, Patience
from ippanel_provider.campaign.recognition import Recogniser, Seen
from ippanel_provider.client import Client, IPPanelError


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
