"""What every task that sends has in common: when, from which line, what if it stays in doubt, and how long to wait."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import conf, get_current_context

from ippanel_provider import lineage, links, metrics
from ippanel_provider.operators import fields
from ippanel_provider.operators.base import ON_UNCONFIRMED, SETTLE, Deployed, IPPanelOperator
from ippanel_provider.operators.bulk_outcome import Demand, Ends, handed_over, news_of, progress_of, taken_back
from ippanel_provider.operators.door import SENDING
from ippanel_provider.operators.timing import hold, send_time_of
from ippanel_provider.operators.waiting import LEAST_POLL, check_event, patiently
from ippanel_provider.outbox_ids import LISTED, OutboxIds, read, written

if TYPE_CHECKING:
    from typing import Unpack

    from airflow.providers.common.compat.sdk import Context
    from airflow.providers.openlineage.extractors import OperatorLineage

    from ippanel_provider.campaign.audience import Row
    from ippanel_provider.campaign.ledger.base import Ledger
    from ippanel_provider.campaign.order import Order
    from ippanel_provider.campaign.recording import Recording
    from ippanel_provider.campaign.results import Summary
    from ippanel_provider.client.watch import BulkWatch
    from ippanel_provider.operators.signatures import ConnectedArguments
    from ippanel_provider.options import Memory
    from ippanel_provider.service import BulkState
    from ippanel_provider.triggers.base import WaitTrigger


class SendingOperator(IPPanelOperator):
    """Base of the operators that send.

    A task that is tried again sends to nobody a second time: what is about to be sent is written down before it is, and
    what came of it after. A wait that fails has sent nothing: where the task is tried again, it finds out that all was
    sent, and waits on.

    :param sender: the line to send from, as +983000505; default is the connection's (templated)
    :param send_time: when to send: an aware datetime or its ISO text, 5 minutes to 90 days ahead; default is at once
        (templated)
    :param quiet_hours: hours of Tehran in which nothing goes out, as ``22:00-08:00``; a mapping gives them by line;
        default is the connection's (templated)
    :param in_quiet_hours: what to do with what falls into them: ``schedule`` (default) hands it over now, for the
        service to send when they are over; ``hold`` lets the task itself wait until then and send after: on the
        triggerer with ``deferrable``, otherwise rescheduled (Airflow 3.2), or asleep on its worker. With a
        ``send_time`` nothing is held (templated)
    :param on_unconfirmed: what to do with texts that left unanswered and that the outbox does not show after ``settle``
        seconds: ``fail`` (the next try looks again), ``ask`` (a person decides, under Airflow's Required Actions from
        3.1 on, or with ``ippanel campaign resolve``), ``resend`` or ``skip``; default is ``[ippanel] on_unconfirmed``
        of Airflow's configuration, or ``fail`` (templated)
    :param on_clear: ``keep`` (default) sends nothing again when a user clears the task, ``resend`` starts anew
        (templated)
    :param settle: seconds, or a ``timedelta``, that the outbox list is given to show what was accepted; default is
        ``[ippanel] settle``, or 120 (templated)
    :param dry_run: send nothing; log and return who would get what (numbers masked, texts as their measure), the parts,
        the cost and the credit (templated)
    :param wait_for_completion: wait until every bulk is final, and fail if one ends as none may (templated)
    :param fail_on: the states that fail the task then, as names or :class:`~ippanel_provider.service.BulkState`;
        default is all in which no text went out: rejected, invalid_recipients, cancelled, no_credit, system_error
    :param min_delivered: the share of recipients, above 0 and up to 1, that has to be delivered to before the wait is
        over; the result then tells ``"delivered", "pending", "lost"``. Meant for texts with many recipients (templated)
    :param deferrable: wait on the triggerer instead of this worker; default is the ``[operators] default_deferrable``
        setting
    :param poke_interval: seconds, or a ``timedelta``, between two looks
    :param timeout: seconds, or a ``timedelta``, to wait at most; a retry waits as long again
    :param cancel_on_kill: take back what is still scheduled where somebody marks the task as failed while it waits on
        the triggerer (Airflow 3.3); default is to leave it scheduled. A clear takes nothing back
    :param show_rendered: show texts and numbers on the Rendered Template page; default is their length and count only
    :raises SendFailed: if not everything was accepted; it says how far it came, and a retry goes on from there
    :raises SendRefused: if a retry could only be refused too; none is made
    :raises SendInDoubt: if texts left unanswered and nothing tells what came of them; a retry looks again first
    :raises BulksFailed: if a bulk ended in a state of ``fail_on``; no retry is made
    :raises TooFewDelivered: if ``min_delivered`` can no longer be reached; no retry is made
    :raises WaitFailed: if the time was up, or the service refused to be asked
    """

    template_fields: Sequence[str] = (
        *("sender", "send_time", "quiet_hours", "in_quiet_hours", "on_unconfirmed", "on_clear", "settle"),
        *("is_dry_run", "wait_for_completion", "min_delivered"),
        *IPPanelOperator.template_fields,
    )
    operator_extra_links = (links.IPPanelBulkLink(), links.IPPanelCampaignLink())
    errors = SENDING

    send_time = fields.moment()
    quiet_hours = fields.quiet_hours()
    in_quiet_hours = fields.choice("schedule", "hold")
    on_unconfirmed = Deployed(fields.choice("ask", "fail", "resend", "skip"), ON_UNCONFIRMED)
    on_clear = fields.choice("keep", "resend")
    settle = Deployed(fields.seconds(), SETTLE)
    # Airflow's operators have a method of the name dry_run.
    is_dry_run = fields.flag("dry_run")
    wait_for_completion = fields.flag()
    fail_on = fields.failing_states()
    min_delivered = fields.share()
    deferrable = fields.flag()
    poke_interval = fields.seconds(LEAST_POLL)
    timeout = fields.seconds()
    cancel_on_kill = fields.flag()

    default_sender: ClassVar[str | None] = None
    """The line these sends go out from where the task names none; None is the connection's."""
    once_per: ClassVar[str] = "recipient"
    """What counts as a repetition, unless ``memory`` says otherwise."""
    memory: Memory
    """What is remembered."""
    bulk_url: str | None = None
    """Where the panel shows its first bulk, once that is known."""

    def __init__(
        self,
        *,
        sender: str | None = None,
        send_time: datetime | str | None = None,
        quiet_hours: str | Mapping[str, str] | None = None,
        in_quiet_hours: str = "schedule",
        on_unconfirmed: str | None = None,
        on_clear: str = "keep",
        settle: float | timedelta | str | None = None,
        dry_run: bool | str = False,
        wait_for_completion: bool | str = False,
        fail_on: Iterable[BulkState | str] | None = None,
        min_delivered: float | str | None = None,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poke_interval: float | timedelta = 30.0,
        timeout: float | timedelta = 24 * 3600.0,
        cancel_on_kill: bool = False,
        show_rendered: bool = False,
        **kwargs: Unpack[ConnectedArguments],
    ) -> None:
        super().__init__(**kwargs)
        self.show_rendered = show_rendered
        self.sender = sender
        self.send_time = send_time
        self.quiet_hours = quiet_hours
        self.in_quiet_hours = in_quiet_hours
        self.on_unconfirmed = on_unconfirmed
        self.on_clear = on_clear
        self.settle = settle
        self.is_dry_run = dry_run
        self.wait_for_completion = wait_for_completion
        self.fail_on = fail_on
        self.min_delivered = min_delivered
        self.deferrable = deferrable
        self.poke_interval = poke_interval
        self.timeout = timeout
        self.cancel_on_kill = cancel_on_kill

    def line(self) -> str:
        """Return the line to send from."""
        # A template in a DAG with native rendering makes a number of +983000505.
        named = self.sender or self.default_sender
        return self.hook.sender(str(named) if named else None)

    def moment(self) -> datetime | None:
        """Return when to schedule what is sent; None is at once."""
        return send_time_of(self.send_time, self.line(), self.hours())

    def hours(self) -> Any:
        """Return the quiet hours that hold: the task's, or else the connection's."""
        from ippanel_provider.hooks.account import of_lines

        return of_lines(self.hook.account.quiet_hours) if self.quiet_hours is None else self.quiet_hours

    def perform(self, context: Context) -> dict[str, Any]:
        """Send, wait if asked to, and return what was accepted."""
        self.bulk_url = ""
        if self.is_dry_run:
            return self.rehearse(context)
        self.hold(context)
        from ippanel_provider.campaign.doubts import InDoubt
        from ippanel_provider.operators.asking import ask
        from ippanel_provider.operators.ledgers import begin

        begin(self, context)
        try:
            result = self.send(context)
        except InDoubt as doubt:
            if self.on_unconfirmed == "ask":
                self.log.warning("%s", doubt)
                ask(self, context, self._ledger(context))
            raise
        links.tell_assets(context, self, result)
        return self.completed(context, result)

    def get_openlineage_facets_on_start(self) -> OperatorLineage[Any, Any] | None:
        """Name what it reads and the line it sends from, for OpenLineage."""
        return lineage.to_panel(self, None if self.is_dry_run else f"lines/{self.line()}", self.reads())

    def reads(self) -> OperatorLineage[Any, Any] | None:
        """Return what it reads, for OpenLineage; None if that stands in the DAG."""
        return None

    @abstractmethod
    def send(self, context: Context) -> dict[str, Any]:
        """Send and return what was accepted."""

    @abstractmethod
    def rehearse(self, context: Context) -> dict[str, Any]:
        """Log and return what would be sent. Nothing is."""

    def ordered(
        self,
        context: Context,
        order: Order,
        rows: Callable[[], Iterable[Row]] | None,
        *,
        suppressing: Any = None,
        on_reject: Callable[[Row, str], None] | None = None,
    ) -> Summary:
        """Send what an order asks for, and say what came of it; what was accepted is counted and linked in any case.

        :param rows: reads the source from its beginning; None where the service chooses the recipients
        """
        from ippanel_provider.campaign.doubts import InDoubt
        from ippanel_provider.campaign.run import run
        from ippanel_provider.client import IPPanelError
        from ippanel_provider.operators.ledgers import conclude

        ended: list[Summary] = []
        client, ledger = self.hook.get_conn(), self._ledger(context, type(order.kind).__name__)
        state = "failed"
        watching: dict[str, Any] = {"suppressing": suppressing, "on_reject": on_reject, "on_end": ended.append}
        try:
            with self.recorded(context, order, ledger, ended) as record:
                summary = run(order, rows, client, ledger, record=record, **watching)
                state = "done"
            return summary
        except IPPanelError as error:
            state = "in doubt" if isinstance(error, InDoubt) else state
            if ended and (how_far := ended[0].how_far):
                error.args = (f"{error} {how_far}", *error.args[1:])
            raise
        finally:
            for summary in ended:
                conclude(ledger, summary, state, is_over=state == "done" and not self.wait_for_completion)
                self.measure(summary)
                links.remember(context, self, summary.outbox_ids)

    def recorded(
        self, context: Context, order: Order, ledger: Ledger, ended: Sequence[Summary]
    ) -> AbstractContextManager[Recording | None]:
        """Give what keeps the fate of every row while a send goes on; None where nobody asks for it.

        :param ended: how far it came, once it has ended
        """
        return nullcontext()

    def measure(self, summary: Summary) -> None:
        """Count what was sent, for Airflow's metrics."""
        metrics.count(
            self.ippanel_conn_id,
            sent=summary.accepted_now,
            parts=summary.parts_now,
            refused=summary.rejected,
            unconfirmed=summary.unconfirmed,
        )
        for seconds in summary.latencies:
            metrics.latency(self.ippanel_conn_id, seconds)

    def hold(self, context: Context) -> None:
        """Wait until the line may send, if that is what the task is to do. Nothing may have been done before.

        It comes back at once, or after sleeping; or not at all, and the task is executed again from its beginning.
        """
        if self.in_quiet_hours != "hold" or self.send_time or self.is_dry_run:
            return
        hold(self, context)

    def execute_decided(self, context: Context, event: Mapping[str, Any]) -> Any:
        """Take up what a person decided about texts in doubt, and go on."""
        from ippanel_provider.operators.asking import take_down

        take_down(event, self._ledger(context))
        return self.perform(context)

    def identity(self) -> str:
        """Return by what a text is known to have been sent. Across runs only its words can tell; within one a retry may
        word it anew, and it is still the same.
        """
        once_per = self.memory.once_per or self.once_per
        return "place" if once_per == "message" and not getattr(self, "campaign_id", None) else once_per

    def _ledger(self, context: Context, form: str = "") -> Ledger:
        from ippanel_provider.campaign.order import OncePer
        from ippanel_provider.operators.ledgers import ledger_for

        return ledger_for(self, context, OncePer(self.identity()), keep_for=self.memory.seconds_kept, form=form)

    def execute_held(self, context: Context, event: Mapping[str, Any]) -> Any:
        """Begin, after the quiet hours."""
        return self.perform(context)

    def completed(self, context: Context, result: dict[str, Any]) -> dict[str, Any]:
        """Return the result when its bulks have come to what was asked of them, at once if nothing was."""
        if not self.wait_for_completion or not result["outbox_ids"]:
            return result
        watch = self._demand.watch(read(result["outbox_ids"]))

        def look() -> BulkWatch | None:
            self.hook.run(watch.look(self.hook.gateway))
            return watch if watch.is_done else None

        progress, news = partial(progress_of, watch), partial(news_of, watch)
        patiently(self, context, look, lambda deadline: self._trigger(result, deadline), progress, news)
        return self._judged(result, Ends.of(watch))

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> dict[str, Any]:
        """Take up the trigger's event; return the result that was left with it, and the outbox ids, which it names
        anyway.
        """
        check_event(event, "final")
        ends = Ends.of_event(event)
        kept = taken_back(context) if ends.bulks > LISTED else None
        ids = OutboxIds(ends.exceptions) if kept is None else kept
        links.remember(context, self, ids)
        result = {"outbox_ids": written(ids), **event["carried"]}
        links.tell_assets(context, self, result)
        return self._judged(result, ends)

    @property
    def _demand(self) -> Demand:
        return Demand(self.fail_on, self.min_delivered)

    def _trigger(self, result: Mapping[str, Any], deadline: float) -> WaitTrigger:
        from ippanel_provider.triggers.bulk import IPPanelBulkTrigger

        ids = read(result["outbox_ids"])
        trigger = IPPanelBulkTrigger(
            handed_over(ids, get_current_context(), keep=True) if len(ids) > LISTED else list(ids),
            self.ippanel_conn_id,
            self.poke_interval,
            deadline,
            fail_on=None if self.fail_on is None else list(self.fail_on),
            min_delivered=self.min_delivered,
            cancel_on_kill=bool(self.cancel_on_kill),
            carried={name: value for name, value in result.items() if name != "outbox_ids"},
        )
        trigger.ids = ids
        return trigger

    def _judged(self, result: dict[str, Any], ends: Ends) -> dict[str, Any]:
        said = self._demand.judge(ends)
        self.log.info("All %d bulks are %s.", ends.bulks, f"final: {said['states']}" if "states" in said else "sent")
        return result | said
