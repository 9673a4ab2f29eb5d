"""Where the book of a sending task is kept."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseHook

from ippanel_provider.campaign.ledger.base import Ledger
from ippanel_provider.campaign.ledger.hashes import MemberKey, secret_of
from ippanel_provider.campaign.ledger.outbox import WitnessLedger
from ippanel_provider.campaign.ledger.task_state import TaskLedger
from ippanel_provider.exceptions import SendFailed
from ippanel_provider.extras import need
from ippanel_provider.operators.once import WITNESS_SKEW

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.campaign.order import OncePer
    from ippanel_provider.campaign.progress import Progress
    from ippanel_provider.campaign.sending import Terms
    from ippanel_provider.operators.sending import SendingOperator


def ledger_for(task: SendingOperator, context: Context, terms: Terms, once_per: OncePer) -> Ledger:
    """Return the ledger of this try.

    :raises SendFailed: if the task was cleared, is to send nothing again, and nothing could remember.
    """
    key = MemberKey(secret_of(task.hook.account.ledger_secret), once_per)
    ti: Any = context["ti"]
    # Only a user's clear makes more tries of what the author allowed.
    generation = str(ti.max_tries) if task.on_clear == "resend" else "0"
    if task.ledger_conn_id:
        need("sqlalchemy", "sql")
        from ippanel_provider.campaign.ledger.sql import SqlLedger

        engine = BaseHook.get_connection(task.ledger_conn_id).get_hook().get_sqlalchemy_engine()
        # Mapped tasks that share a campaign share whom they reached, and keep books of their own on how they did.
        part = str(ti.map_index) if task.campaign_id and ti.map_index >= 0 else ""
        return SqlLedger(engine, key, _campaign(task, ti, generation), part=part)
    store = context.get("task_state_store")
    if store is not None:
        return TaskLedger(store, key, generation)
    return _witness(task, context, terms, key)


def sent_before(ledger: Ledger, progress: Progress) -> tuple[list[int], int]:
    """Return the outbox ids and the number of recipients of earlier tries that the ledger had no records of to
    count."""
    if isinstance(ledger, WitnessLedger):
        # It has no records; what it knows nobody has to be sent again, it knows from the outbox.
        return ledger.found, progress.known
    return [], progress.before


def _campaign(task: SendingOperator, ti: Any, generation: str) -> str:
    campaign = task.campaign_id or f"{ti.dag_id}/{ti.task_id}/{ti.run_id}/{ti.map_index}"
    return campaign if generation == "0" else f"{campaign}#{generation}"


def _witness(task: SendingOperator, context: Context, terms: Terms, key: MemberKey) -> Ledger:
    ti: Any = context["ti"]
    if ti.max_tries > (task.retries or 0) and task.on_clear == "keep":
        raise SendFailed(
            "on_clear: the task was cleared, and nothing here remembers who was reached before. Set "
            "ledger_conn_id so that it "
            "can be remembered, or on_clear='resend' to send to everybody again. Nothing was sent."
        )
    if ti.try_number > 1:
        task.log.info(
            "An earlier try may have sent: waiting %.0f seconds until the outbox shows it.", terms.patience.settle
        )
    run: Any = context["dag_run"]
    since = run.start_date - timedelta(seconds=WITNESS_SKEW) if ti.try_number > 1 else None
    return WitnessLedger(task.hook.get_conn(), terms.sender, key, since, settle=terms.patience.settle)
