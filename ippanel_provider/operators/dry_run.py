"""What a sending task would do, without doing it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ippanel_provider.operators.ledgers import sql_ledger_to_read

_SHOWN = 10
"""Rows in the log; the result has a hundred."""

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.campaign.audience import Row, Suppressing
    from ippanel_provider.campaign.ledger.base import Ledger
    from ippanel_provider.campaign.order import Order
    from ippanel_provider.campaign.samples import Sample
    from ippanel_provider.operators.campaign import CampaignOperator
    from ippanel_provider.operators.one_request import OneRequestOperator


def preview(
    task: CampaignOperator,
    context: Context,
    order: Order,
    suppressing: Suppressing | None,
    on_reject: Callable[[Row, str], None] | None,
) -> dict[str, Any]:
    """Log and return who would get what. Nothing is sent, and nothing of it is remembered; it fails where the task
    would.

    ``recipients`` are those who would get a text now, ``known`` those a ledger in SQL knows to have got it.
    """
    from ippanel_provider.campaign.cost import refuse_debt
    from ippanel_provider.campaign.ledger.variables import MOST_RECIPIENTS, TooManyRecipients
    from ippanel_provider.campaign.run import refuse_emptiness, screened, tell_rejects
    from ippanel_provider.campaign.samples import Samples
    from ippanel_provider.campaign.schedule import first_time

    campaign = screened(
        order, task.wanted_rows(context), task.hook.get_conn(), suppressing=suppressing, on_reject=on_reject
    )
    # Only a ledger in SQL knows of other runs; others would be asked about a try of this task, which sends nothing.
    ledger = sql_ledger_to_read(task, context, campaign.once_per) if task.ledger_conn_id else _no_ledger(task)
    for _ in ledger.history():
        pass
    samples = Samples(task.checks.samples)
    shown = campaign.preview(ledger, samples)
    audience, estimate = campaign.audience, campaign.estimate
    tell_rejects(audience)
    _log_preview(task.log, shown, estimate.messages)
    _show_samples(task, context, samples.chosen())
    credit = task.hook.run(task.hook.gateway.credit()).credit
    task.log.info(
        "Dry run, nothing was sent: %d rows, %d merged as repetitions, %d suppressed, %d rejected; %s. The "
        "credit is %s rial.",
        *(audience.rows, audience.merged, audience.suppressed, audience.rejected),
        estimate.sentence(),
        f"{credit:,.0f}",
    )
    refuse_emptiness(order, audience)
    if campaign.first:
        # The request that would leave first is made, and not sent: what is wrong with it is raised, by field.
        order.kind.requests([campaign.first], task.hook.gateway, order.sender, first_time(order))
    if not (task.ledger_conn_id or context.get("task_state_store")) and estimate.messages > MOST_RECIPIENTS:
        raise TooManyRecipients
    if order.check_credit:
        refuse_debt(credit, estimate, "what would be sent")
    return {
        "dry_run": True,
        "outbox_ids": [],
        "rows": audience.rows,
        "recipients": estimate.messages,
        "known": campaign.progress.known,
        "merged": audience.merged,
        "suppressed": audience.suppressed,
        "rejected": audience.rejected,
        "rejects": [rejected._asdict() for rejected in audience.rejects],
        "reasons": audience.grouped(),
        "parts": estimate.parts,
        "cost": estimate.cost,
        "credit": credit,
        "preview": shown,
    }


def preview_request(task: OneRequestOperator) -> dict[str, Any]:
    """Log and return what one request would send; where its recipients are known, who would get what.

    The arguments are checked as for a send. Parts, cost (rial) and recipients are None where nobody can tell them.
    """
    line = task.line()
    task.request(line, task.moment())
    told = _by_rows(task, line) if task.rows() is not None else _by_reach(task, line)
    credit = task.hook.run(task.hook.gateway.credit()).credit
    seen = ", ".join(
        f"{name} {value:,}" for name in ("recipients", "parts", "cost") if (value := told[name]) is not None
    )
    task.log.info(
        "Dry run, nothing was sent. It would go out from %s: %s. The credit is %s rial.", line, seen, f"{credit:,.0f}"
    )
    return {"dry_run": True, "outbox_ids": [], **told, "credit": credit}


def _by_rows(task: OneRequestOperator, line: str) -> dict[str, Any]:
    from ippanel_provider.campaign.cost import Tariff, tariff_of
    from ippanel_provider.campaign.order import OncePer
    from ippanel_provider.campaign.results import Progress
    from ippanel_provider.campaign.screening import Campaign

    rows: Callable[[], Iterable[Row]] = lambda: task.rows() or ()  # noqa: E731 - read from its beginning each time
    tariff = tariff_of(task.hook.get_conn(), line) if task.is_priced else Tariff()
    campaign = Campaign(rows=rows, once_per=OncePer.MESSAGE, tariff=tariff, progress=Progress())
    shown = campaign.preview(_no_ledger(task))
    audience, estimate = campaign.audience, campaign.estimate
    for rejected in audience.rejects[:_SHOWN]:
        task.log.warning("Row %d: %s; what the service does with it is its own affair.", rejected.line, rejected.reason)
    _log_preview(task.log, shown, estimate.messages)
    return {
        "recipients": estimate.messages,
        "parts": estimate.parts,
        "cost": estimate.cost,
        "rejects": [rejected._asdict() for rejected in audience.rejects],
        "preview": shown,
    }


def _by_reach(task: OneRequestOperator, line: str) -> dict[str, Any]:
    text, reach = task.priced_text(), task.reach()
    if text is None:
        return {"recipients": reach, "parts": None, "cost": None}
    price = task.hook.run(task.hook.gateway.price(text, sender=line))
    # Who is whose customer is not known here, so it is the dearer of both.
    each = max(price.mci_price, price.other_price)
    return {
        "recipients": reach,
        "parts": None if reach is None else reach * price.parts,
        "cost": None if reach is None else reach * each,
        "parts_each": price.parts,
        "cost_each": each,
    }


def _no_ledger(task: Any) -> Ledger:
    from ippanel_provider.campaign.ledger.hashes import MemberKey, secret_of
    from ippanel_provider.campaign.ledger.memory import MemoryLedger
    from ippanel_provider.campaign.order import OncePer

    return MemoryLedger(MemberKey(secret_of(task.hook.account.ledger_secret), OncePer.MESSAGE))


def _show_samples(task: CampaignOperator, context: Context, samples: Sequence[Sample]) -> None:
    """Write the samples to their file, and to the log where texts may be seen."""
    path = task.render_template(task.checks.samples_path, context)
    if path:
        from ippanel_provider.campaign.samples import Sample
        from ippanel_provider.operators.files import location
        from ippanel_provider.tables.formats import to_write
        from ippanel_provider.tables.writers import Column, table

        types = {"line": "int64", "characters": "int64", "parts": "int64"}
        columns = [Column(name, types.get(name, "string")) for name in Sample._fields]  # type: ignore[arg-type]
        with table(location(path), columns, to_write(path, field="samples_path")) as add:
            for sample in samples:
                add([f"{value:.1f}" if isinstance(value, float) else value for value in sample])
        task.log.info("Wrote %d samples to %s.", len(samples), path)
    if task.show_rendered:
        for sample in samples:
            task.log.info("Sample (%s), row %d to %s: %s", sample.kind, sample.line, sample.recipient, sample.text)
    elif samples and not path:
        task.log.info("The %d samples are texts to people; give samples_path, or show_rendered=True.", len(samples))


def _log_preview(log: Any, shown: Sequence[Mapping[str, Any]], messages: int) -> None:
    for entry in shown[:_SHOWN]:
        log.info(
            "Row %d: %s would get a text of %d characters, %d parts (%s)%s.",
            *(entry["line"], entry["recipient"], entry["characters"], entry["parts"], entry["encoding"]),
            "" if entry["cost"] is None else f", about {entry['cost']:,.0f} rial",
        )
    if (more := messages - len(shown[:_SHOWN])) > 0:
        log.info("%d more would get one.", more)
