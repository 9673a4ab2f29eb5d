"""Where a sending task keeps whom it has reached: in SQL, in the task state store (3.3), or in Variables."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING, Any

from ippanel_provider.campaign.ledger import task_state, variables
from ippanel_provider.campaign.ledger.base import HomeChanged, Ledger, Task
from ippanel_provider.campaign.ledger.hashes import MemberKey, secret_of
from ippanel_provider.campaign.ledger.task_state import TaskLedger
from ippanel_provider.campaign.ledger.variables import VariableFacts, VariableLedger
from ippanel_provider.extras import need
from ippanel_provider.hooks.ledgers import engine_of
from ippanel_provider.hooks.variables import AirflowVariables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow.providers.common.compat.sdk import Context

    from ippanel_provider.campaign.order import OncePer
    from ippanel_provider.campaign.results import Summary

log = logging.getLogger(__name__)

_SQL = "the database of ledger_conn_id"


def begin(task: Any, context: Context) -> None:
    """Write down that this try begins; it comes first, so that what a later try does not find was lost.

    :raises LedgerUnusable: if earlier tries of the run have kept their records elsewhere.
    """
    ti: Any = context["ti"]
    store, who = context.get("task_state_store"), Task(ti.dag_id, ti.task_id, ti.run_id, ti.map_index, ti.try_number)
    if store is None:
        here = _SQL if task.ledger_conn_id else variables.HOME
        there = variables.begin(AirflowVariables(), who, here)
    else:
        here = _SQL if task.ledger_conn_id else task_state.HOME
        there = task_state.begin(store, ti.try_number, here)
        if there is None and ti.try_number > 1:
            # Perhaps Airflow was another one then.
            there = variables.home_of_earlier_tries(AirflowVariables(), who)
    if there not in {None, here}:
        raise HomeChanged(str(there), here)


def ledger_for(
    task: Any, context: Context, once_per: OncePer, *, keep_for: float | None = None, form: str = ""
) -> Ledger:
    """Return the ledger of a try that has begun.

    :param keep_for: seconds for which records are kept after the last activity
    :param form: what kind of requests the task makes, for who lists campaigns
    """
    ti: Any = context["ti"]
    account, who = task.hook.account, _who(task, ti, form)
    key = MemberKey(secret_of(account.ledger_secret), once_per)
    if task.ledger_conn_id:
        return _in_sql(task, ti, key, who, keep_for)
    is_to_remember = task.on_clear == "keep" and ti.max_tries > (task.retries or 0)
    facts = VariableFacts(AirflowVariables(), account.identity)
    if (store := context.get("task_state_store")) is not None:
        return TaskLedger(
            store,
            key,
            _generation(task, ti),
            try_number=ti.try_number,
            is_to_remember=is_to_remember,
            facts=facts,
            task=who,
        )
    return VariableLedger(
        AirflowVariables(),
        key,
        who,
        _generation(task, ti),
        is_to_remember=is_to_remember,
        facts=facts,
        keep_for=keep_for or variables.KEEP_FOR,
    )


def conclude(ledger: Ledger, summary: Summary, state: str, *, is_over: bool) -> None:
    """Write down how far a try came, for who lists campaigns; it must not hide what ended the try.

    :param state: ``done``, ``in doubt`` or ``failed``
    :param is_over: whether no later try will ask who was reached, and with which ids
    """
    names = ("rows", "accepted", "merged", "suppressed", "rejected", "skipped", "doubled", "parts", "cost")
    counts = {name: getattr(summary, name) for name in names}
    why = Counter(rejected.reason for rejected in summary.rejects)
    ends = (summary.outbox_ids[0], summary.outbox_ids[-1]) if summary.outbox_ids else None
    if summary.planned is not None:
        counts["planned"] = summary.planned
    report = counts | {"in_doubt": summary.unconfirmed, "rejected_why": dict(why), "ids": ends, "state": state}
    try:
        ledger.tell(report)
        ledger.flush()
        if is_over:
            ledger.finish()
    except Exception as error:  # noqa: BLE001 - whatever a home raises: who was reached stands there already
        log.warning("The ledger cannot be told how the task ended (%s).", type(error).__name__)


def tell_delivery(conn_id: str | None, campaign_id: str, counts: Mapping[str, int]) -> None:
    """Write down what became of a campaign's people, for who lists campaigns; it must not end who follows them."""
    if not conn_id:
        return
    try:
        from ippanel_provider.campaign.ledger.decisions import note_delivery

        note_delivery(engine_of(conn_id), campaign_id, counts)
    except Exception as error:  # noqa: BLE001 - whatever a database raises: the table of results has it all
        log.warning("The ledger cannot be told what became of the campaign (%s).", type(error).__name__)


def sql_ledger_to_read(task: Any, context: Context, once_per: OncePer) -> Ledger:
    """Return the ledger in SQL for a dry run, which looks whom other runs have reached and writes nothing."""
    ti: Any = context["ti"]
    key = MemberKey(secret_of(task.hook.account.ledger_secret), once_per)
    return _in_sql(task, ti, key, _who(task, ti, ""), None, only_reads=True)


def campaign_name(task: Any, ti: Any) -> str:
    """Return what makes two sendings the same campaign."""
    return str(task.campaign_id or "/".join(map(str, (ti.dag_id, ti.task_id, ti.run_id, ti.map_index))))


def _in_sql(
    task: Any, ti: Any, key: MemberKey, who: Task, keep_for: float | None, *, only_reads: bool = False
) -> Ledger:
    need("sqlalchemy", "sql")
    from ippanel_provider.campaign.ledger.sql import SqlLedger

    return SqlLedger(
        engine_of(str(task.ledger_conn_id)),
        key,
        campaign_name(task, ti),
        # Mapped tasks that share a campaign share whom they reached, and keep books of their own on how they did.
        part=str(ti.map_index) if task.campaign_id and ti.map_index >= 0 else "",
        account=task.hook.account.identity,
        task=who,
        generation=_generation(task, ti),
        keep_for=keep_for,
        only_reads=only_reads,
    )


def _generation(task: Any, ti: Any) -> str:
    # Only a user's clear makes more tries of what the author allowed.
    return str(ti.max_tries) if task.on_clear == "resend" else "0"


def _who(task: Any, ti: Any, form: str) -> Task:
    return Task(ti.dag_id, ti.task_id, ti.run_id, ti.map_index, ti.try_number, task.ippanel_conn_id, task.line(), form)
