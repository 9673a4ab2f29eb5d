"""What became of every row of a campaign, by the author's own key."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import conf

from ippanel_provider import metrics
from ippanel_provider.exceptions import WaitFailed, WaitRefused
from ippanel_provider.operators import fields, recording
from ippanel_provider.operators.base import LEDGER_CONN_ID, Deployed, IPPanelOperator
from ippanel_provider.operators.door import WAITING
from ippanel_provider.operators.waiting import LEAST_POLL
from ippanel_provider.options import Results
from ippanel_provider.values import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta
    from typing import Unpack

    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.operators.signatures import ConnectedArguments
    from ippanel_provider.results.following import Follower


class IPPanelResultsOperator(IPPanelOperator):
    """Follow the rows of a campaign until each has its final status in the table of results, or the time is up.

    The states of its bulks are read by pages of the outbox list; then the people in each bulk that went out are asked
    after, with a request a bulk, several at once. Rows that went out and of which no operator has said anything final
    when the time is up become ``no_report``; others stay as they are, and the task succeeds. Everything that is known
    stands in the table, so a task that was killed goes on where it was.

    Returns ``{"campaign": name, "rows": n, "open": n, "cost": rial, <status>: n, …}``; no key, no number and no text is
    in it. The cost is what the bulks say, None where they do not.

    :param results: the table, as the sending task has it (:class:`~ippanel_provider.options.Results`)
    :param campaign_id: the ``campaign_id`` of the sending task (templated)
    :param delivery: ask after the people too; without it rows of texts that went out stay ``accepted`` (templated)
    :param concurrency: of how many bulks the people are asked after at once (templated)
    :param ledger_conn_id: the ledger's connection, where ``results`` names none; default is
        ``[ippanel] ledger_conn_id`` of Airflow's configuration (templated)
    :param deferrable: wait on the triggerer between two rounds; default is the ``[operators] default_deferrable``
        setting
    :param poke_interval: seconds, or a ``timedelta``, between two rounds
    :param timeout: seconds, or a ``timedelta``, to follow at most; a retry follows as long again
    :param ippanel_conn_id: the connection to IPPanel (templated)
    :raises WaitFailed: if the table cannot be used
    :raises WaitRefused: if the service refused to be asked
    """

    template_fields: Sequence[str] = (
        *("campaign_id", "delivery", "concurrency", "ledger_conn_id"),
        *IPPanelOperator.template_fields,
    )
    ui_color = "#fdf3dc"
    errors = WAITING

    results = fields.one(Results)
    delivery = fields.flag()
    concurrency = fields.whole(1)
    ledger_conn_id = Deployed(fields.text(), LEDGER_CONN_ID)
    deferrable = fields.flag()
    poke_interval = fields.seconds(LEAST_POLL)
    timeout = fields.seconds()

    def __init__(
        self,
        *,
        results: Results,
        campaign_id: str,
        delivery: bool | str = True,
        concurrency: int | str = 10,
        ledger_conn_id: str | None = None,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poke_interval: float | timedelta = 300.0,
        timeout: float | timedelta = 48 * 3600.0,
        **kwargs: Unpack[ConnectedArguments],
    ) -> None:
        super().__init__(**kwargs)
        self.results = results
        self.campaign_id = campaign_id
        self.delivery = delivery
        self.concurrency = concurrency
        self.ledger_conn_id = ledger_conn_id
        self.deferrable = deferrable
        self.poke_interval = poke_interval
        self.timeout = timeout

    def perform(self, context: Context) -> dict[str, Any]:
        """Follow."""
        return self._follow(context, time.time() + self.timeout)

    def execute_again(self, context: Context, event: Mapping[str, Any]) -> dict[str, Any]:
        """Go on after a pause on the triggerer."""
        fields.check_fields(self)
        return self._follow(context, float(event["carried"]))

    def _follow(self, context: Context, deadline: float) -> dict[str, Any]:
        results = recording.rendered(self, self.results, context)
        follower = self._follower(results)
        from ippanel_provider.results.schema import Unwritable

        try:
            while (left := self._round(follower)) and time.time() < deadline:
                self._pause(left, deadline)
            if left:
                follower.end()
                self.log.warning("timeout: the time is up; %d rows were not final.", left)
            cost = self._price(follower)
            recording.export(self, results, follower.rows)
            return self._result(follower, cost)
        except Unwritable as error:
            raise WaitFailed(f"{error}. A retry goes on from what was written.") from None

    def _follower(self, results: Results) -> Follower:
        engine, tables = recording.open_table(results)
        from ippanel_provider.campaign.order import OncePer
        from ippanel_provider.results.followed import Followed
        from ippanel_provider.results.following import Follower
        from ippanel_provider.results.recorder import Hasher
        from ippanel_provider.results.schema import Unwritable, salt_of

        rows = Followed(engine, tables, str(self.campaign_id))
        try:
            salt = salt_of(engine, tables)
            if not rows.is_known:
                raise InvalidValue("campaign_id", f"not found in {results.table}; give the sending task's")
        except Unwritable as error:
            raise WaitFailed(str(error)) from None
        hasher = Hasher(salt, OncePer.RECIPIENT)
        return Follower(rows, self.hook.get_conn(), hasher, delivery=bool(self.delivery), concurrency=self.concurrency)

    def _round(self, follower: Follower) -> int:
        """Ask once; return how many rows are open."""
        from ippanel_provider.client import IPPanelError, NotSent, OtpRequired, Unconfirmed
        from ippanel_provider.operators.ledgers import tell_delivery

        before = follower.rows.counts()
        try:
            follower.round()
        except IPPanelError as error:
            if isinstance(error, OtpRequired) or not isinstance(error, (NotSent, Unconfirmed)):
                raise WaitRefused(f"results: {error}") from error
            self.log.warning("This round broke off, the next is in %g s: %s", self.poke_interval, error)
        after = follower.rows.counts()
        became = {name: after.get(name, 0) - before.get(name, 0) for name in metrics.FATES}
        tell_delivery(self.ledger_conn_id, str(self.campaign_id), after)
        metrics.fates(self.ippanel_conn_id, became, oldest_open=follower.rows.oldest_open())
        return follower.rows.open_count(delivery=bool(self.delivery))

    def _price(self, follower: Follower) -> float | None:
        from ippanel_provider.client import IPPanelError

        try:
            cost = follower.price()
        except IPPanelError as error:
            self.log.warning("What the bulks cost is not known: %s", error)
            return None
        metrics.fates(self.ippanel_conn_id, {}, oldest_open=follower.rows.oldest_open(), cost=cost or 0.0)
        return cost

    def _pause(self, left: int, deadline: float) -> None:
        self.log.info("%d rows are not final.", left)
        moment = min(deadline, time.time() + self.poke_interval)
        if self.deferrable:
            from ippanel_provider.triggers.clock import IPPanelClockTrigger

            self.defer(trigger=IPPanelClockTrigger(moment, deadline), method_name="execute_again")
        time.sleep(max(0.0, moment - time.time()))

    def _result(self, follower: Follower, cost: float | None) -> dict[str, Any]:
        counts = follower.rows.counts()
        left = follower.rows.open_count(delivery=bool(self.delivery))
        self.log.info("%d rows: %s.", sum(counts.values()), ", ".join(f"{n} {name}" for name, n in counts.items()))
        return {"campaign": str(self.campaign_id), "rows": sum(counts.values()), "open": left, "cost": cost, **counts}
