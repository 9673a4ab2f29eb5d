"""One door to sending: an order, rows, a client and a ledger go in, and nobody is texted twice or lost untold."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

from ippanel_provider.campaign.audience import Audience, Message, Row, Suppressing
from ippanel_provider.campaign.chunks import Single
from ippanel_provider.campaign.cost import Tariff, tariff_of
from ippanel_provider.campaign.ledger.base import Ledger
from ippanel_provider.campaign.order import OncePer, Order
from ippanel_provider.campaign.results import Progress, Summary
from ippanel_provider.campaign.schedule import Clock
from ippanel_provider.campaign.screening import Campaign
from ippanel_provider.campaign.sending import deliver
from ippanel_provider.client import Client, InvalidInput, NotSent

log = logging.getLogger(__name__)

_REJECTS_SHOWN = 10

Rows = Callable[[], Iterable[Row]]
"""Reads a source from its beginning."""


def run(
    order: Order,
    rows: Rows | None,
    client: Client,
    ledger: Ledger,
    *,
    suppressing: Suppressing | None = None,
    on_reject: Callable[[Row, str], None] | None = None,
    on_end: Callable[[Summary], None] | None = None,
    clock: Clock = Clock(),  # noqa: B008 - a value
) -> Summary:
    """Send what the order asks for to the rows that no earlier try has reached, and say what came of it.

    :param rows: reads the source from its beginning; None where the service chooses the recipients
        (:class:`~ippanel_provider.campaign.chunks.Single`)
    :param ledger: what is remembered of earlier tries, and for later ones
    :param suppressing: who gets no text whatever the rows say
    :param on_reject: told of every row that gets no text, with the reason
    :param clock: tells the time, and lets it pass
    :param on_end: told once how far it came, also before an error leaves
    :raises InDoubt: if something may or may not have gone out and nobody has decided what to do with it.
    :raises IPPanelError: of the first chunk that was not accepted, once all under way have ended. A retry goes on.
    :raises InvalidInput: naming the field; nothing was sent.
    """
    campaign = screened(order, rows, client, suppressing=suppressing, on_reject=on_reject)
    progress = campaign.progress
    try:
        if rows is None:
            # One request: its one member stands for it.
            deliver(order, [Message("", order.sender)], client, ledger, progress, clock=clock)
        else:
            with _wide_enough(client, order) as wide, closing(campaign.messages(wide, ledger)) as messages:
                deliver(order, messages, wide, ledger, progress, clock=clock)
    finally:
        summary = Summary.of(progress, campaign.audience, campaign.estimate)
        tell_rejects(campaign.audience)
        if on_end:
            on_end(summary)
    if rows is not None:
        refuse_emptiness(order, campaign.audience)
    return summary


@contextmanager
def _wide_enough(client: Client, order: Order) -> Iterator[Client]:
    """Give a client that has as many connections as the order wants requests under way, and one for a look."""
    if client.settings.max_in_flight > order.concurrency:
        yield client
        return
    with Client(client.auth, replace(client.settings, max_in_flight=order.concurrency + 1)) as wide:
        yield wide


def screened(
    order: Order,
    rows: Rows | None,
    client: Client,
    *,
    suppressing: Suppressing | None = None,
    on_reject: Callable[[Row, str], None] | None = None,
) -> Campaign:
    """Return the rows of an order as a campaign that is not sent yet: for :func:`run`, and for a dry run."""
    is_priced = not isinstance(order.kind, Single)
    return Campaign(
        rows=rows or (lambda: ()),
        once_per=OncePer(order.once_per),
        tariff=tariff_of(client, order.sender, opt_out=order.opt_out_suffix) if is_priced else Tariff(),
        progress=Progress(),
        suppressing=suppressing,
        on_reject=on_reject,
        first_pass=order.first_pass,
        check_credit=order.check_credit,
        lint=order.lint,
        max_cost=order.max_cost,
    )


def refuse_emptiness(order: Order, audience: Audience) -> None:
    """Refuse a campaign that reaches nobody, unless it was told that it may be empty.

    :raises NotSent: there are none.
    :raises InvalidInput: none of them can get a text.
    """
    if not audience.rows and not order.allow_empty:
        raise NotSent("recipients: there are none; the source is empty. Nothing was sent.")
    if audience.rejected and audience.rows == audience.rejected + audience.suppressed:
        # What is the same for all is a mistake in the DAG, and nobody should have to look for it.
        reason, count = next(iter(audience.grouped().items()))
        raise InvalidInput(
            f"recipients: none of the {audience.rows} rows can get a text ({count} of them: {reason}); the log says "
            f"why, row by row. Nothing was sent."
        )


def tell_rejects(audience: Audience) -> None:
    """Log the first rows that get no text, and where there are many how many there are for each reason."""
    for rejected in audience.rejects[:_REJECTS_SHOWN]:
        log.warning("Row %d gets no text: %s.", rejected.line, rejected.reason)
    if audience.unassigned:
        log.warning(
            "%d rows have numbers whose prefix no operator is known to have; they are no rejects, but look at them.",
            audience.unassigned,
        )
    if audience.rejected > _REJECTS_SHOWN:
        for reason, count in audience.grouped().items():
            log.warning("%d rows get no text: %s.", count, reason)
