"""Without a home for a ledger, the outbox since the run began is the only witness of earlier tries."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from ippanel_provider.campaign.audience import Message
from ippanel_provider.campaign.ledger.base import Claim, Intent, Outcome
from ippanel_provider.campaign.ledger.hashes import MemberKey
from ippanel_provider.campaign.ledger.memory import Jotter, MemoryLedger
from ippanel_provider.client import Client, Flow, NotFound, Unsupported, edge
from ippanel_provider.client.pages import everything
from ippanel_provider.service import MAX_PAGE_SIZE, Api


class WitnessLedger(Jotter):
    """Remembers only this try; of earlier ones it knows what the line's outbox shows.

    A text that another task sent from the same line to the same person since ``since`` is taken for ours and not sent
    again; an earlier try whose texts the outbox list does not show yet is not seen.

    :param since: the moment before which nothing of this run can have gone out; None if no earlier try is possible
    :param settle: seconds to give the outbox list to show what an earlier try sent last
    """

    def __init__(
        self, client: Client, sender: str, key: MemberKey, since: datetime | None, settle: float = 0.0
    ) -> None:
        super().__init__()
        self.key = key
        self._client = client
        self._sender = sender
        self._since = since
        self._settle = settle
        self._memory = MemoryLedger(key)
        # Bulks by the hash of their text, with their recipients only once a message asks for them.
        self._bulks: dict[bytes, list[int]] = {}
        self._looked = False
        self.found: list[int] = []

    def history(self) -> Iterator[tuple[Intent, Outcome | None]]:
        """Yield the records of this try; of earlier ones there are none, what the outbox shows is asked for message by
        message.
        """
        if self._since is not None and not self._looked:
            if self._client.settings.api is Api.REST:
                raise Unsupported(
                    "ledger: the legacy REST API lists nothing of what was sent, so nobody can tell whom an "
                    "earlier try reached. "
                    "Set ledger_conn_id to a SQL connection, or use the Edge API."
                )
            time.sleep(self._settle)
            self._bulks = self._client.run(self._texts_since(self._since))
            self._looked = True
        yield from self._memory.history()

    def unknown(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Return the messages that neither this try nor the outbox knows."""
        if self._bulks:
            self._client.run(self._ask_recipients({self.key.text(message.text) for message in messages}))
        return self._memory.unknown(messages)

    def intend(self, drafts: Iterable[Claim]) -> Iterator[Claim]:
        """Remember the intents for this try."""
        return self._memory.intend(drafts)

    def outcome_of(self, intent: Intent) -> Outcome | None:
        """Return the outcome."""
        return self._memory.outcome_of(intent)

    def settle(self, intent: Intent, outcome: Outcome) -> None:
        """Remember the outcome for this try."""
        self._memory.settle(intent, outcome)

    def flush(self) -> None:
        """Nothing is held back."""

    def beside(self) -> tuple[()]:
        """Nothing is written down, so another try shows nowhere."""
        return ()

    def claimed(self, since: float) -> set[int]:
        """Return the ids of this try and those found of earlier ones."""
        return self._memory.claimed(since) | set(self.found)

    def _texts_since(self, since: datetime) -> Flow[dict[bytes, list[int]]]:
        bulks: dict[bytes, list[int]] = {}
        request = edge.report.outbox(per_page=MAX_PAGE_SIZE, sender=self._sender, created_from=since.astimezone(UTC))
        for bulk in (yield from everything(request)):
            if bulk.message is not None:
                bulks.setdefault(self.key.text(bulk.message), []).append(bulk.outbox_id)
        return bulks

    def _ask_recipients(self, texts: set[bytes]) -> Flow[None]:
        for text in texts & self._bulks.keys():
            for outbox_id in self._bulks.pop(text):
                self.found.append(outbox_id)
                try:
                    listed = yield from everything(edge.report.recipients(outbox_id))
                except NotFound:
                    continue
                reached = [Message(str(delivery.recipient), delivery.message or "") for delivery in listed]
                self._memory.known.remember(self.key.members(reached), frozenset())
