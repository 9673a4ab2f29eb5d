"""Following a campaign's rows until all are final: what became of its bulks, then of the people in them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence

from ippanel_provider.campaign.delivery_report import deliveries
from ippanel_provider.client import Client
from ippanel_provider.client.gateway import gateway
from ippanel_provider.client.watch import BulkWatch, spent
from ippanel_provider.outbox_ids import OutboxIds
from ippanel_provider.results.fates import REPORTED
from ippanel_provider.results.followed import Followed, Learnt
from ippanel_provider.results.recorder import Hasher
from ippanel_provider.service import Api, BulkState
from ippanel_provider.text.numbers import InvalidNumber, normalize

log = logging.getLogger(__name__)

_REPORTS_A_BATCH = 5000
_MOST_GONE = 200


class Follower:
    """Asks the service and writes what it says, in rounds.

    :param rows: the campaign's
    :param hasher: with the table's salt
    :param delivery: ask after people too, not only after bulks
    :param concurrency: of how many bulks the people are asked after at once
    """

    def __init__(
        self, rows: Followed, client: Client, hasher: Hasher, *, delivery: bool = True, concurrency: int = 10
    ) -> None:
        self.rows = rows
        self._client = client
        self._hasher = hasher
        self._delivery = delivery
        self._concurrency = concurrency
        self._watch: BulkWatch | None = None

    def round(self) -> int:
        """Ask once after all that is open; return how many rows still are.

        :raises IPPanelError: the service could not be asked; what it said before is written.
        :raises Unwritable: the table cannot be written.
        """
        if bulks := self.rows.bulks(are_sent=False):
            self._look(bulks)
        if self._delivery:
            self._ask(self.rows.bulks(are_sent=True))
        self.rows.merge()
        return self.rows.open_count(delivery=self._delivery)

    def price(self) -> float | None:
        """Write what the bulks of each run say they cost; return it in rial, None where nobody says.

        The outbox list has told it on the way to who has followed a run from its beginning; who has taken it over reads
        the pages of its bulks once more.
        """
        if self._client.settings.api is not Api.EDGE:
            return None
        total, gone = 0.0, self.rows.gone()
        for run, bulks in self.rows.bulks_of_runs().items():
            cost = self._cost(bulks)
            if cost is None:
                log.info("Not all bulks of a run say what they cost.")
                return None
            self.rows.learn_cost(run, cost, self._returned(gone.get(run, ())))
            total += cost
        return total

    def _cost(self, bulks: OutboxIds) -> float | None:
        watch = self._watch
        if watch is not None and watch.priced == len(bulks) and watch.outbox_ids == bulks:
            return watch.cost
        return self._client.run(spent(bulks))

    def _returned(self, gone: Sequence[int]) -> float | None:
        """Ask what was given back for bulks that did not go out; None where these are too many to be asked singly."""
        if len(gone) > _MOST_GONE:
            return None
        api = gateway(self._client.settings.api)
        return float(sum(self._client.run(api.bulk(outbox_id)).returned or 0.0 for outbox_id in gone))

    def end(self) -> None:
        """The time is up."""
        if self._delivery:
            self.rows.give_up()
            self.rows.merge()

    def _look(self, bulks: OutboxIds) -> None:
        # What a watch knows for good it does not ask again; of new bulks it knows nothing.
        watch = self._watch
        if watch is None or any(outbox_id not in watch.outbox_ids for outbox_id in bulks):
            watch = self._watch = BulkWatch(bulks, frozenset())
        try:
            self._client.run(watch.look(gateway(self._client.settings.api)))
        finally:
            for state in BulkState:
                if watch.counts[state] and state.is_final:
                    self.rows.learn_state(state, watch.in_states([state]))

    def _ask(self, bulks: OutboxIds) -> None:
        learnt: list[Learnt] = []
        for report in self._reports(bulks):
            learnt += report
            if len(learnt) >= _REPORTS_A_BATCH:
                self.rows.learn(learnt)
                learnt = []
        self.rows.learn(learnt)

    def _reports(self, bulks: Iterable[int]) -> Iterator[list[Learnt]]:
        for report in deliveries(self._client, bulks, concurrency=self._concurrency):
            found = []
            for delivery in report.recipients:
                status = REPORTED.get(delivery.status) if delivery.status is not None else None
                if status is None:
                    continue
                try:
                    person = self._hasher.recipient(normalize(delivery.recipient))
                except InvalidNumber:
                    continue
                found.append(Learnt(report.outbox_id, person, status.value))
            if report.incomplete:
                log.warning("The list of bulk %d broke off; it is asked for again.", report.outbox_id)
            yield found
