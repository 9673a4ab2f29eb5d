"""One try of a sending: what it is asked for, what it works with, and what is in doubt."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ippanel_provider.campaign.chunks import Chunk, Single, Stamp
from ippanel_provider.campaign.doubts import Doubt
from ippanel_provider.campaign.ledger.base import Intent, Ledger, Outcome, Standing
from ippanel_provider.campaign.order import Order
from ippanel_provider.campaign.panel import Panel
from ippanel_provider.campaign.recognition import Recogniser
from ippanel_provider.campaign.recording import Recording
from ippanel_provider.campaign.results import Progress
from ippanel_provider.campaign.schedule import Clock, Patience, stamper
from ippanel_provider.client import Client, IPPanelError, edge
from ippanel_provider.service import Api

log = logging.getLogger(__name__)

_BEFORE = 100
"""Bulks that are read before the first intent."""


@dataclass(slots=True)
class Attempt:
    """What the parts of a sending share. The history of the ledger has been read."""

    order: Order
    client: Client
    ledger: Ledger
    progress: Progress
    clock: Clock
    record: Recording | None = None
    doubts: list[Doubt] = field(default_factory=list)
    """Intents without an outcome, of this try and of earlier ones."""
    patience: Patience = field(init=False)
    panel: Panel = field(init=False)
    recogniser: Recogniser = field(init=False)
    stamp: Callable[[int], Stamp] = field(init=False)
    """Stamps an intent that leaves now."""

    def __post_init__(self) -> None:
        self.patience = Patience(self.order.settle)
        self.panel = Panel.of(self.ledger, self.order.profile, urlsplit(self.client.settings.root).hostname or "")
        self.recogniser = Recogniser(self.panel, self.ledger, self.order.sender, self.patience.settle / 4)
        self.stamp = stamper(self.order, self.panel, self.clock)

    @property
    def has_outbox(self) -> bool:
        """Whether the service lists what was sent; the legacy API does not."""
        return self.client.settings.api is Api.EDGE

    @property
    def has_words(self) -> bool:
        """Whether a bulk has a text to be found by."""
        return not isinstance(self.order.kind, Single) or self.order.kind.text is not None

    def may_try_again(self, intent: Intent) -> bool:
        """Whether a send that a 429 answered may be tried again at once; asked on any thread, it writes nothing.

        A guard that had seen a copy of it would repeat its answer. Where none is, only the outbox can tell.
        """
        facts = self.panel.facts
        if "guard_seconds" in facts.known and facts.guard_seconds < self.patience.guard_retry:
            return False
        try:
            return not (self.has_outbox and self.client.run(self.recogniser.may_show(intent, has_words=self.has_words)))
        except IPPanelError:
            return False

    def begin(self) -> None:
        """Read what is listed before the first intent: none of it is ours. While any is in doubt it is not read."""
        if self.doubts or not self.has_outbox:
            return
        try:
            page = self.client.run(edge.report.outbox(per_page=_BEFORE))
        except IPPanelError as error:
            log.warning("The outbox cannot be read, so what is left unanswered now stays in doubt. %s", error)
            return
        self.panel.begin([bulk.outbox_id for bulk in page.items], self.clock.now())

    def doubt(self, intent: Intent, standing: Standing, chunk: Chunk | None = None) -> Doubt:
        """Take an intent without an outcome for a doubt.

        :param chunk: what was sent, if this try sent it
        """
        doubt = Doubt(
            intent,
            standing,
            dict(enumerate(chunk.messages)) if chunk else {},
            has_words=self.has_words,
            is_earlier=chunk is None,
        )
        if intent.again:
            doubt.take_answer()
        self.doubts.append(doubt)
        return doubt

    def settle(self, doubt: Doubt, outcome: Outcome) -> None:
        """Write down what became of a doubt."""
        self.ledger.settle(doubt.intent, outcome)
        doubt.is_settled = True
        self.panel.answered(doubt.intent, outcome.outbox_ids, self.clock.now())
        self.count(doubt, outcome)

    def count(self, doubt: Doubt, outcome: Outcome) -> None:
        """Count what became of a doubt."""
        (self.progress.earlier if doubt.is_earlier else self.progress.accepted_now)(doubt.intent, outcome)
