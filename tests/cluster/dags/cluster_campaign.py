"""A campaign in parts, as ``example_dags/example_ippanel_mapped_campaign.py`` has it, on PostgreSQL; the run's ``conf``
sets its size.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, Param, task

from ippanel_provider.transfers.partitions import plan_partitions
from ippanel_provider.transfers.sql_to_ippanel import SqlToIPPanelOperator


@task(retries=20, retry_delay=timedelta(seconds=3))
def plan(params: dict[str, Any]) -> list[dict[str, Any]]:
    """Divide the table by its key."""
    return plan_partitions("SELECT id FROM customers ORDER BY id", "warehouse", size=params["rows_per_task"])


@task(retries=20, retry_delay=timedelta(seconds=3))
def total(parts: Any) -> dict[str, int]:
    """Add up what the parts say."""
    summaries = list(parts)
    return {name: sum(part[name] for part in summaries) for name in ("rows", "accepted", "merged", "rejected")}


def campaign(dag_id: str, **texts: str) -> DAG:
    """Return the DAG that sends these texts."""
    with DAG(
        dag_id,
        schedule=None,
        start_date=datetime(2025, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        params={"rows_per_task": Param(5000, type="integer", minimum=1)},
    ) as dag:
        send = SqlToIPPanelOperator.partial(
            task_id="send",
            sql="SELECT id, name, mobile FROM customers WHERE id BETWEEN %(first)s AND %(last)s ORDER BY id",
            sql_conn_id="warehouse",
            recipient_column="mobile",
            ledger_conn_id="warehouse",
            campaign_id="{{ dag.dag_id }}/{{ run_id }}",
            chunk_size=100,
            rate=float(os.environ["CLUSTER_RATE"]),
            on_unconfirmed="resend",
            settle=float(os.environ["CLUSTER_SETTLE"]),
            retries=20,
            retry_delay=timedelta(seconds=3),
            allow_empty=True,
            **texts,
        ).expand(parameters=plan())
        total(send.output)
    return dag


own_texts = campaign("own_texts", row_message="{{ row.name }} عزیز، کد تخفیف شما {{ row.id }}\nلغو11")
shared_text = campaign("shared_text", message="فروش ویژه از فردا آغاز می‌شود\nلغو11")
