"""What every sending task does once it has its rows: screen, deliver through a ledger, and say what happened."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from ippanel_provider import links, metrics
from ippanel_provider.exceptions import SendFailed, SendRefused
from ippanel_provider.operators.hidden_fields import Private
from ippanel_provider.operators.rejects import rejects_to
from ippanel_provider.operators.timing import TimedOperator, one_of

if TYPE_CHECKING:
    from datetime import datetime

    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.campaign.audience import Audience, Row
    from ippanel_provider.campaign.kinds import Form
    from ippanel_provider.campaign.ledger.base import Ledger
    from ippanel_provider.campaign.order import OncePer
    from ippanel_provider.campaign.progress import Progress
    from ippanel_provider.campaign.schedule import Schedule
    from ippanel_provider.campaign.screening import Campaign
    from ippanel_provider.campaign.sending import Terms


class SendingOperator(TimedOperator):
    """Base of the operators that send to many.

    A task that is tried again sends to nobody a second time: what is about to be sent is written down before it is, and
    what came of it after. The book is kept in Airflow's task state store (Airflow 3.3), or in a SQL database if
    ``ledger_conn_id`` names one; with neither, the service's outbox since the run began is the only witness.

    With ``wait_for_completion`` the result is the same, but is there only when every bulk is final. The parameters of
    :class:`~ippanel_provider.operators.timing.TimedOperator` and
    :class:`~ippanel_provider.operators.waiting.WaitingOperator` hold too.

    :param delivery: ``direct`` (default), or ``scheduled``: each chunk gets a send time of its own, from ``send_time``
        or at least 15 minutes ahead, so that what is missing can be sent again and doubles cancelled before anything
        goes out; until 5 minutes before, cancelling the returned ids takes the whole campaign back
    :param ledger_conn_id: a SQL connection to keep the book in, so that it also holds across runs and clears and
        between workers (templated)
    :param campaign_id: with ``ledger_conn_id``, what makes two sendings the same campaign; default is this task in this
        run (templated)
    :param on_unconfirmed: what to do with texts that left unanswered and that the outbox does not show after ``settle``
        seconds: ``fail`` (default; the next try looks again), ``resend`` or ``skip``
    :param on_clear: ``keep`` (default) sends nothing again when a user clears the task, ``resend`` starts anew
    :param settle: seconds the outbox list is given to show what was accepted
    :param concurrency: requests under way at once
    :param rate: requests a second at most; default is no limit
    :param chunk_size: messages in a request; default is as many as the service takes
    :param suppress: who gets no text whatever the source says: any of
        :class:`~ippanel_provider.operators.suppress.OptedOut`, ``InPhonebook``, ``InTable``, ``InFile``, numbers, or an
        XCom of numbers. If one of them cannot be read, nothing is sent (templated)
    :param rejects_path: a ``.csv`` or ``.jsonl`` file to write every row to that gets no text, with its line and the
        reason: a local path, or any URL that object storage takes. Mapped tasks need one each, as by
        ``{{ ti.map_index }}`` (templated)
    :param rejects_with_numbers: write the numbers of these rows too; then put the file where they may lie
    :param first_pass: read the source twice, the first time only to count: so that the credit is checked against the
        whole cost, that a source that cannot be read to its end fails before anything is sent, and that the log tells
        the time left
    :param check_credit: send nothing if the credit does not cover it: the whole of it with ``first_pass``, otherwise
        the first request. The legacy REST API tells no prices, so nothing is checked there
    :param opt_out_suffix: the service bills ``لغو11`` at the end of texts from this line; only for parts and cost
    :param allow_empty: succeed when the source is empty, as a partition may be
    :param dry_run: send nothing; log and return who would get what (numbers masked, texts as their measure), the parts,
        the cost and the credit (templated)
    """

    template_fields: Sequence[str] = (
        *("ledger_conn_id", "campaign_id", "suppress", "rejects_path", "preview_only"),
        *TimedOperator.template_fields,
    )

    suppress = Private(of="list")

    def __init__(
        self,
        *,
        delivery: str = "direct",
        ledger_conn_id: str | None = None,
        campaign_id: str | None = None,
        on_unconfirmed: str = "fail",
        on_clear: str = "keep",
        settle: float = 120.0,
        concurrency: int = 4,
        rate: float | None = None,
        chunk_size: int | None = None,
        suppress: Any = None,
        rejects_path: str | None = None,
        rejects_with_numbers: bool = False,
        first_pass: bool = True,
        check_credit: bool = True,
        opt_out_suffix: bool = False,
        allow_empty: bool = False,
        dry_run: bool | str = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.delivery = one_of("delivery", delivery, ("direct", "scheduled"))
        self.ledger_conn_id = ledger_conn_id
        self.campaign_id = campaign_id
        self.on_unconfirmed = one_of("on_unconfirmed", on_unconfirmed, ("fail", "resend", "skip"))
        self.on_clear = one_of("on_clear", on_clear, ("keep", "resend"))
        self.settle = settle
        self.concurrency = concurrency
        self.rate = rate
        self.chunk_size = chunk_size
        self.suppress = suppress
        self.rejects_path = rejects_path
        self.rejects_with_numbers = rejects_with_numbers
        self.first_pass = first_pass
        self.check_credit = check_credit
        self.opt_out_suffix = opt_out_suffix
        self.allow_empty = allow_empty
        # Operators have a method of the name dry_run.
        self.preview_only = dry_run

    def send_rows(
        self, context: Context, rows: Callable[[], Iterable[Row]], *, form: Form, once_per: str
    ) -> dict[str, Any]:
        """Send the rows, wait if asked to, and return the summary.

        Nothing is sent unless the connection, the sender and the lists of who gets no text are right.

        :param rows: reads the source from its beginning
        :raises InvalidInput: naming the field.
        :raises SendFailed: if not everything was accepted; it says how far it came. A retry goes on from there.
        """
        from ippanel_provider.campaign.order import OncePer
        from ippanel_provider.campaign.progress import Progress
        from ippanel_provider.campaign.sending import deliver
        from ippanel_provider.client import IPPanelError
        from ippanel_provider.operators.dry_run import preview
        from ippanel_provider.operators.ledgers import begin, ledger_for

        self.hold()
        if not self.rehearses:
            begin(self, context)
        terms, progress = self._terms(context), Progress()
        with rejects_to(self.rejects_path, with_numbers=self.rejects_with_numbers) as on_reject:
            try:
                campaign = self._campaign(terms, progress, rows, OncePer(once_per), on_reject)
                if self.rehearses:
                    return preview(self, context, terms, campaign)
                ledger = ledger_for(self, context, campaign.once_per, form=type(form).__name__)
                client = self.hook.get_conn()
                try:
                    with closing(campaign.messages(client, ledger)) as messages:
                        deliver(client, ledger, messages, terms, progress, form=form)
                finally:
                    self.report_rejects(campaign.audience)
                    self._measure(campaign)
            except IPPanelError as error:
                error.args = (_how_far(str(error), progress), *error.args[1:])
                raise
        summary = self._summary(campaign, ledger)
        links.remember(context, self.hook, summary["outbox_ids"])
        return self.completed(summary)

    def line(self) -> str:
        """Return the line to send from."""
        return self.hook.sender(self.sender)

    @property
    def rehearses(self) -> bool:
        """See :class:`~ippanel_provider.operators.timing.TimedOperator`."""
        # A template that is rendered to text is text of a truth value.
        given = self.preview_only
        return given.strip().lower() in {"true", "1", "yes"} if isinstance(given, str) else bool(given)

    def _campaign(
        self,
        terms: Terms,
        progress: Progress,
        rows: Callable[[], Iterable[Row]],
        once_per: OncePer,
        on_reject: Callable[[Row, str], None] | None,
    ) -> Campaign:
        from ippanel_provider.campaign.cost import tariff_of
        from ippanel_provider.campaign.screening import Campaign
        from ippanel_provider.operators.suppress import suppression_for

        return Campaign(
            rows=rows,
            once_per=once_per,
            tariff=tariff_of(self.hook.get_conn(), terms.sender, opt_out=self.opt_out_suffix),
            progress=progress,
            suppressing=suppression_for(self),
            on_reject=on_reject,
            first_pass=self.first_pass,
            check_credit=self.check_credit,
        )

    def _terms(self, context: Context) -> Terms:
        from ippanel_provider.campaign.order import OnUnconfirmed
        from ippanel_provider.campaign.recognition import Patience
        from ippanel_provider.campaign.sending import Terms

        send_time = self.moment()
        return Terms(
            sender=self.line(),
            send_time=send_time,
            schedule=_schedule(context, send_time) if self.delivery == "scheduled" else None,
            chunk_size=self.chunk_size,
            concurrency=self.concurrency,
            rate=self.rate,
            on_unconfirmed=OnUnconfirmed(self.on_unconfirmed),
            patience=Patience(settle=self.settle, poll=min(5.0, max(0.1, self.settle / 20))),
        )

    def _summary(self, campaign: Campaign, ledger: Ledger) -> dict[str, Any]:
        audience, progress = campaign.audience, campaign.progress
        outbox_ids = sorted(progress.outbox_ids)
        if not audience.rows and not self.allow_empty:
            raise SendFailed("recipients: there are none; the source is empty. Nothing was sent.")
        if audience.rejected and audience.rows == audience.rejected + audience.suppressed:
            raise SendRefused(
                f"recipients: none of the {audience.rows} rows can get a text; the log says why, row by row. "
                f"Nothing was sent."
            )
        self.log.info(
            "%d rows: %d merged as repetitions, %d suppressed, %d rejected. %s",
            audience.rows,
            audience.merged,
            audience.suppressed,
            audience.rejected,
            progress.sentence(),
        )
        return {
            "outbox_ids": outbox_ids,
            "rows": audience.rows,
            "accepted": progress.accepted + progress.before,
            "merged": audience.merged,
            "skipped": progress.skipped,
            "suppressed": audience.suppressed,
            "rejected": audience.rejected,
            "rejects": [rejected._asdict() for rejected in audience.rejects],
            "parts": campaign.estimate.parts,
            "cost": campaign.estimate.cost,
        }

    def _measure(self, campaign: Campaign) -> None:
        audience, progress, estimate = campaign.audience, campaign.progress, campaign.estimate
        # Known messages are estimated too; what was accepted now has its share of the parts.
        parts = round(estimate.parts * progress.accepted / estimate.messages) if estimate.messages else 0
        metrics.count(
            self.ippanel_conn_id,
            sent=progress.accepted,
            parts=parts,
            refused=audience.rejected,
            unconfirmed=progress.unconfirmed,
        )
        for seconds in progress.latencies:
            metrics.latency(self.ippanel_conn_id, seconds)

    def report_rejects(self, audience: Audience) -> None:
        """Log the first of the rows that get no text."""
        for rejected in audience.rejects:
            self.log.warning("Row %d gets no text: %s.", rejected.line, rejected.reason)
        if (more := audience.rejected - len(audience.rejects)) > 0:
            self.log.warning("%d more rows get no text.", more)


def _schedule(context: Context, send_time: datetime | None) -> Schedule:
    from ippanel_provider.campaign.schedule import Schedule

    ti: Any = context["ti"]
    # A retry may come after the time of what an earlier try has scheduled; each chunk it still sends has its own.
    return Schedule(send_time) if send_time is not None and ti.try_number > 1 else Schedule.beginning(send_time)


def _how_far(error: str, progress: Progress) -> str:
    """Return the error with what had been accepted before it, for whoever has to decide how to go on."""
    accepted = progress.accepted + progress.before
    if not accepted:
        return error
    first, last = min(progress.outbox_ids), max(progress.outbox_ids)
    return (
        f"{error} {accepted} recipients had been accepted (outbox ids {first} to {last}); a retry goes on after them."
    )
