"""What the tasks have in common that send with one request, to people whom the service finds."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from ippanel_provider import metrics
from ippanel_provider.operators import fields
from ippanel_provider.operators.base import LEDGER_CONN_ID, Deployed
from ippanel_provider.operators.hidden_fields import Private, value_of
from ippanel_provider.operators.sending import SendingOperator
from ippanel_provider.options import Memory

if TYPE_CHECKING:
    from typing import Unpack

    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.campaign.audience import Row
    from ippanel_provider.campaign.results import Summary
    from ippanel_provider.client import Receipt, Request
    from ippanel_provider.operators.signatures import SendingArguments


class OneRequestOperator(SendingOperator):
    """Base of the operators that send with one request: a campaign of one chunk.

    Returns ``{"outbox_ids": [...]}``; the parameters of :class:`~ippanel_provider.operators.sending.SendingOperator`
    hold too.

    :param message: the text (templated)
    """

    template_fields: Sequence[str] = ("message", *SendingOperator.template_fields)

    message = Private()
    ledger_conn_id = Deployed(fields.text(must_say=True), LEDGER_CONN_ID)
    is_priced: ClassVar[bool] = True
    """Whether the service tells beforehand what such a send costs."""
    text_field: ClassVar[str] = "message"
    """What authors call the text."""
    is_urgent: ClassVar[bool] = False
    """Whether it is worth nothing later, as a code."""

    def __init__(self, *, message: str | int = "", **kwargs: Unpack[SendingArguments]) -> None:
        super().__init__(**kwargs)
        self.message = message
        self.ledger_conn_id = None
        self.campaign_id = None
        self.memory = Memory()

    @abstractmethod
    def request(self, line: str, send_time: datetime | None) -> Request[Receipt]:
        """Return the send; what is wrong with its arguments is raised here, by field."""

    def rows(self) -> Iterable[Row] | None:
        """Return who would get which text, where that can be told without sending; None if only the service knows."""
        return None

    def reach(self) -> int | None:
        """Return how many people it would reach, where that can be asked without sending."""
        return None

    def text(self) -> str | None:
        """Return the one text that all get, as the outbox shows it; None where there is none."""
        return self.body() or None

    def body(self) -> str:
        """Return the text; an empty one if there is none.

        :raises InvalidInput: it is none that anybody should get.
        """
        from ippanel_provider.campaign.audience import sendable

        message = value_of(self.message)
        return "" if message is None or message == "" else sendable(message, self.text_field)

    def priced_text(self) -> str | None:
        """Return the text whose price can be asked; None where there is no one text or no price."""
        return self.text() if self.is_priced else None

    def send(self, context: Context) -> dict[str, Any]:
        """Send once, however often the task is tried, and return the ids."""
        from ippanel_provider.campaign.chunks import Single
        from ippanel_provider.campaign.order import Order

        ti: Any = context["ti"]
        line, moment, is_retry = self.line(), self.moment(), ti.try_number > 1
        if not is_retry:
            # What is wrong with its arguments is said first; of a retry the send time may be over.
            self.request(line, moment)
        kind = Single(
            lambda send_time: self.request(line, send_time),
            text=self.text(),
            expected=self.reach(),
            is_urgent=self.is_urgent,
        )
        order = Order(
            sender=line,
            kind=kind,
            send_time=moment,
            is_retry=is_retry,
            once_per=self.once_per,
            settle=self.settle,
            on_unconfirmed=self.on_unconfirmed,
            check_credit=False,
            profile=self.hook.account.profile,
        )
        return {"outbox_ids": list(self.ordered(context, order, None).outbox_ids)}

    def measure(self, summary: Summary) -> None:
        """Count what was accepted, as far as the report tells it at once."""
        from ippanel_provider.client import IPPanelError

        for seconds in summary.latencies:
            metrics.latency(self.ippanel_conn_id, seconds)
        sent, parts = summary.accepted_now, 0
        if sent and len(summary.outbox_ids) == 1:
            try:
                bulk = self.hook.run(self.hook.gateway.bulk(summary.outbox_ids[0]))
            except IPPanelError as error:
                # The texts are on their way, whatever becomes of the figures.
                self.log.info("How many get it is not counted: %s", error)
                return
            sent = bulk.recipients_count or 0
            parts = sent * (bulk.parts or 0)
        metrics.count(self.ippanel_conn_id, sent=sent, parts=parts, unconfirmed=summary.unconfirmed)

    def rehearse(self, context: Context) -> dict[str, Any]:
        """Log and return what would be sent. Nothing is."""
        from ippanel_provider.operators.dry_run import preview_request

        return preview_request(self)
