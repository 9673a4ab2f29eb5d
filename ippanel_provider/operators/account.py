"""What the account can afford, what a text costs, and taking back what has not gone out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowSkipException

from ippanel_provider.exceptions import CreditTooLow
from ippanel_provider.operators import fields
from ippanel_provider.operators.base import IPPanelOperator
from ippanel_provider.operators.fields import ids_of
from ippanel_provider.operators.hidden_fields import Private, value_of
from ippanel_provider.outbox_ids import LISTED, written

if TYPE_CHECKING:
    from typing import Unpack

    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.operators.signatures import ConnectedArguments


class IPPanelCreditOperator(IPPanelOperator):
    """Ask for the credit, and stop what follows if it is below a limit. Returns it in rial.

    :param at_least: the limit in rial; default is none (templated)
    :param below: ``fail`` (default) or ``skip`` if it is below (templated)
    :param ippanel_conn_id: the connection to IPPanel (templated)
    :raises CreditTooLow: if it is below
    """

    template_fields: Sequence[str] = ("at_least", "below", *IPPanelOperator.template_fields)

    at_least = fields.number(0)
    below = fields.choice("fail", "skip")

    def __init__(
        self, *, at_least: float | str | None = None, below: str = "fail", **kwargs: Unpack[ConnectedArguments]
    ) -> None:
        super().__init__(**kwargs)
        self.at_least = at_least
        self.below = below

    def perform(self, context: Context) -> float:
        """Ask and compare."""
        credit = self.hook.run(self.hook.gateway.credit()).credit
        limit = self.at_least or 0.0
        self.log.info("The credit is %s rial.", f"{credit:,.0f}")
        if credit < limit:
            said = f"at_least: the credit is {credit:,.0f} rial, below {limit:,.0f}."
            raise AirflowSkipException(said) if self.below == "skip" else CreditTooLow(said)
        return credit


class IPPanelPriceOperator(IPPanelOperator):
    """Ask what a text costs. Returns ``{"parts", "mci_price", "other_price", "price"}`` in rial.

    ``price`` is that of all recipients, at the dearer of both prices. The service does not count the opt-out suffix
    that some lines demand.

    :param message: the text (templated)
    :param recipients: how many get it; default is 1 (templated)
    :param sender: the line; default is the connection's (templated)
    :param show_rendered: show the text on the Rendered Template page; default is its length only
    :param ippanel_conn_id: the connection to IPPanel (templated)
    """

    template_fields: Sequence[str] = ("message", "recipients", "sender", *IPPanelOperator.template_fields)

    message = Private()
    recipients = fields.whole(0)

    def __init__(
        self,
        *,
        message: str,
        recipients: int | str = 1,
        sender: str | None = None,
        show_rendered: bool = False,
        **kwargs: Unpack[ConnectedArguments],
    ) -> None:
        super().__init__(**kwargs)
        self.show_rendered = show_rendered
        self.message = message
        self.recipients = recipients
        self.sender = sender

    def perform(self, context: Context) -> dict[str, float]:
        """Ask."""
        price = self.hook.run(
            self.hook.gateway.price(str(value_of(self.message)), sender=self.hook.sender(self.sender))
        )
        total = max(price.mci_price, price.other_price) * (1 if self.recipients is None else self.recipients)
        self.log.info("%d parts, %s rial for %s recipients.", price.parts, f"{total:,.0f}", self.recipients)
        return {"parts": price.parts, "mci_price": price.mci_price, "other_price": price.other_price, "price": total}


class IPPanelCancelOperator(IPPanelOperator):
    """Take back bulks that are scheduled, until 5 minutes before their time. Returns the ids that were, more than a
    thousand packed.

    :param outbox_ids: the bulks: an id, a list of ids, or what a sending task returned (templated)
    :param ignore_late: be content if it is too late for some, or they are unknown; they are left out of the result
        (templated)
    :param ippanel_conn_id: the connection to IPPanel (templated)
    """

    template_fields: Sequence[str] = ("outbox_ids", "ignore_late", *IPPanelOperator.template_fields)

    ignore_late = fields.flag()

    def __init__(
        self,
        *,
        outbox_ids: Sequence[int] | Mapping[str, Any] | int | str,
        ignore_late: bool | str = False,
        **kwargs: Unpack[ConnectedArguments],
    ) -> None:
        super().__init__(**kwargs)
        self.outbox_ids = outbox_ids
        self.ignore_late = ignore_late

    def perform(self, context: Context) -> list[int] | dict[str, Any]:
        """Cancel each, all of them before failing for one."""
        from ippanel_provider.campaign.cancelling import cancel
        from ippanel_provider.exceptions import CancelFailed

        ids = ids_of(self.outbox_ids)
        late = cancel(self.hook.get_conn(), ids)
        self.log.info("Cancelled %d bulks; for %d it is too late.", len(ids) - len(late), len(late))
        if late and not self.ignore_late:
            outbox_id, why = next(iter(late.items()))
            raise CancelFailed(
                f"outbox_ids: {len(late)} of {len(ids)} bulks were not cancelled, first {outbox_id}: {why}"
            )
        cancelled = [outbox_id for outbox_id in ids if outbox_id not in late]
        return cancelled if len(cancelled) <= LISTED else written(cancelled)
