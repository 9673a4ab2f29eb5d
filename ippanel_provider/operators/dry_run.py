"""What a sending task would do, without doing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ippanel_provider.operators.ledgers import sql_ledger_to_read

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.campaign.ledger.base import Ledger
    from ippanel_provider.campaign.screening import Campaign
    from ippanel_provider.campaign.sending import Terms
    from ippanel_provider.operators.sending import SendingOperator


def preview(task: SendingOperator, context: Context, terms: Terms, campaign: Campaign) -> dict[str, Any]:
    """Log and return who would get what. Nothing is sent, and nothing of it is remembered.

    ``recipients`` are those who would get a text now, ``known`` those a ledger in SQL knows to have got it.
    """
    ledger = _ledger(task, context, terms, campaign)
    for _ in ledger.history():
        pass
    shown = campaign.preview(ledger)
    audience, estimate = campaign.audience, campaign.estimate
    task.report_rejects(audience)
    log_preview(task.log, shown, estimate.messages)
    credit = task.hook.run(task.hook.gateway.credit()).credit
    task.log.info(
        "Dry run, nothing was sent: %d rows, %d merged as repetitions, %d suppressed, %d rejected; %s. The "
        "credit is %s rial.",
        *(audience.rows, audience.merged, audience.suppressed, audience.rejected),
        estimate.sentence(),
        f"{credit:,.0f}",
    )
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
        "parts": estimate.parts,
        "cost": estimate.cost,
        "credit": credit,
        "preview": shown,
    }


def log_preview(log: Any, shown: Sequence[Mapping[str, Any]], messages: int) -> None:
    """Log who would get what, as :meth:`ippanel_provider.campaign.screening.Campaign.preview` returns it.

    :param messages: how many there are; ``shown`` are the first of them
    """
    for entry in shown:
        log.info(
            "Row %d: %s would get a text of %d characters, %d parts (%s)%s.",
            *(entry["line"], entry["recipient"], entry["characters"], entry["parts"], entry["encoding"]),
            "" if entry["cost"] is None else f", about {entry['cost']:,.0f} rial",
        )
    if (more := messages - len(shown)) > 0:
        log.info("%d more would get one.", more)


def _ledger(task: SendingOperator, context: Context, terms: Terms, campaign: Campaign) -> Ledger:
    """Only a ledger in SQL knows of other runs; the others would be asked about a try of this task, which sends
    nothing.
    """
    from ippanel_provider.campaign.ledger.hashes import MemberKey, secret_of
    from ippanel_provider.campaign.ledger.memory import MemoryLedger

    if task.ledger_conn_id:
        return sql_ledger_to_read(task, context, campaign.once_per)
    return MemoryLedger(MemberKey(secret_of(task.hook.account.ledger_secret), campaign.once_per))
