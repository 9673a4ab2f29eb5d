"""What a task that sends with one request would do, without doing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ippanel_provider.operators.dry_run import log_preview

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ippanel_provider.campaign.audience import Row
    from ippanel_provider.operators.single import SingleSendOperator


def rehearse(task: SingleSendOperator) -> dict[str, Any]:
    """Log and return what would be sent; where the recipients are known, who would get what. Nothing is sent.

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


def _by_rows(task: SingleSendOperator, line: str) -> dict[str, Any]:
    from ippanel_provider.campaign.cost import Tariff, tariff_of
    from ippanel_provider.campaign.ledger.hashes import MemberKey, secret_of
    from ippanel_provider.campaign.ledger.memory import MemoryLedger
    from ippanel_provider.campaign.order import OncePer
    from ippanel_provider.campaign.progress import Progress
    from ippanel_provider.campaign.screening import Campaign

    rows: Callable[[], Iterable[Row]] = lambda: task.rows() or ()  # noqa: E731 - read from its beginning each time
    tariff = tariff_of(task.hook.get_conn(), line) if task.is_priced else Tariff()
    campaign = Campaign(rows=rows, once_per=OncePer.MESSAGE, tariff=tariff, progress=Progress())
    shown = campaign.preview(MemoryLedger(MemberKey(secret_of(task.hook.account.ledger_secret), campaign.once_per)))
    audience, estimate = campaign.audience, campaign.estimate
    for rejected in audience.rejects:
        task.log.warning("Row %d: %s; what the service does with it is its own affair.", rejected.line, rejected.reason)
    log_preview(task.log, shown, estimate.messages)
    return {
        "recipients": estimate.messages,
        "parts": estimate.parts,
        "cost": estimate.cost,
        "rejects": [rejected._asdict() for rejected in audience.rejects],
        "preview": shown,
    }


def _by_reach(task: SingleSendOperator, line: str) -> dict[str, Any]:
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
