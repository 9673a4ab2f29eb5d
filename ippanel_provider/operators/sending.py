"""What every sending task does once it has its rows: screen, deliver through a ledger, and say what happened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ippanel_provider.exceptions import SendFailed, SendInDoubt
from ippanel_provider.operators.base import IPPanelOperator

if TYPE_CHECKING:
    from datetime import datetime

    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.delivery.audience import Audience, Row
    from ippanel_provider.delivery.forms import Form
    from ippanel_provider.delivery.progress import Progress
    from ippanel_provider.delivery.sender import Terms

REJECTS_SHOWN = 100


class SendingOperator(IPPanelOperator):
    """Base of the operators that send to many.

    A task that is tried again sends to nobody a second time: what is about to be sent is written down before it is, and
    what came of it after. The book is kept in Airflow's task state store (Airflow 3.3), or in a SQL database if
    ``ledger_conn_id`` names one; with neither, the service's outbox since the run began is the only witness.

    :param sender: the line to send from, as +983000505; default is the connection's (templated)
    :param send_time: when to send, aware, 5 minutes to 90 days ahead; default is at once
    :param delivery: ``direct`` (default), or ``scheduled``: each chunk gets a send time of its own, from ``send_time`` or at
        least 15 minutes ahead, so that what is missing can be sent again and doubles cancelled before anything goes out;
        until 5 minutes before, cancelling the returned ids takes the whole campaign back
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
    """

    template_fields: Sequence[str] = ("sender", "ledger_conn_id", "campaign_id", *IPPanelOperator.template_fields)

    def __init__(
        self,
        *,
        sender: str | None = None,
        send_time: datetime | None = None,
        delivery: str = "direct",
        ledger_conn_id: str | None = None,
        campaign_id: str | None = None,
        on_unconfirmed: str = "fail",
        on_clear: str = "keep",
        settle: float = 120.0,
        concurrency: int = 4,
        rate: float | None = None,
        chunk_size: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.sender = sender
        self.send_time = send_time
        self.delivery = _one_of("delivery", delivery, ("direct", "scheduled"))
        self.ledger_conn_id = ledger_conn_id
        self.campaign_id = campaign_id
        self.on_unconfirmed = _one_of("on_unconfirmed", on_unconfirmed, ("fail", "resend", "skip"))
        self.on_clear = _one_of("on_clear", on_clear, ("keep", "resend"))
        self.settle = settle
        self.concurrency = concurrency
        self.rate = rate
        self.chunk_size = chunk_size

    def send_rows(self, context: Context, rows: Iterable[Row], *, form: Form, once_per: str) -> dict[str, Any]:
        """Send the rows and return the summary.

        Nothing is sent unless the connection and the sender are right.

        :raises InvalidInput: naming the field.
        :raises SendFailed: if not everything was accepted; it says how far it came. A retry goes on from there.
        """
        from ippanel_provider.client import IPPanelError
        from ippanel_provider.delivery.audience import Audience, OncePer
        from ippanel_provider.delivery.progress import Progress
        from ippanel_provider.delivery.sender import InDoubt, deliver
        from ippanel_provider.operators.ledgers import ledger_for

        terms = self._terms()
        audience, progress = Audience(OncePer(once_per)), Progress()
        ledger = ledger_for(self, context, terms, audience.once_per)
        try:
            deliver(self.hook.get_conn(), ledger, audience.screen(rows), terms, progress, form=form)
        except IPPanelError as error:
            kind = SendInDoubt if isinstance(error, InDoubt) else SendFailed
            raise kind(_how_far(str(error), progress)) from error
        finally:
            self._report_rejects(audience)
        return self._summary(audience, progress)

    def _terms(self) -> Terms:
        from ippanel_provider.delivery.reconcile import Patience
        from ippanel_provider.delivery.schedule import Schedule
        from ippanel_provider.delivery.sender import OnUnconfirmed, Terms

        return Terms(
            sender=self.hook.sender(self.sender),
            send_time=self.send_time,
            schedule=Schedule.beginning(self.send_time) if self.delivery == "scheduled" else None,
            chunk_size=self.chunk_size,
            concurrency=self.concurrency,
            rate=self.rate,
            on_unconfirmed=OnUnconfirmed(self.on_unconfirmed),
            patience=Patience(settle=self.settle, poll=min(5.0, max(0.1, self.settle / 20))),
        )

    def _summary(self, audience: Audience, progress: Progress) -> dict[str, Any]:
        if not audience.rows:
            raise SendFailed("recipients: there are none; the source is empty. Nothing was sent.")
        if audience.rows == len(audience.rejected):
            raise SendFailed(
                f"recipients: none of the {audience.rows} rows can get a text; the log says why, row by row. Nothing was sent."
            )
        self.log.info(
            "%d rows: %d merged as repetitions, %d rejected. %s",
            audience.rows,
            audience.merged,
            len(audience.rejected),
            progress.sentence(),
        )
        return {
            "outbox_ids": progress.outbox_ids,
            "rows": audience.rows,
            "accepted": progress.accepted + progress.before,
            "merged": audience.merged,
            "skipped": progress.skipped,
            "rejected": len(audience.rejected),
            "rejects": [rejected._asdict() for rejected in audience.rejected[:REJECTS_SHOWN]],
        }

    def _report_rejects(self, audience: Audience) -> None:
        for rejected in audience.rejected[:REJECTS_SHOWN]:
            self.log.warning("Row %d gets no text: %s.", rejected.line, rejected.reason)
        if (more := len(audience.rejected) - REJECTS_SHOWN) > 0:
            self.log.warning("%d more rows get no text.", more)


def _how_far(error: str, progress: Progress) -> str:
    """Return the error with what had been accepted before it, for whoever has to decide how to go on."""
    accepted = progress.accepted + progress.before
    if not accepted:
        return error
    first, last = min(progress.outbox_ids), max(progress.outbox_ids)
    return f"{error} {accepted} recipients had been accepted (outbox ids {first} to {last}); a retry goes on after them."


def _one_of(name: str, value: str, choices: Sequence[str]) -> str:
    if value not in choices:
        raise ValueError(f"{name}: {value!r} is none of {', '.join(choices)}")
    return value
